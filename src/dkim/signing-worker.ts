/** The thread that makes RSA signatures: a batch after the other, as they come. */
import { sign, type KeyObject } from "node:crypto";
import { parentPort } from "node:worker_threads";

export interface SigningBatch {
  /** What was given before counts no more. */
  readonly forgetsKeys: boolean;
  /** Numbered on, behind those that were given before. */
  readonly newKeys: readonly KeyObject[];
  /** The number of each text's key. */
  readonly by: readonly number[];
  /** A character for each octet. */
  readonly texts: readonly string[];
}

/** Of each text of the batch, in its order: base64, or what the key says. */
export type SignedBatch = readonly (string | { readonly fault: string })[];

const keys: KeyObject[] = [];

parentPort?.on("message", ({ forgetsKeys, newKeys, by, texts }: SigningBatch) => {
  if (forgetsKeys) keys.length = 0;
  keys.push(...newKeys);
  const signed: SignedBatch = texts.map((text, at) => {
    try {
      return sign("sha256", Buffer.from(text, "latin1"), keys[by[at]!]!).toString("base64");
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) };
    }
  });
  parentPort?.postMessage(signed, []);
});
