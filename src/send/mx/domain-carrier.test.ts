/** The carrier of one domain: when its hosts are looked up, and what its mail comes to without them. */
import { beforeEach, describe, expect, test } from "vitest";
import type { NoHosts } from "../../core/mx/dns-facts.ts";
import type { HostPlan } from "../../core/mx/host-plan.ts";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { SecuredHosts } from "../../core/tls-policy/plan-tls.ts";
import type { DestinationFacts } from "../../core/tls-policy/tls-facts.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { smartHostConnector } from "../../testing/test-settings.ts";
import type { AttemptResult, Carrier } from "../delivery/delivery.ts";
import type { Job, JobResult } from "../delivery/smtp/job/job.ts";
import type { TlsAttempt } from "../delivery/smtp/opening/tls-attempt.ts";
import { createDomainCarrier } from "./domain-carrier.ts";
import type { FoundHosts } from "./mail-hosts.ts";

const keepMs = 60_000;
const hosts: HostPlan = {
  kind: "hosts",
  groups: [[{ name: "mx.test", preference: 10, addresses: ["192.0.2.1"] }]],
  by: "mx",
  skipped: [{ host: "old.test", reason: "no address" }],
  site: "mx.test",
};
const found = (
  result: HostPlan | NoHosts = hosts,
  destination: Partial<DestinationFacts> = {},
): FoundHosts => ({
  result,
  mx: undefined,
  addresses: new Map(),
  destination: { isSecure: false, names: ["d.test"], sts: { kind: "none" }, ...destination },
  dane: new Map(),
  mayHaveDane: false,
  keepMs,
});
const unreachable: JobResult = {
  kind: "unreachable",
  host: "mx.test",
  verdict: { status: "4.4.1", text: "refused", fromPeer: false },
};

let clock: FakeClock;
let now: FoundHosts | Error;
let generation: number;
let did: string[];
let told: [string, object][];
let tried: TlsAttempt[];
let submitted: [SecuredHosts, Job][];
let turnInMs: number;
let answer: JobResult;
let stops: Set<() => void>;

beforeEach(() => {
  clock = createFakeClock();
  [now, generation, did, told, tried, submitted, turnInMs] = [found(), 1, [], [], [], [], 0];
  answer = { kind: "attempted", host: "mx.test", outcomes: [] };
  stops = new Set();
});

function carrierOf(given: Partial<SmtpSendConnector> = {}, isHeard = true): Carrier {
  return createDomainCarrier("d.test", {
    connector: smartHostConnector([], { kind: "dns", name: "Internet", ...given }),
    onTls: (attempt) => void tried.push(attempt),
    hosts: {
      of(domain) {
        did.push(`of ${domain}`);
        return now instanceof Error ? Promise.reject(now) : Promise.resolve(now);
      },
      addresses: () => Promise.reject(new Error("not asked")),
      generation: () => generation,
      forget: (domain, was) => void did.push(`forget ${domain}${was === undefined ? "" : " as found"}`),
    },
    sites: {
      most: 5,
      turnIn: () => turnInMs,
      submit(to, job) {
        submitted.push([to, job]);
        job.resolve(answer);
      },
      resubmit: () => {},
      recall: () => false,
      recallClaim: () => false,
      close: () => Promise.resolve(),
    },
    clock,
    events: { wants: () => isHeard, emit: (name, fields) => void told.push([name, fields]) },
    signer: undefined,
    close: () => Promise.resolve(),
    onAborted(stop) {
      stops.add(stop);
      return () => void stops.delete(stop);
    },
  });
}
const required = () => testClaim({ recipients: ["x@d.test"], envelope: { tls: "required" } });
const looked = (): number => did.filter((one) => one.startsWith("of ")).length;

describe("the hosts are looked up", () => {
  test("with the first message, for all that come at once, and kept for their time", async () => {
    const carrier = carrierOf();
    await Promise.all([carrier.carry(testClaim()), carrier.carry(testClaim())]);
    await clock.advance(keepMs - 1);
    await carrier.carry(testClaim());
    expect([looked(), submitted.length, carrier.concurrency]).toEqual([1, 3, 15]);
    await clock.advance(1);
    await carrier.carry(testClaim());
    expect(looked()).toBe(2);
  });

  test("anew when other name servers are asked", async () => {
    const carrier = carrierOf();
    await carrier.carry(testClaim());
    generation = 2;
    await carrier.carry(testClaim());
    await carrier.carry(testClaim());
    expect(looked()).toBe(2);
  });

  test("anew when none could be reached; what the resolver keeps counts", async () => {
    const carrier = carrierOf();
    answer = unreachable;
    expect(await carrier.carry(testClaim())).toMatchObject({ kind: "unreachable" });
    await carrier.carry(testClaim());
    expect(did).toEqual(["of d.test", "of d.test"]);
  });

  test("anew, and at the name servers, when somebody wants it tried now", async () => {
    const carrier = carrierOf();
    await carrier.carry(testClaim());
    carrier.retryNow?.();
    await carrier.carry(testClaim());
    expect(did).toEqual(["of d.test", "forget d.test as found", "of d.test"]);
    answer = unreachable;
    await carrier.carry(testClaim());
    did = [];
    carrier.retryNow?.();
    await carrier.carry(testClaim());
    await carrier.carry(testClaim());
    expect(did).toEqual(["of d.test", "forget d.test as found", "of d.test", "of d.test"]);
  });

  test("anew behind a fault of ours", async () => {
    const carrier = carrierOf();
    now = new Error("a fault");
    await expect(carrier.carry(testClaim())).rejects.toThrow("a fault");
    now = found();
    await carrier.carry(testClaim());
    expect([submitted.length, stops.size]).toEqual([1, 0]);
  });

  test("until the relay stops", async () => {
    now = found();
    const carrier = carrierOf();
    const waiting = carrier.carry(testClaim());
    expect(stops.size).toBe(1);
    for (const stop of stops) stop();
    expect([await waiting, submitted]).toEqual([{ kind: "aborted" }, []]);
  });
});

