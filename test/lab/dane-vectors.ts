/** Zones and outcomes of the DANE vectors, for our own deliveries and for those of other programs. */
import type { StsFact } from "../../src/core/tls-policy/tls-facts.ts";
import type { LabZone } from "./dnssec-lab.ts";
import { tlsaText } from "../../src/testing/test-authority.ts";

interface LabServer {
  readonly address: string;
  /** What it presents. */
  readonly pem: string;
}

export interface LabServers {
  /** Its certificate is its own, has expired and is for another name. */
  readonly self: LabServer;
  /** Issued by the intermediate, which it presents, for *.ta.signed.test. */
  readonly anchored: LabServer;
  /** For d5b.signed.test, a recipient domain. */
  readonly ofDomain: LabServer;
  readonly other: LabServer;
  /** In the name of the intermediate, by another key. */
  readonly forged: LabServer;
  readonly expired: LabServer;
  readonly withoutTls: LabServer;
  /** 454 to STARTTLS. */
  readonly refusing: LabServer;
  /** Clear text behind its 220. */
  readonly injecting: LabServer;
  readonly root: string;
  readonly intermediate: string;
  readonly port: number;
}

export interface DaneVector {
  readonly vector: string;
  readonly what: string;
  readonly domain: string;
  /** Level and host, or the status that it waits with. */
  readonly outcome: string;
  readonly sts?: StsFact;
  /** Hosts whose TLSA records nobody may ask for. */
  readonly notAsked?: readonly string[];
  /** The base domain, which is sent as SNI. */
  readonly serverName?: string;
}

const wrong = "ab".repeat(32);
/** Altered behind the signatures. */
const altered = { tlsa: "bb".repeat(32), ipv6: "fd00::17" };

