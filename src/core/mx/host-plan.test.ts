/** Which hosts mail of a domain is offered to: vectors M1 to M10 and their neighbours. */
import { describe, expect, it, test } from "vitest";
import type { AddressAnswer, AddressAnswers, MxAnswer } from "./dns-facts.ts";
import {
  addressLiteral,
  exchangersOf,
  inTurn,
  literalExchanger,
  mostExchangers,
  orderText,
} from "./exchangers.ts";
import { planHosts, type HostPlan, type PlanRules } from "./host-plan.ts";

const domain = "contoso.test";
const mx = (...records: [number, string][]): MxAnswer => ({
  kind: "found",
  canonicalName: domain,
  records: records.map(([preference, exchange]) => ({ preference, exchange })),
});
const denied = (kind: "nxdomain" | "nodata", canonicalName = domain) => ({ kind, canonicalName }) as const;
const fails = (kind: "servfail" | "timeout" | "bogus" | "refused" | "malformed") =>
  ({ kind, detail: `it ${kind}s` }) as const;
const found = (...records: string[]): AddressAnswer => ({ kind: "found", canonicalName: "", records });
const none = denied("nodata");
const v4 = (...records: string[]): AddressAnswers => ({ ipv4: found(...records), ipv6: none });

const ownNames = new Set(["relay.our.test"]);
const isOwnName = (name: string): boolean => ownNames.has(name);
const rules: PlanRules = { isOwnAddress: () => false, isOwnName, only: undefined, first: 6 };

/** In words: groups of hosts, or the code. */
function plan(
  answer: MxAnswer,
  addresses: Readonly<Record<string, AddressAnswers>> = {},
  given: Partial<PlanRules> = {},
): string {
  const exchangers = exchangersOf(domain, answer, isOwnName, Math.random);
  if (exchangers.kind !== "exchangers") return `${exchangers.kind} ${exchangers.status}`;
  const known = exchangers.hosts.map(({ name }) => [name, addresses[name] ?? v4("192.0.2.1")] as const);
  const hosts = planHosts(domain, exchangers, new Map(known), { ...rules, ...given });
  return hosts.kind === "hosts" ? orderText(hosts.groups) : `${hosts.kind} ${hosts.status}`;
}

describe("hosts by MX records", () => {
  it.each<[string, MxAnswer, string]>([
    ["M1: by preference", mx([20, "c"], [10, "b"], [10, "a"]), "a|b>c"],
    ["M2: null MX", mx([0, ""]), "refused 5.1.10"],
    ["null MX with another preference", mx([10, ""]), "refused 5.1.10"],
    ["M3: null MX among others", mx([0, ""], [10, "a"]), "a"],
    ["M4: no MX", denied("nodata"), domain],
    ["M4: no such domain", denied("nxdomain"), "refused 5.4.4"],
    ["no MX behind an alias", denied("nodata", "other.test"), "other.test"],
    ["M5: an alias loop", fails("malformed"), "later 4.4.3"],
    ["no answer", fails("timeout"), "later 4.4.3"],
    ["servfail", fails("servfail"), "later 4.4.3"],
    ["bogus", fails("bogus"), "later 4.4.3"],
    ["refused", fails("refused"), "later 4.4.3"],
    ["no name of the DNS", { kind: "invalid-name", detail: "" }, "refused 5.1.2"],
    ["M7: an address as a name", mx([10, "192.0.2.1"], [20, "b"]), "b"],
    ["an IPv6 address as a name", mx([10, "2001:db8::1"], [20, "b"]), "b"],
    ["M7: only an address", mx([10, "192.0.2.1"]), "later 4.4.4"],
    ["M7: an underscore", mx([10, "a_b.plain.test"]), "a_b.plain.test"],
    ["what is no name", mx([10, "a b"], [20, "b"]), "b"],
    ["M8: ourselves in the middle", mx([10, "a"], [20, "relay.our.test"], [20, "b"], [30, "c"]), "a"],
    ["M9: only ourselves", mx([10, "relay.our.test"]), "refused 5.4.6"],
    ["ourselves, the best", mx([10, "relay.our.test"], [20, "b"]), "refused 5.4.6"],
    ["ourselves without MX", denied("nodata", "relay.our.test"), "refused 5.4.6"],
    ["ourselves twice", mx([30, "relay.our.test"], [10, "a"], [20, "relay.our.test"], [25, "b"]), "a"],
    ["a host twice", mx([30, "a"], [10, "a"], [20, "b"]), "a>b"],
    ["only a null MX twice", mx([0, ""], [0, ""]), "later 4.4.4"],
  ])("%s", (_, answer, expected) => expect(plan(answer)).toBe(expected));

  it("does not ask for the addresses of any number of hosts", () => {
    const answer = mx(...Array.from({ length: 60 }, (_, n): [number, string] => [n, `h${n}`]));
    const exchangers = exchangersOf(
      domain,
      answer,
      () => false,
      () => 0,
    );
    expect(exchangers.kind === "exchangers" && [exchangers.hosts.length, exchangers.skipped.length]).toEqual([
      mostExchangers,
      60 - mostExchangers,
    ]);
  });
});

