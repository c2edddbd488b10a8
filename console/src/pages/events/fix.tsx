/** The values that would have been enough: shown as a command, previewed in the file's text, then applied. */
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { call, may } from "../../api.ts";
import { failed, told } from "../../components/toast.tsx";
import { Diff } from "../settings/diff.tsx";

type Advice = Output<"explainSource">["connectors"][number]["advice"][number];
type Change = Output<"setReceiveConnector">;

/** The one limit on the way that belongs to no connector. */
const transportLimit = "maxConnectionRatePerMinute";

export function Fix({ connector, advice }: { connector: string; advice: Advice }) {
  const [preview, setPreview] = useState<Change>();
  const [busy, setBusy] = useState(false);

  const change = (whatIf: boolean): Promise<Change> => {
    const settings = Object.fromEntries(advice.changes.map(({ limit, suggested }) => [limit, suggested]));
    return transportLimit in settings
      ? call("setTransportService", { settings, whatIf })
      : call("setReceiveConnector", { name: connector, settings, whatIf });
  };
  const run = async (whatIf: boolean): Promise<void> => {
    setBusy(true);
    try {
      const outcome = await change(whatIf);
      if (whatIf) setPreview(outcome);
      else {
        setPreview(undefined);
        told(`${connector}: the limit is raised.`);
      }
    } catch (error) {
      failed(error);
    }
    setBusy(false);
  };

  return (
    <div class="fix">
      <p>
        Enough would be{" "}
        {advice.changes
          .map(({ limit, configured, suggested }) => `${limit} ${suggested} (now ${configured})`)
          .join(", ")}
        :
      </p>
      <code class="command">{advice.command}</code>
      {advice.notes.map((note) => (
        <p key={note} class="muted">
          {note}
        </p>
      ))}
      {!may("setReceiveConnector") ? null : preview === undefined ? (
        <button type="button" disabled={busy} onClick={() => void run(true)}>
          Preview the change…
        </button>
      ) : (
        <>
          {preview.diff === "" ? <p>The file says so already.</p> : <Diff text={preview.diff} />}
          {preview.notices.map((notice) => (
            <p key={notice}>{notice}</p>
          ))}
          <button type="button" class="primary" disabled={busy} onClick={() => void run(false)}>
            Apply
          </button>
        </>
      )}
    </div>
  );
}
