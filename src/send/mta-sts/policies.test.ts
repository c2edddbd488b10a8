/** Policies from DNS and an HTTPS host of our own: vectors S5 to S8, S10 to S12. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { openKeptValues, type KeptValues } from "../../spool/store/kept-values.ts";
import { zoneResolver, type ZoneResolver } from "../../testing/dns-zone.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { policyText, startPolicyHost, type PolicyHost } from "../../testing/policy-host.ts";
import { testCertificate } from "../../testing/test-certificate.ts";
import { createPolicyFetch, longestPolicyBytes, type PolicyTrust } from "./fetch-policy.ts";
import { createMtaStsPolicies, type MtaStsPolicies } from "./policies.ts";
import { createPolicyStore } from "./policy-store.ts";
import { isPublicAddress } from "../../core/policy/public-address.ts";
import type { KeptPolicy } from "../../core/mta-sts/kept-policy.ts";
import { readPolicy, type MtaStsPolicy } from "../../core/mta-sts/policy.ts";

/** Nobody answers there. */
const silent = "192.0.2.2";
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const enforce = policyText("mode: enforce", "mx: mx.d.test", "max_age: 604800");

let right: { key: string; cert: string };
let other: { key: string; cert: string };
let untrusted: { key: string; cert: string };
/** The same at each test: what is trusted beside them takes a while to be read. */
let certificates: readonly string[];
let host: PolicyHost;
let directory: string;
beforeAll(async () => {
  [right, other, untrusted] = (await Promise.all(
    ["mta-sts.d.test", "www.d.test", "mta-sts.d.test"].map((name) => testCertificate(name)),
  )) as [typeof right, typeof right, typeof right];
  certificates = [right.cert, other.cert];
  host = await startPolicyHost(right);
  directory = mkdtempSync(join(tmpdir(), "weir-mta-sts-"));
});
afterAll(async () => {
  await host.close();
  rmSync(directory, { recursive: true });
});

let clock: FakeClock;
let resolver: ZoneResolver;
let trust: PolicyTrust;
let policies: MtaStsPolicies;
let failures: string[];
let told: string[];
let values: KeptValues | undefined;
/** In place of the disk, where it makes no difference. */
let memory: KeptValues | undefined;
let isBroken = false;

function open(): void {
  const store = createPolicyStore(
    async () => {
      if (isBroken) throw new Error("the disk fails");
      return (values = memory ?? (await openKeptValues(directory)));
    },
    clock,
    (fault) => failures.push(String(fault)),
  );
  policies = createMtaStsPolicies({
    resolver,
    clock,
    store,
    fetch: createPolicyFetch({
      resolver,
      dial: (target) => (target.address === silent ? new Promise(() => {}) : host.dial(target)),
      clock,
      trust: () => trust,
    }),
    onFailure: (domain, result) => failures.push(`${domain} ${result}`),
    onPolicy: (domain, now, before) => told.push(`${domain} ${before?.policy.mode ?? ""}>${now.policy.mode}`),
  });
}

