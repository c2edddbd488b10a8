/** Delivery by MX record to servers on loopback: vectors M1, M3, M8 to M10, M12, and what domains of one site share. */
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { createSystemPorts } from "../../ports/system-ports.ts";
import { zoneResolver, type Zone, type ZoneResolver } from "../../testing/dns-zone.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { freePort } from "../../testing/free-port.ts";
import { startRecordingSink, type RecordingSink, type SinkSettings } from "../../testing/recording-sink.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { testCertificate } from "../../testing/test-certificate.ts";
import { smartHostConnector } from "../../testing/test-settings.ts";
import { brief } from "../../testing/test-smtp-carrier.ts";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { StsFact } from "../../core/tls-policy/tls-facts.ts";
import type { DnssecStanding } from "../../ports/lookup.ts";
import type { Ports } from "../../ports/ports.ts";
import type { EventName } from "../../events/catalogue.ts";
import type { Carrier } from "../delivery/delivery.ts";
import { OutboundConnections } from "../delivery/smtp/pool/outbound-connections.ts";
import { createPeerMemory } from "../delivery/smtp/peer/peer.ts";
import { createDnsDelivery, type DnsDelivery, type DnsDeliveryContext } from "./dns-delivery.ts";

const taken = ["delivered: 250 2.0.0 Ok: recorded"];

let port: number;
let resolver: ZoneResolver;
let delivery: DnsDelivery;
let connector: SmtpSendConnector;
let told: [EventName, object][];
const open: { close(): Promise<unknown> }[] = [];

beforeEach(async () => {
  port = await freePort();
  told = [];
});
afterEach(async () => {
  for (let each = open.pop(); each !== undefined; each = open.pop()) await each.close();
});

const sinkAt = async (address: string, settings: Partial<SinkSettings> = {}): Promise<RecordingSink> => {
  const sink = await startRecordingSink({ address, port, ...settings });
  open.push(sink);
  return sink;
};

/** Records of `name TYPE`; carriers by domain. */
function deliverBy(
  zone: Zone,
  given: Partial<SmtpSendConnector> = {},
  more: Partial<DnsDeliveryContext> = {},
): (domain: string) => Carrier {
  resolver = zoneResolver(zone);
  connector = smartHostConnector([], { kind: "dns", port, ...given });
  let state = 3;
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  delivery = createDnsDelivery({
    ports: { ...createSystemPorts(), random, resolver },
    own: { isOwnName: (name) => name === "relay.test", isOwnAddress: () => false },
    events: { wants: () => true, emit: (name, fields) => void told.push([name, fields]) },
    memory: createPeerMemory(),
    outbound: new OutboundConnections(() => 100),
    signer: undefined,
    transcriptOf: () => undefined,
    first: () => 6,
    ...more,
  });
  const closing = delivery;
  open.push({ close: () => closing.close(0) });
  return (domain) => closing.carrierFor(connector, domain);
}

const linesOf = (lines: readonly string[], verb: string): number =>
  lines.filter((line) => line.startsWith(verb)).length;
const claimTo = (domain: string) => testClaim({ recipients: [`x@${domain}`] });
const carried = async (carrier: Carrier, domain = "d.test") => brief(await carrier.carry(claimTo(domain)));

