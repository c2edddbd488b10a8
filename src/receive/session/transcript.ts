/** What the protocol log hears of a session: its lines, without credentials. Message content is never told. */
import { rightLogNames, type Rights } from "../../core/policy/relay-permission.ts";
import type { Command, CommandFault } from "../../core/smtp/command.ts";
import { createCredentialMask } from "../../logs/protocol-credentials.ts";
import type { ProtocolSession } from "../../logs/protocol-log.ts";

export interface SessionTranscript {
  opened(rights: Rights): void;
  command(line: string, command: Command | CommandFault): void;
  /** A response to a challenge came (AUTH). */
  response(): void;
  /** A line came that was dropped unread. */
  unread(): void;
  /** TLS is active: what was said in the clear is over. */
  secured(): void;
  /** `reply` in its wire form. */
  reply(reply: string): void;
  note(data: string, context?: string): void;
  closed(by: "relay" | "client"): void;
}

export function createTranscript(log: ProtocolSession): SessionTranscript {
  const mask = createCredentialMask();
  return {
    opened(rights) {
      log.line("+", "");
      const names = Object.entries(rightLogNames)
        .filter(([right]) => rights[right as keyof Rights])
        .map(([, name]) => name);
      log.line("*", names.join(" "), "Set Session Permissions");
    },
    command: (line, command) => log.line("<", mask.command(line, command)),
    response: () => log.line("<", mask.secret()),
    unread: () => void mask.secret(),
    secured: () => mask.trust(),
    reply(reply) {
      if (reply.startsWith("235")) mask.proved();
      for (const line of reply.split("\r\n")) if (line !== "") log.line(">", line);
    },
    note: (data, context) => log.line("*", data, context),
    closed: (by) => log.line("-", "", by === "relay" ? "Local" : "Remote"),
  };
}
