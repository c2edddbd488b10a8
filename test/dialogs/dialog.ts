/**
 * SMTP dialogues as tables: each row is what the client sends and the replies that must follow. A dialogue is
 * played three ways: row by row, octet by octet, and all at once in a single write.
 */
import { describe, test } from "vitest";
import { type ScriptedClient, connectScriptedClient } from "../../src/testing/scripted-client.ts";

/**
 * A string is a line and gets its CRLF; a Buffer goes as it is. Replies are given by the beginning of their last
 * line (`250`, `501 5.5.4`); `closed` means that the server closes without a further octet.
 */
export type Row = readonly [send: string | Buffer, ...replies: readonly string[]];

export interface DialogOptions {
  /** Ways to play; `burst` is left out where the client must wait (TLS, a dropped pipeline). */
  readonly ways?: readonly Way[];
}
export type Way = "rows" | "octets" | "burst";
const allWays: readonly Way[] = ["rows", "octets", "burst"];

/** Octets as they are, without a CRLF added; characters above 255 are not for it. */
export const octets = (text: string): Buffer => Buffer.from(text, "latin1");

export const hello: Row = ["EHLO client.example", "250"];
export const mail: Row = ["MAIL FROM:<sender@app.example>", "250 2.1.0 Sender OK"];
export const rcpt: Row = ["RCPT TO:<recipient@dest.example>", "250 2.1.5 Recipient OK"];
export const transaction: readonly Row[] = [hello, mail, rcpt];
export const startData: Row = ["DATA", "354 Start mail input; end with <CRLF>.<CRLF>"];
/** A whole small message by DATA. */
export const message: readonly Row[] = [startData, [octets("Subject: x\r\n\r\nbody\r\n.\r\n"), "250 2.6.0"]];
export const quit: Row = ["QUIT", "221 2.0.0", "closed"];

export type Dialog = readonly [name: string, rows: readonly Row[], options?: DialogOptions];

/** Plays each dialogue against `port()` in each of its ways, as a test of its own. */
export function playAll(title: string, port: () => number, dialogs: readonly Dialog[]): void {
  describe(title, () => {
    for (const [name, rows, options = {}] of dialogs) {
      for (const way of options.ways ?? allWays) {
        test(`${name} (${way})`, async () => {
          await play(port(), rows, way);
        });
      }
    }
  });
}

/** Plays one dialogue. A dialogue that does not close ends with a NOOP, which shows a surplus or missing reply. */
export async function play(port: number, rows: readonly Row[], way: Way = "rows"): Promise<void> {
  const client = await connectScriptedClient({ port });
  try {
    await client.expect("220 ");
    const closes = rows.some(([, ...replies]) => replies.includes("closed"));
    const all: readonly Row[] = closes ? rows : [...rows, ["NOOP", "250"]];
    if (way === "burst") client.send(Buffer.concat(all.map(([send]) => wire(send))));
    for (const row of all) await playRow(client, row, way);
  } finally {
    client.close();
  }
}

async function playRow(client: ScriptedClient, [send, ...replies]: Row, way: Way): Promise<void> {
  if (way === "rows") client.send(wire(send));
  else if (way === "octets") await client.sendOctetByOctet(wire(send));
  for (const reply of replies) {
    if (reply !== "closed") {
      await client.expect(reply);
      continue;
    }
    const rest = await client.closed();
    if (rest.length > 0) throw new Error(`octets behind the last reply: ${JSON.stringify(rest.toString())}`);
  }
}

function wire(send: string | Buffer): Buffer {
  return typeof send === "string" ? Buffer.from(`${send}\r\n`) : send;
}