function memoryValues(): KeptValues {
  const kept = new Map<string, Buffer>();
  return {
    get: (key) => kept.get(key),
    keys: (prefix) => [...kept.keys()].filter((key) => key.startsWith(prefix)),
    async write(written) {
      for (const { key, value } of written) {
        if (value === undefined) kept.delete(key);
        else kept.set(key, value);
      }
      await Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

async function close(): Promise<void> {
  await policies.close();
  await values?.close();
  values = undefined;
}

beforeEach(() => {
  clock = createFakeClock();
  resolver = zoneResolver({
    "_mta-sts.d.test TXT": ["v=STSv1; id=1;"],
    "mta-sts.d.test A": ["192.0.2.1"],
  });
  trust = { certificates, allowPrivateAddresses: true };
  host.answer = enforce;
  host.show(right);
  failures = [];
  told = [];
  memory = memoryValues();
  open();
});
afterEach(close);

/** What holds, and how often the host was asked for it. */
async function met(): Promise<string> {
  const before = host.asked.length;
  const { kind, policy } = await policies.of("d.test");
  return `${kind}${policy === undefined ? "" : ` ${policy.policy.mode}`}, asked ${host.asked.length - before}`;
}
const restart = async (): Promise<void> => {
  await close();
  open();
};
const long = "x".repeat(8000);
const notFound: PolicyHost["answer"] = (_, response) => response.writeHead(404).end();

test("a policy is fetched once, also for many who ask at once", async () => {
  const before = host.asked.length;
  const found = await Promise.all([1, 2, 3].map(() => policies.of("d.test")));
  expect(found.map(({ policy }) => policy?.policy.mx)).toEqual([["mx.d.test"], ["mx.d.test"], ["mx.d.test"]]);
  expect(host.asked.slice(before)).toEqual(["mta-sts.d.test /.well-known/mta-sts.txt"]);
  expect(await met()).toBe("policy enforce, asked 0");
  expect(told).toEqual(["d.test >enforce"]);
});

describe("what is no policy (S6, S8)", () => {
  it.each<[string, PolicyHost["answer"], string]>([
    [
      "a redirect",
      (_, response) => response.writeHead(301, { location: "/x" }).end(),
      "sts-policy-fetch-error",
    ],
    ["not found", notFound, "sts-policy-fetch-error"],
    ["a fault of the host", (_, response) => response.writeHead(500).end(enforce), "sts-policy-fetch-error"],
    ["204", (_, response) => response.writeHead(204).end(), "sts-policy-fetch-error"],
    ["too much", enforce.padEnd(longestPolicyBytes + 1, "x"), "sts-policy-fetch-error"],
    ["a broken answer", (request) => void request.socket.destroy(), "sts-policy-fetch-error"],
    [
      "half an answer",
      (_, response) => {
        response.writeHead(200, { "content-length": "9999" });
        response.write(enforce, () => response.destroy());
      },
      "sts-policy-fetch-error",
    ],
    [
      "an answer that ends with the connection, wherever that is",
      (request) => {
        request.socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${enforce.slice(0, -4)}`);
        request.socket.end();
      },
      "sts-policy-fetch-error",
    ],
    [
      "another protocol",
      ({ socket }) =>
        socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
      "sts-policy-fetch-error",
    ],
    [
      "informational answers and no end of them",
      ({ socket }) => socket.write(`HTTP/1.1 103 Early Hints\r\nLink: ${long}\r\n\r\n`.repeat(64)),
      "sts-policy-fetch-error",
    ],
    [
      "chunks that are little and carry much",
      ({ socket }) =>
        socket.write(
          `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${`1;${long}\r\nx\r\n`.repeat(64)}`,
        ),
      "sts-policy-fetch-error",
    ],
    ["a page", "<html></html>", "sts-policy-invalid"],
    ["without mx", policyText("mode: enforce", "max_age: 1"), "sts-policy-invalid"],
  ])("%s: mail goes as without, and the host is left alone for five minutes", async (_, answer, result) => {
    host.answer = answer;
    expect(await met()).toMatch(/^unknown, asked 1/);
    expect(failures).toEqual([`d.test ${result}`]);
    host.answer = enforce;
    expect(await met()).toBe("unknown, asked 0");
    await clock.advance(5 * minute);
    expect(await met()).toBe("policy enforce, asked 1");
  });

  it.each<[string, () => { key: string; cert: string }]>([
    ["for another name", () => other],
    ["of an issuer that is not trusted", () => untrusted],
  ])("a certificate %s", async (_, shown) => {
    host.show(shown());
    expect(await met()).toBe("unknown, asked 0");
    expect(failures).toEqual(["d.test sts-webpki-invalid"]);
  });

  it("one that takes longer than a minute", async () => {
    const reached = new Promise<void>((resolve) => {
      host.answer = () => resolve();
    });
    const waiting = policies.of("d.test");
    await reached;
    await clock.advance(minute);
    expect((await waiting).reason).toContain("within 60 s");
    expect(failures).toEqual(["d.test sts-policy-fetch-error"]);
  });

  it.each<[string, readonly string[] | "servfail" | undefined, string]>([
    ["two records", ["v=STSv1; id=1", "v=STSv1; id=2"], "none, asked 0"],
    ["no record", undefined, "none, asked 0"],
    ["nobody knows", "servfail", "unknown, asked 0"],
  ])("%s", async (_, records, expected) => {
    if (records === undefined) delete resolver.zone["_mta-sts.d.test TXT"];
    else resolver.zone["_mta-sts.d.test TXT"] = records;
    expect(await met()).toBe(expected);
    expect(failures).toEqual([]);
  });
});

it("may come in pieces, each with its length", async () => {
  host.answer = (_, response) => {
    response.writeHead(200);
    response.write(enforce.slice(0, 9));
    response.end(enforce.slice(9));
  };
  expect(await met()).toBe("policy enforce, asked 1");
});

describe("a policy in force", () => {
  beforeEach(async () => void (await met()));

  it.each<[string, () => void]>([
    ["its record is gone (S7)", () => delete resolver.zone["_mta-sts.d.test TXT"]],
    ["DNS fails (S7)", () => void (resolver.zone["_mta-sts.d.test TXT"] = "timeout")],
    ["its record is broken", () => void (resolver.zone["_mta-sts.d.test TXT"] = ["v=STSv1;"])],
  ])("stays when %s", async (_, change) => {
    change();
    expect(await met()).toBe("policy enforce, asked 0");
  });

  it("stays when the id changes and it cannot be fetched; it is tried again later (S6, S7)", async () => {
    resolver.zone["_mta-sts.d.test TXT"] = ["v=STSv1; id=2;"];
    host.answer = notFound;
    expect(await met()).toBe("policy enforce, asked 1");
    expect(await met()).toBe("policy enforce, asked 0");
    host.answer = policyText("mode: testing", "mx: mx.d.test", "max_age: 604800");
    await clock.advance(5 * minute);
    expect(await met()).toBe("policy testing, asked 1");
    expect(told).toEqual(["d.test >enforce", "d.test enforce>testing"]);
  });

  it("stays over a restart with the host down (S11), to its end and no longer", async () => {
    memory = undefined;
    await restart();
    await met();
    await restart();
    host.answer = notFound;
    host.show(untrusted);
    expect(await met()).toBe("policy enforce, asked 0");
    await restart();
    await clock.advance(7 * day - 1);
    delete resolver.zone["_mta-sts.d.test TXT"];
    expect(await met()).toMatch("policy enforce");
    await clock.settle();
    await clock.advance(1);
    expect(await met()).toBe("none, asked 0");
    await restart();
    expect(await met()).toBe("none, asked 0");
  });

  it("is not lengthened by a clock that is set back", async () => {
    await close();
    clock = createFakeClock(clock.now() - 300 * day);
    resolver.zone["_mta-sts.d.test TXT"] = [];
    open();
    expect(await met()).toBe("policy enforce, asked 0");
    await clock.advance(7 * day);
    expect(await met()).toBe("none, asked 0");
  });

  it("is looked at anew each day by whoever asks, who does not wait, and by itself", async () => {
    host.answer = policyText("mode: testing", "mx: mx.d.test", "max_age: 604800");
    await clock.advance(day);
    expect(await met()).toMatch("policy enforce");
    await expect.poll(() => told.length).toBe(2);
    expect(await met()).toBe("policy testing, asked 0");
    host.answer = enforce;
    await clock.advance(hour);
    await policies.keepFresh();
    expect(told).toHaveLength(2);
    await clock.advance(day);
    await policies.keepFresh();
    expect(told.at(-1)).toBe("d.test testing>enforce");
  });

  it("ends with a policy of mode none, and with one of max_age 0 (S10)", async () => {
    host.answer = policyText("mode: none", "max_age: 86400");
    resolver.zone["_mta-sts.d.test TXT"] = ["v=STSv1; id=2;"];
    expect(await met()).toBe("none, asked 1");
    expect(await met()).toBe("none, asked 0");
    host.answer = policyText("mode: enforce", "mx: mx.d.test", "max_age: 0");
    resolver.zone["_mta-sts.d.test TXT"] = ["v=STSv1; id=3;"];
    expect(await met()).toBe("policy enforce, asked 1");
    delete resolver.zone["_mta-sts.d.test TXT"];
    await clock.advance(10_000);
    expect(await met()).toBe("none, asked 0");
    await restart();
    expect(await met()).toBe("none, asked 0");
  });

  it("is fetched when somebody says so, whatever is kept", async () => {
    host.answer = policyText("mode: none", "max_age: 86400");
    expect((await policies.refreshed("d.test")).kind).toBe("none");
    expect(resolver.forgotten).toContain("_mta-sts.d.test");
  });
});

describe("the host's addresses (S12)", () => {
  it.each<[string, boolean]>([
    ["127.0.0.1", false],
    ["10.1.2.3", false],
    ["172.16.0.1", false],
    ["192.168.1.1", false],
    ["169.254.169.254", false],
    ["100.64.0.1", false],
    ["0.0.0.0", false],
    ["224.0.0.1", false],
    ["255.255.255.255", false],
    ["::1", false],
    ["::", false],
    ["fe80::1", false],
    ["fd00::1", false],
    ["::ffff:127.0.0.1", false],
    ["64:ff9b::7f00:1", false],
    ["::10.0.0.1", false],
    ["fec0::1", false],
    ["64:ff9b:1::a00:1", false],
    ["mta-sts.d.test", false],
    ["93.184.216.34", true],
    ["::ffff:93.184.216.34", true],
    ["64:ff9b::5db8:d822", true],
    ["2606:2800:220:1::1", true],
  ])("%s is public: %s", (address, expected) => expect(isPublicAddress(address)).toBe(expected));

  it.each(["127.0.0.1", "169.254.1.1", "::1"])("%s is not connected to, unless allowed", async (address) => {
    resolver.zone = {
      "_mta-sts.d.test TXT": ["v=STSv1; id=1;"],
      [`mta-sts.d.test ${address.includes(":") ? "AAAA" : "A"}`]: [address],
    };
    trust = { ...trust, allowPrivateAddresses: false };
    const before = host.dialled.length;
    expect((await policies.of("d.test")).reason).toContain("has no public address");
    expect(host.dialled).toHaveLength(before);
    trust = { ...trust, allowPrivateAddresses: true };
    policies.forget("d.test");
    expect((await policies.of("d.test")).kind).toBe("policy");
    expect(host.dialled.slice(before)).toEqual([address]);
  });

  it("are those that are public", async () => {
    resolver.zone["mta-sts.d.test A"] = ["10.0.0.1", "93.184.216.34"];
    trust = { ...trust, allowPrivateAddresses: false };
    const before = host.dialled.length;
    expect((await policies.of("d.test")).kind).toBe("policy");
    expect(host.dialled.slice(before)).toEqual(["93.184.216.34"]);
  });

  it("may be none", async () => {
    delete resolver.zone["mta-sts.d.test A"];
    expect((await policies.of("d.test")).reason).toBe("mta-sts.d.test has no address");
  });
});

test("a disk that fails takes no policy away, but for the next restart", async () => {
  isBroken = true;
  expect(await met()).toBe("policy enforce, asked 1");
  delete resolver.zone["_mta-sts.d.test TXT"];
  expect(await met()).toBe("policy enforce, asked 0");
  expect(new Set(failures)).toEqual(new Set(["Error: the disk fails"]));
  isBroken = false;
  await restart();
  expect(await met()).toBe("none, asked 0");
});

test("a host that hangs holds up no other domain", async () => {
  resolver.zone["_mta-sts.slow.test TXT"] = ["v=STSv1; id=1;"];
  resolver.zone["mta-sts.slow.test A"] = [silent];
  const slow = policies.of("slow.test");
  host.answer = enforce;
  expect((await policies.of("d.test")).kind).toBe("policy");
  await clock.advance(minute);
  expect((await slow).kind).toBe("unknown");
});

describe("where several nodes share what one of them fetched", () => {
  const read = readPolicy(enforce);
  const policy = read.kind === "policy" ? read.policy : undefined;
  /** Which of another node's policies would do for this one. */
  async function wantedBy(
    ask: (own: MtaStsPolicies) => Promise<unknown>,
    before?: { readonly id: string; readonly fetchedAt: number },
  ): Promise<(id: string, fetchedAt: number, until?: number) => boolean> {
    const stored = new Map<string, KeptPolicy>();
    const kept = (id: string, fetchedAt: number, until = clock.now() + day): KeptPolicy => ({
      policy: policy as MtaStsPolicy,
      id,
      fetchedAt,
      until,
    });
    if (before !== undefined) stored.set("d.test", kept(before.id, before.fetchedAt));
    let wanted: ((theirs: KeptPolicy) => boolean) | undefined;
    await ask(
      createMtaStsPolicies({
        resolver,
        clock,
        store: {
          get: (domain) => Promise.resolve(stored.get(domain)),
          peek: (domain) => stored.get(domain),
          set: (domain, one) => void stored.set(domain, one),
          settle: () => Promise.resolve(),
          close: () => Promise.resolve(),
        },
        fetch: () => Promise.reject(new Error("another node does")),
        sharedFetch(domain, isWanted) {
          wanted = isWanted;
          return Promise.resolve({ kind: "failed", result: "sts-policy-fetch-error", reason: domain });
        },
        onFailure: () => {},
        onPolicy: () => {},
      }),
    );
    return (id, fetchedAt, until) => wanted?.(kept(id, fetchedAt, until)) === true;
  }

  it("one with the record's id, that is in force, will do", async () => {
    const isWanted = await wantedBy((own) => own.of("d.test"));
    const now = clock.now();
    expect([isWanted("1", now - hour), isWanted("2", now - hour), isWanted("1", now, now)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("one that is no newer than what is known here will not", async () => {
    const known = { id: "0", fetchedAt: clock.now() - hour };
    const isWanted = await wantedBy((own) => own.of("d.test"), known);
    expect([isWanted("1", known.fetchedAt), isWanted("1", known.fetchedAt + 1)]).toEqual([false, true]);
  });

  it("where somebody wants it anew, only one that is fetched from now on", async () => {
    const known = { id: "1", fetchedAt: clock.now() - hour };
    const isWanted = await wantedBy((own) => own.refreshed("d.test"), known);
    expect([isWanted("1", clock.now()), isWanted("1", clock.now() + 1)]).toEqual([false, true]);
  });
});
