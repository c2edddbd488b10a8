/** relayhost and transport_maps as send connectors. */
import { sendConnectorSchema } from "../../send-connector-schema.ts";
import type { ImportedPart } from "../finding.ts";
import {
  carry,
  type Carried,
  carryCounterparts,
  type Counterpart,
  nothingCarried,
  tell,
} from "../carried.ts";
import type { MainCf } from "./main-cf.ts";
import { nextHopOf, type NextHop } from "./next-hop.ts";
import { carryLogOn, type LogOnOptions } from "./smtp-log-on.ts";
import { carryTls } from "./smtp-tls.ts";
import { tableEntries, wordsOf } from "./tables.ts";
import { countOf } from "./values.ts";

const { shape } = sendConnectorSchema;

const counterparts: readonly Counterpart[] = [
  { parameter: "smtp_helo_name", setting: "fqdn", read: (value) => value },
  { parameter: "smtp_destination_concurrency_limit", setting: "maxConcurrentConnections", read: limitOf },
  { parameter: "default_destination_concurrency_limit", setting: "maxConcurrentConnections", read: limitOf },
  { parameter: "smtp_destination_recipient_limit", setting: "maxRecipientsPerTransaction", read: limitOf },
  { parameter: "default_destination_recipient_limit", setting: "maxRecipientsPerTransaction", read: limitOf },
  { parameter: "smtp_connection_reuse_count_limit", setting: "smtpMaxMessagesPerConnection", read: limitOf },
];

function limitOf(value: string): number | string | undefined {
  return value === "0" ? "unlimited" : countOf(value);
}

/** Parameters that end in send connectors. */
export const sendParameters: ReadonlySet<string> = new Set([
  ...counterparts.map(({ parameter }) => parameter),
  "relayhost",
  "transport_maps",
  "smtp_enforce_tls",
  "smtp_sasl_auth_enable",
  "smtp_sasl_password_maps",
  "smtp_sasl_security_options",
  "smtp_sasl_tls_security_options",
  "smtp_tls_security_level",
  "smtp_tls_wrappermode",
  "smtp_use_tls",
]);

type UsableHop = Extract<NextHop, { ok: true }>;

export interface SendOptions extends LogOnOptions {
  /** Next hops in place of delivery by MX record; undefined: none. */
  readonly smartHosts: readonly string[] | undefined;
}

export function sendParts(main: MainCf, options: SendOptions): readonly ImportedPart[] {
  return [relayhostPart(main, options), ...transportParts(main, options)];
}

function relayhostPart(main: MainCf, options: SendOptions): ImportedPart {
  const given = main.value("relayhost") ?? "";
  const title = "Send connector Relayhost";
  const skipped = (reason: string): ImportedPart => ({
    title,
    edits: [],
    findings: [],
    toDo: [],
    skipped: reason,
  });
  if (given === "" && options.smartHosts === undefined)
    return skipped(
      "main.cf names no relayhost: Postfix delivers by MX record, which is not supported; name the next hop: -SmartHosts smtp.example.com:25",
    );
  const carried = nothingCarried();
  if (given === "") {
    carried.settings["smartHosts"] = [...(options.smartHosts ?? [])];
    tell(
      carried,
      "relayhost",
      given,
      "differs",
      `smartHosts: ${(options.smartHosts ?? []).join(", ")}, as given with -SmartHosts; here is no delivery by MX record`,
    );
    return connector("Relayhost", ["*"], given, carried, main, options);
  }
  const hop = nextHopOf(given);
  if (!hop.ok) return skipped(`relayhost: ${hop.reason}`);
  carryHop(carried, "relayhost", given, hop);
  return connector("Relayhost", ["*"], given, carried, main, options);
}

function carryHop(carried: Carried, property: string, given: string, hop: UsableHop): void {
  carry(carried, shape, "smartHosts", [hop.smartHost], {
    property,
    given,
    ...(hop.byMx
      ? { differs: "without brackets Postfix asked for its MX records; here the name itself is the next hop" }
      : {}),
  });
}

/** One connector for all domains with the same next hop. */
function transportParts(main: MainCf, options: SendOptions): readonly ImportedPart[] {
  const byHop = new Map<
    string,
    { readonly given: string; readonly hop: UsableHop; readonly domains: string[] }
  >();
  const unread: string[] = [];
  const lost: string[] = [];
  for (const word of wordsOf(main.value("transport_maps"))) {
    const entries = tableEntries(word, options.files);
    if (entries === undefined) unread.push(word);
    for (const { key, value } of entries ?? []) {
      const [, transport = "", given = ""] = /^([^:\s]*):?(.*)$/.exec(value) ?? [];
      const hop = nextHopOf(given);
      const reason = whyNoRoute(key, transport, given.trim(), hop);
      if (reason !== undefined || !hop.ok) {
        lost.push(`${key} ${value} - ${reason ?? ""}`);
        continue;
      }
      const route = byHop.get(hop.smartHost) ?? { given: given.trim(), hop, domains: [] };
      route.domains.push(key);
      byHop.set(hop.smartHost, route);
    }
  }
  const parts = Array.from(byHop.values(), ({ given, hop, domains }): ImportedPart => {
    const [first = "*"] = domains;
    const name = `To ${first === "*" ? hop.host : first.replace(/^\./, "")}`;
    const carried = nothingCarried();
    carryHop(carried, "transport_maps", given, hop);
    return connector(name, domains.map(addressSpaceOf), given, carried, main, options);
  });
  if (unread.length === 0 && lost.length === 0) return parts;
  const told = nothingCarried();
  for (const word of unread)
    tell(told, "transport_maps", word, "leftOut", `${word} cannot be read beside main.cf, or has no text`);
  for (const entry of lost) tell(told, "transport_maps", entry, "leftOut", entry);
  return [...parts, { title: "Routes of transport_maps", edits: [], findings: told.findings, toDo: [] }];
}

function whyNoRoute(key: string, transport: string, given: string, hop: NextHop): string | undefined {
  if (!["smtp", "relay", ""].includes(transport)) return `there is no transport ${transport} here`;
  if (given === "") return "it is delivered by MX record, which is not supported";
  if (key.includes("@")) return "single recipients have no route of their own";
  return hop.ok ? undefined : hop.reason;
}

/** `.example.com` are its subdomains; `example.com` has them, too, unless it is looked up otherwise. */
function addressSpaceOf(key: string): string {
  if (key === "*") return "*";
  return key.startsWith(".") ? `*${key}` : key;
}

function connector(
  name: string,
  addressSpaces: readonly string[],
  given: string,
  carried: Carried,
  main: MainCf,
  options: SendOptions,
): ImportedPart {
  carry(carried, shape, "addressSpaces", [...addressSpaces], { property: "(recipients)" });
  carryCounterparts(carried, shape, counterparts, (parameter) => main.value(parameter));
  carryTls(carried, main, given);
  const toDo = carryLogOn(name, carried, main, given, options);
  const { settings } = carried;
  return {
    title: `Send connector ${name}`,
    edits: [
      {
        kind: "add",
        section: "sendConnectors",
        name,
        settings: Object.fromEntries(
          Object.keys(shape).flatMap((key) => (settings[key] === undefined ? [] : [[key, settings[key]]])),
        ),
      },
    ],
    findings: carried.findings,
    toDo,
  };
}
