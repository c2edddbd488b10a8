/**
 * The one entry for doors that do not speak SMTP: a message with its envelope and client meets the same decisions,
 * limits, counters, events and tracking as one of a session, and the same commit. What a door adds is its own: how the
 * client is known, and how the outcome is said.
 */
import type { AcceptedDomain } from "../../core/policy/accepted-domain.ts";
import type { ReceivedProtocol } from "../../core/message/received.ts";
import type { Door } from "../../core/policy/door.ts";
import type { RightsOwner } from "../../core/policy/client-rights.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { rightsOf, type Rights } from "../../core/policy/relay-permission.ts";
import { spokenRefusals, type SpokenKind } from "../../core/refusals/catalogue.ts";
import { refusedRecipientRate } from "../../core/refusals/limit-refusals.ts";
import { refused, type Refused, type ToldRefusal } from "../../core/refusals/refusal.ts";
import { isAscii } from "../../core/smtp/characters.ts";
import { parsePath, type Path } from "../../core/smtp/address.ts";
import { noRcptParameters } from "../../core/smtp/parameters.ts";
import { watchConnection, type ConnectionWatch } from "../admission/connection-watch.ts";
import type { Presence } from "../admission/rate-waiters.ts";
import type { KeptAnswer } from "../../spool/spool-answers.ts";
import { addRecipient } from "../transaction/add-recipient.ts";
import { beginTransaction, type GivenSender } from "../transaction/begin-transaction.ts";
import { ContentIntake } from "../transaction/content-intake.ts";
import { askForAnswer, tellRepeated, type Answered, type OnceOnly } from "../transaction/repeats.ts";
import type { TransactionServices } from "../transaction/services.ts";
import { SourceGone, type SubmissionSource } from "../transaction/submission-source.ts";
import type { Peer, Submitter, Transaction } from "../transaction/submitter.ts";
import { tellFault } from "../transaction/tell-fault.ts";
import type { Verdict } from "../transaction/verdict.ts";
import { firstByKey, isSame } from "./once-by-key.ts";
import type {
  Repeat,
  RepeatOutcome,
  SubmissionOutcome,
  SubmissionRefusal,
  SubmittedContent,
  SubmittedEnvelope,
  SubmittedRecipient,
} from "./submission.ts";

/** Who hands mail in. */
export interface SubmittingClient {
  readonly door: Door;
  /** Whose limits and rights hold. */
  readonly connector: ReceiveConnectorSettings;
  readonly peer: Peer;
  /** `with` in the Received header. */
  readonly receivedProtocol: ReceivedProtocol;
  readonly user?: string | undefined;
  /** Default: what the connector's permission groups grant. */
  readonly rights?: Rights;
  /** A key, whose own rights go before those of user and application. */
  readonly owner?: RightsOwner | undefined;
  /** What it logged on by. */
  readonly mechanism?: string | undefined;
  readonly tls?: { readonly protocol: string; readonly cipher: string } | undefined;
  /** Of a door with connections: as the traffic record calls this one; else each message counts as one. */
  readonly connection?: number;
  /** Of a door with connections, as of that one. */
  readonly watch?: ConnectionWatch | undefined;
  /** What it calls itself. */
  readonly helloName?: string;
}

export interface Submissions {
  /** One for all messages of a connection, or of a directory. */
  submitter(client: SubmittingClient): Submitter;
  /**
   * Hands a message in. Its content is not touched before sender and recipients are taken, and not read on when it is
   * refused. Resolves when the message is durable, or refused; rejects only with what `content` throws, and SourceGone.
   * One at a time for each submitter.
   */
  submit(
    submitter: Submitter,
    envelope: SubmittedEnvelope,
    content: SubmittedContent,
    options?: SubmissionOptions,
  ): Promise<SubmissionOutcome>;
  /**
   * The same under a key, which is asked for before anything else: where it was answered, nothing is kept and nothing
   * counted against any limit. A message that is refused is not remembered.
   */
  submitOnce(
    submitter: Submitter,
    envelope: SubmittedEnvelope,
    content: SubmittedContent,
    repeat: Repeat,
    options?: SubmissionOptions,
  ): Promise<SubmissionOutcome | RepeatOutcome>;
}

