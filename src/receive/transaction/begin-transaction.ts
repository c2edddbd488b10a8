/** Whether a client may send now, from this sender: what MAIL decides, and every other door with it. */
import { senderPath } from "../../core/policy/bare-address.ts";
import { noLimits } from "../../core/policy/client-rights.ts";
import { refusedByPressure, refusedDeclaredSize } from "../../core/refusals/limit-refusals.ts";
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import type { MailParameters } from "../../core/smtp/parameters.ts";
import type { Presence } from "../admission/rate-waiters.ts";
import { refuseConnector, refuseSender } from "./refused-sender.ts";
import type { TransactionServices } from "./services.ts";
import { accountOf, type Submitter } from "./submitter.ts";

/** The sender as it was given: the path of MAIL, or what a door without commands has instead. */
export interface GivenSender {
  /** The mailbox; empty for the null reverse-path. */
  readonly reversePath: string;
  /** Of the mailbox; empty where none was given. */
  readonly domain: string;
  readonly ascii: boolean;
  readonly conforming: boolean;
  readonly parameters: Omit<MailParameters, "auth">;
}

/** Who asks, and can be made to wait. */
export interface Asker extends Presence {
  /** Holds the answer back; `dueTo` stands in the protocol log. Who leaves meanwhile keeps its good name. */
  holdBack(delayMs: number, dueTo: string): void;
}

/**
 * Begins the client's transaction, or says what refuses it. A promise where the message has to wait for its minute
 * (messageRateLimit with limitAction `delay`). Cost: look-ups.
 */
export function beginTransaction(
  submitter: Submitter,
  services: TransactionServices,
  given: GivenSender,
  asker: Asker,
): Refused | undefined | Promise<Refused | undefined> {
  const { connector } = submitter;
  const { parameters, reversePath: sender } = given;
  if (services.isSuspended()) return refused("serviceSuspended", { sender });
  if (connector.requireTls && submitter.tls === undefined) return refused("tlsRequired", { sender });
  if (!submitter.rights.submit)
    return refused("notAuthenticated", { sender, detail: notAuthenticated(submitter) });
  const reversePath = senderPath(given, connector);
  if (reversePath === undefined) return invalidSender(given, connector);
  if (!given.ascii && !parameters.smtpUtf8) return refused("utf8NotOffered", { sender, fields: mailCommand });
  if (submitter.limits !== noLimits) {
    const { limits } = submitter;
    const denied = refuseConnector(limits, connector.name) ?? refuseSender(limits, reversePath);
    if (denied !== undefined) return { ...denied, sender: reversePath };
  }
  let isOverWatchedSize = false;
  if (parameters.sizeBytes !== undefined && !submitter.rights.bypassMessageSizeLimit) {
    const { sizeBytes } = parameters;
    const isTooLarge = sizeBytes > connector.maxMessageSize;
    const watched = submitter.watch?.valueOf("maxMessageSize");
    if (watched !== undefined && sizeBytes > watched) {
      isOverWatchedSize = true;
      services.wouldRefuse(submitter, { ...refusedDeclaredSize(sizeBytes, watched), sender }, isTooLarge);
    }
    if (isTooLarge) return { ...refusedDeclaredSize(sizeBytes, connector.maxMessageSize), sender };
  }
  const away = refusedWithoutStore(services);
  if (away !== undefined) return { ...away, sender };
  if (services.spool.misplaced !== undefined)
    return refused("localError", { sender, detail: "the data directory is not where it was" });
  const pressure = services.pressure();
  if (pressure !== undefined) {
    // Externally secured clients are Exchange servers; only they have this right.
    const trusted = accountOf(submitter) !== undefined || submitter.rights.bypassMessageSizeLimit;
    if (pressure.refuse === "everyone" || (pressure.refuse === "anonymous" && !trusted))
      return { ...refusedByPressure(pressure), sender };
    if (!trusted) asker.holdBack(pressure.mailTarpitMs, "Back Pressure");
  }
  const overRate = services.refuseMessage(submitter, asker);
  if (overRate instanceof Promise)
    return overRate.then((refusal) => refusal ?? begin(submitter, reversePath, given, isOverWatchedSize));
  return overRate ?? begin(submitter, reversePath, given, isOverWatchedSize);
}

function begin(
  submitter: Submitter,
  reversePath: string,
  { parameters }: GivenSender,
  isOverWatchedSize: boolean,
): undefined {
  submitter.transaction = {
    reversePath,
    body: parameters.body,
    smtpUtf8: parameters.smtpUtf8,
    ret: parameters.ret,
    envid: parameters.envid,
    requireTls: parameters.requireTls,
    recipients: [],
    recipientsOverLimit: 0,
    chunking: false,
    ...(isOverWatchedSize ? { isOverWatchedSize } : undefined),
  };
}

/** The store of several nodes is away: what would be taken could not be kept. Cost: a look at a clock. */
export function refusedWithoutStore({ spool }: Pick<TransactionServices, "spool">): Refused | undefined {
  const { away } = spool;
  return away === undefined ? undefined : refused("databaseAway", { detail: away, confidential: true });
}

const mailCommand = { command: "MAIL" } as const;

function notAuthenticated(submitter: Submitter): string {
  const { connector } = submitter;
  const groups = connector.permissionGroups.join(", ") || "None";
  return accountOf(submitter) === undefined
    ? `the client did not log on, and permissionGroups (${groups}) has no AnonymousUsers`
    : `permissionGroups (${groups}) has no ExchangeUsers`;
}

function invalidSender(
  { conforming, reversePath: sender }: GivenSender,
  { strictAddresses }: Submitter["connector"],
): Refused {
  const isStrict = strictAddresses && !conforming;
  return refused("invalidSender", {
    sender,
    fields: mailCommand,
    about: isStrict ? "strictAddresses" : "defaultDomain",
    detail: isStrict
      ? "the sender's address is not as RFC 5321 has it, and strictAddresses is on"
      : "the sender's address has no domain, and the connector no defaultDomain",
  });
}
