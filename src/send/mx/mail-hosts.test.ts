/** What is found of a domain: for how long it holds, what is forgotten of it, and the addresses to connect to. */
import { describe, expect, test } from "vitest";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { DnssecStanding, Lookup, RecordType } from "../../ports/lookup.ts";
import { zoneResolver, type Zone } from "../../testing/dns-zone.ts";
import { smartHostConnector } from "../../testing/test-settings.ts";
import { createMailHosts, type MailHostsContext } from "./mail-hosts.ts";

interface Given {
  readonly connector?: Partial<SmtpSendConnector>;
  /** `name TYPE` of answers that are signed, or "all". */
  readonly signed?: readonly string[] | "all";
  readonly keepMs?: Readonly<Record<string, number>>;
  readonly dnssec?: DnssecStanding;
  readonly sts?: MailHostsContext["sts"];
  readonly ownAddress?: string;
}

function hostsOf(zone: Zone, given: Given = {}) {
  const base = zoneResolver(zone);
  const { signed = [], keepMs = {}, dnssec } = given;
  const resolver = {
    ...base,
    async lookUp<Type extends RecordType>(name: string, type: Type) {
      const key = `${name} ${type}`;
      const lookup: Lookup = await base.lookUp(name, type);
      const kept = { ...lookup, keepMs: keepMs[key] ?? lookup.keepMs };
      const isAuthenticated = signed === "all" || signed.includes(key);
      const told = "canonicalName" in kept ? { ...kept, isAuthenticated } : kept;
      if (type !== "TLSA" || told.kind !== "found") return told as Lookup<Type>;
      const records = [{ usage: 3, selector: 1, matchingType: 1, data: Buffer.alloc(32) }];
      return { ...told, records } as unknown as Lookup<Type>;
    },
    ...(dnssec && { dnssec: () => Promise.resolve(dnssec) }),
  };
  const connector = smartHostConnector([], { kind: "dns", port: 25, ...given.connector });
  const isOwnAddress = (address: string): boolean => address === given.ownAddress;
  const hosts = createMailHosts({
    connector,
    resolver,
    sts: given.sts,
    own: { isOwnName: () => false, isOwnAddress },
    first: () => 6,
    random: () => 0,
  });
  return { hosts, forgotten: base.forgotten, asked: base.asked };
}

const zone: Zone = {
  "a.test MX": ["10 mx1.test", "20 mx2.test"],
  "mx1.test A": ["93.184.216.1"],
  "mx1.test AAAA": ["2606:2800::1"],
  "mx2.test A": ["93.184.216.2"],
};

describe("the addresses of a host", () => {
  test.each<[string, Zone[string], Zone[string] | undefined, Given, readonly string[] | string]>([
    [
      "of both families, IPv6 first",
      ["93.184.216.1"],
      ["2606:2800::1"],
      {},
      ["2606:2800::1", "93.184.216.1"],
    ],
    [
      "of one alone where only that is wanted",
      ["93.184.216.1"],
      ["2606:2800::1"],
      { connector: { ipPreference: "IPv4Only" } },
      ["93.184.216.1"],
    ],
    [
      "of none where only the other is wanted",
      ["93.184.216.1"],
      undefined,
      { connector: { ipPreference: "IPv6Only" } },
      "the name has no address of the family that is to be used",
    ],
    [
      "without this relay's",
      ["93.184.216.1", "93.184.216.2"],
      undefined,
      { ownAddress: "93.184.216.1" },
      ["93.184.216.2"],
    ],
    [
      "of none but this relay's",
      ["93.184.216.1"],
      undefined,
      { ownAddress: "93.184.216.1" },
      "the name leads back to this relay",
    ],
    [
      "without those inside",
      ["10.0.0.1", "93.184.216.1"],
      undefined,
      { connector: { mxAllowPrivateHosts: false } },
      ["93.184.216.1"],
    ],
    [
      "of none but inside",
      ["10.0.0.1", "10.0.0.2"],
      undefined,
      { connector: { mxAllowPrivateHosts: false } },
      "no public address: 10.0.0.1, 10.0.0.2 (see mxAllowPrivateHosts)",
    ],
    ["where one family cannot be found out", ["93.184.216.1"], "servfail", {}, ["93.184.216.1"]],
    ["where nothing can be found out", "servfail", "timeout", {}, "it is servfail"],
    ["where the name has none", [], [], {}, "the name has no address"],
  ])("%s", async (_, ipv4, ipv6, given, expected) => {
    const { hosts } = hostsOf({ "mx.test A": ipv4 ?? [], ...(ipv6 && { "mx.test AAAA": ipv6 }) }, given);
    if (typeof expected === "string") await expect(hosts.addresses("mx.test")).rejects.toThrow(expected);
    else expect(await hosts.addresses("mx.test")).toEqual(expected);
  });

  test.each(["93.184.216.1", "2606:2800::1"])("%s, which is one, is not asked for", async (address) => {
    const { hosts, asked } = hostsOf({}, { connector: { ipPreference: "IPv4Only" } });
    expect([await hosts.addresses(address), asked]).toEqual([[address], []]);
  });
});

