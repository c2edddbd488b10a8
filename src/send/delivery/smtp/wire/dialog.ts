/** Command by command with a connection, for what happens once per connection: greeting, EHLO, TLS, AUTH. */
import type { ClientConnection, Receiver } from "./client-connection.ts";
import { SmtpClientError } from "./client-error.ts";
import type { PeerReply } from "./reply-reader.ts";

export class Dialog implements Receiver {
  private readonly replies: PeerReply[] = [];
  private connection: ClientConnection | undefined;
  private error: SmtpClientError | undefined;
  private stage = "connected";
  private waiting: { resolve(reply: PeerReply): void; reject(error: SmtpClientError): void } | undefined;

  /** To be called once, before anything else. */
  begin(connection: ClientConnection): void {
    this.connection = connection;
  }

  /** Replies that came without being asked for. */
  get unasked(): number {
    return this.replies.length;
  }

  /** `stage` names the wait in the error text. Rejects with SmtpClientError. */
  next(stage: string, timeoutMs: number): Promise<PeerReply> {
    const ready = this.replies.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.error !== undefined) return Promise.reject(this.error);
    this.await(stage, timeoutMs);
    return new Promise((resolve, reject) => (this.waiting = { resolve, reject }));
  }

  /** Something other than a reply is waited for. */
  await(stage: string, timeoutMs: number): void {
    this.stage = stage;
    this.connection?.setDeadline(timeoutMs);
  }

  command(line: string, stage: string, timeoutMs: number): Promise<PeerReply> {
    this.connection?.writeText(`${line}\r\n`);
    return this.next(stage, timeoutMs);
  }

  reply(reply: PeerReply): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) this.replies.push(reply);
    else waiting.resolve(reply);
  }

  drained(): void {}

  expired(): void {
    this.connection?.destroy(new SmtpClientError("timeout", `no answer to ${this.stage} in time`));
  }

  lost(error: SmtpClientError): void {
    const told =
      error.code === "lost"
        ? new SmtpClientError("lost", `${error.message} (at ${this.stage})`, { cause: error })
        : error;
    this.error = told;
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.reject(told);
  }
}
