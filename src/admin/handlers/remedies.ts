/** What helps a source against each kind of refusal it met, by the settings in force and the connector it reaches now. */
import { adviseLimit, type LimitAdvice } from "../../core/policy/limit-advice.ts";
import { covers, type Endpoint, type ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { refusalClasses, type RefusalKind } from "../../core/refusals/catalogue.ts";
import { noConnectorRemedy } from "../../core/remedies/no-connector.ts";
import { remedyFor, type AdvisedKind } from "../../core/remedies/remedy-for.ts";
import type { Met, Remedy } from "../../core/remedies/remedy.ts";
import { formatEndpoint, parseEndpoint } from "../../core/units/endpoint.ts";
import type { IpAddress } from "../../core/units/ip-address.ts";
import type { Administered } from "../administered.ts";
import type { Output } from "../contract.ts";
import { shownApplication, shownLimit } from "./shown-values.ts";

type Relay = Administered["relay"];
type SourceUsage = ReturnType<Relay["usage"]["source"]>[number];
export type ShownRemedy = Output<"explainSource">["remedies"][number];

/** The refusals of one kind to the source by one connector; `name` undefined: none was for it. */
export interface MetBy extends Met {
  readonly name: string | undefined;
  readonly lastAt: string;
}

export interface RemedySource {
  readonly relay: Relay;
  /** The address that it came from last; undefined: it is none. */
  readonly address: IpAddress | undefined;
  /** The connectors that it reaches now. */
  readonly reached: readonly string[];
  readonly usageOf: (connector: string) => SourceUsage | undefined;
}

/** Undefined: by the settings in force it is not refused any more. The newest first; what is the same is said once. */
export function remediesFor(
  source: RemedySource,
  met: readonly MetBy[],
): ReadonlyMap<MetBy, ShownRemedy | undefined> {
  const found = new Map<MetBy, ShownRemedy | undefined>();
  const bySaying = new Map<string, ShownRemedy>();
  for (const one of met.toSorted((a, b) => b.lastAt.localeCompare(a.lastAt))) {
    const remedy = shownRemedy(source, one);
    if (remedy === undefined) {
      found.set(one, undefined);
      continue;
    }
    const saying = `${remedy.class}\n${remedy.text}\n${remedy.commands.map(({ command }) => command).join("\n")}`;
    const same = bySaying.get(saying);
    if (same !== undefined && !same.kinds.includes(one.last.kind)) same.kinds.push(one.last.kind);
    if (same === undefined) bySaying.set(saying, remedy);
    found.set(one, same ?? remedy);
  }
  return found;
}

/** What would let the source in; undefined: something does, or its address is not known. */
export function doorRemedy(
  { relay, address }: RemedySource,
  endpoints: readonly string[],
  lastAt: string,
): ShownRemedy | undefined {
  const remedy =
    address && noConnectorRemedy(relay.settings.receiveConnectors, address, endpointsOf(endpoints));
  return remedy === undefined
    ? undefined
    : {
        class: "connector",
        title: refusalClasses.connector,
        connector: null,
        kinds: ["noConnector"],
        lastAt,
        text: remedy.text,
        commands: remedy.commands.map((one) => ({ ...one })),
        changes: [],
        notes: [],
      };
}

function shownRemedy(source: RemedySource, met: MetBy): ShownRemedy | undefined {
  if (met.last.kind === "noConnector") return doorRemedy(source, met.about, met.lastAt);
  const { kind, class: of } = met.last;
  const connector = answering(source, met);
  if (connector === undefined && met.name !== undefined)
    return doorRemedy(source, bindingsOf(source, met.name), met.lastAt);
  const remedy = isAdvised(kind)
    ? advisedRemedy(source, kind, connector, met)
    : connector && withoutAdvice(source, kind, connector, met);
  if (remedy === undefined) return undefined;
  const elsewhere =
    connector !== undefined && met.name !== undefined && connector.name !== met.name
      ? `It reaches ${connector.name} now. `
      : "";
  return {
    class: of,
    title: refusalClasses[of],
    connector: connector?.name ?? null,
    kinds: [kind],
    lastAt: met.lastAt,
    text: `${elsewhere}${remedy.text}`,
    commands: remedy.commands.map((one) => ({ ...one })),
    changes: remedy.changes ?? [],
    notes: remedy.notes ?? [],
  };
}

/** The connector whose settings count: the one that refused it, unless another one answers there by now. */
function answering(
  { relay, address, reached }: RemedySource,
  { name }: MetBy,
): ReceiveConnectorSettings | undefined {
  const { receiveConnectors } = relay.settings;
  const own = receiveConnectors.find((one) => one.name === name);
  if (name === undefined || address === undefined || reached.includes(name)) return own;
  return receiveConnectors.find(
    (one) => reached.includes(one.name) && (own === undefined || shareEndpoint(own, one)),
  );
}

function shareEndpoint(one: ReceiveConnectorSettings, other: ReceiveConnectorSettings): boolean {
  return one.bindings.some((binding) =>
    other.bindings.some((another) => covers(another, binding) || covers(binding, another)),
  );
}

function bindingsOf({ relay }: RemedySource, name: string): readonly string[] {
  const connector = relay.settings.receiveConnectors.find((one) => one.name === name);
  return connector?.bindings.map(formatEndpoint) ?? [];
}

function withoutAdvice(
  { relay, address }: RemedySource,
  kind: Exclude<RefusalKind, AdvisedKind>,
  connector: ReceiveConnectorSettings,
  met: MetBy,
): Said | undefined {
  const { acceptedDomains, users, apiKeys, applications, sendConnectors, receiveConnectors } = relay.settings;
  const application = address && shownApplication(relay.settings, met.last.source)?.name;
  return remedyFor(kind, met, {
    connector,
    acceptedDomains,
    users,
    apiKeys,
    applications,
    sendConnectors,
    connectorNames: receiveConnectors.map((one) => one.name),
    address: met.last.source,
    application,
  });
}

type Said = Remedy & Partial<Pick<ShownRemedy, "changes" | "notes">>;

const connectionKinds: readonly RefusalKind[] = [
  "connectionLimit",
  "connectionLimitPerSource",
  "connectionPercentagePerSource",
];

function isAdvised(kind: RefusalKind): kind is AdvisedKind {
  return (
    connectionKinds.includes(kind) ||
    kind === "connectionRate" ||
    kind === "messageRate" ||
    kind === "noConnector"
  );
}

function advisedRemedy(
  source: RemedySource,
  kind: AdvisedKind,
  connector: ReceiveConnectorSettings | undefined,
  met: MetBy,
): Said | undefined {
  const advice = connector && limitAdvice(source, kind, connector, met);
  if (advice === undefined) return undefined;
  return {
    text: "Enough would have been:",
    commands: [{ command: advice.command, effect: "" }],
    changes: shownAdvice(advice).changes,
    notes: [...advice.notes],
  };
}

/** What would have been enough; undefined: the settings in force are. */
export function limitAdvice(
  { relay, usageOf }: RemedySource,
  kind: RefusalKind,
  connector: ReceiveConnectorSettings,
  { mostSeen = 0, name }: MetBy,
): LimitAdvice | undefined {
  const usage = usageOf(name ?? connector.name);
  // What was seen may be all that is left after a restart; the one that was refused comes to it.
  if (connectionKinds.includes(kind)) {
    const isTotal = kind === "connectionLimit";
    return adviseLimit(connector, {
      kind: "connections",
      fromSource: Math.max(usage?.wantedConnectionsLastDay ?? 0, isTotal ? 1 : mostSeen + 1),
      byOthers: Math.max(usage?.openByOthersLastDay ?? 0, isTotal && usage === undefined ? mostSeen : 0),
    });
  }
  if (kind === "messageRate")
    return adviseLimit(connector, {
      kind: "messages",
      perMinute: Math.max(usage?.wantedMessagesLastDay ?? 0, mostSeen + 1),
    });
  if (kind === "connectionRate")
    return adviseLimit(connector, {
      kind: "connectionRate",
      perMinute: Math.max(relay.usage.connectionRate().wantedLastDay, mostSeen + 1),
      configured: relay.settings.transport.maxConnectionRatePerMinute,
    });
  return undefined;
}

export function shownAdvice({
  changes,
  command,
  notes,
}: LimitAdvice): Output<"explainSource">["connectors"][number]["advice"][number] {
  return {
    changes: changes.map(({ limit, configured, suggested }) => ({
      limit,
      configured: shownLimit(configured),
      suggested: shownLimit(suggested),
    })),
    command,
    notes: [...notes],
  };
}

function endpointsOf(texts: readonly string[]): readonly Endpoint[] {
  return texts.flatMap((text) => {
    const endpoint = parseEndpoint(text);
    return endpoint.ok ? [endpoint.value] : [];
  });
}
