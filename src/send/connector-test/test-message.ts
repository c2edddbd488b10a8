/** The message that a test sends. */
import { randomUUID } from "node:crypto";
import { mailDate } from "../../core/message/received.ts";
import type { Signer } from "../../dkim/signer.ts";
import type { Claim } from "../../spool/spool.ts";

export interface TestMessage {
  readonly from: string;
  readonly to: string;
  readonly connector: string;
  readonly hostname: string;
  readonly at: Date;
}

/** 7-bit, short lines, none that begins with a dot; signed where the author's domain has a key. */
export async function testMessage(
  about: TestMessage,
  signer: Pick<Signer, "isActive" | "sign"> | undefined,
): Promise<Buffer> {
  const content = Buffer.from(contentOf(about), "latin1");
  if (signer === undefined) return content;
  const signed = await signer.sign(claimOf(content, about));
  return signed.content.inMemory ?? content;
}

function contentOf({ from, to, connector, hostname, at }: TestMessage): string {
  return [
    `From: <${from}>`,
    `To: <${to}>`,
    `Subject: ${encodedWord(`Test of send connector ${connector}`)}`,
    `Date: ${mailDate(at)}`,
    `Message-ID: <${randomUUID()}@${hostname}>`,
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=us-ascii",
    "",
    `This is a test of a send connector of ${hostname}.`,
    "It was sent by Test-SendConnector; nothing has to be done.",
    "",
  ].join("\r\n");
}

/** RFC 2047, where it is not ASCII; names have 64 characters at most. */
function encodedWord(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return Array.from(text.match(/.{1,10}/gsu) ?? [])
    .map((piece) => `=?utf-8?B?${Buffer.from(piece, "utf8").toString("base64")}?=`)
    .join("\r\n ");
}

/** What a signer looks at; it never saw a spool. Ids of the spool are positive. */
function claimOf(content: Buffer, { from, to, connector }: TestMessage): Claim {
  return {
    message: {
      id: -1 - Math.floor(Math.random() * 2 ** 40),
      arrivedAt: 0,
      envelope: { reversePath: from, recipients: [{ forwardPath: to }], body: "7BIT", smtpUtf8: false },
      origin: { connector, sourceAddress: "", helloName: "", sessionId: "" },
      content: {
        sizeBytes: content.length,
        dotLines: 0,
        eightBit: false,
        headerEightBit: false,
        endsWithCrlf: true,
      },
    },
    queue: "",
    recipients: [],
    content: {
      inMemory: content,
      async *stream() {
        yield content;
      },
    },
  };
}
