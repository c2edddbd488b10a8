/**
 * The SMTP server's conversation: takes octets, has command lines and content answered, and sends the replies. One read
 * may hold many pipelined commands; their replies leave in one write (RFC 2920 §3.2). Everything that waits (storing, a
 * tarpit, TLS) is a phase of its own, in which nothing is read; closing is the last one.
 */
import { replies, type Reply } from "../../core/smtp/reply.ts";
import type { Connection, ConnectionHandler } from "../connection/connection.ts";
import { activityOf, type SessionActivity } from "./activity.ts";
import { CommandLines } from "./command-lines.ts";
import { ContentReader } from "./content-reader.ts";
import type { Answer, Chunk, Conversation, LineHandler } from "./conversation.ts";
import { closeStep, reading, type CloseReason, type Phase, type Place } from "./phase.ts";
import type { SessionServices } from "./services.ts";
import { tellFault } from "./session-fault.ts";
import { SessionInput } from "./session-input.ts";
import { SessionOutput } from "./session-output.ts";
import { forgetClearText, type SessionState } from "./state.ts";
import { tarpitNote, tarpitOf, type HoldBack } from "./tarpit.ts";
import type { SessionTranscript } from "./transcript.ts";

/** What a session needs of its connection. */
export type SessionConnection = Pick<
  Connection,
  "serve" | "write" | "pause" | "resume" | "startTls" | "close" | "closeAtOnce" | "destroy"
>;

/** Octets that wait while a command is being answered; then reading stops. */
const maxWaitingInputBytes = 64 * 1024;
/** No client waits longer for the reply to its content (RFC 5321 §4.5.3.2.6). */
const maxReplyWaitMs = 10 * 60_000;

export class Session implements ConnectionHandler, Conversation {
  readonly state: SessionState;
  readonly services: SessionServices;
  readonly transcript: SessionTranscript | undefined;
  readonly #connection: SessionConnection;
  readonly #input = new SessionInput();
  readonly #output: SessionOutput;
  readonly #lines: CommandLines;
  readonly #content: ContentReader;
  #phase: Phase = reading;
  /** Closes behind the reply, or the content, that is under way. */
  #pendingClose: CloseReason | undefined;
  #holdBack: HoldBack | undefined;
  #upgradeBehindReply = false;
  /** Who waits, on behalf of a verb. */
  #onGone: (() => void) | undefined;

  constructor(
    state: SessionState,
    services: SessionServices,
    connection: SessionConnection,
    transcript: SessionTranscript | undefined,
  ) {
    this.state = state;
    this.services = services;
    this.transcript = transcript;
    this.#connection = connection;
    this.#output = new SessionOutput(connection, transcript);
    this.#lines = new CommandLines(this.#input, transcript);
    this.#content = new ContentReader(this.#input, state, services, transcript);
  }

  /** Sends the greeting and begins to read. */
  open(): void {
    this.#connection.serve(this);
    this.transcript?.opened(this.state.rights);
    this.#send(this.services.greeting(this.state.connector));
    this.#output.flush();
  }

  /** The client waits for the server, not the other way round. */
  get isWaiting(): boolean {
    return this.#phase !== reading && this.#phase.kind !== "handshake";
  }

  get activity(): SessionActivity {
    return activityOf(
      this.#phase === reading && this.#content.isReading ? "content" : this.#phase.kind,
      this.state,
    );
  }

  // --- what the verbs may ask for -----------------------------------------------------------------------------

  get isGone(): boolean {
    const { kind } = this.#phase;
    const saysNoMore = this.#input.ended && this.#input.waitingBytes === 0;
    return saysNoMore || this.#pendingClose !== undefined || kind === "closing" || kind === "closed";
  }

  onGone(tell: () => void): void {
    this.#onGone = tell;
  }

  expectContent(): void {
    this.#content.expectDots();
  }

  expectChunk(chunk: Chunk): void {
    this.#content.expectChunk(chunk);
  }

  expectLine(handler: LineHandler): void {
    this.#lines.expect(handler);
  }

  expectTls(): void {
    this.#upgradeBehindReply = true;
  }

  holdBack(delayMs: number, dueTo: string): void {
    if (delayMs > 0) this.#holdBack = { delayMs, dueTo };
  }

  resetTransaction(): void {
    this.state.transaction = undefined;
    this.#content.discard();
  }

  // --- what the connection tells ------------------------------------------------------------------------------

