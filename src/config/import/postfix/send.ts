/** relayhost, transport_maps and what depends on the sender, as send connectors. */
import type { ImportedPart } from "../finding.ts";
import { nothingCarried, tell } from "../carried.ts";
import { fallbackName, fallbackPart } from "./fallback-relay.ts";
import {
  carryHop,
  type ConnectorOptions,
  importedConnector,
  sendCounterparts,
  type UsableHop,
} from "./imported-connector.ts";
import type { MainCf } from "./main-cf.ts";
import { nextHopOf } from "./next-hop.ts";
import { senderRoutes } from "./sender-routes.ts";
import { tableEntries, wordsOf } from "./tables.ts";

/** Parameters that end in send connectors. */
export const sendParameters: ReadonlySet<string> = new Set([
  ...sendCounterparts.map(({ parameter }) => parameter),
  "relayhost",
  "sender_dependent_relayhost_maps",
  "smtp_fallback_relay",
  "fallback_relay",
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

export interface SendOptions extends ConnectorOptions {
  /** Next hops in place of delivery by MX record; undefined: none. */
  readonly smartHosts: readonly string[] | undefined;
}

export function sendParts(main: MainCf, options: SendOptions): readonly ImportedPart[] {
  const fallback = fallbackPart(main, options);
  const isThere = fallback !== undefined && fallback.skipped === undefined;
  const all = isThere ? { ...options, fallback: fallbackName } : options;
  const bySender = senderRoutes(main, all);
  return [
    ...(fallback === undefined ? [] : [fallback]),
    relayhostPart(main, bySender.everywhere, all),
    ...bySender.parts,
    ...transportParts(main, all),
  ];
}

/** `everywhere`: its address space. */
function relayhostPart(main: MainCf, everywhere: string, options: SendOptions): ImportedPart {
  const given = main.value("relayhost") ?? "";
  const title = "Send connector Relayhost";
  const skipped = (reason: string): ImportedPart => ({
    title,
    edits: [],
    findings: [],
    toDo: [],
    skipped: reason,
  });
  const carried = nothingCarried();
  if (given === "" && options.smartHosts === undefined) {
    carried.settings["dnsRoutingEnabled"] = true;
    tell(
      carried,
      "relayhost",
      given,
      "carriedOver",
      "dnsRoutingEnabled: true, for main.cf names no relayhost: mail goes to the mail exchangers of each domain",
    );
    return importedConnector("Internet", { addressSpaces: [everywhere] }, given, carried, main, options);
  }
  if (given === "") {
    carried.settings["smartHosts"] = [...(options.smartHosts ?? [])];
    tell(
      carried,
      "relayhost",
      given,
      "differs",
      `smartHosts: ${(options.smartHosts ?? []).join(", ")}, as given with -SmartHosts, in place of delivery by MX record`,
    );
    return importedConnector("Relayhost", { addressSpaces: [everywhere] }, given, carried, main, options);
  }
  const hop = nextHopOf(given);
  if (!hop.ok) return skipped(`relayhost: ${hop.reason}`);
  carryHop(carried, "relayhost", given, hop);
  return importedConnector("Relayhost", { addressSpaces: [everywhere] }, given, carried, main, options);
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
    return importedConnector(
      name,
      { addressSpaces: domains.map(addressSpaceOf) },
      given,
      carried,
      main,
      options,
    );
  });
  if (unread.length === 0 && lost.length === 0) return parts;
  const told = nothingCarried();
  for (const word of unread)
    tell(told, "transport_maps", word, "leftOut", `${word} cannot be read beside main.cf, or has no text`);
  for (const entry of lost) tell(told, "transport_maps", entry, "leftOut", entry);
  return [...parts, { title: "Routes of transport_maps", edits: [], findings: told.findings, toDo: [] }];
}

function whyNoRoute(
  key: string,
  transport: string,
  given: string,
  hop: ReturnType<typeof nextHopOf>,
): string | undefined {
  if (!["smtp", "relay", ""].includes(transport)) return `there is no transport ${transport} here`;
  if (given === "") return "it is delivered by MX record: a send connector with dnsRoutingEnabled does that";
  if (key.includes("@")) return "single recipients have no route of their own";
  return hop.ok ? undefined : hop.reason;
}

/** `.example.com` are its subdomains; `example.com` has them, too, unless it is looked up otherwise. */
function addressSpaceOf(key: string): string {
  return key.startsWith(".") ? `*${key}` : key;
}
