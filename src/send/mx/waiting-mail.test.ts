/** Mail that waits for a connection while DNS, or a policy, changes: it goes by what holds when its turn comes. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { StsFact } from "../../core/tls-policy/tls-facts.ts";
import { createSystemPorts } from "../../ports/system-ports.ts";
import { zoneResolver, type ZoneResolver } from "../../testing/dns-zone.ts";
import { freePort } from "../../testing/free-port.ts";
import { startRecordingSink, type RecordingSink, type SinkSettings } from "../../testing/recording-sink.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { smartHostConnector } from "../../testing/test-settings.ts";
import { brief } from "../../testing/test-smtp-carrier.ts";
import type { Carrier } from "../delivery/delivery.ts";
import { createPeerMemory } from "../delivery/smtp/peer/peer.ts";
import { OutboundConnections } from "../delivery/smtp/pool/outbound-connections.ts";
import { createDnsDelivery } from "./dns-delivery.ts";

const taken = ["delivered: 250 2.0.0 Ok: recorded"];
const keepMs = 300_000;

let port: number;
let zone: ZoneResolver;
let sts: StsFact;
/** How far the relay's clock is ahead of the machine's. */
let ahead: number;
const open: { close(): Promise<unknown> }[] = [];

beforeEach(async () => {
  port = await freePort();
  [zone, sts, ahead] = [zoneResolver({}), { kind: "none" }, 0];
  zone.keepMs = keepMs;
});
afterEach(async () => {
  for (let each = open.pop(); each !== undefined; each = open.pop()) await each.close();
});

const sinkAt = async (address: string, settings: Partial<SinkSettings> = {}): Promise<RecordingSink> => {
  const sink = await startRecordingSink({ address, port, ...settings });
  open.push(sink);
  return sink;
};

function deliver(given: Partial<SmtpSendConnector> = {}): (domain: string) => Carrier {
  const connector = smartHostConnector([], { kind: "dns", port, maxConcurrentConnections: 1, ...given });
  const system = createSystemPorts();
  const clock = { ...system.clock, now: () => system.clock.now() + ahead };
  const delivery = createDnsDelivery({
    ports: { ...system, clock, resolver: zone },
    own: { isOwnName: () => false, isOwnAddress: () => false },
    events: { wants: () => false, emit: () => {} },
    memory: createPeerMemory(),
    outbound: new OutboundConnections(() => 100),
    signer: undefined,
    sts: { of: () => Promise.resolve({ sts, keepMs }) },
    transcriptOf: () => undefined,
  });
  open.push({ close: () => delivery.close(0) });
  return (domain) => delivery.carrierFor(connector, domain);
}

const carry = async (carrier: Carrier, ...recipients: readonly string[]) =>
  brief(await carrier.carry(testClaim({ recipients })));
const pathsAt = ({ messages }: RecordingSink): readonly string[] =>
  messages.flatMap(({ recipients }) => recipients.map(({ path }) => path));

/** The first message is answered late, and `meanwhile` happens; those behind it wait for its connection. */
const slowFirst = (meanwhile: () => void, then?: SinkSettings["behave"]): SinkSettings["behave"] => {
  let isFirst = true;
  return (stage) => {
    if (stage.at !== "content" || !isFirst) return then?.(stage);
    isFirst = false;
    setTimeout(meanwhile, 50);
    return { delayMs: 100, reply: "250 2.0.0 Ok: recorded" };
  };
};

test("a domain that has moved: its mail goes to the new host, and is not refused by the old one", async () => {
  zone.zone = { "d.test MX": ["10 old.test"], "old.test A": ["127.0.0.2"] };
  let isMoved = false;
  await sinkAt("127.0.0.2", {
    behave: slowFirst(
      () => {
        isMoved = true;
        ahead += keepMs;
        zone.zone = { "d.test MX": ["10 new.test"], "new.test A": ["127.0.0.3"] };
      },
      ({ at }) => (isMoved && at === "RCPT" ? { reply: "550 5.1.1 It is not here any more" } : undefined),
    ),
  });
  const moved = await sinkAt("127.0.0.3");
  const carrier = deliver()("d.test");
  const all = ["a", "b", "c"].map((name) => carry(carrier, `${name}@d.test`));
  expect(await Promise.all(all)).toEqual([taken, taken, taken]);
  expect(pathsAt(moved).toSorted()).toEqual(["b@d.test", "c@d.test"]);
});

