/**
 * The SMTP server's conversation: takes octets, has command lines and content answered, and sends the replies. One read
 * may hold many pipelined commands; their replies leave in one write (RFC 2920 §3.2). Everything that waits (storing, a
 * tarpit, TLS) is a phase of its own, in which nothing is read; closing is the last one.
 */
import { refused } from "../../core/refusals/refusal.ts";
import { tlsFailureOf } from "../../core/refusals/tls-failure.ts";
import type { ConnectionHandler } from "../connection/connection.ts";
import { activityOf, type SessionActivity } from "./activity.ts";
import { closeFor } from "./close-for.ts";
import { breakOff, closeSilently, fail, refuseAndClose, sayAndClose } from "./closing.ts";
import type { Answer } from "./conversation.ts";
import { createParts, send, type SessionConnection, type SessionParts } from "./parts.ts";
import { reading, type CloseReason } from "./phase.ts";
import { respond } from "./replying.ts";
import type { SessionServices } from "./services.ts";
import { SessionConversation } from "./session-conversation.ts";
import type { ActiveTls } from "../transaction/submitter.ts";
import type { SessionState } from "./state.ts";
import type { SessionTranscript } from "./transcript.ts";
import { waitFor } from "./waiting.ts";

/** Octets that wait while a command is being answered; then reading stops. */
const maxWaitingInputBytes = 64 * 1024;

/** A client that believes its content ended is told otherwise before it gives up. */
const unendedContentMs = 10_000;

export class Session implements ConnectionHandler {
  readonly state: SessionState;
  readonly #parts: SessionParts;
  #isGreeted = false;
  readonly #conversation: SessionConversation;

  constructor(
    state: SessionState,
    services: SessionServices,
    connection: SessionConnection,
    transcript: SessionTranscript | undefined,
  ) {
    this.state = state;
    this.#parts = createParts({ state, services, connection, transcript, readOn: () => this.#run() });
    this.#conversation = new SessionConversation(this.#parts);
  }

  /** Sends the greeting and begins to read; behind a TLS handshake where the client begins with one. */
  open(beginsWithTls = false): void {
    const { connection, transcript } = this.#parts;
    transcript?.opened(this.state.rights);
    if (beginsWithTls) return this.#beginWithTls();
    connection.serve(this);
    this.#greet();
  }

  #greet(): void {
    const { services, output } = this.#parts;
    this.#isGreeted = true;
    send(this.#parts, services.greeting(this.state.connector));
    output.flush();
  }

  #beginWithTls(): void {
    const { connection, services } = this.#parts;
    const contexts = services.tlsContexts(this.state.connector);
    if (contexts === undefined) {
      services.tellRefusal(this.state, "tlsHandshakeFailed", {
        detail: "the connector's certificate cannot be used",
      });
      connection.serve(this);
      return breakOff(this.#parts);
    }
    this.#parts.phase = { kind: "handshake" };
    connection.serveTls(this, contexts);
  }

  /** The client waits for the server, not the other way round. */
  get isWaiting(): boolean {
    const { phase } = this.#parts;
    return phase !== reading && phase.kind !== "handshake";
  }

  /** How long the client may be silent now. Milliseconds. */
  get inactivityTimeoutMs(): number {
    const { connectionInactivityTimeout } = this.state.connector;
    return this.#parts.content.seemsEnded
      ? Math.min(unendedContentMs, connectionInactivityTimeout)
      : connectionInactivityTimeout;
  }

  get activity(): SessionActivity {
    const { phase, content } = this.#parts;
    return activityOf(phase === reading && content.isReading ? "content" : phase.kind, this.state);
  }

  // --- what the connection tells ------------------------------------------------------------------------------

  receive(octets: Buffer): void {
    const { input, output, phase, connection } = this.#parts;
    input.push(octets);
    if (phase === reading && !output.isFull) this.#run();
    else if (input.waitingBytes > maxWaitingInputBytes) connection.pause();
    input.own();
  }

