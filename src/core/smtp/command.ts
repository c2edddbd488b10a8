/** Command lines: RFC 5321 §4.1, with the commands of RFC 3030 (BDAT), 3207 (STARTTLS) and 4954 (AUTH). */
import { parsePath, type Path } from "./address.ts";
import { behindByteOrderMark, byteOrderMark } from "../octets/byte-order-mark.ts";
import { carriageReturn, isAscii, isUnsafeUnicode, space, tab } from "./characters.ts";
import {
  parseMailParameters,
  parseRcptParameters,
  type MailParameters,
  type OfferedParameters,
  type RcptParameters,
} from "./parameters.ts";
import type { SpokenKind } from "../refusals/catalogue.ts";

export type Command =
  /** `domain` is empty when the client gave none: the connector decides (requireEhloDomain). */
  | { readonly verb: "EHLO" | "HELO"; readonly domain: string }
  | {
      readonly verb: "MAIL";
      /** Empty for the null reverse-path. */
      readonly reversePath: string;
      /** Empty for the null reverse-path, and where none was given: defaultDomain completes it. */
      readonly domain: string;
      readonly ascii: boolean;
      /** Written as RFC 5321 has it; else it is for the connector to take or refuse (strictAddresses). */
      readonly conforming: boolean;
      readonly parameters: MailParameters;
    }
  | {
      readonly verb: "RCPT";
      readonly forwardPath: string;
      /** Empty where none was given: `<Postmaster>`, or what defaultDomain completes. */
      readonly domain: string;
      /** False: address or ORCPT need a transaction with SMTPUTF8. */
      readonly ascii: boolean;
      /** As of MAIL. */
      readonly conforming: boolean;
      readonly parameters: RcptParameters;
    }
  | { readonly verb: "DATA" | "RSET" | "NOOP" | "QUIT" | "STARTTLS" }
  | { readonly verb: "BDAT"; readonly sizeBytes: number; readonly last: boolean }
  | { readonly verb: "VRFY" | "EXPN" | "HELP"; readonly argument: string }
  | {
      readonly verb: "AUTH";
      /** Upper case. */
      readonly mechanism: string;
      /** As sent, not decoded; `=` stands for an empty one. */
      readonly initialResponse: string | undefined;
    }
  /** A web client on the wrong port: not to be answered further (cross-protocol attacks). */
  | { readonly verb: "HTTP" }
  | { readonly verb: "UNKNOWN" };

/** A line that is refused. Told from a Command by `"refused" in result`. */
export interface CommandFault {
  /** The verb when it was recognised. Behind a faulty BDAT the client's octets follow: close. */
  readonly verb: Command["verb"] | undefined;
  readonly refused: SpokenKind;
  /** What was wrong, in words, where the kind does not say it all; printable ASCII. */
  readonly detail: string | undefined;
  /** What a remedy would have to name: the parameter's keyword. */
  readonly about?: string | undefined;
}

const fault = (verb: CommandFault["verb"], refused: SpokenKind, detail?: string): CommandFault => ({
  verb,
  refused,
  detail,
});
const nothingMayFollow = (verb: Command["verb"]): CommandFault =>
  fault(verb, "syntaxError", `nothing may stand behind ${verb}`);

const reset: Command = { verb: "RSET" };
const noop: Command = { verb: "NOOP" };
const quit: Command = { verb: "QUIT" };
const data: Command = { verb: "DATA" };
const startTls: Command = { verb: "STARTTLS" };
const unknown: Command = { verb: "UNKNOWN" };
const http: Command = { verb: "HTTP" };

/**
 * The command in `line` from `start` to `end`, without its CRLF. Verbs in any case; trailing blanks and CRs are ignored,
 * and the mark of UTF-8 in front (.NET's StreamWriter sends it); a tab outside quotes is a space. Other control characters, and octets above 127 that are not UTF-8, are refused
 * wherever they stand, but for the name in EHLO and HELO, which applications write in any character set.
 * Cost: one string for the line, two to four slices; about a microsecond for MAIL and RCPT. Linear in length.
 */