test("a domain that has a policy now: no mail goes to a host that does not fulfil it", async () => {
  zone.zone = { "d.test MX": ["10 mx.test"], "mx.test A": ["127.0.0.2"] };
  const sink = await sinkAt("127.0.0.2", {
    behave: slowFirst(() => {
      ahead += keepMs;
      sts = { kind: "policy", mode: "enforce", mx: ["mx.test"] };
    }),
  });
  const carrier = deliver({ mtaSts: "enforce" })("d.test");
  const [first, second] = await Promise.all([carry(carrier, "a@d.test"), carry(carrier, "b@d.test")]);
  expect(first).toEqual(taken);
  expect(second).not.toEqual(taken);
  expect(pathsAt(sink)).toEqual(["a@d.test"]);
});

test("a domain that takes no mail any more: it is returned as its records say", async () => {
  zone.zone = { "d.test MX": ["10 mx.test"], "mx.test A": ["127.0.0.2"] };
  const sink = await sinkAt("127.0.0.2", {
    behave: slowFirst(() => {
      ahead += keepMs;
      zone.zone["d.test MX"] = ["0 ."];
    }),
  });
  const carrier = deliver()("d.test");
  const [, second] = await Promise.all([carry(carrier, "a@d.test"), carry(carrier, "b@d.test")]);
  expect(second).toEqual([expect.stringMatching(/^permanent: 556 5\.1\.10 /)]);
  expect(pathsAt(sink)).toEqual(["a@d.test"]);
});

test("a domain of which nobody knows anything now: its mail waits", async () => {
  zone.zone = { "d.test MX": ["10 mx.test"], "mx.test A": ["127.0.0.2"] };
  await sinkAt("127.0.0.2", {
    behave: slowFirst(() => {
      ahead += keepMs;
      zone.zone["d.test MX"] = "servfail";
    }),
  });
  const carrier = deliver()("d.test");
  const second = testClaim({ recipients: ["b@d.test"] });
  const [, result] = await Promise.all([carry(carrier, "a@d.test"), carrier.carry(second)]);
  expect(result).toMatchObject({ kind: "unreachable", verdict: { status: "4.4.3" } });
});

test("Retry-Queue: mail that waits for a connection goes by what DNS says now", async () => {
  zone.zone = { "d.test MX": ["10 old.test"], "old.test A": ["127.0.0.2"] };
  await sinkAt("127.0.0.2", {
    behave: slowFirst(() => {
      zone.zone = { "d.test MX": ["10 new.test"], "new.test A": ["127.0.0.3"] };
      carrier.retryNow?.();
    }),
  });
  const moved = await sinkAt("127.0.0.3");
  const carrier = deliver()("d.test");
  await Promise.all([carry(carrier, "a@d.test"), carry(carrier, "b@d.test")]);
  expect(pathsAt(moved)).toEqual(["b@d.test"]);
});

test("recipients that come after others in a transaction of their own", async () => {
  zone.zone = { "d.test MX": ["10 old.test"], "old.test A": ["127.0.0.2"] };
  const old = await sinkAt("127.0.0.2", {
    behave: slowFirst(() => {
      ahead += keepMs;
      zone.zone = { "d.test MX": ["10 new.test"], "new.test A": ["127.0.0.3"] };
    }),
  });
  const moved = await sinkAt("127.0.0.3");
  const carrier = deliver({ maxRecipientsPerTransaction: 1 })("d.test");
  expect(await carry(carrier, "a@d.test", "b@d.test")).toEqual([...taken, ...taken]);
  expect([pathsAt(old), pathsAt(moved)]).toEqual([["a@d.test"], ["b@d.test"]]);
});

