/** The ledger of all nodes does not answer: what the door says then. */
import { expect, test } from "vitest";
import { noLimits } from "../../core/policy/client-rights.ts";
import type { ConnectionRefusal } from "../../core/policy/connection-limits.ts";
import type { Events } from "../../events/events.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { receiveConnector } from "../../testing/test-settings.ts";
import { noTraffic } from "../../traffic/traffic.ts";
import { createDoor } from "./admission.ts";
import { LedgerAway } from "./ledger.ts";
import { createRefusals } from "./refusals.ts";
import { createLimitUsage } from "./usage.ts";

const away = (): Promise<never> => Promise.reject(new LedgerAway("limits cannot be counted: gone"));
const verdict: ConnectionRefusal = { limit: "maxInboundConnection", configured: 1, allowed: 1, seen: 1 };

/** It names the database's address. */
const notForClients = "limits cannot be counted";

test("whoever comes is sent away, whoever waits goes on waiting, and no message is counted", async () => {
  const clock = createFakeClock();
  const events = { wants: () => false, emit: () => undefined } as unknown as Events;
  const usage = createLimitUsage({ clock, ipv6SourcePrefixLength: () => 64 });
  const refusals = createRefusals({ clock, events, usage, applications: () => [] });
  const ledger = { enter: away, spend: away, counted: away, snapshot: away };
  const door = createDoor({ ledger, clock, refusals, usage, traffic: noTraffic, isSuspended: () => false });
  const connector = receiveConnector({ messageRateLimit: 1, explainRefusals: true });
  const arrival = { local: connector.bindings[0]!, remoteAddress: "127.0.0.1" };
  const client = { connector, address: "127.0.0.1", source: "127.0.0.1" };

  for (const maxConnectionRatePerMinute of [Infinity, 9]) {
    const answer = await door.admit(arrival, {
      receiveConnectors: [connector],
      maxConnectionRatePerMinute,
      ipv6SourcePrefixLength: 64,
    });
    expect(answer).toMatchObject({ kind: "refused", reply: { code: 421, status: "4.3.2", close: true } });
    expect(answer.kind === "refused" && answer.reply.text).not.toContain(notForClients);
    expect(answer.kind === "refused" && answer.reply.told.problem).toContain(notForClients);
  }
  expect(await door.enter({ client, verdict, connection: 1 })).toBe(verdict);
  expect(await door.admitMessage(client, undefined, noLimits, false)).toMatchObject({
    refused: "databaseAway",
  });
});
