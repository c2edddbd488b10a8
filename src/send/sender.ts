/** The sending half put together: queues and their carriers, budgets, tokens, signatures, names, and how they stop. */
import { join } from "node:path";
import { createCaptureBox, type CaptureBox } from "../capture/capture-box.ts";
import type { LookedUpKey } from "../core/dkim/judge-record.ts";
import type { AddressRewriteEntry } from "../core/policy/address-rewriting.ts";
import { type Application, turnTaker } from "../core/policy/application.ts";
import type { ConnectorTest } from "../core/policy/connector-test/test-step.ts";
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import type { DkimSettings } from "../dkim/dkim-settings.ts";
import { createKeyWatch } from "../dkim/key-watch.ts";
import { createSigner } from "../dkim/signer.ts";
import { signingClock } from "../dkim/signing-clock.ts";
import type { EventLog } from "../events/event-log.ts";
import type { ProtocolLog } from "../logs/protocol-log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { HttpRequest } from "../ports/http-request.ts";
import { ignorantResolver } from "../ports/lookup.ts";
import { followMachineAddresses } from "../ports/machine-addresses.ts";
import type { Ports } from "../ports/ports.ts";
import type { SharedConnections } from "../ports/shared-connections.ts";
import type { SharedDays, SharedPaces } from "../ports/shared-shares.ts";
import type { Spool } from "../spool/spool.ts";
import { keptOnDemand } from "../spool/store/kept-on-demand.ts";
import type { Tracking } from "../tracking/tracking.ts";
import { budgetFile } from "./budget/budget-file.ts";
import { openSendBudgets, type SendBudgets } from "./budget/send-budgets.ts";
import { captureConnector, createCaptureCarrier, keepingCaptured } from "./capture/capture-carrier.ts";
import { testConnector } from "./connector-test/test-connector.ts";
import type { WantedTest } from "./connector-test/test-context.ts";
import { createDaneWatch } from "./dane-watch.ts";
import { createCredentialWatch } from "./credential-watch.ts";
import { createCarrier } from "./delivery/create-carrier.ts";
import { createScheduler } from "./delivery/scheduler.ts";
import type { Scheduler, SchedulerSettings } from "./delivery/scheduler-contract.ts";
import { sendTranscript } from "./delivery/send-transcript.ts";
import { createPeerMemory } from "./delivery/smtp/peer/peer.ts";
import { OutboundConnections } from "./delivery/smtp/pool/outbound-connections.ts";
import { createSharedPlaces } from "./delivery/smtp/pool/shared-places.ts";
import type { Suspensions } from "./delivery/suspensions.ts";
import { createMailboxTurns } from "./graph/mailbox-turns.ts";
import { openMtaSts, type SharedMtaSts } from "./mta-sts/open-mta-sts.ts";
import type { FoundPolicy } from "./mta-sts/policies.ts";
import { asciiMailbox } from "./dsn/ascii-mailbox.ts";
import { createDnsDelivery } from "./mx/dns-delivery.ts";
import { createOwnRelay, type KnownAs } from "./mx/own-relay.ts";
import { type NextHopResolution, resolveNextHop } from "./mx/resolve-next-hop.ts";
import { createTokenSources } from "./oauth/token-sources.ts";
import { createTlsCounter } from "./tls-report/count-tls.ts";
import { publicHttpRequest } from "./tls-report/public-hosts.ts";
import { createReportSender } from "./tls-report/report-sender.ts";
import { listReports, type ListedReports, type WantedReports } from "./tls-report/tls-reports.ts";
import { createTlsResults, type TlsResults } from "./tls-report/tls-results.ts";
import { createWaitingReports } from "./tls-report/waiting-reports.ts";
import { senderOnTheWayOut } from "./rewriting/sender-on-the-way-out.ts";

export interface SenderSettings extends SchedulerSettings, KnownAs {
  readonly dataDirectory: string;
  readonly applications: readonly Application[];
  readonly addressRewriteEntries: readonly AddressRewriteEntry[];
  readonly dkim: DkimSettings;
  readonly transport: SchedulerSettings["transport"] &
    KnownAs["transport"] & {
      readonly maxOutboundConnections: number;
      readonly mtaStsAllowPrivateHosts: boolean;
      readonly tlsReportingEnabled: boolean;
      readonly captureMaxMessages: number;
      /** Octets. */
      readonly captureMaxDirectorySize: number;
      /** Milliseconds. */
      readonly captureMaxAge: number;
    };
}

