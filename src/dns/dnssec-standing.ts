/**
 * Whether the word of the name servers that data is signed can be relied on. All of them must be trusted, for whichever is down
 * another is asked, and each must be seen to check signatures: it calls the root's keys signed, and knows nothing of a name whose
 * signatures are wrong. One that does not answer proves nothing, and answers nothing else either.
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
    { readonly of: string; readonly until: number; readonly standing: Promise<DnssecStanding> } | undefined;

  const ask = async (server: NameServer, name: string, type: "DNSKEY" | "A"): Promise<Reply | undefined> => {
    const patience = new AbortController();
    const timer = clock.after(probeTimeMs, () => patience.abort());
    const exchanged = await exchange(server, createQuery(name, type), patience.signal);
    timer.cancel();
    return exchanged.kind === "reply" ? exchanged.packet : undefined;
  };

  const faultOf = async (server: NameServer): Promise<string | undefined> => {
    if (!server.trusted)
      return `name server ${server.address} is not on this machine, nor are external DNS servers trusted`;
    const bogus = bogusName();
    const [keys, wrong] = await Promise.all([
      ask(server, "", "DNSKEY"),
      bogus === undefined ? undefined : ask(server, bogus, "A"),
    ]);
    if (keys !== undefined && !(keys.rcode === "NOERROR" && keys.flag_ad))
      return `name server ${server.address} does not check signatures (DNSSEC)`;
    if (wrong !== undefined && wrong.rcode !== "SERVFAIL")
      return `name server ${server.address} believes wrong signatures: it answers for ${bogus}`;
    return undefined;
  };

  const look = async (all: readonly NameServer[]): Promise<DnssecStanding> => {
    if (all.length === 0) return { kind: "off", reason: "no name server is known" };
    const faults = await Promise.all(all.map(faultOf));
    const reason = faults.find((fault) => fault !== undefined);
    return reason === undefined ? { kind: "on" } : { kind: "off", reason };
  };

  return () => {
    const all = servers();
    const of = JSON.stringify([all, bogusName()]);
    const now = clock.now();
    if (known?.of === of && now < known.until) return known.standing;
    const looked = { of, until: now + unprovenMs, standing: look(all) };
    known = looked;
    void looked.standing.then(({ kind }) => {
      if (known === looked && kind === "on") known = { ...looked, until: now + provenMs };
    });
    return looked.standing;
  };
}
