/** What TLS with a host must be like and why, in words for administrators. */
import type { TlsBarred, TlsDemand, TlsLevel } from "./tls-demand.ts";
import type { DaneFact, TlsaFact } from "./tls-facts.ts";
import { isUsableTlsa } from "./tlsa-records.ts";

const words: Readonly<Record<TlsLevel, string>> = {
  dane: "dane, required",
  sts: "sts, required",
  required: "required",
  opportunistic: "opportunistic",
  clear: "clear",
};

export function tlsText(tls: TlsDemand | TlsBarred): string {
  if (tls.kind === "barred")
    return `the host is left out${tls.isPermanent ? "" : " for now"} (${tls.status}): ${tls.reason}`;
  return `${words[tls.level]}: ${tls.reason}`;
}

/** `3 1 1 0b9fa5a5…`; records that are of no use are called so. */
export function daneText(dane: DaneFact): string {
  switch (dane.kind) {
    case "unasked":
      return `not asked for: ${dane.reason}`;
    case "none":
      return "none that are signed";
    case "unknown":
      return dane.detail;
    case "found":
      return `${dane.records.map(recordText).join(", ")} (at ${dane.baseDomain})`;
  }
}

const shownOctets = 8;

function recordText(record: TlsaFact): string {
  const { usage, selector, matchingType, data } = record;
  const begin = Array.from(data.subarray(0, shownOctets), (octet) => octet.toString(16).padStart(2, "0"));
  const hex = `${begin.join("")}${data.length > shownOctets ? "…" : ""}`;
  return `${usage} ${selector} ${matchingType} ${hex}${isUsableTlsa(record) ? "" : " (of no use for SMTP)"}`;
}
