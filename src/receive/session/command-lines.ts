/** Cuts command lines from what a client sent, tells the protocol log of them, and has them answered. */
import { parseCommand } from "../../core/smtp/command.ts";
import { answerCommand } from "./answer-command.ts";
import type { Answer, Conversation, LineHandler } from "./conversation.ts";
import type { LineOutcome, SessionInput } from "./session-input.ts";
import type { SessionTranscript } from "./transcript.ts";

/** RFC 5321 §4.5.3.1.4 asks for 512; extensions add to it (RFC 1870, 3461, 6531). AUTH: RFC 4954 §4. */
const maxCommandLineBytes = 4_096;
const maxAuthLineBytes = 12_288;
/** In lower case. A token stands in the command itself, where the client does not wait for the challenge. */
const authVerb = Buffer.from("auth ");

export class CommandLines {
  readonly #input: SessionInput;
  readonly #transcript: SessionTranscript | undefined;
  #handler: LineHandler | undefined;

  constructor(input: SessionInput, transcript: SessionTranscript | undefined) {
    this.#input = input;
    this.#transcript = transcript;
  }

  /** The next line goes to `handler` in place of the command parser. */
  expect(handler: LineHandler): void {
    this.#handler = handler;
  }

  /** Looks for the next line: behind `line` it must be answered. One that cannot be read ends what waited for it (AUTH). */
  next(): LineOutcome {
    const outcome = this.#input.nextLine(
      this.#handler === undefined && !this.#input.beginsWith(authVerb)
        ? maxCommandLineBytes
        : maxAuthLineBytes,
    );
    if (outcome === "tooLong" || outcome === "bareLinefeed") {
      this.#handler = undefined;
      this.#transcript?.unread();
    }
    return outcome;
  }

  answer(conversation: Conversation): Answer {
    const { octets, lineStart, lineEnd } = this.#input;
    const handler = this.#handler;
    if (handler !== undefined) {
      this.#handler = undefined;
      this.#transcript?.response();
      return handler(Buffer.from(octets.subarray(lineStart, lineEnd)));
    }
    const command = parseCommand(octets, conversation.state.offered, lineStart, lineEnd);
    this.#transcript?.command(octets.toString("utf8", lineStart, lineEnd), command);
    return answerCommand(conversation, command);
  }
}