describe("without hosts", () => {
  const denied: NoHosts = { kind: "refused", status: "5.1.10", text: "556 5.1.10 it takes no mail" };
  const later: NoHosts = { kind: "later", status: "4.4.3", text: "451 4.4.3 nobody knows" };
  const outcome = (kind: string, { status, text }: NoHosts) => ({
    kind: "attempted",
    host: "",
    outcomes: [{ kind, index: 0, verdict: { status, text, fromPeer: false } }],
  });
  test.each<[string, NoHosts, () => ReturnType<typeof testClaim>, object]>([
    ["that DNS denies: mail is returned", denied, testClaim, outcome("permanent", denied)],
    ["that nobody knows: the queue waits", later, testClaim, { kind: "unreachable", host: "d.test" }],
    ["what demands more for itself waits alone", later, required, outcome("transient", later)],
  ])("%s", async (_, result, claim, expected) => {
    now = found(result);
    expect(await carrierOf().carry(claim())).toMatchObject(expected);
    expect(submitted).toEqual([]);
  });
});

test("a message that has to wait for its site's pace says until when", async () => {
  turnInMs = 7_000;
  expect(await carrierOf().carry(testClaim())).toEqual({
    kind: "throttled",
    host: "d.test",
    verdict: { status: "4.3.2", text: "waits for its turn: siteMessageRateLimit", fromPeer: false },
    retryAfterMs: 7_000,
  });
  expect(submitted).toEqual([]);
});

describe("what a message demands of TLS for itself", () => {
  const carryBoth = async (given: Partial<SmtpSendConnector>): Promise<AttemptResult[]> => {
    const carrier = carrierOf(given);
    answer = unreachable;
    return [await carrier.carry(required()), await carrier.carry(testClaim())];
  };

  test("keeps it alone from going where nobody fulfils it", async () => {
    const [own, others] = await carryBoth({ requireTlsPolicy: "opportunisticStartTls" });
    expect(own).toMatchObject({
      kind: "attempted",
      outcomes: [{ kind: "transient", verdict: unreachable.verdict }],
    });
    expect(others).toEqual(unreachable);
    const [first, second] = submitted;
    expect(first?.[0].key === second?.[0].key).toBe(false);
  });

  test("is the queue's failure where all mail demands the same", async () => {
    const [own] = await carryBoth({ requireTlsPolicy: "opportunisticStartTls", requireTls: true });
    expect(own).toEqual(unreachable);
    const [ignored] = await carryBoth({ requireTlsPolicy: "opportunistic" });
    expect(ignored).toEqual(unreachable);
  });

  test("is planned once as long as one follows another of its kind", async () => {
    const carrier = carrierOf();
    for (let n = 0; n < 3; n++) await carrier.carry(testClaim());
    const [first, ...others] = submitted.map(([to]) => to);
    expect(others.every((one) => one === first)).toBe(true);
  });
});

describe("hosts that are left out are told", () => {
  const sts = { kind: "policy", mode: "enforce", mx: ["other.test"] } as const;

  test("with each look-up, where somebody listens", async () => {
    const carrier = carrierOf();
    await carrier.carry(testClaim());
    await carrier.carry(testClaim());
    expect(told).toEqual([
      [
        "MailHostSkipped",
        { connector: "Internet", domain: "d.test", host: "old.test", reason: "no address" },
      ],
    ]);
    told = [];
    await carrierOf({}, false).carry(testClaim());
    expect(told).toEqual([]);
  });

  test("for what their policy says, also to reports", async () => {
    now = found(hosts, { sts });
    expect(await carrierOf({ mtaSts: "enforce" }).carry(testClaim())).toMatchObject({
      kind: "unreachable",
      verdict: { status: "4.7.5" },
    });
    expect(told.map(([, fields]) => fields)).toMatchObject([{ host: "old.test" }, { host: "mx.test" }]);
    expect(tried).toMatchObject([
      {
        connector: "Internet",
        domain: "d.test",
        host: "mx.test",
        address: "",
        localAddress: "",
        level: "sts",
        isSecured: false,
        outcomes: [{ policy: "sts" }],
      },
    ]);
    now = found({ ...hosts, groups: [...hosts.groups] }, { sts });
    tried = [];
    await carrierOf({ mtaSts: "enforce" }, false).carry(testClaim());
    expect(tried).toHaveLength(1);
  });

  test("by TLSA records that cannot be found out", async () => {
    const dane = new Map([["mx.test", { kind: "unknown", detail: "servfail" } as const]]);
    now = { ...found(hosts, { isSecure: true }), dane };
    await carrierOf({ daneEnabled: true }).carry(testClaim());
    expect(tried).toMatchObject([{ host: "mx.test", level: "dane", outcomes: [{ policy: "tlsa" }] }]);
  });
});

test("what the domain demands is the most as long as it is not known, and what was found when it was let go", async () => {
  const carrier = carrierOf({ mtaSts: "enforce" });
  expect(carrier.demandedTls?.()).toBe("named");
  await carrier.carry(testClaim());
  expect(carrier.demandedTls?.()).toBe("clear");
  answer = unreachable;
  await carrier.carry(testClaim());
  expect(carrier.demandedTls?.()).toBe("clear");
  expect(carrierOf().demandedTls?.()).toBe("clear");
});