export interface SubmissionOptions {
  /** Default: nobody leaves while the message waits for its minute. */
  readonly presence?: Presence | undefined;
  readonly source?: SubmissionSource | undefined;
  /** Recipients that are refused keep the others from nothing. */
  readonly partial?: boolean | undefined;
  /** Stands in the tracking log behind the session's id. */
  readonly note?: string | undefined;
}

/** Refused recipients of one message that are told one by one. */
const mostTold = 100;

/** A door that nobody leaves while it waits, as a directory. */
const alwaysThere: Presence = { isGone: false, onGone: () => undefined };

export function createSubmissions(around: {
  readonly services: TransactionServices;
  readonly acceptedDomains: () => readonly AcceptedDomain[];
  readonly nextId: () => string;
}): Submissions {
  const { services, acceptedDomains, nextId } = around;
  const { clock } = services;

  const refusal = (submitter: Submitter, what: Refused, recipient?: string): SubmissionRefusal => ({
    recipient,
    reply: services.refuse(submitter, what),
  });
  const refusedWith = (...refusals: SubmissionRefusal[]): SubmissionOutcome => ({
    kind: "refused",
    refusals,
  });

  const begin = async (
    submitter: Submitter,
    envelope: SubmittedEnvelope,
    presence: Presence,
  ): Promise<Refused | undefined> => {
    let heldBackMs = 0;
    const given = givenSender(submitter, envelope);
    if ("refused" in given) return given;
    const what = await beginTransaction(submitter, services, given, {
      get isGone() {
        return presence.isGone;
      },
      onGone: (tell) => presence.onGone(tell),
      holdBack: (delayMs) => void (heldBackMs = delayMs),
    });
    if (heldBackMs > 0) await new Promise<void>((resolve) => void clock.after(heldBackMs, resolve));
    return what;
  };

  /** What refuses all recipients at once: they go together or not at all. */
  const overDay = (
    { limits: { recipientRates } }: Submitter,
    recipients: readonly SubmittedRecipient[],
  ): Refused | undefined => {
    const over = services.recipientDays.over(recipientRates, recipients.length);
    return over && refusedRecipientRate(over);
  };

  /** Adds them to the transaction. `looked`: how many of them were looked at. */
  const askForRecipients = (
    submitter: Submitter,
    transaction: Transaction,
    recipients: readonly SubmittedRecipient[],
    partial: boolean,
  ): { readonly refusals: SubmissionRefusal[]; readonly looked: number } => {
    const refusals: SubmissionRefusal[] = [];
    const firstOf = new Map<SpokenKind, ToldRefusal>();
    for (const [index, recipient] of recipients.entries()) {
      const what = refuseRecipient(submitter, services, transaction, recipient);
      if (what === undefined) continue;
      const first = firstOf.get(what.refused);
      if (partial && first !== undefined && refusals.length >= mostTold) {
        // Each is answered; that there are thousands of a kind is no thousand events.
        const { text } = spokenRefusals[what.refused].reply;
        refusals.push({ recipient: recipient.address, reply: { ...first, text } });
        continue;
      }
      const ofAll =
        !partial && what.refused === "clientRecipientRate" ? overDay(submitter, recipients) : undefined;
      const told = refusal(submitter, ofAll ?? what, recipient.address);
      refusals.push(told);
      if (first === undefined) firstOf.set(what.refused, told.reply);
      // So are all that follow.
      const endsAll = ofAll !== undefined || what.refused === "tooManyRecipients";
      if (!partial && (endsAll || refusals.length >= mostTold)) return { refusals, looked: index + 1 };
    }
    return { refusals, looked: recipients.length };
  };

  /** Reads the content to its end, or to where it is refused, and keeps it. */
  const take = async (
    submitter: Submitter,
    intake: ContentIntake,
    content: SubmittedContent,
  ): Promise<Verdict> => {
    for await (const octets of content) {
      intake.feed(octets, 0, octets.length);
      if (intake.fault !== undefined) return intake.fault;
      if (intake.mustWait) await intake.whenWritable();
    }
    try {
      return await intake.finish();
    } catch (fault) {
      if (fault instanceof SourceGone) throw fault;
      tellFault(services, submitter, fault);
      return refused("fault");
    }
  };

  /** Remembered while it lasts. */
  const recorded = async <Outcome>(
    submitter: Submitter,
    outcome: () => Promise<Outcome>,
  ): Promise<Outcome> => {
    const { door, connector, peer } = submitter;
    const { traffic } = services;
    const { address, source } = peer;
    // Of a door with connections.
    if (submitter.connection !== 0) return outcome();
    submitter.connection = traffic.admitted({ connector: connector.name, source, address, door });
    try {
      return await outcome();
    } finally {
      traffic.left(submitter.connection);
      submitter.connection = 0;
    }
  };

  const handIn = async (
    submitter: Submitter,
    envelope: SubmittedEnvelope,
    content: SubmittedContent,
    { presence = alwaysThere, source, partial = false, note }: SubmissionOptions = {},
    onceFor?: (refusals: readonly SubmissionRefusal[]) => OnceOnly,
  ): Promise<SubmissionOutcome> => {
    submitter.transaction = undefined;
    const notBegun = await begin(submitter, envelope, presence);
    const { transaction } = submitter as { transaction: Transaction | undefined };
    if (notBegun !== undefined || transaction === undefined)
      return refusedWith(refusal(submitter, notBegun ?? refused("fault")));
    const { recipients } = envelope;
    const { refusals, looked } = askForRecipients(submitter, transaction, recipients, partial);
    if (transaction.recipients.length === 0 && refusals.length === 0)
      refusals.push(refusal(submitter, refused("noValidRecipients")));
    if (refusals.length > 0 && !(partial && transaction.recipients.length > 0)) {
      submitter.transaction = undefined;
      return { kind: "refused", refusals, unchecked: recipients.length - looked };
    }
    transaction.note = note;
    transaction.priority = envelope.priority;
    const once = onceFor?.(refusals);
    const intake = new ContentIntake("raw", submitter, transaction, services, undefined, source, once);
    let verdict: Verdict;
    try {
      verdict = await take(submitter, intake, content);
    } finally {
      if (intake.kept === undefined) intake.discard();
      submitter.transaction = undefined;
    }
    if (intake.kept !== undefined) return { kind: "kept", message: intake.kept, refusals };
    return refusedWith(refusal(submitter, "refused" in verdict ? verdict : refused("fault")));
  };

  /** Something was kept under its key. */
  const comeAgain = async (
    submitter: Submitter,
    { mailFrom, recipients }: SubmittedEnvelope,
    content: SubmittedContent,
    repeat: Repeat,
    kept: KeptAnswer,
  ): Promise<RepeatOutcome> => {
    const { id, answer, givenAt } = kept;
    const { connector, rights } = submitter;
    const maxSizeBytes = rights.bypassMessageSizeLimit ? Infinity : connector.maxMessageSize;
    if (!(await isSame(repeat, kept, content, maxSizeBytes))) return { kind: "conflict", id };
    tellRepeated(services, submitter, kept, {
      reversePath: bare(mailFrom),
      recipients: recipients.map(({ address }) => ({ forwardPath: bare(address) })),
    });
    return { kind: "repeated", id, answer, givenAt };
  };

  const handInOnce = async (
    submitter: Submitter,
    envelope: SubmittedEnvelope,
    content: SubmittedContent,
    repeat: Repeat,
    options?: SubmissionOptions,
  ): Promise<SubmissionOutcome | RepeatOutcome> => {
    let asked: Answered;
    try {
      asked = await askForAnswer(services.spool.answers, repeat, clock, repeat.waitMs);
    } catch (fault) {
      tellFault(services, submitter, fault);
      return refusedWith(refusal(submitter, refused("localError")));
    }
    switch (asked.kind) {
      case "running":
        return asked;
      case "answered":
        return comeAgain(submitter, envelope, content, repeat, asked.kept);
      case "first":
        try {
          const first = firstByKey(repeat, asked.turn, content);
          return await handIn(submitter, envelope, first.content, options, first.onceFor);
        } finally {
          asked.turn.end();
        }
    }
  };

  return {
    submitter(client) {
      const { door, connector, peer, receivedProtocol, user, owner, mechanism, tls, helloName } = client;
      return {
        door,
        id: nextId(),
        connection: client.connection ?? 0,
        connector,
        watch: client.watch ?? watchConnection(connector, door),
        acceptedDomains: acceptedDomains(),
        peer,
        hello: helloName === undefined ? undefined : { verb: "EHLO", name: helloName },
        tls,
        authenticatedUser: user,
        ...(mechanism === undefined ? {} : { mechanism }),
        ...(owner?.kind === "key" ? { apiKey: owner.name } : {}),
        limits: services.limitsOf(peer.address, user, owner),
        rights: client.rights ?? rightsOf(connector, { authenticated: user !== undefined }),
        receivedProtocol,
        receivedPrefix: undefined,
        transaction: undefined,
        messages: 0,
        ...(owner?.application === undefined ? {} : { application: { user, name: owner.application } }),
      };
    },
    submit: (submitter, envelope, content, options) =>
      recorded(submitter, () => handIn(submitter, envelope, content, options)),
    submitOnce: (submitter, envelope, content, repeat, options) =>
      recorded(submitter, () => handInOnce(submitter, envelope, content, repeat, options)),
  };
}