describe("the hosts of a domain", () => {
  it("have equal shares where they have one preference; those behind them none (M1)", async () => {
    const [a, b, c] = [await sinkAt("127.0.0.2"), await sinkAt("127.0.0.3"), await sinkAt("127.0.0.4")];
    const carrierOf = deliverBy(
      {
        "d.test MX": ["20 c.test", "10 a.test", "10 b.test"],
        "a.test A": ["127.0.0.2"],
        "b.test A": ["127.0.0.3"],
        "c.test A": ["127.0.0.4"],
      },
      { smtpMaxMessagesPerConnection: 1 },
    );
    const carrier = carrierOf("d.test");
    for (let n = 0; n < 60; n++) expect(await carried(carrier)).toEqual(taken);
    expect(c.messages).toHaveLength(0);
    expect(Math.min(a.messages.length, b.messages.length)).toBeGreaterThan(15);
  });

  it("are asked in turn where one cannot be reached, or puts mail off", async () => {
    const second = await sinkAt("127.0.0.3", {
      behave: ({ at }) => (at === "RCPT" ? { reply: "450 4.2.1 Not now" } : undefined),
    });
    const third = await sinkAt("127.0.0.4");
    const carrierOf = deliverBy({
      "d.test MX": ["10 a.test", "20 b.test", "30 c.test"],
      "a.test A": ["127.0.0.2"],
      "b.test A": ["127.0.0.3"],
      "c.test A": ["127.0.0.4"],
    });
    expect(await carried(carrierOf("d.test"))).toEqual(taken);
    expect([second.connections, third.messages.length]).toEqual([1, 1]);
  });

  it("are believed when they refuse a recipient", async () => {
    await sinkAt("127.0.0.2", {
      behave: ({ at }) => (at === "RCPT" ? { reply: "550 5.1.1 Unknown" } : undefined),
    });
    const other = await sinkAt("127.0.0.3");
    const carrierOf = deliverBy({
      "d.test MX": ["10 a.test", "20 b.test"],
      "a.test A": ["127.0.0.2"],
      "b.test A": ["127.0.0.3"],
    });
    expect(await carried(carrierOf("d.test"))).toEqual(["permanent: 550 5.1.1 Unknown"]);
    expect(other.connections).toBe(0);
  });

  it.each([
    ["connect", "554 5.3.2 Not here"],
    ["EHLO", "550 5.7.1 Go away"],
  ] as const)(
    "give way to the next where %s is refused, and the queue waits when all do so",
    async (at, reply) => {
      const refusing = (stage: string) =>
        stage === at || (at === "EHLO" && stage === "HELO") ? { reply } : undefined;
      const behave: SinkSettings["behave"] = (now) => refusing(now.at);
      await sinkAt("127.0.0.2", { behave });
      const other = await sinkAt("127.0.0.3");
      const carrierOf = deliverBy({
        "d.test MX": ["10 a.test", "20 b.test"],
        "a.test A": ["127.0.0.2"],
        "b.test A": ["127.0.0.3"],
        "e.test MX": ["10 a.test"],
      });
      expect(await carried(carrierOf("d.test"))).toEqual(taken);
      expect(other.messages).toHaveLength(1);
      expect(await carrierOf("e.test").carry(claimTo("e.test"))).toMatchObject({
        kind: "unreachable",
        verdict: { text: reply },
      });
    },
  );

  it("are those of the domain itself, or of the address in brackets", async () => {
    const sink = await sinkAt("127.0.0.2");
    const carrierOf = deliverBy({ "d.test A": ["127.0.0.2"] });
    expect(await carried(carrierOf("d.test"))).toEqual(taken);
    expect(await carried(carrierOf("[127.0.0.2]"), "[127.0.0.2]")).toEqual(taken);
    expect(sink.messages).toHaveLength(2);
    expect(resolver.asked).not.toContain("[127.0.0.2] MX");
  });

  it("are asked for anew when somebody wants mail tried now, also behind a failure", async () => {
    const carrierOf = deliverBy({ "d.test MX": ["10 a.test"], "a.test A": ["127.0.0.2"] });
    const carrier = carrierOf("d.test");
    expect(await carrier.carry(claimTo("d.test"))).toMatchObject({ kind: "unreachable" });
    carrier.retryNow?.();
    await sinkAt("127.0.0.3");
    resolver.zone["a.test A"] = ["127.0.0.3"];
    expect(await carried(carrier)).toEqual(taken);
    expect(resolver.forgotten).toEqual(["d.test", "a.test"]);
    carrier.retryNow?.();
    expect(resolver.forgotten).toEqual(["d.test", "a.test", "d.test", "a.test"]);
  });

  describe("however many there are", () => {
    const many = Array.from({ length: 16 }, (_, n) => n);
    const zone: Zone = {
      "d.test MX": many.map((n) => `${n < 12 ? 10 : 20} h${n}.test`),
      ...Object.fromEntries(many.map((n) => [`h${n}.test A`, [`127.0.1.${n}`]])),
    };

    it("mxSessionLimit of them are asked to take what others put off", async () => {
      const behave: SinkSettings["behave"] = ({ at }) =>
        at === "RCPT" ? { reply: "450 4.7.1 Greylisted" } : undefined;
      const sinks = await Promise.all(many.map((n) => sinkAt(`127.0.1.${n}`, { behave })));
      const asked = (): number => sinks.reduce((sum, { commands }) => sum + linesOf(commands, "RCPT"), 0);
      const carrierOf = deliverBy(zone);
      expect(await carried(carrierOf("d.test"))).toEqual(["transient: 450 4.7.1 Greylisted"]);
      expect(asked()).toBe(5);
      const two = deliverBy(zone, { mxSessionLimit: 2 });
      await carried(two("d.test"));
      expect(asked()).toBe(7);
    });

    it("mxAddressLimit of them are tried for a connection, in time all", async () => {
      const dialled: string[] = [];
      const clock = createFakeClock();
      const dial: Ports["dial"] = ({ address }) => {
        dialled.push(address);
        return Promise.reject(new Error("nobody is there"));
      };
      const own = zoneResolver(zone);
      const ports = { ...createSystemPorts(), clock, dial, resolver: own };
      const carrierOf = deliverBy({}, {}, { ports });
      for (let attempt = 0; attempt < 4; attempt++) {
        expect(await carrierOf("d.test").carry(claimTo("d.test"))).toMatchObject({ kind: "unreachable" });
        expect(dialled).toHaveLength(10 * (attempt + 1));
        await clock.advance(60_000);
      }
      expect(new Set(dialled).size).toBe(16);
    });
  });

  it.each(["127.0.0.2", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1"])(
    "are not connected to at %s, which is no public address, unless that is allowed",
    async (address) => {
      const dialled: string[] = [];
      const dial: Ports["dial"] = (target) => {
        dialled.push(target.address);
        return Promise.reject(new Error("nobody is there"));
      };
      const zone: Zone = {
        "d.test MX": ["10 a.test"],
        [`a.test ${address.includes(":") ? "AAAA" : "A"}`]: [address],
      };
      const ports = { ...createSystemPorts(), dial, resolver: zoneResolver(zone) };
      const literal = address.includes(":") ? `[IPv6:${address}]` : `[${address}]`;
      const carrierOf = deliverBy({}, { mxAllowPrivateHosts: false }, { ports });
      const verdict = { text: expect.stringMatching(/no public address: .*mxAllowPrivateHosts/) as string };
      expect(await carrierOf("d.test").carry(claimTo("d.test"))).toMatchObject({
        kind: "unreachable",
        verdict,
      });
      expect(await carrierOf(literal).carry(claimTo(literal))).toMatchObject({
        kind: "attempted",
        outcomes: [{ kind: "permanent", verdict }],
      });
      expect(dialled).toEqual([]);
      await deliverBy({}, { mxAllowPrivateHosts: true }, { ports })("d.test").carry(claimTo("d.test"));
      expect(dialled).toEqual([address]);
    },
  );

  it("that are not public by the time they are connected to are not", async () => {
    const zone: Zone = { "d.test MX": ["10 a.test"], "a.test A": ["93.184.216.34"] };
    const dialled: string[] = [];
    const dial: Ports["dial"] = (target) => {
      dialled.push(target.address);
      return Promise.reject(new Error("nobody is there"));
    };
    const own = zoneResolver(zone);
    const lookUp = own.lookUp.bind(own);
    let asked = 0;
    own.lookUp = (name, type) => {
      if (name === "a.test" && type === "A" && ++asked === 2) own.zone["a.test A"] = ["127.0.0.1"];
      return lookUp(name, type);
    };
    const ports = { ...createSystemPorts(), dial, resolver: own };
    const carrierOf = deliverBy({}, { mxAllowPrivateHosts: false }, { ports });
    expect(await carrierOf("d.test").carry(claimTo("d.test"))).toMatchObject({ kind: "unreachable" });
    expect(dialled).toEqual([]);
  });

  it("are told that are named and not used", async () => {
    await sinkAt("127.0.0.2");
    const carrierOf = deliverBy({ "d.test MX": ["5 192.0.2.1", "10 a.test"], "a.test A": ["127.0.0.2"] });
    expect(await carried(carrierOf("d.test"))).toEqual(taken);
    expect(told.find(([name]) => name === "MailHostSkipped")?.[1]).toMatchObject({
      domain: "d.test",
      host: "192.0.2.1",
    });
  });
});

describe("what a domain demands of TLS, whoever takes over", () => {
  const enforce = { kind: "policy", mode: "enforce", mx: ["a.test"] } as const;
  const demandedOf = async (
    zone: Zone,
    sts: StsFact = { kind: "none" },
    given: Partial<SmtpSendConnector> = {},
    dnssec: DnssecStanding = { kind: "on" },
  ): Promise<string | undefined> => {
    const carrierOf = deliverBy(
      zone,
      { daneEnabled: true, mtaSts: "enforce", ...given },
      { sts: { of: () => Promise.resolve({ sts, keepMs: 60_000 }) } },
    );
    resolver.dnssec = () => Promise.resolve(dnssec);
    const carrier = carrierOf("d.test");
    expect(carrier.demandedTls?.()).toBe(
      given.daneEnabled === false && given.mtaSts === "none" ? "clear" : "named",
    );
    await carrier.carry(claimTo("d.test"));
    return carrier.demandedTls?.();
  };
  const there: Zone = { "d.test MX": ["10 a.test"], "a.test A": ["127.0.0.2"] };
  const off = { kind: "off", reason: "" } as const;

  it.each<[string, Zone, StsFact, string]>([
    ["nothing", there, { kind: "none" }, "clear"],
    ["nothing, for all one knows", there, { kind: "unknown", detail: "" }, "clear"],
    ["MTA-STS", there, enforce, "named"],
    ["MTA-STS in testing", there, { ...enforce, mode: "testing" }, "clear"],
    ["MTA-STS that names no host", there, { ...enforce, mx: ["b.test"] }, "named"],
    ["its MX records cannot be found out", { "d.test MX": "servfail" }, { kind: "none" }, "named"],
    ["its MX records are forged", { "d.test MX": "bogus" }, { kind: "none" }, "named"],
    [
      "the hosts' addresses cannot, behind MX records that anybody may forge",
      { ...there, "a.test A": "servfail" },
      { kind: "none" },
      "clear",
    ],
  ])("%s", async (_, zone, sts, expected) => expect(await demandedOf(zone, sts)).toBe(expected));

  it("is nothing where nobody asks for it, or could tell", async () => {
    const zone: Zone = { "d.test MX": "servfail" };
    expect(await demandedOf(zone, enforce, { daneEnabled: false, mtaSts: "none" })).toBe("clear");
    expect(await demandedOf(zone, { kind: "none" }, {}, off)).toBe("clear");
    expect(await demandedOf(zone, enforce, {}, off)).toBe("named");
  });
});

describe("without hosts", () => {
  it.each<[string, Zone, string]>([
    [
      "null MX (M2)",
      { "d.test MX": ["0 ."] },
      "permanent: 556 5.1.10 d.test takes no mail: it has a null MX record",
    ],
    ["no domain (M4)", {}, "permanent: 550 5.4.4 SMTPSEND.DNS.NonExistentDomain; DNS has no domain d.test"],
    [
      "ourselves (M9)",
      { "d.test MX": ["10 relay.test"], "relay.test A": ["127.0.0.2"] },
      "permanent: 554 5.4.6 mail for d.test loops back to this relay: it is the domain's best mail exchanger",
    ],
  ])("%s: mail is returned", async (_, zone, outcome) => {
    const carrierOf = deliverBy(zone);
    expect(await carried(carrierOf("d.test"))).toEqual([outcome]);
    expect(resolver.asked.filter((question) => !question.endsWith(" MX"))).toEqual([]);
  });

  it.each<[string, Zone]>([
    ["no answer", { "d.test MX": "timeout" }],
    ["servfail", { "d.test MX": "servfail" }],
    ["bogus", { "d.test MX": "bogus" }],
    ["no host's address is known (M10)", { "d.test MX": ["10 a.test"], "a.test A": "servfail" }],
  ])("%s: the queue waits", async (_, zone) => {
    const carrierOf = deliverBy(zone);
    expect(await carrierOf("d.test").carry(claimTo("d.test"))).toMatchObject({
      kind: "unreachable",
      host: "d.test",
      verdict: { status: "4.4.3", fromPeer: false },
    });
  });

  it("ourselves by a name that leads to us only when it is connected to: the queue waits", async () => {
    const sink = await sinkAt("127.0.0.2");
    const zone: Zone = { "d.test MX": ["10 a.test"], "a.test A": ["127.0.0.3"] };
    const isOwnAddress = (address: string): boolean => address === "127.0.0.2";
    const carrierOf = deliverBy(zone, {}, { own: { isOwnName: () => false, isOwnAddress } });
    const lookUp = resolver.lookUp.bind(resolver);
    let asked = 0;
    resolver.lookUp = (name, type) => {
      if (name === "a.test" && type === "A" && ++asked === 2) resolver.zone["a.test A"] = ["127.0.0.2"];
      return lookUp(name, type);
    };
    expect(await carrierOf("d.test").carry(claimTo("d.test"))).toMatchObject({ kind: "unreachable" });
    expect(sink.connections).toBe(0);
  });

  it("ourselves by its own word: the queue waits, and the next host is asked first", async () => {
    const asRelay = { reply: "250-Relay.test Hello\r\n250 PIPELINING" };
    const own = await sinkAt("127.0.0.2", { behave: ({ at }) => (at === "EHLO" ? asRelay : undefined) });
    const carrierOf = deliverBy({
      "d.test MX": ["10 a.test"],
      "a.test A": ["127.0.0.2"],
      "e.test MX": ["10 a.test", "20 b.test"],
      "b.test A": ["127.0.0.3"],
    });
    expect(await carrierOf("d.test").carry(claimTo("d.test"))).toMatchObject({
      kind: "unreachable",
      verdict: { status: "4.4.6", fromPeer: false },
    });
    expect(own.messages).toHaveLength(0);
    await sinkAt("127.0.0.3");
    expect(await carried(carrierOf("e.test"), "e.test")).toEqual(taken);
  });

  it("DowngradeDnsFailures lets what DNS denies wait", async () => {
    const carrierOf = deliverBy({}, { errorPolicies: ["DowngradeDnsFailures"] });
    expect(await carrierOf("d.test").carry(claimTo("d.test"))).toMatchObject({
      kind: "unreachable",
      verdict: {
        status: "4.4.4",
        text: "451 4.4.4 SMTPSEND.DNS.NonExistentDomain; DNS has no domain d.test",
      },
    });
  });
});

describe("both families (M12)", () => {
  const zone: Zone = {
    "d.test MX": ["10 a.test"],
    "a.test A": ["127.0.0.2"],
    "a.test AAAA": ["::1"],
  };
  it.each([
    ["connect", "554 5.7.1 No IPv6"],
    ["MAIL", "550 5.7.1 No reverse name"],
  ] as const)("%s refused over IPv6: delivered over IPv4 in the same attempt", async (at, reply) => {
    const six = await sinkAt("::1", { behave: (now) => (now.at === at ? { reply } : undefined) });
    const four = await sinkAt("127.0.0.2");
    expect(await carried(deliverBy(zone)("d.test"))).toEqual(taken);
    expect([six.messages.length, four.messages.length]).toEqual([0, 1]);
  });

  it("the first word counts where the other family says so too, or cannot be reached", async () => {
    const behave: SinkSettings["behave"] = ({ at }) =>
      at === "MAIL" ? { reply: "550 5.7.1 Blocked" } : undefined;
    const six = await sinkAt("::1", { behave });
    const carrier = deliverBy(zone)("d.test");
    expect(await carried(carrier)).toEqual(["permanent: 550 5.7.1 Blocked"]);
    const four = await sinkAt("127.0.0.2", { behave });
    expect(await carried(carrier)).toEqual(["permanent: 550 5.7.1 Blocked"]);
    expect([six.messages.length, four.messages.length]).toEqual([0, 0]);
    expect(four.connections).toBe(1);
  });
});

describe("a site", () => {
  const zone: Zone = {
    "mx1.test A": ["127.0.0.2"],
    "mx2.test A": ["127.0.0.3"],
    ...Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [`d${n}.test MX`, ["10 mx1.test", "20 mx2.test"]]),
    ),
  };

  it("has one limit and its connections for all domains that have the same hosts", async () => {
    const sink = await sinkAt("127.0.0.2");
    const carrierOf = deliverBy(zone, { maxConcurrentConnections: 3 });
    let most = 0;
    sink.configure({ onMessage: () => (most = Math.max(most, sink.open)) });
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) => carrierOf(`d${n}.test`).carry(claimTo(`d${n}.test`))),
    );
    expect(results.flatMap(brief)).toEqual(Array(50).fill(taken[0]));
    expect([most, sink.connections]).toEqual([expect.any(Number), 3]);
    expect(most).toBeLessThanOrEqual(3);
  });

  it("divides its limit where mail demands different things of TLS", async () => {
    const extensions = ["STARTTLS", "PIPELINING"];
    const sink = await sinkAt("127.0.0.2", { extensions, tls: await testCertificate("mx1.test") });
    const carrierOf = deliverBy(zone, { maxConcurrentConnections: 4 });
    let most = 0;
    sink.configure({ onMessage: () => (most = Math.max(most, sink.open)) });
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) => {
        const envelope = n % 2 === 0 ? {} : ({ tls: "required" } as const);
        return carrierOf(`d${n}.test`).carry(testClaim({ recipients: [`x@d${n}.test`], envelope }));
      }),
    );
    expect(results.flatMap(brief)).toEqual(Array(50).fill(taken[0]));
    const levels = results.map((result) => {
      const [first] = result.kind === "attempted" ? result.outcomes : [];
      return first?.kind === "delivered" ? first.tls : undefined;
    });
    expect(new Set(levels)).toEqual(new Set(["opportunistic", "required"]));
    expect(most).toBeLessThanOrEqual(4);
  });

  it("is not the same for another order of hosts, and connections of one are not used for the other", async () => {
    const [one, two] = [await sinkAt("127.0.0.2"), await sinkAt("127.0.0.3")];
    const carrierOf = deliverBy({ ...zone, "e.test MX": ["20 mx1.test", "10 mx2.test"] });
    await carrierOf("d1.test").carry(claimTo("d1.test"));
    await carrierOf("e.test").carry(claimTo("e.test"));
    expect([one.messages.length, two.messages.length]).toEqual([1, 1]);
  });

  it("takes its messages evenly where a rate is set", async () => {
    await sinkAt("127.0.0.2");
    const clock = createFakeClock();
    const carrierOf = deliverBy(
      zone,
      { siteMessageRateLimit: 6 },
      { ports: { ...createSystemPorts(), clock, resolver: zoneResolver(zone) } },
    );
    expect(await carried(carrierOf("d1.test"), "d1.test")).toEqual(taken);
    const waits = await Promise.all(
      ["d2.test", "d3.test"].map((domain) => carrierOf(domain).carry(claimTo(domain))),
    );
    expect(waits.map(({ kind }) => kind)).toEqual(["throttled", "throttled"]);
    const [first, second] = waits.map((result) =>
      "retryAfterMs" in result ? (result.retryAfterMs ?? 0) : 0,
    );
    expect(first).toBeGreaterThan(9_000);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(9_000);
    await clock.advance(first ?? 0);
    expect(await carried(carrierOf("d2.test"), "d2.test")).toEqual(taken);
  });

  it("is shared by connectors read again without a change, not by others", async () => {
    const sink = await sinkAt("127.0.0.2");
    const carrierOf = deliverBy(zone);
    await carrierOf("d1.test").carry(claimTo("d1.test"));
    connector = { ...connector };
    await carrierOf("d2.test").carry(claimTo("d2.test"));
    expect(sink.connections).toBe(1);
    connector = { ...connector, comment: "another" };
    await carrierOf("d3.test").carry(claimTo("d3.test"));
    expect(sink.connections).toBe(2);
  });
});

