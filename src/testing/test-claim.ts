/** Claims for tests of what carries them, without a spool. */
import type { Envelope } from "../core/message/envelope.ts";
import type { Claim, ContentFacts, ContentReader } from "../spool/spool.ts";

export interface TestClaim {
  readonly recipients?: readonly string[];
  readonly envelope?: Partial<Envelope>;
  readonly content?: string | Buffer;
  /** In place of the facts that are true of the content. */
  readonly facts?: Partial<ContentFacts>;
  /** The content comes only by `stream()`, in pieces of so many octets. */
  readonly pieceBytes?: number;
  /** In place of the content's own stream. */
  readonly stream?: () => AsyncIterable<Buffer>;
}

let lastId = 0;

export function contentFacts(content: Buffer): ContentFacts {
  const text = content.toString("latin1");
  return {
    sizeBytes: content.length,
    dotLines: text.split("\r\n").filter((line) => line.startsWith(".")).length,
    eightBit: content.some((octet) => octet > 127),
    headerEightBit: content
      .subarray(0, Math.max(content.indexOf("\r\n\r\n"), 0))
      .some((octet) => octet > 127),
    endsWithCrlf: text.endsWith("\r\n"),
  };
}

export function testClaim(given: TestClaim = {}): Claim {
  const content = Buffer.from(given.content ?? "Subject: test\r\n\r\nHello\r\n");
  const { pieceBytes } = given;
  const reader: ContentReader = {
    inMemory: pieceBytes === undefined && given.stream === undefined ? content : undefined,
    stream:
      given.stream ??
      async function* () {
        const step = pieceBytes ?? content.length;
        for (let at = 0; at < content.length; at += step) yield content.subarray(at, at + step);
      },
  };
  const paths = given.recipients ?? ["user@b.test"];
  const envelope: Envelope = {
    reversePath: "app@a.test",
    recipients: paths.map((forwardPath) => ({ forwardPath })),
    body: "7BIT",
    smtpUtf8: false,
    ...given.envelope,
  };
  return {
    message: {
      id: ++lastId,
      arrivedAt: 0,
      envelope,
      origin: { connector: "AppRelay", sourceAddress: "127.0.0.1", helloName: "app.test", sessionId: "1" },
      content: { ...contentFacts(content), ...given.facts },
    },
    queue: "test",
    recipients: envelope.recipients.map((_, index) => ({ index, attempts: 0, delayReported: false })),
    content: reader,
  };
}