  receive(octets: Buffer): void {
    this.#input.push(octets);
    if (this.#phase === reading && !this.#output.isFull) this.#run();
    else if (this.#input.waitingBytes > maxWaitingInputBytes) this.#connection.pause();
    this.#input.own();
  }

  secured(tls: { readonly protocol: string; readonly cipher: string }): void {
    if (this.#phase.kind !== "handshake") return;
    this.state.tls = tls;
    this.transcript?.secured();
    this.#phase = reading;
    if (this.#pendingClose !== undefined) this.#sayAndClose(this.#pendingClose);
    else this.#run();
  }

  writable(): void {
    this.#output.isFull = false;
    if (this.#phase === reading) this.#run();
  }

  inputEnded(): void {
    this.#input.ended = true;
    this.#tellGone();
    if (this.#phase.kind === "handshake") this.#closeSilently("client");
    else if (this.#phase === reading && !this.#output.isFull) this.#run();
  }

  closed(): void {
    const left = this.#phase;
    this.#phase = { kind: "closed" };
    this.transcript?.closed(left.kind === "closing" ? left.by : "client");
    if (left.kind === "tarpit") {
      left.timer.cancel();
      if (!left.blameless) this.services.leftInTarpit(this.state);
    } else if (left.kind === "storing") {
      left.content.hurry();
    }
    this.#content.discard();
    this.#input.clear();
    this.#tellGone();
    this.services.ended(this.state);
  }

  #tellGone(): void {
    if (this.#onGone === undefined || !this.isGone) return;
    this.#onGone();
    this.#onGone = undefined;
  }

  // --- why it ends --------------------------------------------------------------------------------------------

  /** Its time is over. Asked again and again while it lasts. */
  timedOut(): void {
    this.#closeFor("timedOut");
  }

  /** The relay stops: an idle client is told so at once, content under way may finish. */
  stop(): void {
    this.#closeFor("stop");
  }

  /** The grace is over. Only a reply to content that is outstanding is waited for. */
  abort(): void {
    this.#closeFor("abort");
    if (this.#phase.kind !== "storing") this.#connection.destroy();
  }

  /** Ends at once, without a word. */
  breakOff(): void {
    this.#closeSilently("relay");
    this.#connection.destroy();
  }

  #closeFor(reason: CloseReason): void {
    this.#stepToClose(reason);
    this.#tellGone();
  }

  #stepToClose(reason: CloseReason): void {
    const phase = this.#phase;
    const place: Place = phase === reading && this.#content.isUnderWay ? "content" : phase.kind;
    switch (closeStep(place, reason)) {
      case "close":
        return this.#sayAndClose(reason);
      case "heldReplyFirst":
        this.#pendingClose = reason;
        return this.#releaseReply();
      case "outstandingReplyFirst":
        return this.#closeBehindOutstandingReply(reason);
      case "later":
        this.#pendingClose = reason;
        return undefined;
      case "breakOff":
        return this.breakOff();
      case "nothing":
        return undefined;
    }
  }

  /** Behind a flush that hangs nothing true can be said: the client has given up by then, and is left without a word. */
  #closeBehindOutstandingReply(reason: CloseReason): void {
    if (this.#phase.kind !== "storing") return;
    const askedBefore = this.#pendingClose === reason;
    this.#pendingClose = reason;
    this.#phase.content.hurry();
    if (askedBefore && this.services.clock.now() - this.#phase.since >= maxReplyWaitMs) this.breakOff();
  }

  #sayAndClose(reason: CloseReason): void {
    this.#content.discard();
    this.#closeWith(reason === "timedOut" ? replies.timedOut : replies.shuttingDown);
  }

  /** The last reply. */
  #closeWith(reply: Reply): void {
    const { kind } = this.#phase;
    if (kind === "closing" || kind === "closed") return;
    this.#send(reply);
    this.#output.flush();
    this.#phase = { kind: "closing", by: "relay" };
    const isAlone = reply === replies.closing && this.#input.waitingBytes === 0;
    if (isAlone || this.#pendingClose === "abort") this.#connection.closeAtOnce();
    else this.#connection.close();
  }

  #closeSilently(by: "relay" | "client"): void {
    if (this.#phase.kind === "closed") return;
    this.#phase = { kind: "closing", by };
    this.#connection.close();
  }

  #fail(fault: unknown): void {
    tellFault(this.services, this.state, fault);
    this.#content.discard();
    this.#closeWith(replies.fault);
  }

  // --- the conversation ---------------------------------------------------------------------------------------

  #run(): void {
    try {
      while (this.#phase === reading && !this.#output.isFull && this.#readOn()) {
        // Each turn handles one command line, or the content that has come so far.
      }
    } catch (fault) {
      this.#fail(fault);
    }
    this.#output.flush();
    this.#input.forgetConsumed();
    if (this.#phase !== reading || this.#output.isFull) return;
    if (this.#input.ended) this.#closeSilently("client");
    else this.#connection.resume();
  }

  /** True when something was handled and there may be more. */
  #readOn(): boolean {
    return this.#content.isReading ? this.#readContent() : this.#readLine();
  }

  #readLine(): boolean {
    switch (this.#lines.next()) {
      case "more":
        return false;
      case "line":
        this.#step(this.#lines.answer(this));
        return true;
      case "tooLong":
        this.#respond(replies.lineTooLong);
        return true;
      case "bareLinefeed":
        this.#respond(replies.bareLinefeedInCommand);
        return true;
      case "dropped":
        return true;
    }
  }

  #readContent(): boolean {
    const content = this.#content;
    switch (content.read()) {
      case "more":
        return false;
      case "wait":
        this.#await({ kind: "blocked" }, content.whenWritable(), () => undefined);
        return false;
      case "broken":
        this.#closeWith(content.breakOff ?? replies.fault);
        return false;
      case "ended":
        this.#store();
        return true;
      case "chunk":
        this.#respond(content.chunkReply());
        return true;
    }
  }

  #step(answer: Answer): void {
    if (answer === undefined) return;
    if (answer instanceof Promise) this.#await({ kind: "working" }, answer, (reply) => this.#respond(reply));
    else this.#respond(answer);
  }

  #store(): void {
    const content = this.#content.take();
    if (this.#pendingClose !== undefined) content.hurry();
    const outcome = content.finish();
    if (!(outcome instanceof Promise)) return this.#respond(outcome);
    const since = this.services.clock.now();
    this.#await({ kind: "storing", since, content }, outcome, (reply) => this.#respond(reply));
  }

  /** Stays in `phase` until the promise settles. Whoever left it meanwhile hears nothing of it. */
  #await<T>(phase: Phase, promise: Promise<T>, then: (value: T) => void): void {
    this.#output.flush();
    this.#phase = phase;
    promise.then(
      (value) => this.#leave(phase, () => then(value)),
      (fault: unknown) => {
        if (this.#phase === phase) this.#fail(fault);
        else tellFault(this.services, this.state, fault);
      },
    );
  }

  /** Does `step` and reads on, if `phase` still stands. */
  #leave(phase: Phase, step: () => void): void {
    if (this.#phase !== phase) return;
    this.#phase = reading;
    try {
      step();
    } catch (fault) {
      this.#fail(fault);
    }
    this.#run();
  }

  /** The one way of every reply to a command or content: counts errors, and holds it back in a tarpit. */
  #respond(reply: Reply): void {
    const { state, services } = this;
    const hold = this.#holdBack;
    this.#holdBack = undefined;
    const limit = state.connector.maxProtocolErrors;
    if (reply.protocolError === true && ++state.protocolErrors > limit) {
      return this.#closeWith(services.limitReached(state, replies.tooManyErrors, "maxProtocolErrors", limit));
    }
    const tarpitMs = tarpitOf(reply, state, services);
    if (hold !== undefined && hold.delayMs >= tarpitMs) this.#respondLater(reply, hold.delayMs, hold);
    else if (tarpitMs > 0) this.#respondLater(reply, tarpitMs, undefined);
    else this.#respondNow(reply);
  }

  #respondLater(reply: Reply, delayMs: number, hold: HoldBack | undefined): void {
    this.#output.flush();
    // The connection is kept open for this reply alone.
    if (this.#pendingClose !== undefined && this.#pendingClose !== "stop") return this.#respondNow(reply);
    this.transcript?.note(tarpitNote(reply, delayMs, hold));
    const timer = this.services.clock.after(delayMs, () => this.#releaseReply());
    this.#phase = { kind: "tarpit", reply, timer, blameless: hold !== undefined || reply.code < 500 };
  }

  /** The reply that was held back goes. */
  #releaseReply(): void {
    const phase = this.#phase;
    if (phase.kind !== "tarpit") return;
    phase.timer.cancel();
    this.#leave(phase, () => this.#respondNow(phase.reply));
  }

  #respondNow(reply: Reply): void {
    if (reply.close === true) return this.#closeWith(reply);
    if (this.#upgradeBehindReply) return this.#upgrade(reply);
    this.#send(reply);
    const reason = this.#pendingClose;
    if (reason !== undefined && !(reason === "stop" && this.#content.isUnderWay)) this.#sayAndClose(reason);
    return undefined;
  }

  #send(reply: Reply): void {
    this.#output.add(reply, this.state.connector.enhancedStatusCodesEnabled);
  }

  /** `goAhead` is the last reply in the clear. */
  #upgrade(goAhead: Reply): void {
    this.#upgradeBehindReply = false;
    // Behind it a closing reply would be read as a handshake.
    if (this.#pendingClose !== undefined) return this.#sayAndClose(this.#pendingClose);
    const context = this.services.tlsContext(this.state.connector);
    if (context === undefined) return this.#send(replies.tlsNotAvailable);
    this.#send(goAhead);
    this.#output.flush();
    // Whatever came behind STARTTLS in the clear is dropped, and all that was said before is forgotten
    // (RFC 3207 §4.2, §6).
    this.#input.clear();
    forgetClearText(this.state);
    this.resetTransaction();
    // A client that has ended its sending will not shake hands: `#run` closes.
    if (this.#input.ended) return undefined;
    this.#phase = { kind: "handshake" };
    this.#connection.startTls(context);
    return undefined;
  }
}
