/** From a command to the verb that answers it. */
import type { Command, CommandFault } from "../../core/smtp/command.ts";
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import type { Answer, Conversation } from "./conversation.ts";
import { auth } from "./verbs/auth.ts";
import { bdat } from "./verbs/bdat.ts";
import { data } from "./verbs/data.ts";
import { ehlo } from "./verbs/ehlo.ts";
import { helo } from "./verbs/helo.ts";
import { help } from "./verbs/help.ts";
import { mail } from "./verbs/mail.ts";
import { noop } from "./verbs/noop.ts";
import { quit } from "./verbs/quit.ts";
import { rcpt } from "./verbs/rcpt.ts";
import { rset } from "./verbs/rset.ts";
import { startTls } from "./verbs/starttls.ts";
import { vrfy } from "./verbs/vrfy.ts";

export function answerCommand(session: Conversation, command: Command | CommandFault): Answer {
  if ("refused" in command) return refusal(command);
  switch (command.verb) {
    case "EHLO":
      return ehlo(session, command.domain);
    case "HELO":
      return helo(session, command.domain);
    case "MAIL":
      return mail(session, command);
    case "RCPT":
      return rcpt(session, command);
    case "DATA":
      return data(session);
    case "BDAT":
      return bdat(session, command);
    case "RSET":
      return rset(session);
    case "NOOP":
      return noop();
    case "QUIT":
      return quit();
    case "STARTTLS":
      return startTls(session);
    case "AUTH":
      return auth(session, command);
    case "VRFY":
      return vrfy();
    case "HELP":
      return help();
    case "EXPN":
      return refused("commandNotImplemented", { detail: "EXPN is not answered here" });
    case "HTTP":
      return refused("webClient");
    case "UNKNOWN":
      return refused("unrecognizedCommand");
  }
}

function refusal({ verb, refused: kind, detail, about }: CommandFault): Refused {
  return {
    refused: kind,
    detail,
    about,
    ...(verb === undefined ? undefined : { fields: { command: verb } }),
    // The octets of a chunk whose size is unknown would be read as commands.
    ...(verb === "BDAT" ? { close: true as const } : undefined),
  };
}