export function labZones({ port, root, intermediate, ...servers }: LabServers): readonly LabZone[] {
  const { self, anchored, ofDomain, other, forged, expired, withoutTls, refusing, injecting } = servers;
  const at = (host: string, { address }: LabServer): string => `${host} A ${address}`;
  const tlsa = (host: string, data: string): string => `_${port}._tcp.${host} TLSA ${data}`;
  /** A domain with a host of its own. */
  const one = (
    domain: string,
    host: string,
    server: LabServer,
    ...records: readonly string[]
  ): readonly string[] => [
    `${domain} MX 10 ${host}`,
    at(host, server),
    ...records.map((data) => tlsa(host, data)),
  ];
  const own = (usage: number, selector: number, matchingType: number): string =>
    tlsaText(usage, selector, matchingType, self.pem);
  const good = own(3, 1, 1);
  const anchor = tlsaText(2, 1, 1, intermediate);
  const stripped = (name: string, server: LabServer): readonly string[] => [
    ...one(`${name}-dane`, `${name}-dane-mx`, server, `3 1 1 ${wrong}`),
    ...one(`${name}-unusable`, `${name}-unusable-mx`, server, `1 1 1 ${wrong}`),
    ...one(`${name}-open`, `${name}-open-mx`, server),
  ];
  const signed = [
    ...one("d1", "d1mx", self, good),
    ...one("d2", "d2mx", self, `3 1 1 ${wrong}`),
    "d2 MX 20 d1mx",
    ...one("d2b", "d2b", self, `3 1 1 ${wrong}`),
    ...one("d3a", "d3amx", self, own(3, 0, 1)),
    ...one("d3b", "d3bmx", self, own(3, 1, 2)),
    ...one("d3c", "d3cmx", self, own(3, 0, 0)),
    ...one("d3d", "d3dmx", self, own(3, 1, 0)),
    ...one("d4a", "d4a.ta", anchored, anchor),
    ...one("d4b", "d4b.ta", anchored, tlsaText(2, 1, 1, root)),
    ...one("d4c", "d4c.ta", anchored, tlsaText(2, 0, 0, root)),
    ...one("d4d", "d4d.ta", anchored, tlsaText(2, 1, 0, root)),
    ...one("d4e", "d4e.ta", expired, anchor),
    ...one("d5a", "d5a.ta", other, anchor),
    ...one("d5b", "d5b.ta", ofDomain, anchor),
    ...one("d6", "d6.ta", forged, anchor),
    ...one("d7a", "d7amx", self, `0 1 1 ${wrong}`, `1 1 1 ${wrong}`),
    ...one("d7b", "d7bmx", withoutTls, `1 1 1 ${wrong}`),
    ...one("d8a", "d8a.ta", anchored, `3 1 1 ${wrong}`, anchor),
    ...one("d8b", "d8bmx", self, `3 1 9 ${wrong}`, good),
    "d9a MX 10 mx.bogus.test.",
    "d9a MX 20 d1mx",
    "d9b MX 10 mx.bogus.test.",
    ...one("d10", "d10mx", self),
    "d11 MX 10 broken.plain.test.",
    "d13 MX 10 d13alias",
    "d13alias CNAME self.plain.test.",
    tlsa("d13alias", good),
    "d14 MX 10 d14alias",
    "d14alias CNAME d14target",
    ...one("d14x", "d14target", self, good),
    "d14b MX 10 d14balias",
    "d14balias CNAME d10mx",
    tlsa("d14balias", good),
    ...one("d15a", "d15amx", self),
    `_${port}._tcp.d15amx CNAME d15tlsa`,
    `d15tlsa TLSA ${good}`,
    ...one("d15b", "d15bmx", self),
    `_${port}._tcp.d15bmx CNAME tlsa.plain.test.`,
    at("d16", self),
    tlsa("d16", good),
    "d17 MX 10 mx17.bogus.test.",
    ...one("d18a", "d18amx", self, `3 1 1 ${wrong}`),
    ...one("d19", "d19mx", self, good),
    ...one("d21", "d21mx", self, good),
    "d21b MX 10 d21mx",
    ...one("d21c", "d21cmx", self, `3 1 1 ${wrong}`),
    ...stripped("without", withoutTls),
    ...stripped("refusing", refusing),
    ...stripped("injecting", injecting),
    ...one("expired-sts", "expired.ta", expired),
    ...one("other-sts", "other.ta", other),
    ...one("forged-sts", "forged.ta", forged),
  ];
  const plain = [
    ...one("self", "self", self),
    ...one("without", "without", withoutTls),
    "without-sts MX 10 without",
    ...one("refusing", "refusing", refusing),
    "refusing-sts MX 10 refusing",
    ...one("injecting", "injecting", injecting),
    "injecting-sts MX 10 injecting",
    ...one("good-require", "good", anchored),
    ...one("bad-require", "bad", other),
    at("broken", self),
    `tlsa TLSA 3 1 1 ${wrong}`,
    "d12 MX 10 d2b.signed.test.",
    "d21 MX 10 d21mx.signed.test.",
  ];
  const bogus = [
    "wrong A 127.0.0.98",
    at("mx", self),
    tlsa("mx", `3 1 1 ${wrong}`),
    at("mx17", self),
    "mx17 AAAA fd00::16",
    tlsa("mx17", good),
  ];
  return [
    { name: "signed.test", lines: signed, isSigned: true },
    { name: "plain.test", lines: plain, isSigned: false },
    {
      name: "bogus.test",
      lines: bogus,
      isSigned: true,
      forge: (text) =>
        text
          .replace("127.0.0.98", "127.0.0.99")
          .replace(wrongInZone, altered.tlsa.toUpperCase())
          .replace("fd00::16", altered.ipv6),
    },
  ];
}

/** As dnssec-signzone writes it: upper case, in pieces. */
const wrongInZone = new RegExp(Array.from(wrong.toUpperCase()).join("\\s*"));

