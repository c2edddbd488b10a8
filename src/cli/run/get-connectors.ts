/** Get-ReceiveConnector and Get-SendConnector. */
import type { Output as Answer } from "../../admin/contract.ts";
import { isOn, textOf, type Arguments } from "../arguments/value.ts";
import type { SettingFact } from "../../config/setting-facts.ts";
import { commandWord } from "../../core/units/command-word.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import type { Property } from "../output/list.ts";
import type { Output } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import { exchangeName, settingText } from "../output/setting-text.ts";
import type { Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";
import { wildcard } from "../wildcard.ts";
import { receiveConnectorFacts, sendConnectorFacts } from "../../config/generated/setting-facts.ts";

type ReceiveConnector = Answer<"getReceiveConnector">;
type SendConnector = Answer<"getSendConnector">;

export const getReceiveConnector: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { connectors } = await relay.call("listReceiveConnectors", {});
  showNamed(connectors, args, context.output, {
    what: "receive connector",
    columns: receiveColumns,
    properties: receiveProperties,
  });
  if (!isOn(args, "Json") && textOf(args, "Identity") === undefined && connectors.some(marksLimits))
    context.output.complain("* is only looked at and refuses nobody (ReportOnly)\n");
  return 0;
};

export const getSendConnector: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { connectors } = await relay.call("listSendConnectors", {});
  showNamed(connectors, args, context.output, {
    what: "send connector",
    columns: sendColumns,
    properties: sendProperties,
  });
  return 0;
};

interface Described {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly origins: Readonly<Record<string, "set" | "default" | "preset">>;
  readonly kinds: Readonly<Record<string, string>>;
  readonly status?: object;
}

interface Shown<Connector> {
  readonly what: string;
  readonly columns: readonly Column<Connector>[];
  readonly properties: (connector: Connector) => readonly Property[];
}

/** One by its name as a list, several as a table. */
export function showNamed<Connector extends Described>(
  connectors: readonly Connector[],
  args: Arguments,
  output: Output,
  { what, columns, properties }: Shown<Connector>,
): void {
  const identity = textOf(args, "Identity");
  const matches = identity === undefined ? undefined : wildcard(identity);
  if (identity !== undefined && matches === undefined) {
    const connector = named(identity, connectors, what);
    printRows(output, args, {
      rows: [connector],
      columns,
      properties,
      json: plain(connector),
      none: "",
      single: true,
    });
    return;
  }
  const rows = connectors.filter(({ name }) => matches?.(name) ?? true);
  printRows(output, args, {
    rows,
    columns,
    properties,
    json: rows.map(plain),
    none: matches === undefined ? `there is no ${what}` : `no ${what} has a name like ${identity ?? ""}`,
  });
}

/** Exchange's identities may carry the server: `MAIL01\AppRelay`. */
function named<Connector extends Described>(
  identity: string,
  connectors: readonly Connector[],
  what: string,
): Connector {
  const wanted = [identity, identity.slice(identity.lastIndexOf("\\") + 1)].map((it) => it.toLowerCase());
  const found = wanted
    .map((name) => connectors.find((it) => it.name.toLowerCase() === name))
    .find((it) => it !== undefined);
  if (found !== undefined) return found;
  const names = connectors.map(({ name }) => name).join(", ");
  throw new CommandFault(
    `there is no ${what} ${identity}; there ${names === "" ? "is none at all" : `are: ${names}`}`,
  );
}

function plain({ settings, origins, status }: Described): object {
  return { ...settings, origins, ...(status && { status }) };
}

/** A setting as Exchange prints it. */
export const columnOf =
  (setting: string) =>
  ({ settings, kinds }: Described): string =>
    settingText(settings[setting], kinds[setting]);

/** Marked where it is only looked at. */
const limitColumn =
  (limit: string) =>
  (connector: ReceiveConnector): string =>
    `${columnOf(limit)(connector)}${isReportOnly(connector, limit) ? "*" : ""}`;

function settingName({ name }: Property): string {
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
}

function marksLimits({ settings: { reportOnly } }: ReceiveConnector): boolean {
  return Array.isArray(reportOnly) && reportOnly.length > 0;
}

function isReportOnly({ settings: { reportOnly } }: ReceiveConnector, limit: string): boolean {
  return Array.isArray(reportOnly) && reportOnly.includes(limit);
}

/** What it does, whatever it is set to. */
export function stateOf({ settings, status }: ReceiveConnector): string {
  if (settings["enabled"] === false) return "Disabled";
  const open = status.endpoints.filter(({ listening }) => listening).length;
  if (open === status.endpoints.length) return "Listening";
  return open === 0 ? "Not listening" : "Partly listening";
}

export function isDown({ settings, status }: ReceiveConnector): boolean {
  return settings["enabled"] !== false && status.endpoints.some(({ listening }) => !listening);
}

