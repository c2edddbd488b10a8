/** A session's replies on their way out: gathered while commands are answered, sent in one write (RFC 2920 §3.2). */
import type { ToldRefusal } from "../../core/refusals/refusal.ts";
import { encodeReply, type GrantingReply } from "../../core/smtp/reply.ts";
import type { Connection } from "../connection/connection.ts";
import type { SessionTranscript } from "./transcript.ts";

export class SessionOutput {
  readonly #connection: Pick<Connection, "write" | "pause">;
  readonly #transcript: SessionTranscript | undefined;
  #text = "";
  /** The client reads no replies: no command is answered until it does. */
  isFull = false;

  constructor(connection: Pick<Connection, "write" | "pause">, transcript: SessionTranscript | undefined) {
    this.#connection = connection;
    this.#transcript = transcript;
  }

  /** Leaves with the next `flush`. Cost: a string added to a string. */
  add(reply: GrantingReply | ToldRefusal, enhancedStatusCodes: boolean): void {
    const text = encodeReply(reply, enhancedStatusCodes);
    this.#text += text;
    this.#transcript?.reply(text);
  }

  flush(): void {
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    if (!this.#connection.write(text)) {
      this.isFull = true;
      this.#connection.pause();
    }
  }
}