/** What several nodes send by together. */
export interface SharedSending {
  readonly shares: SharedDays & SharedPaces;
  readonly connections: SharedConnections;
  readonly mtaSts: SharedMtaSts;
  tlsResults(failed: (fault: unknown) => void): TlsResults;
}

export interface Sender {
  readonly scheduler: Scheduler;
  readonly captured: CaptureBox;
  usage: SendBudgets["usage"];
  /** What DNS has of the keys that sign, by the daily look. */
  dkimKeys(): readonly LookedUpKey[];
  start(): void;
  /** Resolves when what stood in closed queues has moved. */
  reconfigure(settings: SenderSettings): Promise<void>;
  /** Lets deliveries under way end for `graceMs`. What other stations still need stays open until `close`. */
  stop(graceMs: number): Promise<void>;
  /** Behind `stop`: writes what budgets have used, ends idle connections. */
  close(): Promise<void>;
  /** As Test-SendConnector; never rejects. */
  test(connector: SendConnectorSettings, wanted: WantedTest): Promise<ConnectorTest>;
  /** As Resolve-NextHop; never rejects. */
  resolveNextHop(domain: string, refresh: boolean): Promise<NextHopResolution>;
  /** As Get-MtaStsPolicy; never rejects. */
  mtaStsPolicy(domain: string, refresh: boolean): Promise<FoundPolicy>;
  /** As Get-TlsReport; rejects when the disk cannot be read. */
  tlsReports(wanted: WantedReports, limit: number): Promise<ListedReports>;
}

