/**
 * The SMTP server's conversation: takes octets, cuts them into command lines and content, lets the verbs answer,
 * and sends the replies. One read may hold many pipelined commands; their replies leave in one write
 * (RFC 2920 §3.2). Everything that waits (storing, a tarpit, TLS) stops the reading of further commands.
 */
import { tarpitDelay } from "../../core/policy/tarpit.ts";
import { parseCommand } from "../../core/smtp/command.ts";
import { replies, replyLine, type Reply } from "../../core/smtp/reply.ts";
import { maskCredentials, tarpitLine } from "../../logs/protocol-lines.ts";
import type { ProtocolSession } from "../../logs/protocol-log.ts";
import type { Connection, ConnectionHandler } from "../connection/connection.ts";
import { ContentReader } from "./content-reader.ts";
import { answer } from "./dispatch.ts";
import type { SessionServices } from "./services.ts";
import { SessionInput } from "./session-input.ts";
import { SessionOutput } from "./session-output.ts";
import { forgetClearText, type SessionState } from "./state.ts";
import { Tarpit } from "./tarpit.ts";
import { logOpening } from "./transcript.ts";
import type { Chunk } from "./verbs/bdat.ts";

/** RFC 5321 §4.5.3.1.4 asks for 512; extensions add to it (RFC 1870, 3461, 6531). AUTH: RFC 4954 §4. */
const maxCommandLineBytes = 4_096;
const maxAuthLineBytes = 12_288;
/** Octets that wait while a command is being answered; then reading stops. */
const maxWaitingInputBytes = 64 * 1024;

/** Handles the next line in place of the command parser (AUTH). */
export type LineHandler = (line: Buffer) => Reply | Promise<Reply>;

/**
 * `greeted`: has not said EHLO yet; `handshake`: TLS begins; `mail`, `rcpt`: within a transaction, before and behind
 * its first recipient; `content`: DATA or BDAT; `working`: its reply is not ready yet.
 */
export type SessionActivity =
  "greeted" | "handshake" | "idle" | "mail" | "rcpt" | "content" | "working" | "tarpit" | "closing";

export class Session implements ConnectionHandler {
  readonly state: SessionState;
  readonly services: SessionServices;
  /** The connector's protocol log (protocolLoggingLevel); undefined: it keeps none. */
  readonly transcript: ProtocolSession | undefined;
  readonly #connection: Connection;

  readonly #input = new SessionInput();
  readonly #output: SessionOutput;
  readonly #content: ContentReader;
  readonly #tarpit: Tarpit;
  #upgradeBehindReply = false;
  #lineHandler: LineHandler | undefined;
  #waiting = false;
  #handshaking = false;
  #inputEnded = false;
  #stopping = false;
  #closing = false;
  #closed = false;

  constructor(
    state: SessionState,
    services: SessionServices,
    connection: Connection,
    transcript: ProtocolSession | undefined,
  ) {
    this.transcript = transcript;
    this.state = state;
    this.services = services;
    this.#connection = connection;
    this.#output = new SessionOutput(connection, transcript);
    this.#content = new ContentReader(this.#input, state, services, transcript);
    this.#tarpit = new Tarpit(services.clock);
  }

