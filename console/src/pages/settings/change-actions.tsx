/** The preview of a change and the buttons that end it. Nothing is applied that was not previewed. */
import type { ChangeSteps } from "./use-change.ts";
import { Preview } from "./preview.tsx";

export function ChangeActions({ steps, onClose }: { steps: ChangeSteps; onClose: () => void }) {
  const { preview, fault, busy, run } = steps;
  return (
    <>
      {preview !== undefined && <Preview change={preview} />}
      <div class="dialog-foot">
        <p class="fault" role="alert">
          {fault}
        </p>
        <div class="actions end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          {preview === undefined ? (
            <button type="submit" class="primary" disabled={busy}>
              Preview
            </button>
          ) : (
            <button
              type="button"
              class="primary"
              disabled={busy || preview.diff === ""}
              onClick={() => void run(false)}
            >
              Apply
            </button>
          )}
        </div>
      </div>
    </>
  );
}
