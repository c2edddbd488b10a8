/** A change that needs no form: what it comes to is shown at once, and done only then. */
import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../../components/dialog.tsx";
import { Preview, type Change } from "./preview.tsx";
import { useChange } from "./use-change.ts";

export function ChangeDialog({
  title,
  words,
  heldBack,
  verb,
  isDanger,
  change,
  done,
  onClose,
}: {
  title: string;
  /** What will come of it, in sentences. */
  words: string;
  /** Why it should not be done now, a sentence, and what is agreed to by who does it all the same. */
  heldBack?: { readonly why: string; readonly agreed: string } | undefined;
  verb: string;
  isDanger: boolean;
  change: (whatIf: boolean) => Promise<Change>;
  done: string;
  onClose: () => void;
}) {
  const { preview, fault, busy, run } = useChange(change, { text: done, after: onClose });
  const [isAgreed, setAgreed] = useState(false);
  useEffect(() => void run(true), []);
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{words}</p>
      <p class="fault" role="alert">
        {fault}
      </p>
      {preview !== undefined && <Preview change={preview} />}
      {heldBack !== undefined && (
        <div class="missing-nodes">
          <p>{heldBack.why}</p>
          <label>
            <input
              type="checkbox"
              checked={isAgreed}
              onChange={({ currentTarget }) => setAgreed(currentTarget.checked)}
            />{" "}
            {heldBack.agreed}
          </label>
        </div>
      )}
      <div class="actions end">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class={isDanger ? "danger" : "primary"}
          disabled={
            busy || preview === undefined || preview.diff === "" || (heldBack !== undefined && !isAgreed)
          }
          onClick={() => void run(false)}
        >
          {verb}
        </button>
      </div>
    </Dialog>
  );
}
