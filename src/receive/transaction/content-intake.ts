/**
 * Takes a message's content into a draft: end of data and line ends (core/smtp/content-framing), size, header
 * and hop limits, and the trace header in front. Octets pass as slices of what the socket gave.
 */
import type { HeaderFacts } from "../../core/message/header-scan.ts";
import { repairHeader } from "../../core/message/repair-header.ts";
import { receivedHeader, receivedPrefix, receivedProtocol } from "../../core/message/received.ts";
import type { OwnedLimit } from "../../core/policy/client-rights.ts";
import type { Envelope, Origin } from "../../core/message/envelope.ts";
import { ContentFraming } from "../../core/smtp/content-framing.ts";
import { refusedHopCount, refusedRecipientRate, refusedSize } from "../../core/refusals/limit-refusals.ts";
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import { queuedForDelivery, type GrantingReply } from "../../core/smtp/reply.ts";
import { delayedAckLine } from "../../logs/protocol-lines.ts";
import { isAscii } from "../../core/smtp/characters.ts";
import { hasHighOctet } from "../../core/octets/high-octet.ts";
import { copyOctets } from "../../core/octets/slab.ts";
import { maxSubjectChars, SpoolError, type Draft, type SpooledMessage } from "../../spool/spool.ts";
import type { KeptAnswer, NewAnswer } from "../../spool/spool-answers.ts";
import { refuseHeaderSender } from "./refused-sender.ts";
import { tellRepeated, type FirstOrKept, type OnceOnly } from "./repeats.ts";
import { addedMessageId, supplement } from "./supplement.ts";
import { holdAcknowledgement, type HeldAcknowledgement } from "./acknowledgement.ts";
import type { TransactionServices } from "./services.ts";
import type { SubmissionSource } from "./submission-source.ts";
import type { Submitter, Transaction } from "./submitter.ts";
import { tellFault } from "./tell-fault.ts";
import type { Verdict } from "./verdict.ts";
import { breaksOffAt, ContentWatch } from "./watch-content.ts";
import { watchDuplicates } from "./watch-duplicates.ts";

/** The protocol log of a session that keeps one. */
export interface IntakeTranscript {
  note(data: string, context?: string): void;
}

const nothingCounted = (): void => undefined;

export class ContentIntake {
  readonly #submitter: Submitter;
  readonly #transaction: Transaction;
  readonly #services: TransactionServices;
  readonly #transcript: IntakeTranscript | undefined;
  readonly #source: SubmissionSource | undefined;
  readonly #once: OnceOnly | undefined;
  readonly #draft: Draft;
  readonly #framing: ContentFraming;
  readonly #maxSizeBytes: number;
  readonly #watch: ContentWatch | undefined;
  readonly #binary: boolean;
  /** Content waits here until its header is complete and looked at. */
  #held: Buffer[] = [];
  #headerSeen = false;
  #header: HeaderFacts | undefined;
  #headerEightBit = false;
  /** Why the message will not be taken; the rest of it is read and dropped. */
  #fault: Refused | undefined;
  /** Set when reading on makes no sense: reply and close. */
  breakOff: Refused | undefined;
  mustWait = false;
  /** The message, as soon as it is durable. */
  kept: SpooledMessage | undefined;
  #acknowledgement: HeldAcknowledgement | undefined;
  #hurried = false;