test("records are kept, asked for again when their time is over, and at Retry-Queue", async () => {
  await sinkAt("127.0.0.2");
  const clock = createFakeClock();
  const own = zoneResolver({ "d.test MX": ["10 a.test"], "a.test A": ["127.0.0.2"] });
  const carrier = deliverBy({}, {}, { ports: { ...createSystemPorts(), clock, resolver: own } })("d.test");
  const count = (): number => own.asked.filter((question) => question === "d.test MX").length;
  for (let n = 0; n < 5; n++) await carried(carrier);
  expect(count()).toBe(1);
  await clock.advance(own.keepMs);
  await carried(carrier);
  expect(count()).toBe(2);
  carrier.retryNow?.();
  expect(own.forgotten).toEqual(["d.test", "a.test"]);
  await carried(carrier);
  expect(count()).toBe(3);
});

test("what waits for an answer is given back when the relay stops", async () => {
  const own = zoneResolver({});
  own.lookUp = () => new Promise(() => {});
  const carrier = deliverBy({}, {}, { ports: { ...createSystemPorts(), resolver: own } })("d.test");
  const result = carrier.carry(claimTo("d.test"));
  await carrier.close(0);
  expect(await result).toEqual({ kind: "aborted" });
});

test("signed MX records count for REQUIRETLS only where the name servers check signatures", async () => {
  const sink = await sinkAt("127.0.0.2");
  const carrierOf = deliverBy(
    { "d.test MX": ["10 a.test"], "a.test A": ["127.0.0.2"] },
    { requireTlsPolicy: "enforce" },
  );
  const lookUp = resolver.lookUp.bind(resolver);
  resolver.lookUp = async (name, type) => {
    const lookup = await lookUp(name, type);
    return "isAuthenticated" in lookup ? { ...lookup, isAuthenticated: true } : lookup;
  };
  resolver.dnssec = () => Promise.resolve({ kind: "off", reason: "it does not check signatures" });
  const claim = testClaim({ recipients: ["x@d.test"], envelope: { tls: "required" } });
  expect(brief(await carrierOf("d.test").carry(claim))[0]).toMatch(/neither signed MX records nor MTA-STS/);
  expect(sink.messages).toHaveLength(0);
});