  /** Sends the greeting and begins to read. */
  open(): void {
    this.#connection.serve(this);
    if (this.transcript !== undefined) logOpening(this.transcript, this.state);
    this.#send(this.services.greeting(this.state.connector));
    this.#output.flush();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The client waits for the server, not the other way round. */
  get isWaiting(): boolean {
    return this.#waiting && !this.#handshaking;
  }

  /** What it does now, for people. */
  get activity(): SessionActivity {
    if (this.#closing) return "closing";
    if (this.#tarpit.isHolding) return "tarpit";
    if (this.#handshaking) return "handshake";
    if (this.#content.isReading) return "content";
    if (this.#waiting) return "working";
    const { hello, transaction } = this.state;
    if (transaction !== undefined) return transaction.recipients.length === 0 ? "mail" : "rcpt";
    return hello === undefined ? "greeted" : "idle";
  }

  // --- what the verbs may ask for -----------------------------------------------------------------------------

  /** The content follows (DATA). */
  expectContent(): void {
    this.#content.expectDots();
  }

  /** A chunk follows (BDAT). A refused one is read and dropped before its reply is sent. */
  expectChunk(chunk: Chunk): void {
    this.#content.expectChunk(chunk);
  }

  /** The next line goes to `handler` instead of the command parser. */
  expectLine(handler: LineHandler): void {
    this.#lineHandler = handler;
  }

  /** TLS begins behind the reply to this command. */
  expectTls(): void {
    this.#upgradeBehindReply = true;
  }

  /** Holds the reply to this command back; `dueTo` stands in the protocol log. Who leaves meanwhile keeps its good name. */
  holdBack(delayMs: number, dueTo: string): void {
    this.#tarpit.holdNext(delayMs, dueTo);
  }

  /** Ends the transaction (RFC 5321 §4.1.1.5). */
  resetTransaction(): void {
    this.state.transaction = undefined;
    this.#content.discard();
  }

  // --- what the connection tells ------------------------------------------------------------------------------

  receive(octets: Buffer): void {
    this.#input.push(octets);
    if (!this.#waiting && !this.#output.isFull) this.#run();
    else if (this.#input.waitingBytes > maxWaitingInputBytes) this.#connection.pause();
    this.#input.own();
  }

  secured(tls: { readonly protocol: string; readonly cipher: string }): void {
    this.state.tls = tls;
    this.#waiting = false;
    this.#handshaking = false;
    this.#run();
  }

  writable(): void {
    this.#output.isFull = false;
    if (!this.#waiting) this.#run();
  }

  inputEnded(): void {
    this.#inputEnded = true;
    if (!this.#waiting || this.#handshaking) this.#connection.close();
  }

  closed(): void {
    this.#closed = true;
    this.transcript?.line("-", "", this.#closing ? "Local" : "Remote");
    if (this.#tarpit.leave()) this.services.leftInTarpit(this.state.peer);
    this.#content.discard();
    this.#input.clear();
    this.services.ended(this);
  }

  timedOut(): void {
    this.#content.discard();
    this.#sendAndClose(replies.timedOut);
  }

  /** The relay stops: an idle client is told so at once, content under way may finish. */
  stop(): void {
    this.#stopping = true;
    if (!this.#waiting && !this.#content.isUnderWay) this.#sendAndClose(replies.shuttingDown);
  }

  /** The grace is over. */
  abort(): void {
    if (this.#closed) return;
    this.#content.discard();
    this.#sendAndClose(replies.shuttingDown);
    this.#connection.destroy();
  }

  // --- the conversation ---------------------------------------------------------------------------------------

  #run(): void {
    try {
      while (!this.#waiting && !this.#closed && !this.#output.isFull && this.#readOn()) {
        // Each turn handles one command line, or the content that has come so far.
      }
    } catch (fault) {
      this.#fail(fault);
    }
    this.#output.flush();
    this.#input.forgetConsumed();
    if (!this.#waiting) {
      if (this.#inputEnded) this.#connection.close();
      else if (!this.#output.isFull) this.#connection.resume();
    }
  }

  /** True when something was handled and there may be more. */
  #readOn(): boolean {
    return this.#content.isReading ? this.#readContent() : this.#readLine();
  }

  #readLine(): boolean {
    const input = this.#input;
    switch (input.nextLine(this.#lineHandler === undefined ? maxCommandLineBytes : maxAuthLineBytes)) {
      case "more":
        return false;
      case "line":
        this.#answerLine(input);
        return true;
      case "tooLong":
        this.#refuseLine(replies.lineTooLong);
        return true;
      case "bareLinefeed":
        this.#refuseLine(replies.bareLinefeedInCommand);
        return true;
      case "dropped":
        return true;
    }
  }

  #answerLine({ octets, lineStart, lineEnd }: SessionInput): void {
    const handler = this.#lineHandler;
    this.#lineHandler = undefined;
    this.transcript?.line(
      "<",
      handler === undefined ? maskCredentials(octets.toString("utf8", lineStart, lineEnd)) : "****",
    );
    this.#step(
      handler !== undefined
        ? handler(Buffer.from(octets.subarray(lineStart, lineEnd)))
        : answer(this, parseCommand(octets, this.state.offered, lineStart, lineEnd)),
    );
  }

  /** A line that cannot be read ends what waited for it (AUTH). */
  #refuseLine(reply: Reply): void {
    this.#lineHandler = undefined;
    this.#respond(reply);
  }

  #readContent(): boolean {
    const content = this.#content;
    switch (content.read()) {
      case "more":
        return false;
      case "wait":
        this.#await(content.whenWritable(), () => undefined);
        return false;
      case "broken":
        this.#sendAndClose(content.breakOff ?? replies.fault);
        return false;
      case "ended":
        this.#step(content.finish());
        return true;
      case "chunk":
        this.#respond(content.chunkReply());
        return true;
    }
  }

  #step(outcome: Reply | undefined | Promise<Reply>): void {
    if (outcome === undefined) return;
    if (outcome instanceof Promise) this.#await(outcome, (reply) => this.#respond(reply));
    else this.#respond(outcome);
  }

  #await<T>(promise: Promise<T>, then: (value: T) => void): void {
    this.#output.flush();
    this.#waiting = true;
    promise.then(
      (value) => {
        this.#waiting = false;
        if (this.#closed) return;
        then(value);
        this.#run();
      },
      (fault: unknown) => {
        this.#waiting = false;
        this.#fail(fault);
      },
    );
  }

  /** Sends a reply: counts errors, holds it back in a tarpit, closes behind it where it says so. */
  #respond(reply: Reply): void {
    const { state } = this;
    const held = this.#tarpit.takeNext();
    if (reply.protocolError === true && ++state.protocolErrors > state.connector.maxProtocolErrors) {
      const limit = state.connector.maxProtocolErrors;
      this.#sendAndClose(
        this.services.limitReached(state, replies.tooManyErrors, "maxProtocolErrors", limit),
      );
      return;
    }
    const delay = tarpitDelay(state.connector, reply, {
      authenticated: state.authenticatedUser !== undefined,
      discredited: this.services.isDiscredited(state.peer),
    });
    if (held !== undefined && held.delayMs >= delay) this.#sendLater(reply, held.delayMs, held.dueTo);
    else if (delay > 0) this.#sendLater(reply, delay);
    else this.#sendNow(reply);
  }

  #sendLater(reply: Reply, delayMs: number, dueTo?: string): void {
    this.#output.flush();
    this.transcript?.line("*", tarpitLine(delayMs, dueTo ?? replyLine(reply)));
    this.#waiting = true;
    this.#tarpit.hold(delayMs, dueTo !== undefined, () => {
      this.#waiting = false;
      this.#sendNow(reply);
      this.#run();
    });
  }

  #sendNow(reply: Reply): void {
    if (reply.close === true) {
      this.#sendAndClose(reply);
      return;
    }
    this.#send(reply);
    if (this.#upgradeBehindReply) this.#upgrade();
    else if (this.#stopping && !this.#content.isUnderWay) this.#sendAndClose(replies.shuttingDown);
  }

  #send(reply: Reply): void {
    this.#output.add(reply, this.state.connector.enhancedStatusCodesEnabled);
  }

  #sendAndClose(reply: Reply): void {
    if (this.#closed) return;
    this.#send(reply);
    this.#output.flush();
    this.#waiting = true;
    this.#closing = true;
    if (reply === replies.closing && this.#input.waitingBytes === 0) this.#connection.closeAtOnce();
    else this.#connection.close();
  }

  #upgrade(): void {
    this.#upgradeBehindReply = false;
    const context = this.services.tlsContext(this.state.connector);
    this.#output.flush();
    // Whatever came behind STARTTLS in the clear is dropped, and all that was said before is forgotten
    // (RFC 3207 §4.2, §6).
    this.#input.clear();
    forgetClearText(this.state);
    this.resetTransaction();
    if (context === undefined) {
      this.#sendAndClose(replies.tlsNotAvailable);
      return;
    }
    // A client that has ended its sending will not shake hands: `#run` closes.
    if (this.#inputEnded) return;
    this.#waiting = true;
    this.#handshaking = true;
    this.#connection.startTls(context);
  }

  #fail(fault: unknown): void {
    this.#content.discard();
    this.services.events.emit("RelayFault", {
      where: `session ${this.state.id}`,
      error: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault),
    });
    this.#sendAndClose(replies.fault);
  }
}
