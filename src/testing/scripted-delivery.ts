/** A scheduler on a tested spool: carriers do what the script says, and the relay may be started again. */
import { setMaxListeners } from "node:events";
import type { Envelope } from "../core/message/envelope.ts";
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import type { TlsStrength } from "../core/tls-policy/taking-over.ts";
import { createEventLog } from "../events/event-log.ts";
import type { EventRecord } from "../events/events.ts";
import type { AttemptResult, RecipientOutcome } from "../send/delivery/delivery.ts";
import type { SchedulerLimits } from "../send/delivery/limits.ts";
import type {
  QueueSnapshot,
  Scheduler,
  SchedulerOptions,
  SchedulerSettings,
} from "../send/delivery/scheduler-contract.ts";
import { createScheduler } from "../send/delivery/scheduler.ts";
import type { Claim, QueueName } from "../spool/spool.ts";
import { openTestedSpool, type SpoolKind, type TestedSpool } from "./tested-spool.ts";

/** One call of a carrier. */
export interface Carried {
  readonly connector: string;
  /** Of a connector with a queue for each domain; else "". */
  readonly domain: string;
  readonly claim: Claim;
  readonly at: number;
}

export interface ScriptedDelivery {
  tested: TestedSpool;
  scheduler: Scheduler;
  readonly carried: Carried[];
  readonly told: EventRecord[];
  /** What a carrier does; at first it delivers at once. */
  carry: (
    claim: Claim,
    connector: string,
    aborted: AbortSignal,
    domain: string,
  ) => AttemptResult | Promise<AttemptResult>;
  /** Hears of each attempt that was not aborted. */
  ended: (claim: Claim, result: AttemptResult) => void;
  /** Resolves with the message's id when it is on disk. */
  submit(to: readonly string[], changes?: Partial<Envelope>): Promise<number>;
  /** Ends this run and begins the next one, at another time. */
  restart(change?: { readonly at?: number; readonly settings?: SchedulerSettings }): Promise<void>;
  /** Of a connector's next hop. */
  demandedTls: (connector: string) => TlsStrength;
  /** Begins another run on the same spool, which was stopped. */
  begin(): void;
  /** Stops the relay; nothing is begun before `restart`. */
  stop(): Promise<void>;
  queue(identity: string): QueueSnapshot | undefined;
  /** Reports that were handed over, by what their content says. */
  reports(): readonly string[];
  close(): Promise<void>;
}

