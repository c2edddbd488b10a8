/**
 * A message in the form a peer without 8BITMIME, or without BINARYMIME, takes it in (RFC 6152 §3, RFC 3030 §3). Made
 * before anything is signed: what is sent is what a signature has to be of.
 */
import { setImmediate } from "node:timers/promises";
import { convertToSevenBit } from "../../../../core/message/seven-bit/convert.ts";
import { surveyForSevenBit, type SevenBitPlan } from "../../../../core/message/seven-bit/survey.ts";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import type { Events } from "../../../../events/events.ts";
import type { Claim, ContentFacts, ContentReader } from "../../../../spool/spool.ts";

export interface SevenBitForm {
  /** The claim with the new content, its facts, and the BODY that goes with it. */
  readonly claim: Claim;
  readonly plan: SevenBitPlan;
}

/**
 * Reads the content twice: to plan, and to know the new size; it is read and converted once more as it is sent. One
 * that is in memory is converted there. Memory: a piece of the content. Rejects with what the reader throws.
 */
export async function sevenBitForm(claim: Claim): Promise<SevenBitForm> {
  const { message, content } = claim;
  const survey = surveyForSevenBit();
  for await (const piece of piecesOf(content)) survey.feed(piece);
  const plan = survey.end();
  const reader = content.inMemory === undefined ? streamed(content, plan) : inMemory(content.inMemory, plan);
  const eightBit = plan.kept.length > 0;
  const facts: ContentFacts = {
    ...message.content,
    ...(await measure(reader)),
    eightBit,
    headerEightBit: message.content.headerEightBit ?? eightBit,
  };
  const body = eightBit && message.envelope.body !== "7BIT" ? "8BITMIME" : "7BIT";
  const envelope = { ...message.envelope, body } as const;
  return { claim: { ...claim, message: { ...message, envelope, content: facts }, content: reader }, plan };
}

/** Tells what was done, and what of it an administrator may have to look at. */
export function tellConversion(
  { message }: Claim,
  { claim, plan }: SevenBitForm,
  host: string,
  { name, errorPolicies }: SmtpSendConnector,
  events: Events,
): void {
  const { id, envelope, content } = message;
  if (plan.kept.length > 0 && !errorPolicies.includes("RejectUnconvertible") && !plan.keepsBinary) {
    events.emit("EightBitContentSent", {
      id,
      connector: name,
      host,
      sender: envelope.reversePath,
      kept: plan.kept.join(", "),
    });
  }
  if (!events.wants("MessageConverted")) return;
  events.emit("MessageConverted", {
    id,
    connector: name,
    host,
    fromBytes: content.sizeBytes,
    toBytes: claim.message.content.sizeBytes,
    note: plan.dkimSigned ? " Its DKIM-Signature does not hold any more." : "",
  });
}

/** Others have their turn in between: a content whose blocks are still in memory comes without any wait of its own. */
const turnBytes = 256 * 1024;

async function* piecesOf(content: ContentReader): AsyncIterable<Buffer> {
  if (content.inMemory !== undefined) return yield content.inMemory;
  let sinceTurn = 0;
  for await (const piece of content.stream()) {
    yield piece;
    sinceTurn += piece.length;
    if (sinceTurn < turnBytes) continue;
    sinceTurn = 0;
    await setImmediate();
  }
}

function inMemory(octets: Buffer, plan: SevenBitPlan): ContentReader {
  const conversion = convertToSevenBit(plan);
  const whole = Buffer.concat([...conversion.feed(octets), ...conversion.end()]);
  return {
    inMemory: whole,
    async *stream() {
      yield whole;
    },
  };
}

function streamed(content: ContentReader, plan: SevenBitPlan): ContentReader {
  return {
    inMemory: undefined,
    async *stream() {
      const conversion = convertToSevenBit(plan);
      for await (const piece of content.stream()) {
        const converted = Buffer.concat(conversion.feed(piece));
        if (converted.length > 0) yield converted;
      }
      const rest = Buffer.concat(conversion.end());
      if (rest.length > 0) yield rest;
    },
  };
}

async function measure(
  reader: ContentReader,
): Promise<Pick<ContentFacts, "sizeBytes" | "dotLines" | "endsWithCrlf">> {
  let sizeBytes = 0;
  let tail = Buffer.alloc(0);
  for await (const piece of piecesOf(reader)) {
    sizeBytes += piece.length;
    tail = Buffer.concat([tail, piece.subarray(-2)]).subarray(-2);
  }
  // Lines that begin with a dot were not counted: there may be some.
  return { sizeBytes, dotLines: 1, endsWithCrlf: tail.toString("latin1") === "\r\n" };
}
