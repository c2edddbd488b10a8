/**
 * Whether the word of the name servers that data is signed can be relied on. All of them must be trusted, for whichever is down
 * another is asked, and each must be seen to check signatures: it calls the root's keys signed, and knows nothing of a name whose
 * signatures are wrong. One that does not answer, or cannot find out (SERVFAIL), proves nothing, and answers nothing else either:
 * whoever keeps a server from the root must not thereby switch DANE off.
 */
import type { DnssecStanding } from "../ports/lookup.ts";
import type { Clock } from "../ports/ports.ts";
import type { Exchange } from "./exchange.ts";
import type { NameServer } from "./name-server.ts";
import { createQuery, type Reply } from "./query-packet.ts";

/** How long a proof counts; milliseconds. */
const provenMs = 3_600_000;
/** Of a server that does not check signatures, or did not answer. */
const unprovenMs = 300_000;
const probeTimeMs = 2_500;
/** Nothing was found against a server, nor for it. */
const unproven = Symbol("unproven");

export interface DnssecStandingOptions {
  readonly clock: Clock;
  readonly servers: () => readonly NameServer[];
  readonly exchange: Exchange;
  /** A name whose signatures are wrong. */
  readonly bogusName: () => string | undefined;
}

/** What is known for a time, and for these servers. Never rejects; those who ask at one time share one look. */
export function createDnssecStanding({
  clock,
  servers,
  exchange,
  bogusName,
}: DnssecStandingOptions): () => Promise<DnssecStanding> {
  let known:
    | { readonly of: string; readonly until: number; readonly standing: Promise<DnssecStanding> }
    | undefined;

  const ask = async (server: NameServer, name: string, type: "DNSKEY" | "A"): Promise<Reply | undefined> => {
    const patience = new AbortController();
    const timer = clock.after(probeTimeMs, () => patience.abort());
    const exchanged = await exchange(server, createQuery(name, type), patience.signal);
    timer.cancel();
    return exchanged.kind === "reply" ? exchanged.packet : undefined;
  };

  const faultOf = async (server: NameServer): Promise<string | typeof unproven | undefined> => {
    if (!server.trusted)
      return `name server ${server.address} is not on this machine, nor are external DNS servers trusted`;
    const bogus = bogusName();
    const [keys, wrong] = await Promise.all([
      ask(server, "", "DNSKEY"),
      bogus === undefined ? undefined : ask(server, bogus, "A"),
    ]);
    const isSilent = keys === undefined || keys.rcode === "SERVFAIL";
    if (!isSilent && !(keys.rcode === "NOERROR" && keys.flag_ad))
      return `name server ${server.address} does not check signatures (DNSSEC)`;
    if (wrong !== undefined && wrong.rcode !== "SERVFAIL")
      return `name server ${server.address} believes wrong signatures: it answers for ${bogus}`;
    return isSilent ? unproven : undefined;
  };

  const look = async (all: readonly NameServer[], proven: () => void): Promise<DnssecStanding> => {
    if (all.length === 0) return { kind: "off", reason: "no name server is known" };
    const faults = await Promise.all(all.map(faultOf));
    const reason = faults.find((fault) => typeof fault === "string");
    if (reason !== undefined) return { kind: "off", reason };
    if (!faults.includes(unproven)) proven();
    return { kind: "on" };
  };

  return () => {
    const all = servers();
    const of = JSON.stringify([all, bogusName()]);
    const now = clock.now();
    if (known?.of === of && now < known.until) return known.standing;
    const looked = {
      of,
      until: now + unprovenMs,
      standing: look(all, () => void (looked.until = now + provenMs)),
    };
    known = looked;
    return looked.standing;
  };
}
