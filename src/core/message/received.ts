/** The Received header this relay adds: RFC 5321 §4.4; protocol names of RFC 3848 and RFC 6531 §4.3. */
import { canonicalLiteral } from "../smtp/address-literal.ts";
import { isAscii } from "../smtp/characters.ts";
import { isDomain } from "../smtp/address.ts";

export type ReceivedProtocol =
  | "SMTP"
  | "ESMTP"
  | "ESMTPA"
  | "ESMTPS"
  | "ESMTPSA"
  | "UTF8SMTP"
  | "UTF8SMTPA"
  | "UTF8SMTPS"
  | "UTF8SMTPSA"
  /** Doors of this relay that speak no SMTP. RFC 5321 §4.4: any atom. */
  | "HTTP"
  | "HTTPS"
  | "Pickup"
  | "Replay";

export interface ReceivedSession {
  /** As the client gave it, whatever that was. */
  readonly helloName: string;
  /** IPv4 or IPv6 address, without brackets. */
  readonly sourceAddress: string;
  readonly fqdn: string;
  /** Protocol version and cipher, for a comment: `TLSv1.3, TLS_AES_256_GCM_SHA384`. */
  readonly tls: string | undefined;
}

export interface ReceivedMessage {
  readonly protocol: ReceivedProtocol;
  readonly id: string;
  readonly date: Date;
  /** The only recipient; left out for several, which would tell them of each other (RFC 5321 §7.2). */
  readonly forMailbox: string | undefined;
}

/** The protocol name for `with`. `extended` is false after HELO. */
export function receivedProtocol(session: {
  readonly extended: boolean;
  readonly tls: boolean;
  readonly authenticated: boolean;
  readonly smtpUtf8: boolean;
}): ReceivedProtocol {
  if (!session.extended) return "SMTP";
  const suffix = session.tls ? (session.authenticated ? "SA" : "S") : session.authenticated ? "A" : "";
  return session.smtpUtf8 ? `UTF8SMTP${suffix}` : `ESMTP${suffix}`;
}

/** The part that is the same for every message of a session (until EHLO or STARTTLS): keep it. */
export function receivedPrefix(session: ReceivedSession): string {
  const literal = addressLiteral(session.sourceAddress);
  const hello = session.helloName;
  // From = Domain FWS "(" TCP-info ")", or the literal alone when the name is not a domain.
  const name = isAscii(hello, 0, hello.length) && isDomain(hello) ? hello : canonicalLiteral(hello);
  const from =
    name === undefined
      ? `from ${literal}${hello === "" ? "" : ` (helo=${commentText(hello)})`}`
      : `from ${name} (${literal})`;
  const fold = 14 + from.length + session.fqdn.length > 78 ? "\r\n" : "";
  const tls = session.tls === undefined ? "" : `\r\n (using ${commentText(session.tls)})`;
  return `Received: ${from}${fold} by ${session.fqdn}${tls}\r\n with `;
}

/** The whole header field, CRLF included. Cost: one date, one string, one Buffer. */
export function receivedHeader(prefix: string, { protocol, id, date, forMailbox }: ReceivedMessage): Buffer {
  const recipient = forMailbox === undefined || forMailbox === "" ? "" : `\r\n for <${forMailbox}>`;
  const fold = recipient === "" ? " " : "\r\n ";
  return Buffer.from(`${prefix}${protocol} id ${id}${recipient};${fold}${mailDate(date)}\r\n`);
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);

/** RFC 5322 §3.3 date-time in UTC: `Fri, 5 Aug 2016 16:24:41 +0000`. */
export function mailDate(date: Date): string {
  const day = days[date.getUTCDay()]!;
  const month = months[date.getUTCMonth()]!;
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${day}, ${date.getUTCDate()} ${month} ${date.getUTCFullYear()} ${time} +0000`;
}

function addressLiteral(address: string): string {
  return address.includes(":") ? `[IPv6:${address}]` : `[${address}]`;
}

const longestComment = 100;

/** Text for inside a comment, that can end neither comment nor line: everything doubtful becomes `?`. */
function commentText(text: string): string {
  let safe = "";
  for (let i = 0; i < text.length && i < longestComment; i++) {
    const c = text.charCodeAt(i);
    // Parentheses and backslash are the comment's own syntax.
    safe += c < 32 || c > 126 || c === 40 || c === 41 || c === 92 ? "?" : text[i];
  }
  return safe;
}
