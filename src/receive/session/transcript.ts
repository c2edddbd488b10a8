/** What a session tells the protocol log beside the commands themselves. */
import { rightLogNames, type Rights } from "../../core/policy/relay-permission.ts";
import type { ProtocolSession } from "../../logs/protocol-log.ts";
import type { SessionState } from "./state.ts";

export function logOpening(transcript: ProtocolSession, state: SessionState): void {
  transcript.line("+", "");
  const names = Object.entries(rightLogNames)
    .filter(([right]) => state.rights[right as keyof Rights])
    .map(([, name]) => name);
  transcript.line("*", names.join(" "), "Set Session Permissions");
}

/** `reply` in its wire form. */
export function logReply(transcript: ProtocolSession, reply: string): void {
  for (const line of reply.split("\r\n")) if (line !== "") transcript.line(">", line);
}
