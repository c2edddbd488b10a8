/** What a change comes to before it is made: the file's text, what is remarkable, what waits for a restart. */
import type { Output } from "../../../../src/admin/contract.ts";

export type Change = Output<"setReceiveConnector">;

export function Preview({ change }: { change: Change }) {
  return (
    <section class="form" aria-label="Preview">
      {change.diff === "" ? (
        <p>The file says so already; nothing changes.</p>
      ) : (
        <pre class="diff" tabIndex={0} aria-label="Change of the configuration file">
          {change.diff.split("\n").map((line, index) => (
            <span key={index} class={kindOf(line)}>
              {line}
              {"\n"}
            </span>
          ))}
        </pre>
      )}
      {change.warnings.map(({ path, message }) => (
        <p key={path + message} class="fault">
          {message}
        </p>
      ))}
      {change.notices.map((notice) => (
        <p key={notice}>{notice}</p>
      ))}
      {change.needsRestart.length > 0 && <p>From the next start on: {change.needsRestart.join(", ")}.</p>}
    </section>
  );
}

function kindOf(line: string): string {
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "";
}
