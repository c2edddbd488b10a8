/** MTA-STS put together: policies, where they are fetched and kept, and what is told of them. */
import type { MtaStsSetting, SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { StsFact } from "../../core/tls-policy/tls-facts.ts";
import type { TlsFault } from "../../core/tls-policy/tls-result.ts";
import type { Events } from "../../events/events.ts";
import { ignorantResolver } from "../../ports/lookup.ts";
import type { Ports, Timer } from "../../ports/ports.ts";
import type { KeptOnDemand } from "../../spool/store/kept-on-demand.ts";
import { createPolicyFetch } from "./fetch-policy.ts";
import { createMtaStsPolicies, type FoundPolicy, type MtaStsPolicies, type SharedFetch } from "./policies.ts";
import { createPolicyStore, type PolicyStore } from "./policy-store.ts";

export interface MtaSts {
  readonly policies: MtaStsPolicies;
  /** What counts for mail of a connector. Never rejects. */
  of(
    domain: string,
    connector: { readonly mtaSts: MtaStsSetting },
  ): Promise<{ readonly sts: StsFact; readonly keepMs: number }>;
  /** Retry-Queue: what is not a policy in force is asked for anew. */
  forget(domain: string): void;
  start(): void;
  stop(): void;
  /** Behind `stop`. */
  close(): Promise<void>;
}

/** Where several nodes use what one of them fetched. */
export interface SharedMtaSts {
  /** `own`: what stands on this machine's disk. */
  store(own: PolicyStore): PolicyStore;
  readonly fetch: SharedFetch;
}

export interface MtaStsContext {
  readonly ports: Ports;
  readonly events: Events;
  readonly kept: KeptOnDemand;
  readonly shared?: SharedMtaSts | undefined;
  readonly settings: () => {
    readonly sendConnectors: readonly SendConnectorSettings[];
    readonly transport: { readonly mtaStsAllowPrivateHosts: boolean };
  };
  /** The time by which what is on disk has ended. Default: the clock on the wall. */
  readonly agedBy?: (() => number) | undefined;
  /** What reports tell of a policy that could not be had. */
  readonly onFault: (domain: string, fault: TlsFault, detail: string) => void;
}

const hour = 3_600_000;

export function openMtaSts(context: MtaStsContext): MtaSts {
  const { ports, events, kept, shared, settings, agedBy, onFault } = context;
  const { clock, dial, resolver = ignorantResolver } = ports;
  const certificates = trustedBy(() => settings().sendConnectors);
  const own = createPolicyStore(
    () => kept.open(),
    agedBy === undefined ? clock : { ...clock, wall: () => new Date(agedBy()) },
    (fault) => events.emit("LogFault", { log: "store of MTA-STS policies", error: String(fault) }),
  );
  const policies = createMtaStsPolicies({
    resolver,
    clock,
    store: shared?.store(own) ?? own,
    sharedFetch: shared?.fetch,
    fetch: createPolicyFetch({
      resolver,
      dial,
      clock,
      trust: () => ({
        certificates: certificates(),
        allowPrivateAddresses: settings().transport.mtaStsAllowPrivateHosts,
      }),
    }),
    onFailure(domain, fault, reason) {
      events.emit("MtaStsPolicyFailed", { domain, reason });
      onFault(domain, fault, reason);
    },
    onPolicy(domain, { policy }, before) {
      const { mode, mx } = policy;
      const hosts = mx.length === 0 ? "no hosts" : mx.slice(0, 10).join(", ");
      if (before === undefined) events.emit("MtaStsPolicyFound", { domain, mode, hosts });
      else events.emit("MtaStsPolicyChanged", { domain, mode, hosts, before: before.policy.mode });
    },
  });
  let timer: Timer | undefined;
  const hourly = (): void => {
    timer = clock.after(hour, () => {
      hourly();
      void policies.keepFresh();
    });
  };
  return {
    policies,
    async of(domain, { mtaSts: setting }) {
      if (setting === "none" || domain.startsWith("[")) return { sts: { kind: "none" }, keepMs: Infinity };
      const found = await policies.of(domain);
      return { sts: factOf(found, setting), keepMs: found.keepMs };
    },
    forget: (domain) => policies.forget(domain),
    start: hourly,
    stop: () => timer?.cancel(),
    close: () => policies.close(),
  };
}

function factOf({ kind, policy, reason }: FoundPolicy, setting: MtaStsSetting): StsFact {
  if (kind === "none") return { kind };
  if (policy === undefined) return { kind: "unknown", detail: reason };
  const { mode, mx } = policy.policy;
  return { kind: "policy", mode: mode === "enforce" && setting === "enforce" ? "enforce" : "testing", mx };
}

/** tlsCaFile of the connectors that deliver by MX; the same list while they are the same. */
function trustedBy(connectors: () => readonly SendConnectorSettings[]): () => readonly string[] {
  let known: readonly SendConnectorSettings[] | undefined;
  let trusted: readonly string[] = [];
  return () => {
    const now = connectors();
    if (now !== known) {
      known = now;
      trusted = now.flatMap((one) => (one.kind === "dns" ? (one.tlsCa?.certificates ?? []) : []));
    }
    return trusted;
  };
}