/** `settings` is asked each time it matters, so that a changed configuration counts at once. */
export async function openSender(
  settings: () => SenderSettings,
  around: {
    readonly ports: Ports;
    readonly http: HttpRequest;
    readonly spool: Spool;
    readonly suspensions: Suspensions;
    readonly events: EventLog;
    readonly metrics: Metrics;
    readonly tracking: Tracking;
    readonly protocolLog: ProtocolLog;
    readonly shared?: SharedSending | undefined;
    /** The time by which what is kept is too old. Default: the clock on the wall. */
    readonly agedBy?: (() => number) | undefined;
    /** The clock on the wall is right, as far as can be told. Default: it always is. */
    readonly isClockBelieved?: () => boolean;
  },
): Promise<Sender> {
  const { ports, http, spool, suspensions, events, metrics, tracking, protocolLog, shared, agedBy } = around;
  const { isClockBelieved = () => true } = around;
  const { clock, random } = ports;
  const { dataDirectory } = settings();

  const tokens = createTokenSources({ clock, events, http });
  const graphTurns = createMailboxTurns();
  const credentials = createCredentialWatch(clock, events);
  const dane = createDaneWatch(ports.resolver, clock, events);
  const memory = createPeerMemory();
  const outbound = new OutboundConnections(() => settings().transport.maxOutboundConnections);
  const places = shared && createSharedPlaces(shared.connections, clock);
  const signer = createSigner(() => settings().dkim, signingClock(clock, isClockBelieved));
  const resolver = ports.resolver ?? ignorantResolver;
  const keys = createKeyWatch({ resolver, clock, random, events });
  const budgets = await openSendBudgets({
    store: budgetFile(join(dataDirectory, "send-budgets.json")),
    clock,
    events,
    shared: shared?.shares,
  });
  const resultsFailed = (fault: unknown): void =>
    events.emit("LogFault", { log: "store of TLS results", error: String(fault) });
  const kept = keptOnDemand(join(dataDirectory, "outgoing-tls"), resultsFailed);
  const tlsResults =
    shared?.tlsResults(resultsFailed) ?? createTlsResults(kept, clock, resultsFailed, undefined, agedBy);
  const mtaSts = openMtaSts({
    ports,
    events,
    kept,
    shared: shared?.mtaSts,
    settings,
    agedBy,
    onFault(domain, fault, reason) {
      metrics.tlsResult("sts", fault);
      tlsCounter.policyFault(domain, fault, reason);
    },
  });
  const own = createOwnRelay(settings, followMachineAddresses(clock));
  const reporter = () => {
    const { hostname, transport } = settings();
    return { hostname, contact: transport.externalPostmasterAddress };
  };
  const tlsReports = createReportSender({
    results: tlsResults,
    waiting: createWaitingReports(kept, clock),
    settings: () => ({
      ...reporter(),
      tlsReportingEnabled: settings().transport.tlsReportingEnabled,
      from: asciiMailbox(reporter().contact) ?? `postmaster@${reporter().hostname}`,
    }),
    resolver,
    clock,
    spool,
    post: publicHttpRequest(
      resolver,
      clock,
      () => settings().transport.mtaStsAllowPrivateHosts,
      (address) => own.isThisMachine(address),
    ),
    events,
  });
  const tlsCounter = createTlsCounter(tlsResults, (domain) => mtaSts.policies.peek(domain)?.policy);
  const dns = createDnsDelivery({
    ports,
    own,
    events,
    memory,
    outbound,
    places,
    signer,
    sts: mtaSts,
    onTls(attempt) {
      for (const { policy, fault } of attempt.outcomes) metrics.tlsResult(policy, fault);
      tlsCounter.connection(attempt);
    },
    transcriptOf: (connector) => sendTranscript(connector, protocolLog, settings().hostname),
  });
  const capture = captureConnector(join(dataDirectory, "captured"));
  const captured = createCaptureBox({
    directory: capture.dropDirectory,
    clock,
    agedBy,
    bounds() {
      const { captureMaxMessages, captureMaxDirectorySize, captureMaxAge } = settings().transport;
      return {
        maxMessages: captureMaxMessages,
        maxSizeBytes: captureMaxDirectorySize,
        maxAgeMs: captureMaxAge,
      };
    },
    onFault: (error) => events.emit("LogFault", { log: "capture box", error: error.message }),
  });
  const captureCarrier = createCaptureCarrier(captured, clock, capture.dropDirectory);
  const scheduler = createScheduler({
    spool,
    suspended: suspensions.queues,
    onSuspensionCarried: (from, to) => suspensions.carry(from, to),
    settings: settings(),
    ports: { clock, random },
    events,
    metrics,
    tracking,
    capture,
    carrierFor: (connector, domain) => {
      if (connector === capture) return captureCarrier;
      const carrier = createCarrier(connector, domain, {
        ports,
        events,
        hostname: settings().hostname,
        protocolLog,
        memory,
        outbound,
        places,
        tokens,
        signer,
        http,
        graphTurns,
        dns,
        addressRewriteEntries: () => settings().addressRewriteEntries,
        budgets: {
          all: budgets,
          turnTakerOf: ({ message }) => turnTaker(settings().applications, message.origin),
        },
      });
      return keepingCaptured(carrier, captureCarrier);
    },
  });

  return {
    scheduler,
    captured,
    usage: () => budgets.usage(),
    dkimKeys: () => keys.found(),
    start() {
      scheduler.start();
      credentials.watch(settings().sendConnectors);
      mtaSts.start();
      tlsReports.start();
      keys.watch(settings().dkim.keys);
      dane.watch(settings().sendConnectors);
    },
    async reconfigure(next) {
      await scheduler.reconfigure(next);
      credentials.watch(next.sendConnectors);
      keys.watch(next.dkim.keys);
      dane.watch(next.sendConnectors);
    },
    stop(graceMs) {
      credentials.stop();
      mtaSts.stop();
      tlsReports.stop();
      keys.stop();
      dane.stop();
      return scheduler.stop(graceMs);
    },
    async close() {
      // What is left are idle connections of domains that have no mail any more.
      await Promise.all([budgets.close(), dns.close(0), mtaSts.close()]);
      places?.close();
      signer.close();
      await tlsResults.close();
      await kept.close();
    },
    test(connector, wanted) {
      const { hostname, addressRewriteEntries: entries } = settings();
      const from = senderOnTheWayOut(entries, connector.name, wanted.from);
      const isSmtp = connector.kind === "smartHost" || connector.kind === "dns";
      return testConnector(
        connector,
        { ...wanted, from },
        {
          ports,
          http,
          hostname,
          signer,
          mailHosts: (one) => dns.hostsFor(one),
          tlsOf: (one, host) => dns.tlsOf(one, host),
          transcript: isSmtp ? sendTranscript(connector, protocolLog, hostname) : undefined,
        },
      );
    },
    resolveNextHop: (domain, refresh) =>
      resolveNextHop(domain, refresh, {
        connectors: settings().sendConnectors,
        dnsDelivery: dns,
        dns: ports.dns,
        memory,
        clock,
      }),
    tlsReports: (wanted, limit) => listReports(tlsResults, reporter(), wanted, limit),
    mtaStsPolicy: (domain, refresh) =>
      refresh ? mtaSts.policies.refreshed(domain) : mtaSts.policies.of(domain),
  };
}