export function parseCommand(
  line: Buffer,
  offered: OfferedParameters,
  start = 0,
  end: number = line.length,
): Command | CommandFault {
  while (end > start && isTrailing(line[end - 1]!)) end--;
  if (line[start] === byteOrderMark[0]) start = behindByteOrderMark(line, start);
  let eightBit = false;
  let tabs = false;
  for (let i = start; i < end; i++) {
    const c = line[i]!;
    if (c === tab) tabs = true;
    else if (c < 32 || c === 127) return fault(undefined, "invalidCharacters");
    else if (c > 127) eightBit = true;
  }
  let text = eightBit ? decodeUtf8(line.subarray(start, end)) : line.toString("latin1", start, end);
  if (text === undefined) return fault(undefined, "invalidCharacters");
  if (tabs) {
    if (text.includes('"')) return fault(undefined, "invalidCharacters");
    text = text.replaceAll("\t", " ");
  }

  let verbEnd = text.indexOf(" ");
  if (verbEnd < 0) verbEnd = text.length;
  if (verbEnd > 8) return unknown;
  const verb = text.slice(0, verbEnd).toUpperCase();
  let argument = verbEnd;
  while (text.charCodeAt(argument) === space) argument++;
  const bare = argument >= text.length;

  switch (verb) {
    case "MAIL":
      return parseMail(text, argument, offered, !eightBit);
    case "RCPT":
      return parseRcpt(text, argument, offered, !eightBit);
    case "DATA":
      return bare ? data : nothingMayFollow(verb);
    case "BDAT":
      return parseBdat(text, argument);
    // What stands behind these two changes nothing: `QUIT now`.
    case "RSET":
      return reset;
    case "QUIT":
      return quit;
    case "STARTTLS":
      return bare ? startTls : nothingMayFollow(verb);
    case "NOOP":
      return noop;
    case "EHLO":
    case "HELO":
      return { verb, domain: text.slice(argument, argument + maxHelloChars) };
    case "VRFY":
    case "EXPN":
      return bare
        ? fault(verb, "syntaxError", `${verb} without an address`)
        : { verb, argument: text.slice(argument) };
    case "HELP":
      return { verb, argument: text.slice(argument) };
    case "AUTH":
      return parseAuth(text, argument);
    case "GET":
    case "POST":
    case "PUT":
    case "HEAD":
    case "DELETE":
    case "OPTIONS":
    case "CONNECT":
    case "PATCH":
    case "TRACE":
    case "PRI":
      return bare ? unknown : http;
    default:
      return unknown;
  }
}

function parseMail(
  text: string,
  argument: number,
  offered: OfferedParameters,
  isAsciiLine: boolean,
): Command | CommandFault {
  const from = behindKeyword(text, argument, "FROM:");
  if (from < 0) return fault("MAIL", "syntaxError", "MAIL without FROM:<address>");
  const path = parsePath(text, from, "reverse");
  if (path === "syntax") return fault("MAIL", "invalidSender");
  if (path === "tooLong") return fault("MAIL", "addressTooLong");
  const end = behindSemicolons(text, path.end);
  if (end < text.length && text.charCodeAt(end) !== space) return fault("MAIL", "invalidSender");
  const parameters = parseMailParameters(text, end, offered);
  if ("refused" in parameters) return { verb: "MAIL", about: undefined, ...parameters };
  const ascii = isAsciiLine || needsNoUtf8(text, path, end);
  // RFC 6531 §3.5
  if (!ascii && !parameters.smtpUtf8) return fault("MAIL", "utf8NotOffered");
  const conforming = path.conforming && end === path.end;
  return { verb: "MAIL", reversePath: path.mailbox, domain: path.domain, ascii, conforming, parameters };
}

function parseRcpt(
  text: string,
  argument: number,
  offered: OfferedParameters,
  isAsciiLine: boolean,
): Command | CommandFault {
  const to = behindKeyword(text, argument, "TO:");
  if (to < 0) return fault("RCPT", "syntaxError", "RCPT without TO:<address>");
  const path = parsePath(text, to, "forward");
  if (path === "syntax") return fault("RCPT", "invalidRecipient");
  if (path === "tooLong") return fault("RCPT", "addressTooLong");
  const end = behindSemicolons(text, path.end);
  if (end < text.length && text.charCodeAt(end) !== space) return fault("RCPT", "invalidRecipient");
  const parameters = parseRcptParameters(text, end, offered);
  if ("refused" in parameters) return { verb: "RCPT", about: undefined, ...parameters };
  const ascii = isAsciiLine || needsNoUtf8(text, path, end);
  const conforming = path.conforming && end === path.end;
  return { verb: "RCPT", forwardPath: path.mailbox, domain: path.domain, ascii, conforming, parameters };
}