export async function openScriptedDelivery(
  kind: SpoolKind,
  initial: SchedulerSettings,
  options: {
    readonly limits?: Partial<SchedulerLimits>;
    readonly concurrency?: number;
    readonly random?: () => number;
    readonly suspended?: Iterable<QueueName>;
    /** As `openTestedSpool` has it. */
    readonly knowsEarlierRuns?: boolean;
    readonly onSuspensionCarried?: SchedulerOptions["onSuspensionCarried"];
  } = {},
): Promise<ScriptedDelivery> {
  const { limits = {}, concurrency = 5, random = () => 0.5, suspended = [], onSuspensionCarried } = options;
  let settings = initial;

  const build = (): Scheduler => {
    const { clock, spool } = delivery.tested;
    const events = createEventLog({
      clock,
      levels: { SmtpSend: "Expert", DSN: "Expert", Routing: "Expert" },
    });
    events.subscribe((record) => delivery.told.push(record));
    return createScheduler({
      spool,
      settings,
      ports: { clock, random },
      events,
      limits,
      suspended,
      ...(onSuspensionCarried === undefined ? undefined : { onSuspensionCarried }),
      carrierFor: ({ name }, domain) => {
        const closing = new AbortController();
        const { signal } = closing;
        setMaxListeners(0, signal);
        return {
          concurrency,
          carry(claim) {
            delivery.carried.push({ connector: name, domain, claim, at: clock.now() });
            return new Promise<AttemptResult>((resolve, reject) => {
              const abort = (): void => resolve({ kind: "aborted" });
              if (signal.aborted) return abort();
              signal.addEventListener("abort", abort, { once: true });
              Promise.resolve(delivery.carry(claim, name, signal, domain)).then((result) => {
                if (!signal.aborted) delivery.ended(claim, result);
                resolve(result);
              }, reject);
            });
          },
          demandedTls: () => delivery.demandedTls(name),
          close: () => Promise.resolve(closing.abort()),
        };
      },
    });
  };

  const delivery: ScriptedDelivery = {
    tested: await openTestedSpool(kind, undefined, options.knowsEarlierRuns),
    scheduler: undefined as unknown as Scheduler,
    carried: [],
    told: [],
    carry: (claim) => answered(claim, ok),
    ended: () => undefined,
    demandedTls: () => "clear",
    async submit(to, changes = {}) {
      const { spool } = delivery.tested;
      const draft = spool.begin();
      draft.write(Buffer.from("Subject: Invoice 7\r\n\r\nbody\r\n"));
      const { id } = await spool.accept(
        draft,
        {
          reversePath: "app@sender.test",
          recipients: to.map((forwardPath) => ({ forwardPath })),
          body: "7BIT",
          smtpUtf8: false,
          ...changes,
        },
        { connector: "AppRelay", sourceAddress: "127.0.0.1", helloName: "app.test", sessionId: "1" },
        { dotLines: 0, eightBit: false, endsWithCrlf: true },
      );
      return id;
    },
    begin() {
      delivery.scheduler = build();
      delivery.scheduler.start();
    },
    async stop() {
      await Promise.all([delivery.scheduler.stop(0), delivery.tested.clock.advance(2000)]);
    },
    async restart({ at, settings: next } = {}) {
      await delivery.stop();
      settings = next ?? settings;
      delivery.tested = await delivery.tested.reopen(at);
      delivery.begin();
      await delivery.tested.clock.settle();
    },
    queue: (identity) => delivery.scheduler.snapshot().find((one) => one.identity === identity),
    reports: () =>
      delivery.carried
        .filter(({ claim }) => claim.message.envelope.reversePath === "")
        .map(({ claim }) => claim.content.inMemory?.toString() ?? ""),
    async close() {
      await delivery.stop();
      await delivery.tested.close();
    },
  };
  delivery.begin();
  return delivery;
}

export const ok = (index: number): RecipientOutcome => ({
  kind: "delivered",
  index,
  verdict: { status: "2.0.0", text: "250 2.0.0 OK", fromPeer: true },
  dsnRelayed: false,
});
export const busy = (index: number): RecipientOutcome => ({
  kind: "transient",
  index,
  verdict: { status: "4.2.1", text: "450 4.2.1 busy", fromPeer: true },
});
export const unknown = (index: number): RecipientOutcome => ({
  kind: "permanent",
  index,
  verdict: { status: "5.1.1", text: "550 5.1.1 User unknown", fromPeer: true },
});
export const refused: AttemptResult = {
  kind: "unreachable",
  host: "10.0.0.9",
  verdict: { status: "4.4.1", text: "connect ECONNREFUSED", fromPeer: false },
};
export const answered = (claim: Claim, outcome: (index: number) => RecipientOutcome): AttemptResult => ({
  kind: "attempted",
  host: "mx.example",
  outcomes: claim.recipients.map(({ index }) => outcome(index)),
});

/** Drops into a directory that no test looks at: what happens is the carrier's script. */
export const dropConnector = (name: string, domain: string, changes: object = {}): SendConnectorSettings => ({
  kind: "drop",
  name,
  enabled: true,
  comment: "",
  dropDirectory: "/d",
  maxMessageSize: 1_000_000,
  addressSpaces: [{ domain, subdomains: domain === "", cost: 1 }],
  ...changes,
});

/** To each recipient domain by itself. */
export const dnsConnector = (name: string, changes: object = {}): SendConnectorSettings =>
  dropConnector(name, "", { kind: "dns", ...changes });
