/**
 * One message's content, as limits see it that are only looked at: size, header, hops. Each would refuse where the enforced one does
 * (content-intake.ts): a header and far too much content at once, the rest at the end of the message.
 */
import { refusedHopCount, refusedSize } from "../../core/refusals/limit-refusals.ts";
import type { Refused } from "../../core/refusals/refusal.ts";
import type { ConnectionWatch } from "../admission/connection-watch.ts";
import type { TransactionServices } from "./services.ts";
import type { Submitter, Transaction } from "./submitter.ts";

/** As of the enforced one: who goes on so far beyond it is broken off. Octets. */
export function breaksOffAt(maxSizeBytes: number): number {
  return 2 * maxSizeBytes + 1_048_576;
}

export class ContentWatch {
  readonly #watch: ConnectionWatch;
  readonly #submitter: Submitter;
  readonly #transaction: Transaction;
  readonly #services: Pick<TransactionServices, "wouldRefuse">;
  #maxSizeBytes: number;
  #sizeBytes = 0;
  #isTooLarge = false;
  #atEnd: Refused | undefined;

  constructor(
    watch: ConnectionWatch,
    submitter: Submitter,
    transaction: Transaction,
    services: Pick<TransactionServices, "wouldRefuse">,
  ) {
    this.#watch = watch;
    this.#submitter = submitter;
    this.#transaction = transaction;
    this.#services = services;
    const isTold = transaction.isOverWatchedSize === true || submitter.rights.bypassMessageSizeLimit;
    this.#maxSizeBytes = isTold ? Infinity : (watch.valueOf("maxMessageSize") ?? Infinity);
  }

  /** So much has come. `isRefused`: for another reason. Cost: a comparison. */
  size(sizeBytes: number, isRefused: boolean): void {
    const limit = this.#maxSizeBytes;
    if (sizeBytes <= limit) return;
    this.#sizeBytes = sizeBytes;
    if (!isRefused) this.#isTooLarge = true;
    if (sizeBytes <= breaksOffAt(limit)) return;
    this.#maxSizeBytes = Infinity;
    this.#isTooLarge = false;
    this.#watch.wouldClose("maxMessageSize");
    this.#tell(refusedSize("messageTooLarge", sizeBytes, limit, false), isRefused);
  }

  /** The header is complete, or `isTooLarge` for the enforced limit; `brokenAt`: it ends there, -1: it is one. */
  header(sizeBytes: number, isWhole: boolean, brokenAt: number, isTooLarge: boolean): void {
    const limit = this.#watch.valueOf("maxHeaderSize");
    if (limit === undefined || sizeBytes <= limit || (brokenAt !== -1 && brokenAt < limit)) return;
    this.#watch.wouldClose("maxHeaderSize");
    this.#tell(refusedSize("headerTooLarge", sizeBytes, limit, isWhole), isTooLarge && brokenAt === -1);
  }

  hops(receivedCount: number): void {
    const limit = this.#watch.valueOf("maxHopCount");
    if (limit !== undefined && receivedCount > limit) this.#atEnd = refusedHopCount(receivedCount, limit);
  }

  /** The content is complete. */
  ended(refusal: Refused | undefined): void {
    const isRefused = refusal !== undefined;
    if (this.#atEnd !== undefined) this.#tell(this.#atEnd, isRefused);
    if (this.#isTooLarge)
      this.#tell(refusedSize("messageTooLarge", this.#sizeBytes, this.#maxSizeBytes, true), isRefused);
  }

  #tell(what: Refused, isRefused: boolean): void {
    const sender = this.#transaction.reversePath;
    this.#services.wouldRefuse(this.#submitter, { ...what, sender }, isRefused);
  }
}
