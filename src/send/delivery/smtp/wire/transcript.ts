/** The outgoing protocol log: a line for each command and reply, as Exchange's Send protocol log has them. */
import type { HiddenWords } from "./credential-echo.ts";
import { printable } from "./peer-verdict.ts";
import type { PeerReply } from "./reply-reader.ts";

export interface TranscriptLine {
  /** Connected, disconnected, sent, received, a remark. Source: Exchange, Protocol logging, "event". */
  readonly event: "+" | "-" | ">" | "<" | "*";
  readonly data: string;
  /** Numbers the connections of a carrier, from 1. */
  readonly session: number;
  /** `address:port` of the peer. */
  readonly remoteEndpoint: string;
}

export type Transcript = (line: TranscriptLine) => void;

/** What a connection tells of itself. Message content is never told, credentials are masked. */
export interface ConnectionTranscript {
  note(event: "+" | "-" | "*", data: string): void;
  commands(text: string): void;
  reply(reply: PeerReply): void;
}

/** Lines written between a challenge (334) and what ends it are credentials; `hidden` is what no line may hold. */
export function transcribe(
  write: Transcript,
  session: number,
  remoteEndpoint: string,
  hidden: HiddenWords,
): ConnectionTranscript {
  let secret = false;
  const tell = (event: TranscriptLine["event"], data: string): void =>
    write({ event, data: printable(hidden.hide(data)), session, remoteEndpoint });
  return {
    note: tell,
    commands(text) {
      for (const line of text.split("\r\n")) {
        if (line === "") continue;
        const auth = /^(AUTH \S+)( .*)?$/i.exec(line);
        if (auth !== null) tell(">", auth[2] === undefined ? line : `${auth[1]} ****`);
        else tell(">", secret ? "****" : line);
      }
    },
    reply({ code, text }) {
      secret = code === 334;
      const lines = text.split("\n");
      for (const [position, line] of lines.entries()) {
        tell("<", `${code}${position < lines.length - 1 ? "-" : " "}${line}`);
      }
    },
  };
}
