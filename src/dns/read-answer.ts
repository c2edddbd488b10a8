/** From a reply to what it says: the records behind aliases, or why there are none. */
import type { Answer } from "dns-packet";
import { answeredName } from "./domain-name.ts";
import { keepMsOf, keepUnknownMs } from "./keep-time.ts";
import type { Lookup, RecordOf, RecordType } from "../ports/lookup.ts";
import type { Query, Reply } from "./query-packet.ts";

/** Aliases followed before it is called a loop. */
export const longestAliasChain = 16;

/** The reply ends at an alias whose target it does not tell: to be asked for next. */
export interface Alias {
  readonly kind: "alias";
  readonly target: string;
  readonly isAuthenticated: boolean;
  readonly keepMs: number;
}

/** Extended errors that say the signatures are at fault (RFC 8914 §4.2, §4.7 to §4.13). */
const bogusErrors = new Set([1, 2, 5, 6, 7, 8, 9, 10, 11, 12]);
/** OPT option of extended errors. */
const extendedErrorOption = 15;

/** 64 KB have room for 4,000, and what is found for a domain is held while it has mail. */
const mostRecords = 256;

/** `trusted`: the server's word that data is signed counts. */
export function readAnswer(packet: Reply, query: Query, trusted: boolean): Lookup | Alias {
  const isAuthenticated = trusted && packet.flag_ad;
  const answers = packet.answers ?? [];
  if (packet.rcode !== "NOERROR" && packet.rcode !== "NXDOMAIN") return unknown(packet);

  const followed = followAliases(query, answers);
  if (followed === undefined) {
    return { kind: "malformed", detail: `the aliases of ${query.name} lead nowhere`, keepMs: keepUnknownMs };
  }
  const { name, ttls } = followed;
  const told = { canonicalName: name, isAuthenticated };
  const records: RecordOf[RecordType][] = [];
  for (const answer of answers) {
    if (answer.type !== query.type || answeredName(answer.name) !== name) continue;
    const record = recordOf(answer);
    if (record === undefined) continue;
    records.push(record);
    ttls.push(ttlOf(answer));
  }
  // Kept for long, and many: what the array has grown to beyond its length is given back.
  if (records.length > 0)
    return { kind: "found", ...told, records: firstOf(records), keepMs: keepMsOf(ttls) };

  const authority = (packet.authorities ?? []).find((one) => one.type === "SOA");
  if (authority === undefined && answers.length === 0 && isReferral(packet)) {
    const detail = "the server knows nothing of it and names others to ask: it is no resolver";
    return { kind: "refused", detail, keepMs: keepUnknownMs };
  }
  const isDenied = packet.rcode === "NXDOMAIN" || authority !== undefined || name === query.name;
  if (!isDenied) return { kind: "alias", target: name, isAuthenticated, keepMs: keepMsOf(ttls) };
  // RFC 2308 §5: the lesser of the SOA's own TTL and its minimum.
  if (authority !== undefined) ttls.push(Math.min(ttlOf(authority), authority.data.minimum ?? 0));
  const kind = packet.rcode === "NXDOMAIN" ? "nxdomain" : "nodata";
  return { kind, ...told, keepMs: keepMsOf(ttls, "denied") };
}

/** A server that looks nothing up for others: what it does not know it does not deny (RFC 1034 §4.3.1, RFC 2308 §2.2). */
const isReferral = ({ rcode, flag_aa, authorities = [] }: Reply): boolean =>
  rcode === "NOERROR" && !flag_aa && authorities.some(({ type }) => type === "NS");

/** The end of the chain of aliases in `answers`; undefined: it is too long, or a circle. */
function followAliases(
  query: Query,
  answers: readonly Answer[],
): { readonly name: string; readonly ttls: number[] } | undefined {
  const ttls: number[] = [];
  let { name } = query;
  if (query.type === "CNAME") return { name, ttls };
  for (let step = 0; step <= longestAliasChain; step++) {
    const alias = answers.find((one) => one.type === "CNAME" && answeredName(one.name) === name);
    if (alias?.type !== "CNAME") return { name, ttls };
    name = answeredName(alias.data);
    ttls.push(ttlOf(alias));
  }
  return undefined;
}

/** Of mail exchangers the best. */
function firstOf(records: readonly RecordOf[RecordType][]): readonly RecordOf[RecordType][] {
  if (records.length <= mostRecords) return records.slice();
  const rank = (one: RecordOf[RecordType]): number =>
    typeof one !== "string" && "preference" in one ? one.preference : 0;
  return records.toSorted((one, other) => rank(one) - rank(other)).slice(0, mostRecords);
}

const ttlOf = (answer: Answer): number => ("ttl" in answer ? (answer.ttl ?? 0) : 0);

function recordOf(answer: Answer): RecordOf[RecordType] | undefined {
  if (answer.type === "A" || answer.type === "AAAA") return answer.data;
  if (answer.type === "CNAME") return answeredName(answer.data);
  if (answer.type === "TXT") return [answer.data].flat().map(String).join("");
  if (answer.type === "MX") {
    return { preference: answer.data.preference ?? 0, exchange: answeredName(answer.data.exchange) };
  }
  if (answer.type !== "TLSA") return undefined;
  const { usage, selector, matchingType, certificate } = answer.data;
  return { usage, selector, matchingType, data: certificate };
}

function unknown(packet: Reply): Lookup {
  const detail = `the server answered ${packet.rcode}`;
  if (packet.rcode !== "SERVFAIL") return { kind: "refused", detail, keepMs: keepUnknownMs };
  const error = extendedErrorOf(packet);
  if (error === undefined || !bogusErrors.has(error.code)) {
    return { kind: "servfail", detail: `${detail}${error?.words ?? ""}`, keepMs: keepUnknownMs };
  }
  return { kind: "bogus", detail: `its signatures do not fit${error.words}`, keepMs: keepUnknownMs };
}

/** RFC 8914 §2: a number, and words that somebody else wrote: shown without controls, and short. */
function extendedErrorOf(packet: Reply): { readonly code: number; readonly words: string } | undefined {
  for (const extra of packet.additionals ?? []) {
    if (extra.type !== "OPT") continue;
    for (const option of extra.options) {
      const { code, data } = option as { readonly code: number | string; readonly data?: Buffer };
      if (code !== extendedErrorOption || data === undefined || data.length < 2) continue;
      const text = data.toString("utf8", 2, 202).replaceAll(/\p{C}/gu, " ").trim();
      return { code: data.readUInt16BE(0), words: text === "" ? "" : `: ${text}` };
    }
  }
  return undefined;
}