  constructor(
    mode: "dot" | "raw",
    submitter: Submitter,
    transaction: Transaction,
    services: TransactionServices,
    transcript: IntakeTranscript | undefined,
    source?: SubmissionSource,
    once: OnceOnly | undefined = watchDuplicates(submitter, transaction, services),
  ) {
    const { connector } = submitter;
    this.#submitter = submitter;
    this.#transaction = transaction;
    this.#services = services;
    this.#transcript = transcript;
    this.#source = source;
    this.#once = once;
    this.#draft = services.spool.begin();
    this.#binary = transaction.body === "BINARYMIME";
    this.#framing = new ContentFraming({
      mode: mode === "raw" && this.#binary ? "binary" : mode,
      maxHeaderBytes: connector.maxHeaderSize,
      removeNul: connector.nulRemovalEnabled,
    });
    this.#maxSizeBytes = submitter.rights.bypassMessageSizeLimit ? Infinity : connector.maxMessageSize;
    if (submitter.watch !== undefined)
      this.#watch = new ContentWatch(submitter.watch, submitter, transaction, services);
  }

  /** Why the message will not be taken, by what has come of it; undefined: it may yet be. */
  get refusal(): Refused | undefined {
    return this.#fault?.refused === "messageTooLarge" ? this.#tooLarge(true) : this.#fault;
  }

  /** What refuses it already, and whatever follows. */
  get fault(): Refused | undefined {
    return this.breakOff ?? this.#fault;
  }

  /** The end of the data was read (DATA). */
  get ended(): boolean {
    return this.#framing.ended;
  }

  /** Takes octets `from`..`to` of the chunk and returns where it stopped (before `to` only at the end of the data). */
  feed(chunk: Buffer, from: number, to: number): number {
    const slices: Buffer[] = [];
    const at = this.#framing.feed(chunk, from, to, slices);
    const { sizeBytes } = this.#framing;
    this.#watch?.size(sizeBytes, this.#fault !== undefined);
    if (this.#fault === undefined && sizeBytes > this.#maxSizeBytes) this.#refuse(this.#tooLarge(false));
    // A client that goes on far beyond the limit will not be swayed by a reply at its end.
    if (sizeBytes > breaksOffAt(this.#maxSizeBytes)) this.breakOff = this.#tooLarge(false);
    if (this.#fault === undefined) {
      this.#compare(slices);
      if (this.#headerSeen) this.#store(slices);
      else this.#hold(slices);
    }
    return at;
  }

  #compare(slices: readonly Buffer[]): void {
    if (this.#once === undefined) return;
    for (const slice of slices) this.#once.update(slice);
  }

  /** While the header is not complete the content is held back, at most `maxHeaderSize` octets of it. */
  #hold(slices: Buffer[]): void {
    if (this.#framing.headerEnded) {
      this.#held.push(...slices);
      this.#lookAtHeader();
      return;
    }
    for (const slice of slices) this.#held.push(copyOctets(slice));
    if (this.#framing.headerSizeBytes > this.#submitter.connector.maxHeaderSize) this.#lookAtHeader();
  }

  #lookAtHeader(): void {
    const { connector } = this.#submitter;
    this.#headerSeen = true;
    const isTooLarge = this.#framing.headerSizeBytes > connector.maxHeaderSize;
    const { sendAs } = this.#submitter.limits;
    const repair = repairHeader(this.#framing.headerOctets(), this.#held, {
      isCutOff: isTooLarge,
      senders: sendAs !== undefined,
    });
    const { header, facts } = repair;
    this.#header = facts;
    const { headerSizeBytes, headerEnded } = this.#framing;
    this.#watch?.header(headerSizeBytes, headerEnded, repair.brokenAt, isTooLarge);
    if (repair.brokenAt === -1 && isTooLarge) {
      this.breakOff = this.#sent(
        refusedSize("headerTooLarge", headerSizeBytes, connector.maxHeaderSize, headerEnded),
      );
      this.#refuse(this.breakOff);
      return;
    }
    this.#headerEightBit = this.#framing.eightBit && hasHighOctet(header);
    this.#watch?.hops(facts.receivedCount);
    if (facts.receivedCount > connector.maxHopCount)
      return this.#refuse(refusedHopCount(facts.receivedCount, connector.maxHopCount));
    if (sendAs !== undefined) {
      const denied = refuseHeaderSender(sendAs, facts);
      if (denied !== undefined) return this.#refuse(this.#sent(denied));
    }
    this.#held = [];
    this.#store([
      // What a relay exported and takes again is the same message, octet for octet.
      ...(this.#submitter.receivedProtocol === "Replay" ? [] : [this.#traceHeader()]),
      ...supplement(connector, facts, this.#draft.id, this.#services.clock.wall()),
      ...repair.content,
    ]);
  }

  #store(slices: readonly Buffer[]): void {
    let writable = true;
    let behindBytes = slices.reduce((sum, { length }) => sum + length, 0);
    for (const slice of slices) writable = this.#draft.write(slice, (behindBytes -= slice.length));
    this.mustWait = !writable;
  }

  async whenWritable(): Promise<void> {
    await this.#draft.whenWritable();
    this.mustWait = false;
  }

  #tooLarge(isWhole: boolean): Refused {
    const { sizeBytes } = this.#framing;
    return this.#sent(refusedSize("messageTooLarge", sizeBytes, this.#maxSizeBytes, isWhole));
  }

  /** The transaction is over by the time it is told. */
  #sent(refusal: Refused): Refused {
    return { ...refusal, sender: this.#transaction.reversePath };
  }

  #refuse(refusal: Refused): void {
    this.#fault = refusal;
    this.#held = [];
    this.#draft.discard();
  }

  discard(): void {
    this.#draft.discard();
    this.#held = [];
  }

  #traceHeader(): Buffer {
    const submitter = this.#submitter;
    const { recipients, smtpUtf8 } = this.#transaction;
    const forMailbox = recipients.length === 1 ? recipients[0]?.forwardPath : undefined;
    // The only thing in it that may be other than ASCII.
    if (smtpUtf8 && forMailbox !== undefined && !isAscii(forMailbox, 0, forMailbox.length))
      this.#headerEightBit = true;
    submitter.receivedPrefix ??= receivedPrefix({
      helloName: submitter.hello?.name ?? "",
      sourceAddress: submitter.peer.address,
      fqdn: submitter.connector.fqdn,
      tls: submitter.tls === undefined ? undefined : `${submitter.tls.protocol}, ${submitter.tls.cipher}`,
    });
    return receivedHeader(submitter.receivedPrefix, {
      protocol:
        submitter.receivedProtocol ??
        receivedProtocol({
          extended: submitter.hello?.verb === "EHLO",
          tls: submitter.tls !== undefined,
          authenticated: submitter.authenticatedUser !== undefined,
          smtpUtf8,
        }),
      id: `${this.#draft.id}`,
      date: this.#services.clock.wall(),
      forMailbox,
    });
  }

  /** The content is complete: makes it durable and says so, or why not. */
  finish(): Verdict | Promise<Verdict> {
    const rest: Buffer[] = [];
    this.#framing.finish(rest);
    if (this.#fault === undefined && rest.length > 0) {
      this.#compare(rest);
      if (this.#headerSeen) this.#store(rest);
      else this.#held.push(...rest);
    }
    if (!this.#headerSeen && this.#fault === undefined) this.#lookAtHeader();
    const refusal = this.refusal ?? this.#contentFault();
    this.#watch?.ended(refusal);
    if (refusal === undefined)
      return this.#once === undefined ? this.#accept() : this.#acceptOnce(this.#once);
    this.#draft.discard();
    return this.#sent(refusal);
  }

  #contentFault(): Refused | undefined {
    const framing = this.#framing;
    const { connector } = this.#submitter;
    if (framing.hasNul && !this.#binary) return refused("nulInContent");
    const { bareLinefeedRejectionEnabled, bareCarriageReturnRejectionEnabled } = connector;
    if (framing.bareLfCount > 0 && bareLinefeedRejectionEnabled)
      return refused("bareLinefeed", {
        detail: `${framing.bareLfCount} bare line feeds, and bareLinefeedRejectionEnabled is on`,
      });
    // Who refuses bare line feeds as well wants CRLF and nothing else.
    const bareCrs = framing.bareCrCount + (bareLinefeedRejectionEnabled ? framing.repeatedCrCount : 0);
    if (bareCrs > 0 && bareCarriageReturnRejectionEnabled) return refused("bareCarriageReturn");
    return this.#transaction.refusedContent;
  }

  /** Counts its recipients where they are limited; two messages that end at once both saw room at RCPT. */
  async #takeRecipients(recipientRates: readonly OwnedLimit<number>[]): Promise<Refused | (() => void)> {
    const { length } = this.#transaction.recipients;
    try {
      const taken = await this.#services.recipientDays.take(recipientRates, length);
      return typeof taken === "function" ? taken : refusedRecipientRate(taken);
    } catch (fault) {
      return this.#notKept(fault);
    }
  }

  async #acceptOnce(once: OnceOnly): Promise<Verdict> {
    let asked: FirstOrKept | undefined;
    try {
      asked = await once.ask(this.#header?.messageId, this.#draft.id);
    } catch (fault) {
      this.#draft.discard();
      return this.#notKept(fault);
    }
    if (asked === undefined) return this.#accept();
    if (asked.kind === "answered") return this.#answerAgain(asked.kept);
    try {
      return await this.#accept(asked.answer);
    } finally {
      asked.answer.turn.end();
    }
  }

  /** As the first one was answered. */
  #answerAgain(kept: KeptAnswer): GrantingReply {
    this.#draft.discard();
    const { sizeBytes } = this.#framing;
    const { messageId, subject } = this.#header ?? {};
    process.nextTick(() =>
      tellRepeated(this.#services, this.#submitter, kept, this.#transaction, {
        sizeBytes,
        ...(messageId === undefined ? undefined : { messageId }),
        ...(subject === undefined ? undefined : { subject: subject.slice(0, maxSubjectChars) }),
      }),
    );
    return queuedForDelivery(kept.id, messageId, this.#submitter.connector.fqdn);
  }

  #notKept(fault: unknown): Refused {
    if (!(fault instanceof SpoolError)) throw fault;
    const { events } = this.#services;
    if (fault.code === "full") events.emit("ResourceDiskSpaceLow", { resources: fault.message });
    else events.emit("SpoolFault", { error: fault.message, code: fault.code });
    return this.#sent(
      fault.code === "away" || fault.code === "undecided"
        ? refused("databaseAway", { detail: fault.message, confidential: true })
        : refused(fault.code === "full" ? "diskFull" : "localError"),
    );
  }

  async #accept(answer?: NewAnswer): Promise<Verdict> {
    const { recipientRates } = this.#submitter.limits;
    const giveBack =
      recipientRates.length === 0 ? nothingCounted : await this.#takeRecipients(recipientRates);
    if (typeof giveBack !== "function") {
      this.#draft.discard();
      return this.#sent(giveBack);
    }
    const { reversePath, recipients, body, smtpUtf8, ret, envid, requireTls, priority } = this.#transaction;
    const isTlsOptional = this.#header?.isTlsOptional === true;
    const { connector, peer, hello, id, authenticatedUser } = this.#submitter;
    const application = this.#services.applicationOf(this.#submitter);
    const envelope: Envelope = {
      reversePath,
      recipients,
      body,
      smtpUtf8,
      ...(ret !== undefined ? { ret } : {}),
      ...(envid !== undefined ? { envid } : {}),
      // RFC 8689 §4.1: REQUIRETLS goes before the field.
      ...(requireTls ? { tls: "required" as const } : isTlsOptional ? { tls: "optional" as const } : {}),
    };
    const origin: Origin = {
      connector: connector.name,
      sourceAddress: peer.address,
      helloName: hello?.name ?? "",
      sessionId: id,
      ...(authenticatedUser !== undefined ? { authenticatedUser } : {}),
      ...(connector.capture ? { captured: true as const } : {}),
      ...(application !== undefined ? { application } : {}),
      ...(priority !== undefined ? { priority } : {}),
    };
    const { dotLines, endsWithCrlf } = this.#framing;
    const headerEightBit = this.#headerEightBit;
    const eightBit = headerEightBit || this.#framing.eightBit;
    const subject = this.#header?.subject;
    const messageId =
      this.#header?.messageId ??
      (connector.addMissingMessageId ? addedMessageId(connector, this.#draft.id) : undefined);
    const { clock, metrics } = this.#services;
    const endedAt = clock.now();
    let message: SpooledMessage;
    try {
      if (this.#source !== undefined) await this.#source.claim(this.#draft.id);
      const facts = {
        dotLines,
        eightBit,
        ...(eightBit ? { headerEightBit } : undefined),
        endsWithCrlf,
        ...(messageId === undefined ? undefined : { messageId }),
        ...(subject === undefined ? undefined : { subject: subject.slice(0, maxSubjectChars) }),
      };
      const source = this.#source;
      const beforeHandover = source && ((): Promise<void> => source.release());
      const beside = { beforeHandover, answer };
      message = await this.#services.spool.accept(this.#draft, envelope, origin, facts, beside);
    } catch (fault) {
      giveBack();
      return this.#notKept(fault);
    }
    // The message is kept: from here on nothing may answer anything but 250.
    this.kept = message;
    try {
      this.#submitter.messages++;
      this.#services.messageTaken(this.#submitter, message);
      // The client's reply goes first.
      process.nextTick(() => this.#tell(message));
      const held = this.#hurried ? undefined : holdAcknowledgement(message, this.#submitter, this.#services);
      if (held !== undefined) await this.#waitForDelivery(held);
      metrics.received(this.#submitter.door, message.content.sizeBytes, clock.now() - endedAt);
    } catch (fault) {
      tellFault(this.#services, this.#submitter, fault);
    }
    return queuedForDelivery(message.id, this.#header?.messageId, connector.fqdn);
  }

  async #waitForDelivery(held: HeldAcknowledgement): Promise<void> {
    const { clock } = this.#services;
    const since = clock.now();
    this.#acknowledgement = held;
    const end = await held.ended;
    const { data, context } = delayedAckLine(clock.now() - since, end);
    this.#transcript?.note(data, context);
  }

  /** The reply waits for nothing any more but that the message is durable. */
  hurry(): void {
    this.#hurried = true;
    this.#acknowledgement?.skip();
  }

  #tell(message: SpooledMessage): void {
    const { events, tracking } = this.#services;
    if (tracking.enabled) {
      const { note } = this.#transaction;
      const context = note === undefined ? undefined : { context: `${message.origin.sessionId};${note}` };
      tracking.track({ eventId: "RECEIVE", source: this.#submitter.door, message, ...context });
    }
    if (!events.wants("MessageReceived")) return;
    events.emit("MessageReceived", {
      connector: message.origin.connector,
      door: this.#submitter.door,
      id: message.id,
      source: message.origin.sourceAddress,
      sizeBytes: message.content.sizeBytes,
      sender: message.envelope.reversePath,
      recipients: message.envelope.recipients.length,
    });
  }
}