describe("what is found holds", () => {
  const long = {
    "a.test MX": 1_000_000,
    "mx1.test A": 1_000_000,
    "mx1.test AAAA": 1_000_000,
    "mx2.test A": 1_000_000,
    "mx2.test AAAA": 1_000_000,
    "_25._tcp.mx1.test TLSA": 1_000_000,
    "_25._tcp.mx2.test TLSA": 1_000_000,
  };
  const withPolicy = (keepMs: number): Given["sts"] => ({
    of: () => Promise.resolve({ sts: { kind: "none" }, keepMs }),
  });
  test.each(Object.keys(long))("as long as %s", async (key) => {
    const { hosts } = hostsOf(zone, {
      keepMs: { ...long, [key]: 5_000 },
      signed: "all",
      connector: { daneEnabled: true },
    });
    expect((await hosts.of("a.test")).keepMs).toBe(5_000);
  });
  test("and as the domain's policy, where it has one", async () => {
    expect((await hostsOf(zone, { keepMs: long, sts: withPolicy(7_000) }).hosts.of("a.test")).keepMs).toBe(
      7_000,
    );
    expect((await hostsOf(zone, { keepMs: long }).hosts.of("a.test")).keepMs).toBe(1_000_000);
  });
  test("a day for an address in brackets; as long as the denial without hosts", async () => {
    const { hosts } = hostsOf({ ...zone, "null.test MX": ["0 ."] }, { keepMs: { "null.test MX": 9_000 } });
    expect(await hosts.of("[93.184.216.1]")).toMatchObject({ keepMs: 86_400_000, mx: undefined });
    expect((await hosts.of("null.test")).keepMs).toBe(9_000);
  });
});

describe("whether the domain is signed", () => {
  const on: DnssecStanding = { kind: "on" };
  const off: DnssecStanding = { kind: "off", reason: "" };
  test.each<[string, Given, boolean, boolean, string]>([
    ["it is", { signed: "all", dnssec: on, connector: { daneEnabled: true } }, true, true, "found"],
    ["it is, for all one knows", { signed: "all", connector: { daneEnabled: true } }, true, true, "found"],
    ["it is, and DANE is off", { signed: "all", dnssec: on }, true, false, "unasked"],
    [
      "its MX records are not",
      { signed: [], dnssec: on, connector: { daneEnabled: true } },
      false,
      false,
      "unasked",
    ],
    [
      "nobody checks it",
      { signed: "all", dnssec: off, connector: { daneEnabled: true } },
      false,
      false,
      "unasked",
    ],
  ])("%s", async (_, given, isSecure, mayHaveDane, dane) => {
    const found = await hostsOf({ ...zone, "_25._tcp.mx1.test TLSA": ["3 1 1"] }, given).hosts.of("a.test");
    expect([found.destination.isSecure, found.mayHaveDane, found.dane.get("mx1.test")?.kind]).toEqual([
      isSecure,
      mayHaveDane,
      dane,
    ]);
  });

  test("cannot be told where its MX records cannot be found out: there may be TLSA records", async () => {
    const forged = { "a.test MX": "bogus" } as const;
    const of = async (given: Given) => (await hostsOf(forged, given).hosts.of("a.test")).mayHaveDane;
    expect(await of({ connector: { daneEnabled: true } })).toBe(true);
    expect(await of({ connector: { daneEnabled: true }, dnssec: off })).toBe(false);
    expect(await of({})).toBe(false);
  });
});

test("what is forgotten: the domain, its policy, its hosts, and TLSA records that were asked for", async () => {
  const policies: string[] = [];
  const sts: Given["sts"] = {
    of: () => Promise.resolve({ sts: { kind: "none" }, keepMs: 1 }),
    forget: (domain) => void policies.push(domain),
  };
  const dane = hostsOf(zone, { signed: "all", connector: { daneEnabled: true }, sts });
  dane.hosts.forget("a.test", await dane.hosts.of("a.test"));
  expect(dane.forgotten).toEqual([
    "a.test",
    "mx1.test",
    "_25._tcp.mx1.test",
    "mx2.test",
    "_25._tcp.mx2.test",
  ]);
  expect(policies).toEqual(["a.test"]);
  const plain = hostsOf(zone);
  plain.hosts.forget("a.test", await plain.hosts.of("a.test"));
  plain.hosts.forget("b.test", undefined);
  expect(plain.forgotten).toEqual(["a.test", "mx1.test", "mx2.test", "b.test"]);
});
