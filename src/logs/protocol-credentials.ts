/**
 * Keeps passwords out of the protocol log. A client that authenticates sends them as lines of their own, and goes on
 * sending them when AUTH was refused, is not offered, or broke off in the middle: then they arrive as commands. So from
 * AUTH on until it succeeds, only what is a command beyond doubt stands in the log, without its free text.
 */
import type { Command, CommandFault } from "../core/smtp/command.ts";

/** Stands in the place of what is not logged. */
export const masked = "****";

export interface CredentialMask {
  /** A command line of the client as the log may have it; `command` is what it was read as. */
  command(line: string, command: Command | CommandFault): string;
  /** A response to a challenge (334), or a line of which nothing is known: it may have been AUTH. */
  secret(): string;
  /** The client begins anew under TLS. */
  trust(): void;
  /** The client has proved who it is: with its next transaction nothing is masked any more. */
  proved(): void;
}

/** Cost: one object; for each line a look at its command. */
export function createCredentialMask(): CredentialMask {
  /** What comes may be credentials. */
  let wary = false;
  let hasProved = false;
  return {
    command(line, command) {
      const { verb } = command;
      const isAuth = verb === "AUTH" || (isUnread(verb) && looksLikeAuth.test(line));
      if (isAuth) {
        wary = true;
        hasProved = false;
        return maskAuth(line);
      }
      // More of its credentials may come first, wrapped or repeated.
      if (hasProved && verb === "MAIL" && !("refused" in command) && command.conforming) wary = false;
      return wary ? onlyCommands(line, command) : line;
    },
    secret() {
      wary = true;
      return masked;
    },
    trust() {
      wary = false;
    },
    proved() {
      hasProved = true;
    },
  };
}

function isUnread(verb: Command["verb"] | undefined): boolean {
  return verb === undefined || verb === "UNKNOWN" || verb === "HTTP";
}

/** AUTH misspelt, behind odd octets, or with other words around it. */
const looksLikeAuth =
  /auth|logi|pass|(?:^|[^a-z0-9])(?:plain|ntlm|(?:cram|digest)-md5|gss-?(?:api|spnego)|scram-|oauth)/i;

/** IANA, SASL mechanisms: those met in mail. Any other word may be the password itself. */
const mechanisms =
  /^(?:PLAIN|LOGIN|NTLM|EXTERNAL|ANONYMOUS|GSSAPI|GSS-SPNEGO|CRAM-MD5|DIGEST-MD5|SCRAM-SHA-(?:1|256|512)(?:-PLUS)?|XOAUTH2?|OAUTHBEARER)$/i;

/** `AUTH PLAIN ****`: the mechanism stays where it is one, and nothing behind it. */
function maskAuth(line: string): string {
  const [, auth, mechanism, rest] = /^ *(AUTH)(?: +(\S+)(?: +(.*))?)? *$/is.exec(line) ?? [];
  if (auth === undefined) return masked;
  if (mechanism === undefined) return auth;
  if (!mechanisms.test(mechanism)) return `${auth} ${masked}`;
  return rest === undefined || rest === "" ? `${auth} ${mechanism}` : `${auth} ${mechanism} ${masked}`;
}

/** The line where it is a whole command that a password is not; its verb alone where free text follows. */
function onlyCommands(line: string, command: Command | CommandFault): string {
  if ("refused" in command) return masked;
  switch (command.verb) {
    case "MAIL":
    case "RCPT":
      return command.conforming ? line : `${command.verb} ${masked}`;
    case "BDAT":
    case "DATA":
    case "STARTTLS":
      return line;
    case "RSET":
    case "QUIT":
    case "NOOP":
    case "HELP":
    case "VRFY":
    case "EXPN":
    case "EHLO":
    case "HELO":
      return line.trim().length === command.verb.length ? line : `${command.verb} ${masked}`;
    case "AUTH":
    case "HTTP":
    case "UNKNOWN":
      return masked;
  }
}
