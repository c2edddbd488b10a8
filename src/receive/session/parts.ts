/** What a session is made of, and where it stands: what reads, answers and closes works on. */
import type { ToldRefusal } from "../../core/refusals/refusal.ts";
import type { GrantingReply } from "../../core/smtp/reply.ts";
import type { Connection } from "../connection/connection.ts";
import { CommandLines } from "./command-lines.ts";
import { ContentReader } from "./content-reader.ts";
import { reading, type CloseReason, type Phase } from "./phase.ts";
import type { SessionServices } from "./services.ts";
import { SessionInput } from "./session-input.ts";
import { SessionOutput } from "./session-output.ts";
import type { SessionState } from "./state.ts";
import type { HoldBack } from "./tarpit.ts";
import type { SessionTranscript } from "./transcript.ts";

/** What a session needs of its connection. */
export type SessionConnection = Pick<
  Connection,
  "serve" | "serveTls" | "write" | "pause" | "resume" | "startTls" | "close" | "closeAtOnce" | "destroy"
>;

export interface SessionParts {
  readonly state: SessionState;
  readonly services: SessionServices;
  /** The connector's protocol log (protocolLoggingLevel); undefined: it keeps none. */
  readonly transcript: SessionTranscript | undefined;
  readonly connection: SessionConnection;
  readonly input: SessionInput;
  readonly output: SessionOutput;
  readonly lines: CommandLines;
  readonly content: ContentReader;
  /** Reads what has come, if the phase lets it. */
  readonly readOn: () => void;
  phase: Phase;
  /** Closes behind the reply, or the content, that is under way. */
  pendingClose: CloseReason | undefined;
  /** What the next reply waits for, and whether TLS begins behind it: a verb asked for it. */
  holdBack: HoldBack | undefined;
  upgradeBehindReply: boolean;
}

/** Each property by name: an object that is spread takes ten times as long, and there is one for each connection. */
export function createParts({
  state,
  services,
  transcript,
  connection,
  readOn,
}: Pick<SessionParts, "state" | "services" | "transcript" | "connection" | "readOn">): SessionParts {
  const input = new SessionInput();
  return {
    state,
    services,
    transcript,
    connection,
    readOn,
    input,
    output: new SessionOutput(connection, transcript),
    lines: new CommandLines(input, transcript),
    content: new ContentReader(input, state, services, transcript),
    phase: reading,
    pendingClose: undefined,
    holdBack: undefined,
    upgradeBehindReply: false,
  };
}

/** All that a session can send: a refusal only when it was told. */
export type Said = GrantingReply | ToldRefusal;

/** Leaves with the next flush. */
export function send({ output, state }: SessionParts, reply: Said): void {
  output.add(reply, state.connector.enhancedStatusCodesEnabled);
}