describe("by their addresses", () => {
  const two = mx([10, "a"], [20, "b"]);
  it.each<[string, MxAnswer, Record<string, AddressAnswers>, string]>([
    ["M4: only A", denied("nodata"), { [domain]: v4("192.0.2.1") }, domain],
    ["M4: only AAAA", denied("nodata"), { [domain]: { ipv4: none, ipv6: found("2001:db8::1") } }, domain],
    ["M4: neither", denied("nodata"), { [domain]: { ipv4: none, ipv6: none } }, "refused 5.4.4"],
    [
      "no MX, nobody knows",
      denied("nodata"),
      { [domain]: { ipv4: fails("timeout"), ipv6: none } },
      "later 4.4.3",
    ],
    ["M10: one unknown", two, { a: { ipv4: fails("servfail"), ipv6: fails("servfail") } }, "b"],
    [
      "M10: both unknown",
      two,
      { a: { ipv4: fails("servfail"), ipv6: none }, b: { ipv4: fails("servfail"), ipv6: none } },
      "later 4.4.3",
    ],
    ["one without address", two, { a: { ipv4: none, ipv6: none } }, "b"],
    [
      "none with an address",
      two,
      { a: { ipv4: denied("nxdomain"), ipv6: denied("nxdomain") }, b: { ipv4: none, ipv6: none } },
      "later 4.4.4",
    ],
    ["D17: AAAA bogus, A found", two, { a: { ipv4: found("192.0.2.1"), ipv6: fails("bogus") } }, "a>b"],
    ["A unknown, AAAA found", two, { a: { ipv4: fails("servfail"), ipv6: found("2001:db8::1") } }, "a>b"],
  ])("%s", (_, answer, addresses, expected) => expect(plan(answer, addresses)).toBe(expected));

  it.each<[string, MxAnswer, string, string]>([
    ["M8 by address", mx([10, "a"], [20, "b"], [30, "c"]), "b", "a"],
    ["M9 by address", mx([10, "a"], [20, "b"]), "a", "refused 5.4.6"],
    ["an equal one is left out too", mx([10, "a"], [20, "b"], [20, "c"]), "c", "a"],
  ])("%s", (_, answer, own, expected) => {
    const isOwnAddress = (address: string): boolean => address === "198.51.100.1";
    expect(plan(answer, { [own]: v4("203.0.113.1", "198.51.100.1") }, { isOwnAddress })).toBe(expected);
  });

  it.each<[string, MxAnswer, string, string]>([
    ["behind another", mx([10, "a"], [20, "b"], [30, "c"]), "b", "a"],
    ["the best", mx([10, "a"], [20, "b"]), "a", "refused 5.4.6"],
    ["in the domain's place", denied("nodata"), domain, "refused 5.4.6"],
  ])(
    "is known by its name behind an alias, whose address is that of a NAT: %s",
    (_, answer, alias, expected) => {
      const ipv4 = { kind: "found", canonicalName: "relay.our.test", records: ["203.0.113.1"] } as const;
      expect(plan(answer, { [alias]: { ipv4, ipv6: denied("nodata", "relay.our.test") } })).toBe(expected);
    },
  );

  it("is known by an address of the family that is not used", () => {
    const dual = { ipv4: found("192.0.2.1"), ipv6: found("2001:db8::1") };
    const given: Partial<PlanRules> = { only: 4, isOwnAddress: (address) => address === "2001:db8::1" };
    expect(plan(mx([10, "a"]), { a: dual }, given)).toBe("refused 5.4.6");
  });

  const dual: AddressAnswers = { ipv4: found("192.0.2.1"), ipv6: found("2001:db8::1") };
  test.each<[string, Partial<PlanRules>, AddressAnswers, readonly string[] | string]>([
    ["IPv6 first", { first: 6 }, dual, ["2001:db8::1", "192.0.2.1"]],
    ["IPv4 first", { first: 4 }, dual, ["192.0.2.1", "2001:db8::1"]],
    ["only IPv4", { only: 4 }, dual, ["192.0.2.1"]],
    ["only IPv6", { only: 6 }, dual, ["2001:db8::1"]],
    ["not of that family", { only: 6 }, v4("192.0.2.1"), "refused 5.1.2"],
    ["that family unknown", { only: 6 }, { ipv4: found("192.0.2.1"), ipv6: fails("timeout") }, "later 4.4.3"],
  ])("%s", (_, given, answers, expected) => {
    const hosts = planHosts(domain, literalExchanger("h"), new Map([["h", answers]]), { ...rules, ...given });
    expect(
      hosts.kind === "hosts" ? hosts.groups[0]?.[0]?.addresses : `${hosts.kind} ${hosts.status}`,
    ).toEqual(expected);
  });

  it("says why hosts are passed over", () => {
    const exchangers = exchangersOf(
      domain,
      mx([5, "192.0.2.9"], [10, "a"], [20, "b"]),
      () => false,
      () => 0,
    );
    const answers = new Map([
      ["a", { ipv4: denied("nxdomain"), ipv6: denied("nxdomain") }],
      ["b", v4("192.0.2.1")],
    ]);
    if (exchangers.kind !== "exchangers") throw new Error("no hosts");
    const hosts = planHosts(domain, exchangers, answers, rules) as HostPlan;
    expect(hosts.skipped).toEqual([
      { host: "192.0.2.9", reason: "an address, where a name must stand (RFC 5321 §5.1)" },
      { host: "a", reason: "DNS has no such name" },
    ]);
  });
});