/** An address without the angle brackets it may be written in. */
function bare(address: string): string {
  return address.replace(/^<(.*)>$/, "$1");
}

function givenSender(submitter: Submitter, envelope: SubmittedEnvelope): GivenSender | Refused {
  const { mailFrom, body, sizeBytes, ret, envid, requireTls = false } = envelope;
  const path = wholePath(mailFrom === "" ? "<>" : mailFrom, "reverse");
  if (typeof path === "string")
    return refused(path === "tooLong" ? "addressTooLong" : "invalidSender", mailCommand);
  const smtpUtf8 =
    submitter.connector.smtpUtf8Enabled && (envelope.smtpUtf8 === true || !isAsciiEnvelope(envelope));
  return {
    reversePath: path.mailbox,
    domain: path.domain,
    ascii: path.ascii,
    conforming: path.conforming,
    parameters: { sizeBytes, body, smtpUtf8, ret, envid, requireTls },
  };
}

const mailCommand = { fields: { command: "MAIL" } } as const;
const rcptCommand = { fields: { command: "RCPT" } } as const;

function isAsciiEnvelope({ mailFrom, recipients }: SubmittedEnvelope): boolean {
  return [mailFrom, ...recipients.map(({ address }) => address)].every((text) =>
    isAscii(text, 0, text.length),
  );
}

function refuseRecipient(
  submitter: Submitter,
  services: TransactionServices,
  transaction: Transaction,
  { address, notify, orcpt }: SubmittedRecipient,
): Refused | undefined {
  const path = wholePath(address, "forward");
  if (typeof path === "string")
    return refused(path === "tooLong" ? "addressTooLong" : "invalidRecipient", rcptCommand);
  const { mailbox: forwardPath, domain, ascii, conforming } = path;
  const parameters = { ...noRcptParameters, notify, orcpt };
  return addRecipient(submitter, services, transaction, {
    forwardPath,
    domain,
    ascii,
    conforming,
    parameters,
  });
}

function wholePath(text: string, direction: "reverse" | "forward"): Path | "syntax" | "tooLong" {
  // Brackets are SMTP's: where people write none, none are missing (strictAddresses).
  const written = text.includes("<") ? text : `<${text}>`;
  const path = parsePath(written, 0, direction);
  return typeof path === "string" || path.end === written.length ? path : "syntax";
}
