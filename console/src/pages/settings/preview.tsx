/** What a change comes to before it is made: the file's text, what is remarkable, what waits for a restart. */
import { useEffect, useRef } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { Diff } from "./diff.tsx";

export type Change = Output<"setReceiveConnector">;

export function Preview({ change }: { change: Change }) {
  const section = useRef<HTMLElement>(null);
  // A long form has it far below the button that asked for it.
  useEffect(() => section.current?.scrollIntoView({ block: "nearest" }), [change]);
  return (
    <section class="form preview" aria-label="Preview" ref={section}>
      {change.diff === "" ? <p>The file says so already; nothing changes.</p> : <Diff text={change.diff} />}
      {change.warnings.length + change.notices.length > 0 && (
        <ul class="notes" aria-label="Mind">
          {change.warnings.map((warning) => (
            <li key={warning.path + warning.message}>{sentence(warning)}</li>
          ))}
          {change.notices.map((notice) => (
            <li key={notice}>{notice}</li>
          ))}
        </ul>
      )}
      {change.needsRestart.length > 0 && <p>From the next start on: {change.needsRestart.join(", ")}.</p>}
    </section>
  );
}

/** A finding as it stands alone: with the setting it is about, unless it is about a whole section. */
function sentence({ path, message }: Change["warnings"][number]): string {
  const setting = /\]\.(\w+)/.exec(path)?.[1];
  return setting === undefined
    ? `${message[0]?.toUpperCase() ?? ""}${message.slice(1)}.`
    : `${setting}: ${message}.`;
}
