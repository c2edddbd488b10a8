/** One connection to a peer: octets out, replies in, one deadline. It knows nothing of mail. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Clock, Timer } from "../../../../ports/ports.ts";
import { writeBehindTurn, type HeldWrites } from "../../../../ports/gathered-writes.ts";
import { shareReads } from "../../../../ports/shared-reads.ts";
import { SmtpClientError } from "./client-error.ts";
import { failureWords } from "./failure-words.ts";
import { ReplyReader, type PeerReply } from "./reply-reader.ts";
import type { ConnectionTranscript } from "./transcript.ts";

/** Hears what happens on a connection. All calls come from the event loop, never from within `write`. */
export interface Receiver {
  reply(reply: PeerReply): void;
  /** Everything written so far has been handed to the system. Only after a write that returned false. */
  drained(): void;
  /** The deadline has passed; the connection is still open. */
  expired(): void;
  /** The last call: the connection is gone. */
  lost(error: SmtpClientError): void;
}

/** One for all: each connection ends so, and to make an error, with the calls that led to it, costs more than to close a socket. */
const closedByPeer = new SmtpClientError("lost", "the connection was closed by the peer");

const notOurs = new SmtpClientError(
  "aborted",
  "the message may be another node's by now, and its end was not sent",
);

export class ClientConnection implements HeldWrites {
  receiver: Receiver;
  private socket: Socket;
  /** Keeps what it is given until this turn of the event loop is over. */
  private holding: Socket | undefined;
  /** Whether that may leave. */
  private mayLeave: (() => boolean) | undefined;
  private readonly clock: Clock;
  private readonly transcript: ConnectionTranscript | undefined;
  private reader = new ReplyReader();
  /** TLS tells of each record by itself, though several came at once. */
  private tellsEachRecord: boolean;
  /** A refusal that is heard when all that came with it is there. */
  private refusal: PeerReply | undefined;
  private ended: SmtpClientError | undefined;
  private deadlineAt = Infinity;
  private timer: Timer | undefined;
  private timerAt = Infinity;
  private readonly closed: Promise<void>;

  constructor(
    socket: Socket,
    receiver: Receiver,
    clock: Clock,
    transcript: ConnectionTranscript | undefined,
  ) {
    this.socket = socket;
    this.receiver = receiver;
    this.clock = clock;
    this.transcript = transcript;
    this.tellsEachRecord = socket instanceof TLSSocket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    this.attach(socket);
    transcript?.note("+", "");
  }

  get alive(): boolean {
    return this.ended === undefined;
  }

  /** Octets received that no reply was made of yet. */
  get pendingBytes(): number {
    return this.reader.pendingBytes;
  }

  /** One has come behind the last that was told, and it is no good-bye. */
  get hasAnotherReply(): boolean {
    return this.reader.hasAnother;
  }

  /** One has come behind the last that was told, and it accepts something. */
  get hasAcceptance(): boolean {
    return this.reader.hasAcceptance;
  }

  /** Octets written that the system has not taken yet. */
  get unsentBytes(): number {
    return this.socket.writableLength;
  }

  /** Of these, what waits for the peer to read. TLS tells a turn late that octets have left: nothing is said of it. */
  get queuedBytes(): number {
    return this.socket instanceof TLSSocket ? 0 : this.socket.writableLength;
  }

  /** Resolves when the socket is closed. */
  whenClosed(): Promise<void> {
    return this.closed;
  }

  /** Writes commands behind this turn of the event loop. Returns false when they wait in memory: `drained` follows. Cost: one system call. */
  writeText(text: string, encoding: "latin1" | "utf8" = "latin1"): boolean {
    if (this.ended !== undefined) return false;
    this.transcript?.commands(text);
    this.holdWrites();
    return this.socket.write(text, encoding);
  }

  /**
   * Writes all parts in one system call, as `writeText`; strings are commands, in `encoding`. Returns as `writeText`. `mayLeave` is asked when
   * they are handed to the system, for this process may not have run since: where it says no, the connection ends as `aborted` instead.
   */
  writeParts(
    parts: readonly (string | Buffer)[],
    encoding: "latin1" | "utf8" = "latin1",
    mayLeave?: () => boolean,
  ): boolean {
    if (this.ended !== undefined) return false;
    if (mayLeave !== undefined) this.mayLeave = mayLeave;
    const { socket, transcript } = this;
    if (transcript !== undefined) {
      for (const part of parts) if (typeof part === "string") transcript.commands(part);
    }
    let taken = true;
    this.holdWrites();
    for (const part of parts) {
      taken =
        typeof part === "string" ? socket.write(part, encoding) : part.length === 0 || socket.write(part);
    }
    return taken;
  }