test("REQUIRETLS that no host fulfils keeps the message alone, not the domain's other mail", async () => {
  await sinkAt("127.0.0.2");
  const carrier = deliverBy(
    { "d.test MX": ["10 a.test"], "a.test A": ["127.0.0.2"] },
    { requireTlsPolicy: "opportunisticStartTls" },
  )("d.test");
  const claim = testClaim({ recipients: ["x@d.test"], envelope: { tls: "required" } });
  expect(brief(await carrier.carry(claim))).toEqual([
    expect.stringMatching(/^transient: .*offers no TLS/) as string,
  ]);
  expect(await carried(carrier)).toEqual(taken);
});

test("what is told of TLS goes by the policies of the domain it was for, whoever shares the site", async () => {
  await sinkAt("127.0.0.2");
  const policies = new Map<string, Set<string>>();
  const carrierOf = deliverBy(
    { "d.test MX": ["10 a.test"], "e.test MX": ["10 a.test"], "a.test A": ["127.0.0.2"] },
    { smtpMaxMessagesPerConnection: 1, maxConcurrentConnections: 1, mtaSts: "enforce" },
    {
      sts: {
        of: (domain) =>
          Promise.resolve({
            sts: domain === "d.test" ? { kind: "policy", mode: "testing", mx: ["a.test"] } : { kind: "none" },
            keepMs: 60_000,
          }),
      },
      onTls({ domain, outcomes }) {
        const known = policies.get(domain) ?? new Set();
        policies.set(domain, known);
        for (const { policy } of outcomes) known.add(policy);
      },
    },
  );
  await Promise.all(
    ["d.test", "e.test", "d.test", "e.test"].map((domain) => carrierOf(domain).carry(claimTo(domain))),
  );
  expect(policies).toEqual(
    new Map([
      ["d.test", new Set(["sts"])],
      ["e.test", new Set(["no-policy-found"])],
    ]),
  );
});

