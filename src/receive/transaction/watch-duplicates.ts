/** `duplicateWindow` of a receive connector: a client that lost its 250 gets it once more, and no second message. */
import { createHash } from "node:crypto";
import { duplicateKey } from "./duplicate-key.ts";
import { askForAnswer, type OnceOnly } from "./repeats.ts";
import type { TransactionServices } from "./services.ts";
import type { Submitter, Transaction } from "./submitter.ts";

/**
 * Undefined: the connector does not ask for it, or the door has its own way. Mail without a Message-ID is never taken
 * for a copy: two alarms with the same words are two. Cost: a SHA-256 of the content.
 */
export function watchDuplicates(
  submitter: Submitter,
  transaction: Transaction,
  services: Pick<TransactionServices, "spool" | "clock" | "applicationOf">,
): OnceOnly | undefined {
  const { duplicateWindow: windowMs, name } = submitter.connector;
  if (windowMs === 0 || submitter.door !== "SMTP") return undefined;
  const content = createHash("sha256");
  return {
    update: (octets) => void content.update(octets),
    async ask(messageId) {
      if (messageId === undefined) return undefined;
      const { reversePath, recipients, ret, envid, requireTls } = transaction;
      const { authenticatedUser: user, peer } = submitter;
      const fingerprint = content.digest();
      const key = duplicateKey(
        { connector: name, user, application: services.applicationOf(submitter), source: peer.source },
        { messageId, reversePath, recipients, ret, envid, requireTls, contentSha256: fingerprint },
      );
      // The first one is being written: its client waits as long.
      const asked = await askForAnswer(services.spool.answers, key, services.clock, Infinity);
      if (asked.kind === "running") throw new Error("it was waited for");
      return asked.kind === "answered"
        ? asked
        : { kind: "first", answer: { turn: asked.turn, fingerprint, answer: "", windowMs } };
    },
  };
}
