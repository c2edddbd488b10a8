/** One message by an SMTP client of our own, by DATA or BDAT. */
import { stuff } from "../../src/testing/byte-reader.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";

export interface Outgoing {
  readonly port: number;
  readonly content: Buffer;
  readonly by?: "DATA" | "BDAT";
  readonly from?: string;
  readonly to?: readonly string[];
  /** ESMTP parameters of MAIL, with their leading space. */
  readonly mailParameters?: string;
  readonly rcptParameters?: string;
  /** Octets of one BDAT chunk. */
  readonly chunkBytes?: number;
}

/** Resolves with the last reply; throws when any step before the content is refused. */
export async function sendMessage(message: Outgoing): Promise<string> {
  const { port, content, by = "DATA", from = "app@app.example", to = ["someone@dest.example"] } = message;
  const client = await connectScriptedClient({ port });
  try {
    await client.expect(220);
    client.send(
      [
        "EHLO client.example",
        `MAIL FROM:<${from}>${message.mailParameters ?? ""}`,
        ...to.map((path) => `RCPT TO:<${path}>${message.rcptParameters ?? ""}`),
        "",
      ].join("\r\n"),
    );
    await client.expect(250);
    await client.expect(250);
    for (const _ of to) await client.expect(250);
    if (by === "DATA") {
      client.send("DATA\r\n");
      await client.expect(354);
      const stuffed = stuff(content);
      client.send(stuffed);
      client.send(stuffed.length === 0 || stuffed.subarray(-2).toString() === "\r\n" ? ".\r\n" : "\r\n.\r\n");
    } else {
      const size = message.chunkBytes ?? (content.length || 1);
      for (let at = 0; at < content.length - size; at += size) {
        client.send(`BDAT ${size}\r\n`);
        client.send(content.subarray(at, at + size));
        await client.expect(250);
      }
      const last = content.subarray(
        content.length === 0 ? 0 : Math.floor((content.length - 1) / size) * size,
      );
      client.send(`BDAT ${last.length} LAST\r\n`);
      client.send(last);
    }
    const { last } = await client.reply(60_000);
    client.send("QUIT\r\n");
    return last;
  } finally {
    client.close();
  }
}
