/**
 * One client connection: octets in, replies out, TLS, and the two ways it ends by time. It knows nothing of SMTP
 * but the replies it carries.
 */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ClientCertificate } from "../../core/authentication/certificate-name.ts";
import { writeBehindTurn, type HeldWrites } from "../../ports/gathered-writes.ts";
import { shareReads } from "../../ports/shared-reads.ts";
import { verifiedCertificate } from "../tls/verified-certificate.ts";
import { serverTlsOptions, type ServerContexts } from "../tls/server-contexts.ts";

/** What a connection serves. */
export interface ConnectionHandler {
  /** Octets came in. They are the handler's until it returns. */
  receive(octets: Buffer): void;
  /** The TLS handshake begun by `startTls` is done. */
  secured(tls: {
    readonly protocol: string;
    readonly cipher: string;
    readonly clientCertificate?: ClientCertificate | undefined;
  }): void;
  /** It failed, or the client went before its end; `code`: the error's. The connection ends. Called before `closed`. */
  handshakeFailed(code: string | undefined): void;
  /** The client's replies backlog is read again after it was full. */
  writable(): void;
  /** The client has said all it will say, and may still read. */
  inputEnded(): void;
  /** The connection is gone, however it ended. Called once. */
  closed(): void;
}

/** How long a closing connection may take to read its last reply. */
const lingerMs = 3_000;
/** Replies a client may leave unread before nothing more is read from it. */
const maxUnreadReplyBytes = 64 * 1024;

export class Connection implements HeldWrites {
  #socket: Socket;
  #handler: ConnectionHandler | undefined;
  #paused = false;
  #ended = false;
  #shakesHands = false;
  /** Replies that leave behind this turn of the event loop. */
  #held = "";
  #endsBehindHeld = false;
  /** `Clock.now()` values that the deadline sweep reads. */
  readonly openedAt: number;
  lastActivityAt: number;
  closingSince: number | undefined;

  readonly #now: () => number;

  constructor(socket: Socket, now: () => number) {
    this.#socket = socket;
    this.#now = now;
    this.openedAt = now();
    this.lastActivityAt = this.openedAt;
  }

  /** Begins to read. */
  serve(handler: ConnectionHandler): void {
    this.#handler = handler;
    this.#listen(this.#socket);
    // It may have been paused by who looked at it before (PROXY header).
    this.#socket.resume();
  }

  /** Begins with the TLS handshake: what came already belongs to it. */
  serveTls(handler: ConnectionHandler, contexts: ServerContexts): void {
    this.#handler = handler;
    this.#hearEnd(this.#socket);
    this.#shakeHands(this.#socket, contexts);
  }

  #listen(socket: Socket): void {
    const hear = (octets: Buffer): void => {
      this.lastActivityAt = this.#now();
      if (!this.#ended) this.#handler?.receive(octets);
    };
    socket.on("data", hear);
    shareReads(socket, hear);
    socket.on("end", () => {
      if (!this.#ended) this.#handler?.inputEnded();
    });
    socket.on("drain", () => this.#handler?.writable());
    this.#hearEnd(socket);
  }

  #hearEnd(socket: Socket): void {
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#shakesHands) this.#failHandshake(error.code);
      this.destroy();
    });
    socket.on("close", () => this.#leave());
  }

  #failHandshake(code: string | undefined): void {
    this.#shakesHands = false;
    this.#handler?.handshakeFailed(code);
  }

  #leave(): void {
    if (this.#shakesHands && !this.#ended) this.#failHandshake(undefined);
    this.#ended = true;
    // It is told once, though a socket that is destroyed still closes.
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed();
  }

  /**
   * Sends octets behind this turn of the event loop; false when the client leaves too many unread and the handler should
   * wait for `writable()`.
   */
  write(text: string): boolean {
    if (this.#ended) return true;
    this.lastActivityAt = this.#now();
    if (this.#held === "") writeBehindTurn(this, "replies");
    this.#held += text;
    // Only who has been given octets tells when they have left.
    if (this.#socket.writableLength + this.#held.length >= maxUnreadReplyBytes) this.writeHeld();
    return this.#socket.writableLength < maxUnreadReplyBytes;
  }

  /** Hands what was written to the system. */
  writeHeld(): void {
    const text = this.#held;
    this.#held = "";
    const socket = this.#socket;
    if (text === "" || socket.destroyed) return;
    socket.write(text, "utf8");
    if (this.#endsBehindHeld) this.#endAtOnce();
  }

  /** What the system has already needs no shutdown before it: that costs a call, a callback and an event. */
  #endAtOnce(): void {
    const socket = this.#socket;
    if (socket.writableLength === 0 && !(socket instanceof TLSSocket)) socket.destroy();
    else socket.destroySoon();
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /**
   * Begins the TLS handshake as server. Octets that came before it must have been dropped by the caller
   * (RFC 3207 §6). A failed handshake closes the connection.
   */
  startTls(contexts: ServerContexts): void {
    this.writeHeld();
    const plain = this.#socket;
    plain.removeAllListeners("data");
    plain.removeAllListeners("end");
    plain.removeAllListeners("drain");
    this.#shakeHands(plain, contexts);
  }

  #shakeHands(plain: Socket, contexts: ServerContexts): void {
    const secure = new TLSSocket(plain, serverTlsOptions(contexts));
    this.#socket = secure;
    this.#listen(secure);
    this.#paused = false;
    this.#shakesHands = true;
    secure.once("secure", () => {
      this.#shakesHands = false;
      this.#handler?.secured({
        protocol: secure.getProtocol() ?? "TLS",
        cipher: secure.getCipher().standardName,
        ...(contexts.asksCertificate === true
          ? { clientCertificate: verifiedCertificate(secure) }
          : undefined),
      });
    });
  }

  /** Ends after what was written; the client has a moment to read it. What it still sends is not heard. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.closingSince = this.#now();
    this.#paused = false;
    this.writeHeld();
    this.#socket.resume();
    this.#socket.end();
  }

  /**
   * Closes as soon as what was written is handed to the system. For a client that has said good-bye: had it sent more
   * that nobody read, the system would reset the connection, and the last reply could be lost.
   */
  closeAtOnce(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.closingSince = this.#now();
    if (this.#held === "") this.#endAtOnce();
    else this.#endsBehindHeld = true;
  }

  destroy(): void {
    this.writeHeld();
    this.#ended = true;
    this.#socket.destroy();
    this.#leave();
  }

  /** Called by the sweep: a closing connection does not linger for ever. */
  lingersAt(now: number): boolean {
    return this.closingSince !== undefined && now - this.closingSince >= lingerMs;
  }
}
