/** In which order addresses are tried, for how long each, and which failure is told. Nobody is there: hosts that answer are tried in journeys. */
import { beforeEach, describe, expect, test } from "vitest";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import type { Ports } from "../../../../ports/ports.ts";
import { createFakeClock, type FakeClock } from "../../../../testing/fake-clock.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { smartHostConnector } from "../../../../testing/test-settings.ts";
import { createJob } from "../job/job.ts";
import { avoidHungMs, avoidRefusedMs, createPeerMemory, type Peer, type PeerMemory } from "../peer/peer.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import { noCapabilities } from "../wire/ehlo-capabilities.ts";
import { timeouts } from "../wire/timeouts.ts";
import { connectToAny, type Dialled } from "./connect-to-any.ts";
import { tlsBySettings, type OpeningContext } from "./open-connection.ts";

/** By host: its addresses, or why it has none. */
type Names = Readonly<Record<string, readonly string[] | Error>>;

let clock: FakeClock;
let memory: PeerMemory;
/** Addresses that hang; all others refuse. */
let hanging: Set<string>;
/** `address at s`. */
let dialled: string[];
let stop: AbortController;

beforeEach(() => {
  clock = createFakeClock(0);
  memory = createPeerMemory();
  hanging = new Set();
  dialled = [];
  stop = new AbortController();
});
const peerOf = (host: string, address: string): Peer => memory.peer(memory.host({ host, port: 25 }), address);

function connect(
  names: Names,
  {
    connector: given = {},
    context = {},
    wanted = () => true,
    job,
  }: {
    readonly connector?: Partial<SmtpSendConnector>;
    readonly context?: Partial<OpeningContext>;
    readonly wanted?: (peer: Peer) => boolean;
    readonly job?: ReturnType<typeof createJob>;
  } = {},
): Promise<Dialled> {
  const connector = smartHostConnector([], given);
  const dial: Ports["dial"] = ({ address, signal }) => {
    dialled.push(`${address} at ${clock.now() / 1000}`);
    if (!hanging.has(address)) return Promise.reject(Object.assign(new Error(), { code: "ECONNREFUSED" }));
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("given up"))));
  };
  const addresses = (host: string): Promise<readonly string[]> => {
    const found = names[host] ?? [];
    return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
  };
  const hosts = Object.keys(names).map((host) => memory.host({ host, port: 25 }));
  return connectToAny(
    hosts,
    wanted,
    job,
    {
      connector,
      ports: { clock, random: () => 0, dial, dns: { addresses } },
      events: { wants: () => false, emit: () => {} },
      memory,
      transcript: undefined,
      logOn: undefined,
      signer: undefined,
      nextSession: () => 1,
      ...context,
    },
    stop.signal,
  );
}
const order = (): string => dialled.map((one) => one.split(" ")[0]).join(" ");
const three = { "a.test": ["192.0.2.1", "192.0.2.2"], "b.test": ["192.0.2.3"] };

describe("addresses that refuse", () => {
  test("are tried one behind the other, host by host; the last one's failure is told", async () => {
    expect(await connect(three)).toMatchObject({
      kind: "failed",
      host: "b.test",
      error: { code: "connect", message: "cannot connect to 192.0.2.3:25: connection refused" },
    });
    expect(order()).toBe("192.0.2.1 192.0.2.2 192.0.2.3");
    expect(peerOf("a.test", "192.0.2.1").avoidUntil).toBe(avoidRefusedMs);
  });

  test("lately come behind all others", async () => {
    peerOf("a.test", "192.0.2.1").avoidUntil = 20;
    peerOf("a.test", "192.0.2.2").avoidUntil = 10;
    await connect(three);
    expect(order()).toBe("192.0.2.3 192.0.2.2 192.0.2.1");
  });

  test("are left out that are not wanted; nobody may be left", async () => {
    await connect(three, { wanted: ({ address }) => address !== "192.0.2.2" });
    expect(order()).toBe("192.0.2.1 192.0.2.3");
    expect(await connect(three, { wanted: () => false })).toEqual({
      kind: "failed",
      host: "a.test",
      error: undefined,
    });
  });

  test("come last that could not take the message", async () => {
    peerOf("a.test", "192.0.2.1").capabilities = { ...noCapabilities, sizeLimitBytes: 1 };
    peerOf("a.test", "192.0.2.2").capabilities = { ...noCapabilities, sizeLimitBytes: Infinity };
    const job = createJob(testClaim(), () => undefined);
    await connect(three, { job });
    expect(order()).toBe("192.0.2.2 192.0.2.3 192.0.2.1");
    dialled = [];
    const eight = createJob(testClaim({ facts: { eightBit: true } }), () => undefined);
    for (const { address } of [{ address: "192.0.2.1" }, { address: "192.0.2.2" }])
      peerOf("a.test", address).avoidUntil = 0;
    peerOf("b.test", "192.0.2.3").avoidUntil = 0;
    peerOf("a.test", "192.0.2.1").capabilities = { ...noCapabilities, eightBitMime: true };
    await connect(three, { job: eight });
    expect(order()).toBe("192.0.2.1 192.0.2.3 192.0.2.2");
  });
});

