/** siteMessageRateLimit: when a site may be given another message. */
import { expect, test } from "vitest";
import { paceOf } from "../../core/policy/send-pace.ts";
import { longestHoldMs } from "../../core/policy/retry-schedule.ts";
import type { SecuredHosts } from "../../core/tls-policy/plan-tls.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { smartHostConnector } from "../../testing/test-settings.ts";
import type { AttemptResult } from "../delivery/delivery.ts";
import { createJob } from "../delivery/smtp/job/job.ts";
import { createPeerMemory } from "../delivery/smtp/peer/peer.ts";
import { OutboundConnections } from "../delivery/smtp/pool/outbound-connections.ts";
import { createSites } from "./sites.ts";

const siteOf = (site: string): SecuredHosts => ({
  kind: "hosts",
  groups: [[{ name: "mx.test", preference: 10, addresses: ["192.0.2.1"] }]],
  demands: new Map(),
  site,
  key: site,
  ownKey: undefined,
});
const [a, b] = [siteOf("a"), siteOf("b")];

function sitesOf(given: object) {
  const clock = createFakeClock();
  const sites = createSites(
    {
      connector: smartHostConnector([], { kind: "dns", ...given }),
      ports: {
        clock,
        random: () => 0,
        dns: { addresses: (host) => Promise.resolve([host]) },
        dial: () => new Promise(() => {}),
      },
      events: { wants: () => false, emit: () => {} },
      memory: createPeerMemory(),
      transcript: undefined,
      logOn: undefined,
      signer: undefined,
      addresses: () => Promise.resolve(["192.0.2.1"]),
      nextSession: () => 1,
    },
    new OutboundConnections(() => 1000),
  );
  return { clock, sites };
}
const { intervalMs } = paceOf(6);
const near = (ms: number, times: number): void => expect(Math.abs(ms - times * intervalMs)).toBeLessThan(1);

test("messages of a site leave one by one, and those that are put off come one behind the other", async () => {
  const { clock, sites } = sitesOf({ siteMessageRateLimit: 6 });
  expect(sites.turnIn(a)).toBe(0);
  near(sites.turnIn(a), 1);
  near(sites.turnIn(a), 2);
  near(sites.turnIn(a), 3);
  // Another has a pace of its own.
  expect(sites.turnIn(b)).toBe(0);
  near(sites.turnIn(b), 1);
  await clock.advance(intervalMs);
  expect(sites.turnIn(a)).toBe(0);
  near(sites.turnIn(a), 3);
});

test("nobody is put off for longer than a queue holds mail back: then the line begins anew", () => {
  const { sites } = sitesOf({ siteMessageRateLimit: 6 });
  sites.turnIn(a);
  const waits = Array.from({ length: 800 }, () => sites.turnIn(a));
  expect(Math.max(...waits)).toBeLessThanOrEqual(longestHoldMs);
  expect(Math.max(...waits)).toBeGreaterThan(longestHoldMs - 2 * intervalMs);
  expect(waits.filter((ms) => Math.abs(ms - intervalMs) < 1).length).toBe(3);
});

test("without a rate nobody waits", () => {
  const { sites } = sitesOf({});
  expect(Array.from({ length: 100 }, () => sites.turnIn(a)).every((ms) => ms === 0)).toBe(true);
});

test.each([
  [0, 1],
  [7, 7],
  [Infinity, 1_000],
])("maxConcurrentConnections %d: a site has %d at most", (maxConcurrentConnections, most) => {
  expect(sitesOf({ maxConcurrentConnections }).sites.most).toBe(most);
});

test("a message is asked for at mxSessionLimit hosts, and given back once all is closed", async () => {
  const { clock, sites } = sitesOf({ mxSessionLimit: 3 });
  const results: AttemptResult[] = [];
  const submit = () => {
    const job = createJob(testClaim(), (result) => void results.push(result));
    sites.submit(a, job);
    return job;
  };
  expect(submit().mostAsked).toBe(3);
  expect(results).toEqual([]);
  const closing = sites.close(0);
  expect(sites.close(1_000)).toBe(closing);
  submit();
  await clock.settle();
  await closing;
  expect(results).toEqual([{ kind: "aborted" }, { kind: "aborted" }]);
});