/** What is not ASCII stands in a display name, which goes nowhere. */
function needsNoUtf8(text: string, path: Path, end: number): boolean {
  return path.ascii && isAscii(text, end, text.length);
}

/** Some devices end a path as a statement. */
function behindSemicolons(text: string, from: number): number {
  let i = from;
  while (text.charCodeAt(i) === semicolon) i++;
  return i;
}

/** Index of what follows `FROM:` or `TO:` and the spaces many applications send behind it; -1 without it. */
function behindKeyword(text: string, at: number, keyword: string): number {
  const end = at + keyword.length;
  if (text.slice(at, end).toUpperCase() !== keyword) return -1;
  let i = end;
  while (text.charCodeAt(i) === space) i++;
  return i < text.length ? i : -1;
}

/** RFC 3030 §2: `BDAT size [LAST]`. */
function parseBdat(text: string, argument: number): Command | CommandFault {
  let i = argument;
  let sizeBytes = 0;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) break;
    sizeBytes = sizeBytes * 10 + (c - 48);
    if (sizeBytes > Number.MAX_SAFE_INTEGER) return fault("BDAT", "syntaxError", "BDAT without a chunk size");
  }
  if (i === argument) return fault("BDAT", "syntaxError", "BDAT without a chunk size");
  if (i === text.length) return { verb: "BDAT", sizeBytes, last: false };
  if (text.charCodeAt(i) !== space) return fault("BDAT", "syntaxError", "BDAT without a chunk size");
  while (text.charCodeAt(i) === space) i++;
  if (text.length !== i + 4 || text.slice(i).toUpperCase() !== "LAST")
    return fault("BDAT", "syntaxError", "only LAST may stand behind the chunk size of BDAT");
  return { verb: "BDAT", sizeBytes, last: true };
}

/** RFC 4954 §4: `AUTH mechanism [initial-response]`; RFC 4422 §3.1: mechanism names have 1 to 20 characters. */
function parseAuth(text: string, argument: number): Command | CommandFault {
  let mechanismEnd = text.indexOf(" ", argument);
  if (mechanismEnd < 0) mechanismEnd = text.length;
  if (mechanismEnd === argument) return fault("AUTH", "syntaxError", "AUTH without a mechanism");
  if (mechanismEnd - argument > 20) return fault("AUTH", "authenticationMechanismUnknown");
  const mechanism = text.slice(argument, mechanismEnd).toUpperCase();
  let i = mechanismEnd;
  while (text.charCodeAt(i) === space) i++;
  if (i >= text.length) return { verb: "AUTH", mechanism, initialResponse: undefined };
  if (text.includes(" ", i)) return fault("AUTH", "syntaxError", "AUTH with more than one response");
  return { verb: "AUTH", mechanism, initialResponse: text.slice(i) };
}

/** What stands behind that is cut off: the name is for logs, and for the trace header, which quotes it. */
const maxHelloChars = 255;
const semicolon = 59;

const isTrailing = (c: number): boolean => c === space || c === tab || c === carriageReturn;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Undefined for what is not UTF-8, and for characters that no command may hold; of a line that greets they become
 * replacement characters, and what is not UTF-8 is read as ISO 8859-1.
 */
function decodeUtf8(octets: Buffer): string | undefined {
  const greets = /^(?:EHLO|HELO) /i.test(octets.toString("latin1", 0, 5));
  let text: string;
  try {
    text = utf8.decode(octets);
  } catch {
    if (!greets) return undefined;
    text = octets.toString("latin1");
  }
  let safe = "";
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c <= 127 || !isUnsafeUnicode(c)) continue;
    if (!greets) return undefined;
    safe += `${text.slice(copied, i)}\ufffd`;
    copied = i + 1;
  }
  return copied === 0 ? text : safe + text.slice(copied);
}