describe("names", () => {
  test("that cannot be resolved are passed over", async () => {
    await connect({ "down.test": new Error("no answer"), ...three });
    expect(order()).toBe("192.0.2.1 192.0.2.2 192.0.2.3");
    expect(await connect({ "down.test": new Error("no answer") })).toMatchObject({
      kind: "failed",
      host: "down.test",
      error: { code: "resolve", message: "cannot resolve down.test: no answer" },
    });
  });

  test("without an address, or without one of the family that connections come from, are told", async () => {
    expect(await connect({ "none.test": [] })).toMatchObject({
      error: { code: "resolve", message: "none.test has no address" },
    });
    const source = { connector: { sourceIpAddress: "2001:db8::1" } };
    expect(await connect({ "four.test": ["192.0.2.1"] }, source)).toMatchObject({
      error: { message: "four.test has no address of the family of sourceIpAddress 2001:db8::1" },
    });
    await connect({ "both.test": ["192.0.2.1", "2001:db8::2"] }, source);
    expect(order()).toBe("2001:db8::2");
  });
});

describe("one that hangs", () => {
  test("is left for the others after twenty seconds, and waited for in full when they have failed", async () => {
    hanging.add("192.0.2.1");
    const connecting = connect(three);
    await clock.advance(timeouts.slowOpeningMs);
    expect(dialled).toEqual(["192.0.2.1 at 0", "192.0.2.2 at 20", "192.0.2.3 at 20", "192.0.2.1 at 20"]);
    expect(peerOf("a.test", "192.0.2.1").avoidUntil).toBe(timeouts.slowOpeningMs + avoidHungMs);
    await clock.advance(timeouts.connectMs);
    expect(await connecting).toMatchObject({ host: "a.test", error: { code: "timeout" } });
    expect(clock.pendingTimers).toBe(0);
  });

  test("is waited for in full where it is the only one, or the last", async () => {
    hanging.add("192.0.2.3");
    const connecting = connect(three);
    await clock.advance(timeouts.connectMs - 1);
    expect(dialled).toHaveLength(3);
    await clock.advance(1);
    expect(await connecting).toMatchObject({
      host: "b.test",
      error: { message: "connecting to 192.0.2.3:25 took longer than 30 s" },
    });
  });

  test("is not waited for when the relay stops", async () => {
    hanging.add("192.0.2.1");
    const connecting = connect(three);
    await clock.advance(5_000);
    stop.abort();
    expect(await connecting).toEqual({ kind: "aborted" });
    expect([dialled.length, clock.pendingTimers]).toEqual([1, 0]);
    expect(peerOf("a.test", "192.0.2.1").avoidUntil).toBe(0);
  });
});

describe("by MX record", () => {
  const many = { "mx.test": Array.from({ length: 8 }, (_, n) => `192.0.2.${n}`) };
  const limited = { connector: { kind: "dns", mxAddressLimit: 4 } as const };

  test("half of as many as are tried go by their order, the others are those that failed longest ago", async () => {
    for (let n = 2; n < 8; n++) peerOf("mx.test", `192.0.2.${n}`).avoidUntil = -n;
    await connect(many, limited);
    expect(order()).toBe("192.0.2.0 192.0.2.1 192.0.2.6 192.0.2.7");
  });

  test("those that failed lately have what is left", async () => {
    for (let n = 1; n < 8; n++) peerOf("mx.test", `192.0.2.${n}`).avoidUntil = 100 - n;
    await connect(many, limited);
    expect(order()).toBe("192.0.2.0 192.0.2.7 192.0.2.6 192.0.2.5");
  });

  test("of smart hosts, which are few, all are tried", async () => {
    await connect(many, { connector: { mxAddressLimit: 4 } });
    expect(dialled).toHaveLength(8);
  });
});

describe("a failure", () => {
  const barred = (reason: string) =>
    ({ kind: "barred", isPermanent: false, status: "4.7.5", reason, outcomes: [] }) as const;

  test("of TLS is told though another comes behind it", async () => {
    const tlsOf: OpeningContext["tlsOf"] = ({ name }) =>
      name === "a.test" ? barred("it offers no TLS") : tlsBySettings(smartHostConnector([]), name);
    expect(await connect(three, { context: { tlsOf } })).toMatchObject({
      host: "a.test",
      error: { code: "tls", message: "it offers no TLS" },
    });
    const second: OpeningContext["tlsOf"] = ({ name }) => barred(`not ${name}`);
    expect(await connect(three, { context: { tlsOf: second } })).toMatchObject({
      error: { message: "not b.test" },
    });
  });

  test("to log on is no fault of the address: no other is asked", async () => {
    const hold = { kind: "hold", scope: "queue", retryAfterMs: 1, advice: "", tellFrom: 1 } as const;
    const tlsOf: OpeningContext["tlsOf"] = () => {
      throw new SmtpClientError("authentication", "no token", { hold });
    };
    expect(await connect(three, { context: { tlsOf } })).toMatchObject({
      kind: "failed",
      host: "a.test",
      error: { hold },
    });
    expect(peerOf("a.test", "192.0.2.1").avoidUntil).toBe(0);
  });
});
