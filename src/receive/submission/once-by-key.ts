/** Keys of doors: a message that is handed in under a key is compared with what was kept under it. */
import { createHash, type Hash } from "node:crypto";
import type { AnswerTurn, KeptAnswer } from "../../spool/spool-answers.ts";
import type { OnceOnly } from "../transaction/repeats.ts";
import type { Repeat, SubmissionRefusal, SubmittedContent } from "./submission.ts";

/** The first under a key: its answer is kept with its message, whose octets pass here as they are handed in. */
export function firstByKey(
  { fingerprint, windowMs, answer }: Repeat,
  turn: AnswerTurn,
  content: SubmittedContent,
): {
  /** `refusals`: of the recipients that are left out. */
  readonly onceFor: (refusals: readonly SubmissionRefusal[]) => OnceOnly;
  readonly content: SubmittedContent;
} {
  const hash = Buffer.isBuffer(fingerprint) ? undefined : begunHash(fingerprint.about);
  return {
    content: hash === undefined ? content : hashed(content, hash),
    onceFor: (refusals) => ({
      update: () => undefined,
      ask: (_, id) => ({
        kind: "first",
        answer: {
          turn,
          fingerprint: Buffer.isBuffer(fingerprint) ? fingerprint : (hash as Hash).digest(),
          answer: answer?.(id, refusals) ?? "",
          windowMs,
        },
      }),
    }),
  };
}

/**
 * Whether the same is asked for as was kept. Content is read only where it has to be hashed, and no further than
 * `maxSizeBytes`: what was kept was not larger. Rejects with what `content` throws.
 */
export async function isSame(
  { fingerprint }: Repeat,
  kept: KeptAnswer,
  content: SubmittedContent,
  maxSizeBytes: number,
): Promise<boolean> {
  if (Buffer.isBuffer(fingerprint)) return fingerprint.equals(kept.fingerprint);
  const hash = begunHash(fingerprint.about);
  let sizeBytes = 0;
  for await (const octets of content) {
    sizeBytes += octets.length;
    if (sizeBytes > maxSizeBytes) return false;
    hash.update(octets);
  }
  return hash.digest().equals(kept.fingerprint);
}

/** The length in front: no content reads as a part of what is about it. */
function begunHash(about: string): Hash {
  return createHash("sha256")
    .update(`${Buffer.byteLength(about)}:`)
    .update(about);
}

async function* hashed(content: SubmittedContent, hash: Hash): AsyncGenerator<Buffer, void, undefined> {
  for await (const octets of content) {
    hash.update(octets);
    yield octets;
  }
}
