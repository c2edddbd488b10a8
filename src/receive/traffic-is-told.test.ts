/** What the doors tell the traffic record, in order. */
import { expect, test } from "vitest";
import type { ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import { refused } from "../core/refusals/refusal.ts";
import { createFakeClock } from "../testing/fake-clock.ts";
import { createTestSubmissions } from "../testing/test-submissions.ts";
import { receiveConnector } from "../testing/test-settings.ts";
import type { Traffic } from "../traffic/traffic.ts";
import { createDoor, type Admission, type Arrival } from "./admission/admission.ts";
import { createMemoryLedger } from "./admission/memory-ledger.ts";
import { createRefusals } from "./admission/refusals.ts";
import { createLimitUsage } from "./admission/usage.ts";

function tellingTraffic(): { readonly traffic: Traffic; readonly told: readonly (readonly unknown[])[] } {
  const told: (readonly unknown[])[] = [];
  let connection = 0;
  const traffic = new Proxy({} as Traffic, {
    get:
      (_, name: string) =>
      (first: unknown, ...rest: readonly unknown[]) => {
        const shown = typeof first === "object" ? Object.values(first as object).join(" ") : first;
        told.push([name, shown, ...rest]);
        return name === "admitted" || name === "held" ? ++connection : undefined;
      },
  });
  return { traffic, told };
}

const local = { address: "127.0.0.1", port: 25 };
const from = (remoteAddress: string): Arrival => ({ local, remoteAddress });

function standAtDoor(given: Partial<ReceiveConnectorSettings>, isSuspended = false) {
  const clock = createFakeClock();
  const { traffic, told } = tellingTraffic();
  const usage = createLimitUsage({ clock });
  const events = { wants: () => false, emit: () => undefined };
  const door = createDoor({
    ledger: createMemoryLedger(clock),
    clock,
    refusals: createRefusals({ clock, events, usage, applications: () => [] }),
    usage,
    traffic,
    isSuspended: () => isSuspended,
  });
  const settings = {
    receiveConnectors: [receiveConnector({ name: "In", bindings: [local], ...given })],
    maxConnectionRatePerMinute: 3,
    ipv6SourcePrefixLength: 64,
  };
  return { door, told, arrive: (address: string) => door.admit(from(address), settings) };
}
const leave = (admission: Admission): void => {
  if (admission.kind === "admitted") admission.admitted.lease.end();
};

test("who came in and left, whom a limit turned away, and by which", async () => {
  const { arrive, told } = standAtDoor({ maxInboundConnectionPerSource: 1 });
  const first = await arrive("127.0.0.1");
  await arrive("127.0.0.1");
  leave(first);
  await arrive("127.0.0.1");
  await arrive("127.0.0.1");
  expect(told).toEqual([
    ["admitted", "In 127.0.0.1 127.0.0.1 SMTP"],
    ["turnedAway", "In 127.0.0.1 127.0.0.1 SMTP", "connectionLimitPerSource"],
    ["left", 1],
    ["admitted", "In 127.0.0.1 127.0.0.1 SMTP"],
    ["turnedAway", "In 127.0.0.1 127.0.0.1 SMTP", "connectionRate"],
  ]);
});

test("whom no connector is for, or comes while no mail is taken", async () => {
  const none = standAtDoor({ bindings: [{ address: "127.0.0.2", port: 25 }] });
  await none.arrive("127.0.0.1");
  expect(none.told).toEqual([["turnedAway", " 127.0.0.1 127.0.0.1 SMTP", "noConnector"]]);
  const suspended = standAtDoor({}, true);
  await suspended.arrive("127.0.0.1");
  expect(suspended.told).toEqual([["turnedAway", "In 127.0.0.1 127.0.0.1 SMTP", "serviceSuspended"]]);
});

test("who waits for a place, gets it, is refused, or leaves", async () => {
  const { door, arrive, told } = standAtDoor({ maxInboundConnection: 1, limitAction: "delay" });
  const first = await arrive("127.0.0.1");
  const [second, third] = [await arrive("127.0.0.1"), await arrive("127.0.0.1")];
  if (second.kind !== "held" || third.kind !== "held") throw new Error("they wait");
  await door.enter(second.held);
  leave(first);
  await door.enter(second.held);
  door.refuse(third.held);
  expect(told.slice(1)).toEqual([
    ["held", "In 127.0.0.1 127.0.0.1 SMTP", "connectionLimit"],
    ["held", "In 127.0.0.1 127.0.0.1 SMTP", "connectionLimit"],
    ["left", 1],
    ["resumed", 2],
    ["refused", 3, "connectionLimit"],
    ["left", 3],
  ]);
});

test("a submission of another door is a connection of its own, with what became of it", async () => {
  const { traffic, told } = tellingTraffic();
  const it = createTestSubmissions({ name: "Web", messageRateLimit: 1 }, {}, [], traffic);
  const envelope = {
    mailFrom: "a@s.test",
    recipients: [{ address: "b@d.test" }, { address: "c@d.test" }],
    body: "8BITMIME",
  } as const;
  const submit = () => it.submissions.submit(it.submitter, envelope, [Buffer.from("x: y\r\n\r\n")]);
  await submit();
  await submit();
  const sizeBytes = told.find(([name]) => name === "kept")?.[3];
  expect(sizeBytes).toBeGreaterThan(8);
  expect(told).toEqual([
    ["admitted", "Web 127.0.0.1 127.0.0.1 HTTP"],
    ["described", 1, "", "", "", "", ""],
    ["message", 1],
    ["kept", 1, 2, sizeBytes],
    ["left", 1],
    ["admitted", "Web 127.0.0.1 127.0.0.1 HTTP"],
    ["described", 2, "", "", "", "", ""],
    ["message", 2],
    ["refused", 2, refused("messageRate").refused],
    ["left", 2],
  ]);
});

test("a message that waits for its minute", async () => {
  const { traffic, told } = tellingTraffic();
  const it = createTestSubmissions(
    { messageRateLimit: 1, limitAction: "delay", limitDelay: 300_000 },
    {},
    [],
    traffic,
  );
  const envelope = { mailFrom: "a@s.test", recipients: [{ address: "b@d.test" }], body: "8BITMIME" } as const;
  const submit = () => it.submissions.submit(it.submitter, envelope, [Buffer.from("x: y\r\n\r\n")]);
  await submit();
  const second = submit();
  await it.clock.advance(60_000);
  await second;
  expect(told.slice(5).map(([name, n]) => [name, n])).toEqual([
    ["admitted", "AppRelay 127.0.0.1 127.0.0.1 HTTP"],
    ["described", 2],
    ["message", 2],
    ["messageHeld", 2],
    ["resumed", 2],
    ["kept", 2],
    ["left", 2],
  ]);
});