export const daneVectors: readonly DaneVector[] = [
  {
    vector: "D1",
    what: "3 1 1, whatever the certificate says",
    domain: "d1.signed.test",
    outcome: "dane at d1mx.signed.test",
    serverName: "d1mx.signed.test",
  },
  {
    vector: "D2",
    what: "3 1 1 that does not fit: the next host",
    domain: "d2.signed.test",
    outcome: "dane at d1mx.signed.test",
  },
  { vector: "D2", what: "and none is left", domain: "d2b.signed.test", outcome: "4.7.5" },
  { vector: "D3", what: "3 0 1", domain: "d3a.signed.test", outcome: "dane at d3amx.signed.test" },
  { vector: "D3", what: "3 1 2", domain: "d3b.signed.test", outcome: "dane at d3bmx.signed.test" },
  { vector: "D3", what: "3 0 0", domain: "d3c.signed.test", outcome: "dane at d3cmx.signed.test" },
  { vector: "D3", what: "3 1 0", domain: "d3d.signed.test", outcome: "dane at d3dmx.signed.test" },
  {
    vector: "D4",
    what: "2 1 1 of the intermediate",
    domain: "d4a.signed.test",
    outcome: "dane at d4a.ta.signed.test",
  },
  { vector: "D4", what: "2 1 1 of a root that is not sent", domain: "d4b.signed.test", outcome: "4.7.5" },
  {
    vector: "D4",
    what: "2 0 0: the root is the record",
    domain: "d4c.signed.test",
    outcome: "dane at d4c.ta.signed.test",
  },
  {
    vector: "D4",
    what: "2 1 0: its key is the record",
    domain: "d4d.signed.test",
    outcome: "dane at d4d.ta.signed.test",
  },
  {
    vector: "D4",
    what: "2 1 1 and the certificate has expired",
    domain: "d4e.signed.test",
    outcome: "4.7.5",
  },
  { vector: "D5", what: "2 1 1, for another name", domain: "d5a.signed.test", outcome: "4.7.5" },
  {
    vector: "D5",
    what: "2 1 1, for the recipient domain",
    domain: "d5b.signed.test",
    outcome: "dane at d5b.ta.signed.test",
  },
  { vector: "D6", what: "2 1 1, signed by another key", domain: "d6.signed.test", outcome: "4.7.5" },
  {
    vector: "D7",
    what: "usages 0 and 1: TLS with any certificate",
    domain: "d7a.signed.test",
    outcome: "required at d7amx.signed.test",
  },
  { vector: "D7", what: "and no STARTTLS", domain: "d7b.signed.test", outcome: "4.7.5" },
  { vector: "D8", what: "one of two fits", domain: "d8a.signed.test", outcome: "dane at d8a.ta.signed.test" },
  {
    vector: "D8",
    what: "one of two is usable",
    domain: "d8b.signed.test",
    outcome: "dane at d8bmx.signed.test",
  },
  {
    vector: "D9",
    what: "forged records: the next host",
    domain: "d9a.signed.test",
    outcome: "dane at d1mx.signed.test",
  },
  { vector: "D9", what: "and none is left", domain: "d9b.signed.test", outcome: "4.7.5" },
  {
    vector: "D10",
    what: "signed denial",
    domain: "d10.signed.test",
    outcome: "opportunistic at d10mx.signed.test",
  },
  {
    vector: "D11",
    what: "addresses that are not signed",
    domain: "d11.signed.test",
    outcome: "opportunistic at broken.plain.test",
    notAsked: ["broken.plain.test"],
  },
  {
    vector: "D12",
    what: "MX records that are not signed",
    domain: "d12.plain.test",
    outcome: "opportunistic at d2b.signed.test",
    notAsked: ["d2b.signed.test"],
  },
  {
    vector: "D13",
    what: "a signed alias into an unsigned zone",
    domain: "d13.signed.test",
    outcome: "dane at d13alias.signed.test",
    serverName: "d13alias.signed.test",
  },
  {
    vector: "D14",
    what: "records at the alias' target",
    domain: "d14.signed.test",
    outcome: "dane at d14alias.signed.test",
    serverName: "d14target.signed.test",
  },
  {
    vector: "D14",
    what: "records at the alias, none at its target",
    domain: "d14b.signed.test",
    outcome: "dane at d14balias.signed.test",
    serverName: "d14balias.signed.test",
  },
  {
    vector: "D15",
    what: "records behind a signed alias",
    domain: "d15a.signed.test",
    outcome: "dane at d15amx.signed.test",
  },
  {
    vector: "D15",
    what: "records behind an alias that is not signed",
    domain: "d15b.signed.test",
    outcome: "opportunistic at d15bmx.signed.test",
  },
  {
    vector: "D16",
    what: "no MX records, signed denial",
    domain: "d16.signed.test",
    outcome: "dane at d16.signed.test",
  },
  {
    vector: "D17",
    what: "forged AAAA: by IPv4",
    domain: "d17.signed.test",
    outcome: "dane at mx17.bogus.test",
  },
  {
    vector: "D18",
    what: "D2 with MTA-STS testing",
    domain: "d18a.signed.test",
    outcome: "4.7.5",
    sts: { kind: "policy", mode: "testing", mx: ["d18amx.signed.test"] },
  },
  {
    vector: "D19",
    what: "MTA-STS excludes the host",
    domain: "d19.signed.test",
    outcome: "dane at d19mx.signed.test",
    sts: { kind: "policy", mode: "enforce", mx: ["mx.other.test"] },
  },
];
