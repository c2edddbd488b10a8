/** A change of the configuration file, line by line: what comes, what goes. */
export function Diff({ text }: { text: string }) {
  return (
    <pre class="diff" tabIndex={0} aria-label="Change of the configuration file">
      {text
        .trimEnd()
        .split("\n")
        .map((line, index) => (
          <span key={index} class={kindOf(line)}>
            {line}
            {"\n"}
          </span>
        ))}
    </pre>
  );
}

function kindOf(line: string): string {
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "";
}
