/** The entry of doors that do not speak SMTP, around a spool in memory. */
import { rightsOfClient } from "../core/policy/rights-of-client.ts";
import type { Application } from "../core/policy/application.ts";
import type { ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import { catalogue } from "../events/catalogue.ts";
import type { EventRecord, Events } from "../events/events.ts";
import { createMetrics, type Metrics } from "../metrics/metrics.ts";
import { createDoor } from "../receive/admission/admission.ts";
import { createDiscredits } from "../receive/admission/discredits.ts";
import { createMemoryLedger } from "../receive/admission/memory-ledger.ts";
import { createRecipientDays } from "../receive/admission/recipient-days.ts";
import { createRateWaiters } from "../receive/admission/rate-waiters.ts";
import { createRefusals } from "../receive/admission/refusals.ts";
import { createLimitUsage } from "../receive/admission/usage.ts";
import { sessionIds } from "../receive/session-ids.ts";
import { createSubmissions, type Submissions } from "../receive/submission/submissions.ts";
import { createTransactionServices } from "../receive/transaction/create-services.ts";
import type { TransactionServices } from "../receive/transaction/services.ts";
import type { Submitter } from "../receive/transaction/submitter.ts";
import type { TrackingEntry } from "../tracking/tracking.ts";
import { noTraffic, type Traffic } from "../traffic/traffic.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";
import { createMemorySpool, type MemorySpool } from "./memory-spool.ts";
import { receiveConnector } from "./test-settings.ts";

export interface TestSubmissions {
  readonly submissions: Submissions;
  readonly submitter: Submitter;
  readonly services: TransactionServices;
  readonly clock: FakeClock;
  readonly spool: MemorySpool;
  readonly metrics: Metrics;
  readonly events: readonly EventRecord[];
  readonly tracked: readonly TrackingEntry[];
}

export function createTestSubmissions(
  given: Partial<ReceiveConnectorSettings> = {},
  services: Partial<TransactionServices> = {},
  applications: readonly Application[] = [],
  traffic: Traffic = noTraffic,
): TestSubmissions {
  const clock = createFakeClock();
  const spool = createMemorySpool({ clock });
  const metrics = createMetrics();
  const events: EventRecord[] = [];
  const tracked: TrackingEntry[] = [];
  const tell: Events = {
    wants: () => true,
    emit: (name, fields) =>
      void events.push({ name, definition: catalogue[name], at: clock.wall(), fields: { ...fields } }),
  };
  const connector = receiveConnector(given);
  const usage = createLimitUsage({ clock, ipv6SourcePrefixLength: () => 64 });
  const refusals = createRefusals({ clock, events: tell, usage, applications: () => [] });
  const ledger = createMemoryLedger(clock);
  const door = createDoor({ ledger, clock, refusals, usage, traffic, isSuspended: () => false });
  const stopping = new AbortController().signal;
  const transactions: TransactionServices = {
    ...createTransactionServices({
      spool,
      events: tell,
      clock,
      metrics,
      tracking: { enabled: true, track: (entry) => void tracked.push(entry) },
      traffic,
      isSuspended: () => false,
      pressure: () => undefined,
      limitsOf: rightsOfClient([], applications),
      recipientDays: createRecipientDays(clock),
      applications: () => applications,
      door,
      refusals,
      rateWaiters: createRateWaiters({ door, clock, connectors: () => [connector], stopping }),
      discredits: createDiscredits({ clock, events: tell }),
    }),
    ...services,
  };
  const submissions = createSubmissions({
    services: transactions,
    acceptedDomains: () => [],
    nextId: sessionIds(),
  });
  const submitter = submissions.submitter({
    door: "HTTP",
    connector,
    peer: { address: "127.0.0.1", port: 0, source: "127.0.0.1" },
    receivedProtocol: "HTTP",
  });
  return { submissions, submitter, services: transactions, clock, spool, metrics, events, tracked };
}
