/** One word on how something is; never by colour alone. */
export function Badge({ kind, text }: { kind: "good" | "warning" | "error" | "plain"; text: string }) {
  return <span class={`badge ${kind}`}>{text}</span>;
}
