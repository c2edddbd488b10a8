/** Turns a peer's reply, or a failure of ours, into what recipients, logs and DSNs are told. */
import type { Verdict } from "../../delivery.ts";
import type { PeerReply } from "./reply-reader.ts";

const longestText = 512;
const enhanced = /^([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)/;
// C0, DEL, C1, line and paragraph separators, bidirectional controls, and lone surrogates.
// oxlint-disable-next-line no-control-regex
const unprintable = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu;
// oxlint-disable-next-line no-control-regex
const plain = /^[\x20-\x7e]*$/;

/** One line for people: unprintable characters as `\xNN` or `\uNNNN`, at most 512 characters. */
export function printable(text: string): string {
  const cut = text.length > longestText ? `${text.slice(0, longestText - 1)}…` : text;
  if (plain.test(cut)) return cut;
  const escaped = cut.replace(unprintable, (char) => {
    const code = char.charCodeAt(0);
    return code < 256
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
  return escaped.length > longestText ? `${escaped.slice(0, longestText - 1)}…` : escaped;
}

/** The reply's enhanced status code if its class is the reply code's, else `<class>.0.0` (RFC 3463 §2). */
export function statusOf({ code, text }: PeerReply): string {
  const severity = Math.floor(code / 100);
  const found = enhanced.exec(text);
  if (found !== null && Number(found[1]) === severity) return found[0];
  return severity === 2 || severity === 4 || severity === 5 ? `${severity}.0.0` : "4.5.0";
}

/** The lines of a reply as one; an enhanced status code repeated in each line (RFC 2034 §4) is told once. */
function oneLine(text: string): string {
  if (!text.includes("\n")) return text;
  const [first = "", ...rest] = text.split("\n");
  const repeated = enhanced.exec(first)?.[0];
  return [
    first,
    ...rest.map((line) =>
      repeated !== undefined && line.startsWith(repeated) ? line.slice(repeated.length).trimStart() : line,
    ),
  ].join(" ");
}

export function replyVerdict(reply: PeerReply): Verdict {
  const text = oneLine(reply.text);
  return {
    status: statusOf(reply),
    text: printable(text === "" ? `${reply.code}` : `${reply.code} ${text}`),
    fromPeer: true,
  };
}

/** What we found ourselves, without the peer saying it. */
export function localVerdict(status: string, text: string): Verdict {
  return { status, text: printable(text), fromPeer: false };
}