  secured(tls: ActiveTls): void {
    const parts = this.#parts;
    if (parts.phase.kind !== "handshake") return;
    this.state.tls = tls;
    parts.transcript?.secured();
    parts.phase = reading;
    if (parts.pendingClose !== undefined) return sayAndClose(parts, parts.pendingClose);
    if (!this.#isGreeted) this.#greet();
    this.#run();
  }

  handshakeFailed(code: string | undefined): void {
    const { phase, services } = this.#parts;
    if (phase.kind !== "handshake") return;
    const { kind, detail } = tlsFailureOf(code);
    services.tellRefusal(this.state, kind, { detail });
  }

  writable(): void {
    this.#parts.output.isFull = false;
    this.#run();
  }

  inputEnded(): void {
    const parts = this.#parts;
    parts.input.ended = true;
    this.#conversation.tellGone();
    if (parts.phase.kind === "handshake") {
      this.handshakeFailed(undefined);
      closeSilently(parts);
    } else this.#run();
  }

  closed(): void {
    const { phase, transcript, services, content, input } = this.#parts;
    this.#parts.phase = { kind: "closed" };
    transcript?.closed(phase.kind === "closing" ? phase.by : "client");
    if (phase.kind === "tarpit") {
      phase.timer.cancel();
      if (!phase.blameless) services.leftInTarpit(this.state);
    } else if (phase.kind === "storing") {
      phase.content.hurry();
    }
    content.discard();
    input.clear();
    this.#conversation.tellGone();
    services.ended(this.state);
  }

  // --- why it ends --------------------------------------------------------------------------------------------

  /** Its time is over. Asked again and again while it lasts. */
  timedOut(): void {
    const { phase, services } = this.#parts;
    if (phase.kind === "handshake")
      services.tellRefusal(this.state, "tlsHandshakeFailed", { detail: "the client did not end it in time" });
    this.#closeFor("timedOut");
  }

  /** Its place is about to be counted as free elsewhere: only a reply to content that is outstanding is waited for. */
  away(): void {
    this.#closeFor("away");
  }

  /** The relay stops: an idle client is told so at once, content under way may finish. */
  stop(): void {
    this.#closeFor("stop");
  }

  /** The grace is over. Only a reply to content that is outstanding is waited for. */
  abort(): void {
    this.#closeFor("abort");
    if (this.#parts.phase.kind !== "storing") this.#parts.connection.destroy();
  }

  /** Ends at once, without a word. */
  breakOff(): void {
    breakOff(this.#parts);
  }

  #closeFor(reason: CloseReason): void {
    closeFor(this.#parts, reason);
    this.#conversation.tellGone();
  }

  // --- the conversation ---------------------------------------------------------------------------------------

  #run(): void {
    const parts = this.#parts;
    const { output, input } = parts;
    if (parts.phase !== reading) return;
    try {
      while (parts.phase === reading && !output.isFull && this.#readOn()) {
        // Each turn handles one command line, or the content that has come so far.
      }
    } catch (fault) {
      fail(parts, fault);
    }
    output.flush();
    input.forgetConsumed();
    if (parts.phase !== reading || output.isFull) return;
    if (input.ended) closeSilently(parts);
    else parts.connection.resume();
  }

  /** True when something was handled and there may be more. */
  #readOn(): boolean {
    return this.#parts.content.isReading ? this.#readContent() : this.#readLine();
  }

  #readLine(): boolean {
    const parts = this.#parts;
    switch (parts.lines.next()) {
      case "more":
        return false;
      case "line":
        this.#answer(parts.lines.answer(this.#conversation));
        return true;
      case "tooLong":
        respond(parts, refused("lineTooLong"));
        return true;
      case "tls":
        respond(parts, refused("tlsBeforeGreeting"));
        return true;
      case "bareLinefeed":
        respond(parts, refused("bareLinefeedInCommand"));
        return true;
      case "dropped":
        return true;
    }
  }

  #answer(answer: Answer): void {
    if (answer === undefined) return;
    if (answer instanceof Promise) waitFor(this.#parts, { kind: "working" }, answer, respond);
    else respond(this.#parts, answer);
  }

  #readContent(): boolean {
    const parts = this.#parts;
    const { content } = parts;
    switch (content.read()) {
      case "more":
        return false;
      case "wait":
        waitFor(parts, { kind: "blocked" }, content.whenWritable(), () => undefined);
        return false;
      case "broken":
        refuseAndClose(parts, content.breakOff ?? refused("fault"));
        return false;
      case "ended":
        this.#store();
        return true;
      case "chunk":
        respond(parts, content.chunkReply());
        return true;
    }
  }

  #store(): void {
    const parts = this.#parts;
    const content = parts.content.take();
    if (parts.pendingClose !== undefined) content.hurry();
    const outcome = content.finish();
    if (!(outcome instanceof Promise)) return respond(parts, outcome);
    const since = parts.services.clock.now();
    return waitFor(parts, { kind: "storing", since, content }, outcome, respond);
  }
}