describe("a message that one host put off, while the other takes long to answer", () => {
  const hosts = ["10 a.test", "20 b.test"];
  let first: RecordingSink;
  /** What comes to pass before the second host's greeting. */
  const hosted = async (meanwhile: () => void): Promise<RecordingSink> => {
    zone.zone = { "d.test MX": hosts, "a.test A": ["127.0.0.2"], "b.test A": ["127.0.0.3"] };
    first = await sinkAt("127.0.0.2", {
      behave: ({ at }) => (at === "RCPT" ? { reply: "450 4.7.1 Greylisted" } : undefined),
    });
    return await sinkAt("127.0.0.3", {
      behave({ at }) {
        if (at === "connect") meanwhile();
        return undefined;
      },
    });
  };
  const asked = (): number => first.commands.filter((line) => line.startsWith("RCPT")).length;

  test("goes to it all the same, where both are the domain's still", async () => {
    const second = await hosted(() => (ahead += keepMs));
    expect(await carry(deliver()("d.test"), "x@d.test")).toEqual(taken);
    expect([asked(), pathsAt(second)]).toEqual([1, ["x@d.test"]]);
  });

  test("is put off as the first one said, where nobody knows any more whose they are", async () => {
    const second = await hosted(() => {
      ahead += keepMs;
      zone.zone["d.test MX"] = "servfail";
    });
    expect(await carry(deliver()("d.test"), "x@d.test")).toEqual(["transient: 450 4.7.1 Greylisted"]);
    expect([asked(), pathsAt(second)]).toEqual([1, []]);
  });
});

test("mail whose hosts are being found out is given back when the relay stops", async () => {
  zone.zone = { "d.test MX": ["10 mx.test"], "mx.test A": ["127.0.0.2"] };
  let isAsked = false;
  await sinkAt("127.0.0.2", {
    behave: slowFirst(() => {
      ahead += keepMs;
      zone.lookUp = () => {
        isAsked = true;
        return new Promise(() => {});
      };
    }),
  });
  const carrier = deliver()("d.test");
  const first = carry(carrier, "a@d.test");
  const waits = carrier.carry(testClaim({ recipients: ["b@d.test"] }));
  expect(await first).toEqual(taken);
  await expect.poll(() => isAsked).toBe(true);
  await carrier.close(0);
  expect(await waits).toEqual({ kind: "aborted" });
});

test("what is called back is a domain's own, or one claim of any domain of the site", async () => {
  for (const domain of ["d.test", "e.test"]) zone.zone[`${domain} MX`] = ["10 mx.test"];
  zone.zone["mx.test A"] = ["127.0.0.2"];
  const sink = await sinkAt("127.0.0.2", { behave: slowFirst(() => {}) });
  const carrierOf = deliver();
  const [d, e] = [carrierOf("d.test"), carrierOf("e.test")];
  const first = carry(d, "a@d.test");
  const ofDomain = d.carry(testClaim({ recipients: ["b@d.test"] }));
  const others = ["a@e.test", "b@e.test"].map((path, id) => {
    const claim = testClaim({ recipients: [path] });
    return { ...claim, message: { ...claim.message, id: 70 + id } };
  });
  const [kept, called] = others.map((claim) => e.carry(claim));
  await sink.until(() => sink.commands.length > 2);
  expect([d.recall?.(), d.recall?.(), d.recallShared === e.recallShared]).toEqual([true, false, true]);
  expect(others[1] && d.recallShared?.(others[1])).toBe(true);
  expect([await ofDomain, await called]).toEqual([{ kind: "aborted" }, { kind: "aborted" }]);
  expect([await first, brief(await kept!)]).toEqual([taken, taken]);
  expect(pathsAt(sink)).toEqual(["a@d.test", "a@e.test"]);
});
