/** Messages and changes for tests of the spool. */
import type { Envelope, Origin } from "../core/message/envelope.ts";
import {
  submissionQueue,
  type Claim,
  type ContentReader,
  type Draft,
  type FreshMail,
  type OldMessages,
  type RecipientChange,
  type Spool,
  type SpooledMessage,
} from "../spool/spool.ts";
import type { AnswerKey, AnswerTurn } from "../spool/spool-answers.ts";
import type { SpoolInspection } from "../spool/spool-inspection.ts";

export type WholeSpool = Spool & SpoolInspection;

export const origin: Origin = {
  connector: "AppRelay",
  sourceAddress: "127.0.0.1",
  helloName: "client.test",
  sessionId: "1",
};
export const plainFacts = { dotLines: 0, eightBit: false, endsWithCrlf: true };

export function envelopeTo(...forwardPaths: string[]): Envelope {
  return {
    reversePath: "from@test",
    recipients: forwardPaths.map((forwardPath) => ({ forwardPath })),
    body: "7BIT",
    smtpUtf8: false,
  };
}

/** Octets of a given length that differ from place to place. */
export function patterned(length: number, seed = 1): Buffer {
  const octets = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) octets[i] = (i * 31 + seed * 17 + (i >> 8)) & 0xff;
  return octets;
}

export async function writeAll(draft: Draft, content: Buffer, chunkBytes = 64 * 1024): Promise<void> {
  for (let at = 0; at < content.length; at += chunkBytes)
    if (!draft.write(content.subarray(at, at + chunkBytes))) await draft.whenWritable();
}

export async function acceptMessage(
  spool: Spool,
  content: Buffer | string = "Subject: x\r\n\r\nhello\r\n",
  envelope = envelopeTo("to@test"),
): Promise<SpooledMessage> {
  const draft = spool.begin();
  await writeAll(draft, Buffer.from(content));
  return spool.accept(draft, envelope, origin, plainFacts);
}

export async function readContent(content: ContentReader): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content.stream()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Who takes all fresh mail. */
export function takeAll(take: (claim: Claim) => void): FreshMail {
  return { hasRoom: () => true, take, waits: () => undefined };
}

/** Everything in the submission queue. */
export function claimAll(spool: Spool): Promise<Claim[]> {
  return spool.claim(submissionQueue, 1_000, Number.MAX_SAFE_INTEGER);
}

/** Throws where somebody else is first, or was answered. */
export async function firstTurn(spool: Pick<Spool, "answers">, key: AnswerKey): Promise<AnswerTurn> {
  const asked = await spool.answers.ask(key);
  if (asked.kind !== "first") throw new Error(`not first: ${asked.kind}`);
  return asked.turn;
}

/** All claims of one round of a walk. */
export async function oneRound(old: OldMessages, arrivedBefore: number, limit = 100): Promise<Claim[]> {
  const all: Claim[] = [];
  for (;;) {
    const claims = await old.claim(arrivedBefore, limit);
    if (claims.length === 0) return all;
    all.push(...claims);
  }
}

export const doneAll = (claim: Claim): RecipientChange[] =>
  claim.recipients.map(({ index }) => ({ kind: "done", index }));

export const keepAll = (claim: Claim, queue: string, dueAt: number): RecipientChange[] =>
  claim.recipients.map(({ index, attempts }) => ({
    kind: "keep",
    index,
    queue,
    dueAt,
    attempts: attempts + 1,
    lastError: "450 4.2.1 busy",
    delayReported: false,
  }));