test("a report on TLS is not reported on, or each would bring the next for ever", async () => {
  await sinkAt("127.0.0.2");
  const domains: string[] = [];
  const carrierOf = deliverBy(
    { "d.test MX": ["10 a.test"], "a.test A": ["127.0.0.2"] },
    { smtpMaxMessagesPerConnection: 1 },
    { onTls: ({ domain }) => void domains.push(domain) },
  );
  const mail = claimTo("d.test");
  const origin = { ...mail.message.origin, connector: "TLS reports" };
  const sent = (sourceAddress: string) =>
    carrierOf("d.test").carry({
      ...mail,
      message: { ...mail.message, origin: { ...origin, sourceAddress } },
    });
  await sent("");
  await sent("127.0.0.1");
  expect(domains).toEqual(["", "d.test"]);
});

test("a look-up that fails by a fault of ours is made anew for the next message", async () => {
  await sinkAt("127.0.0.2");
  let isBroken = true;
  const policy = { sts: { kind: "none" }, keepMs: 60_000 } as const;
  const carrier = deliverBy(
    { "d.test MX": ["10 a.test"], "a.test A": ["127.0.0.2"] },
    {},
    { sts: { of: () => (isBroken ? Promise.reject(new Error("a fault")) : Promise.resolve(policy)) } },
  )("d.test");
  await expect(carrier.carry(claimTo("d.test"))).rejects.toThrow("a fault");
  isBroken = false;
  expect(await carried(carrier)).toEqual(taken);
});