const receiveColumns: readonly Column<ReceiveConnector>[] = [
  { header: "Identity", value: ({ name }) => name },
  { header: "Bindings", value: columnOf("bindings") },
  { header: "RemoteIPRanges", drop: 4, value: columnOf("remoteIpRanges") },
  { header: "Enabled", drop: 5, value: columnOf("enabled") },
  { header: "State", value: stateOf, style: (connector) => (isDown(connector) ? "bad" : undefined) },
  { header: "MaxInbound", value: limitColumn("maxInboundConnection"), align: "right" },
  { header: "PerSource", value: limitColumn("maxInboundConnectionPerSource"), align: "right" },
  {
    header: "Percentage",
    drop: 1,
    value: limitColumn("maxInboundConnectionPercentagePerSource"),
    align: "right",
  },
  { header: "RateLimit", drop: 3, value: limitColumn("messageRateLimit"), align: "right" },
  { header: "Open", value: ({ status }) => status.openConnections, align: "right" },
];

function receiveProperties(connector: ReceiveConnector): readonly Property[] {
  const { status } = connector;
  const listening = status.endpoints.map(({ binding, listening: isOpen, reason }) =>
    isOpen ? binding : `${binding} (not listening${reason === null ? "" : `: ${reason}`})`,
  );
  return [
    ...settingProperties(connector, receiveConnectorFacts).map((property) =>
      isReportOnly(connector, settingName(property)) ? { ...property, remark: "report only" } : property,
    ),
    { name: "State", value: stateOf(connector), style: isDown(connector) ? "bad" : undefined },
    { name: "Listening", value: listening.length === 0 ? "nowhere" : listening.join(", ") },
    { name: "OpenConnections", value: String(status.openConnections) },
    ...learningProperty(connector),
  ];
}

function learningProperty({ name, status: { learning } }: ReceiveConnector): readonly Property[] {
  if (learning === null) return [];
  const [value, remark] = learning.isOver
    ? ["over", `weir Get-LimitAdvice -Connector ${commandWord(name)} proposes limits`]
    : [`until ${localTime(learning.until)}`, "limits refuse nobody"];
  return [{ name: "Learning", value, remark, style: learning.isOver ? "warning" : undefined }];
}

const targetSettings = {
  smartHost: "smartHosts",
  drop: "dropDirectory",
  graph: "graphRoot",
} as const;

const sendColumns: readonly Column<SendConnector>[] = [
  { header: "Identity", value: ({ name }) => name },
  { header: "AddressSpaces", value: columnOf("addressSpaces") },
  {
    header: "Target",
    value: ({ kind, settings }) =>
      kind === "dns" ? "MX records" : settingText(settings[targetSettings[kind]], undefined),
  },
  {
    header: "State",
    value: ({ status }) => stateWords[status.state],
    style: ({ status }) =>
      status.state === "CannotReach" ? "bad" : status.state === "Ready" ? undefined : "warning",
  },
  { header: "RequireTLS", drop: 1, value: columnOf("requireTls") },
  { header: "Queues", value: ({ status }) => status.queues, align: "right" },
  { header: "Messages", value: ({ status }) => status.messages, align: "right" },
  { header: "LastError", drop: 2, value: ({ status }) => status.lastError ?? "", wraps: true },
];

/** What a send connector is doing, in words. */
const stateWords: Readonly<Record<SendConnector["status"]["state"], string>> = {
  Ready: "Ready",
  CannotReach: "Cannot reach",
  PutOff: "Put off",
  Suspended: "Suspended",
  Disabled: "Disabled",
};

function sendProperties(connector: SendConnector): readonly Property[] {
  return [
    ...settingProperties(connector, sendConnectorFacts),
    {
      name: "State",
      value: stateWords[connector.status.state],
      style: connector.status.state === "CannotReach" ? "bad" : undefined,
    },
    { name: "LastError", value: connector.status.lastError ?? "" },
    ...(connector.status.fallback === null
      ? []
      : [{ name: "FallbackInUse", value: connector.status.fallback, style: "warning" } as const]),
    { name: "Queues", value: String(connector.status.queues) },
    { name: "MessagesQueued", value: String(connector.status.messages) },
    ...connector.status.credentials.map(({ credential, expires, daysLeft, warning }): Property => ({
      name: `${credential === "client secret" ? "ClientSecret" : credential.startsWith("TLS") ? "TlsCertificate" : "ApplicationCertificate"}Expires`,
      value: expires.slice(0, 10),
      remark: daysLeft === 0 ? "today or before" : `in ${daysLeft} days`,
      style: warning ? "warning" : undefined,
    })),
  ];
}

/** In the order of the schema, then what the relay knows beyond it. Defaults are marked, those without a value told. */
export function settingProperties(
  { settings, origins, kinds }: Pick<Described, "settings" | "origins" | "kinds">,
  facts: readonly SettingFact[],
): readonly Property[] {
  const known = new Map(facts.map((fact) => [fact.name, fact]));
  const names = new Set([...[...known.keys()].filter((name) => name in settings), ...Object.keys(settings)]);
  return [...names].map((name) => {
    const value = settingText(settings[name], kinds[name]);
    const byDefault = known.get(name)?.default ?? "";
    const remark = value === "" && byDefault !== "" ? `default: ${byDefault}` : "default";
    return {
      name: exchangeName(name),
      value,
      remark: origins[name] === "default" ? remark : origins[name] === "preset" ? "preset" : undefined,
    };
  });
}
