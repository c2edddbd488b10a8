/** Server-Sent Events, as far as Weir speaks them: one `data` line an event, comments as a sign of life. */
import type { Readable } from "node:stream";

export function encodeEvent(data: string): string {
  return `data: ${data}\n\n`;
}

export const signOfLife = ":\n\n";

/** The data of each event. Rejects when the stream breaks. */
export async function* serverSentEvents(stream: Readable): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const chunk of stream.setEncoding("utf8") as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data: ")) yield line.slice("data: ".length);
  }
}