  /** Hands what was written to the system. */
  writeHeld(): void {
    // It came before that.
    this.hearRefusal();
    const { holding, mayLeave } = this;
    this.holding = undefined;
    if (mayLeave !== undefined) {
      this.mayLeave = undefined;
      if (holding !== undefined && !mayLeave()) return this.destroy(notOurs);
    }
    holding?.uncork();
  }

  /**
   * Takes back what was written in this turn of the event loop; false where all has been handed to the system. Behind it the
   * connection is good for nothing but to be closed.
   */
  takeBack(): boolean {
    if (this.holding === undefined) return false;
    this.holding = undefined;
    return true;
  }

  private holdWrites(): void {
    if (this.holding !== undefined) return;
    this.holding = this.socket;
    this.socket.cork();
    writeBehindTurn(this, "commands");
  }

  /**
   * Moves the deadline. Cheap: a timer is armed anew only when the new deadline is earlier than what it waits
   * for, or when it fires too early.
   */
  setDeadline(delayMs: number): void {
    if (this.ended !== undefined) return;
    const at = this.clock.now() + delayMs;
    this.deadlineAt = at;
    if (at < this.timerAt) this.arm(delayMs, at);
  }

  /** Closes at once; the receiver hears `lost` before this returns, unless it has heard it. */
  destroy(error: SmtpClientError): void {
    if (this.ended !== undefined) return;
    this.ended = error;
    this.timer?.cancel();
    this.writeHeld();
    this.socket.destroy();
    this.transcript?.note("-", error.message);
    this.receiver.lost(error);
  }

  /**
   * Puts another socket, TLS over the present one, in its place (RFC 3207 §4.2). Replies not yet taken are
   * gone: the caller has made sure that there are none.
   */
  async secure(handshake: (plain: Socket) => Promise<Socket>): Promise<void> {
    this.writeHeld();
    const plain = this.socket;
    plain.off("data", this.onData);
    plain.off("drain", this.onDrain);
    plain.off("end", this.onEnd);
    let secured: Socket;
    try {
      secured = await handshake(plain);
    } catch (error) {
      // That we gave up, and why, says more than that it was closed.
      throw this.ended ?? error;
    }
    if (this.ended !== undefined) {
      secured.destroy();
      throw this.ended;
    }
    this.reader = new ReplyReader();
    this.tellsEachRecord = true;
    this.socket = secured;
    this.attach(secured);
  }

  note(text: string): void {
    this.transcript?.note("*", text);
  }

  private attach(socket: Socket): void {
    socket.on("data", this.onData);
    shareReads(socket, this.onData);
    socket.on("drain", this.onDrain);
    socket.on("end", this.onEnd);
    socket.on("error", this.onError);
    socket.on("close", this.onEnd);
  }

  private readonly onData = (octets: Buffer): void => {
    if (this.ended !== undefined) return;
    this.reader.push(octets);
    if (this.refusal === undefined) this.hear();
    else this.reader.own();
  };

  private hear(): void {
    const { reader } = this;
    for (let reply = reader.next(); reply !== undefined; reply = reader.next()) {
      if (
        reply.code >= 400 &&
        this.tellsEachRecord &&
        this.holding === undefined &&
        reader.pendingBytes === 0
      ) {
        this.refusal = reply;
        setImmediate(this.hearRefusal);
        break;
      }
      this.tell(reply);
      if (this.ended !== undefined || this.reader !== reader) return;
    }
    reader.own();
    if (reader.fault !== undefined) this.destroy(new SmtpClientError("garbage", reader.fault));
  }

  private tell(reply: PeerReply): void {
    this.transcript?.reply(reply);
    this.receiver.reply(reply);
  }

  /** Whose it is shows by what stands behind it. */
  private readonly hearRefusal = (): void => {
    const { refusal, reader } = this;
    if (refusal === undefined) return;
    this.refusal = undefined;
    if (this.ended !== undefined) return;
    this.tell(refusal);
    if (this.ended === undefined && this.reader === reader) this.hear();
  };

  private readonly onDrain = (): void => {
    if (this.ended === undefined) this.receiver.drained();
  };

  private readonly onEnd = (): void => {
    this.hearRefusal();
    if (this.ended === undefined) this.destroy(closedByPeer);
  };

  private readonly onError = (error: Error): void => {
    this.hearRefusal();
    if (this.ended === undefined)
      this.destroy(
        new SmtpClientError("lost", `the connection was lost: ${failureWords(error)}`, { cause: error }),
      );
  };

  private arm(delayMs: number, at: number): void {
    this.timer?.cancel();
    this.timerAt = at;
    this.timer = this.clock.after(delayMs, () => {
      this.timerAt = Infinity;
      this.timer = undefined;
      if (this.ended !== undefined) return;
      const leftMs = this.deadlineAt - this.clock.now();
      if (leftMs > 0) {
        this.arm(leftMs, this.deadlineAt);
      } else {
        this.deadlineAt = Infinity;
        this.receiver.expired();
      }
    });
  }
}