test("M1: hosts of one preference have equal shares, the others come behind them", () => {
  let state = 1;
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const firsts = { a: 0, b: 0, c: 0 };
  for (let attempt = 0; attempt < 1000; attempt++) {
    const order = inTurn<"a" | "b" | "c">([["a", "b"], ["c"]], random);
    expect(order.at(-1)).toBe("c");
    firsts[order[0] ?? "c"]++;
  }
  expect(firsts.c).toBe(0);
  expect(firsts.a).toBeGreaterThan(430);
  expect(firsts.b).toBeGreaterThan(430);
});

describe("of more hosts than are tried", () => {
  const numbers = Array.from({ length: 30 }, (_, n) => String(n).padStart(2, "0"));
  const many = mx(...numbers.map((n): [number, string] => [10, `h${n}`]), [5, "best"], [20, "last"]);
  const tried = (): { readonly names: readonly string[]; readonly site: string } => {
    const exchangers = exchangersOf(domain, many, () => false, seeded);
    if (exchangers.kind !== "exchangers") throw new Error("no hosts");
    return { names: exchangers.hosts.map(({ name }) => name), site: exchangers.site };
  };
  let state = 1;
  const seeded = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;

  it("each has its turn, behind those that are preferred", () => {
    const met = new Set<string>();
    for (let attempt = 0; attempt < 20; attempt++) {
      const { names } = tried();
      expect([names.length, names[0]]).toEqual([mostExchangers, "best"]);
      for (const name of names) met.add(name);
    }
    expect(met.size).toBe(31);
    expect(met.has("last")).toBe(false);
  });

  it("the site is the same, whichever they are", () => {
    const sites = new Set(Array.from({ length: 5 }, () => tried().site));
    expect(sites.size).toBe(1);
    expect([...sites][0]).toMatch(/^best>h00\|h01.*\|h18\+12$/);
  });
});

describe("hosts where none may be", () => {
  const isAllowed = (address: string): boolean => !address.startsWith("10.") && address !== "::1";
  const inside = v4("10.0.0.1");
  it.each<[string, MxAnswer, Record<string, AddressAnswers>, string]>([
    ["are left out", mx([10, "a"], [20, "b"]), { a: inside }, "b"],
    ["alone: mail waits", mx([10, "a"]), { a: inside }, "later 4.4.4"],
    ["alone, without MX: mail waits", denied("nodata"), { [domain]: inside }, "later 4.4.4"],
    ["by one of their addresses", mx([10, "a"]), { a: { ...inside, ipv6: found("2001:db8::1") } }, "a"],
  ])("%s", (_, answer, addresses, expected) => expect(plan(answer, addresses, { isAllowed })).toBe(expected));

  it("may be this relay all the same: then mail would go in a circle", () => {
    const isOwnAddress = (address: string): boolean => address === "10.0.0.1";
    expect(plan(mx([10, "a"], [20, "b"]), { a: inside }, { isAllowed, isOwnAddress })).toBe("refused 5.4.6");
  });

  it("are told with their addresses; one that a recipient names stays what it is, and its mail does not wait", () => {
    const hosts = planHosts(
      "[IPv6:::1]",
      literalExchanger("::1"),
      new Map([["::1", { ipv4: none, ipv6: found("::1") }]]),
      {
        ...rules,
        isAllowed,
      },
    );
    expect(hosts).toEqual({
      kind: "refused",
      status: "5.1.2",
      text: "550 5.1.2 this relay sends no mail to [IPv6:::1]: no public address: ::1 (see mxAllowPrivateHosts)",
    });
  });
});

test("a site is told by its hosts and their order, not by the domain or the figures of its records", () => {
  const siteOf = (...records: [number, string][]): string => {
    const exchangers = exchangersOf(domain, mx(...records), () => false, Math.random);
    return exchangers.kind === "exchangers" ? exchangers.site : "";
  };
  expect(siteOf([10, "b"], [10, "a"])).toBe("a|b");
  expect(siteOf([5, "a"], [5, "b"])).toBe("a|b");
  expect(siteOf([10, "b"], [20, "a"])).toBe("b>a");
});

test.each([
  ["[192.0.2.1]", "192.0.2.1"],
  ["[IPv6:2001:DB8::1]", "2001:db8::1"],
  ["[ipv6:::ffff:192.0.2.1]", "::ffff:c000:201"],
  ["[2001:db8::1]", undefined],
  ["[IPv6:192.0.2.1]", undefined],
  ["[192.0.2]", undefined],
  ["[tag:thing]", undefined],
  ["[]", undefined],
  ["192.0.2.1", undefined],
  ["contoso.test", undefined],
  ["", undefined],
])("literal %s", (text, address) => expect(addressLiteral(text)).toBe(address));
