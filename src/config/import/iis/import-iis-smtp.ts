/** IIS's SMTP service, as parts of a configuration here. */
import { formatDuration } from "../../../core/units/duration.ts";
import { parseAcceptedDomain } from "../../accepted-domain.ts";
import type { ConfigurationEdit } from "../../edit.ts";
import { transportSchema } from "../../transport-schema.ts";
import { carryCounterparts, type Counterpart, nothingCarried, tell } from "../carried.ts";
import { commandText, type ImportedPart, type ToDo } from "../finding.ts";
import type { SmtpVirtualServer } from "./metabase.ts";
import { isWithoutMeaning, reasonFor } from "./properties.ts";
import { receiveParts, receiveProperties } from "./receive.ts";
import { routeOf, sendParts, sendProperties } from "./send.ts";

export interface IisSmtpImport {
  /** Who may relay, in place of RelayIpList. */
  readonly relayRanges: readonly string[] | undefined;
  /** Next hops in place of delivery by MX record. */
  readonly smartHosts: readonly string[] | undefined;
  /** Accepted domains that the configuration has. */
  readonly known: readonly string[];
}

export function importIisSmtp(
  servers: readonly SmtpVirtualServer[],
  { relayRanges, smartHosts, known }: IisSmtpImport,
): readonly ImportedPart[] {
  const added: string[] = [];
  return servers.flatMap((server) => {
    const { part, domains } = serverPart(server, [...known, ...added]);
    added.push(...domains);
    return [...receiveParts(server, relayRanges, domains.length > 0), ...sendParts(server, smartHosts), part];
  });
}

function minutes(value: string): string | undefined {
  return /^\d{1,7}$/.test(value) ? formatDuration(Number(value) * 60_000) : undefined;
}

const counterparts: readonly Counterpart[] = [
  { parameter: "SmtpRemoteNDRExpireMinutes", setting: "messageExpirationTimeout", read: minutes },
  { parameter: "SmtpRemoteDelayExpireMinutes", setting: "delayNotificationTimeout", read: minutes },
];
const ownProperties = new Set(counterparts.map(({ parameter }) => parameter.toLowerCase()));

/** Domains, expiry, and what has no counterpart. */
function serverPart(
  server: SmtpVirtualServer,
  known: readonly string[],
): { readonly part: ImportedPart; readonly domains: readonly string[] } {
  const carried = nothingCarried();
  const toDo: ToDo[] = [];
  carryCounterparts(
    carried,
    transportSchema.shape,
    counterparts,
    (name) => server.properties.get(name.toLowerCase())?.value || undefined,
  );
  const domains: string[] = [];
  for (const { domain, isAccepted, smartHosts } of server.domains.map(routeOf)) {
    const read = parseAcceptedDomain(domain);
    if (!isAccepted) continue;
    if (!read.ok) {
      tell(carried, "IIsSmtpDomain", domain, "leftOut", read.message);
      continue;
    }
    domains.push(domain);
    if (smartHosts !== undefined) {
      tell(carried, "IIsSmtpDomain", domain, "carriedOver", `acceptedDomains: ${domain}`);
      continue;
    }
    tell(
      carried,
      "IIsSmtpDomain",
      domain,
      "differs",
      `acceptedDomains: ${domain}; IIS kept its mail in DropDirectory, here a send connector must take it`,
    );
    toDo.push({
      text: `Mail for ${domain} was put into IIS's Drop folder. To have it in files here:`,
      command: commandText(
        "New-SendConnector",
        `Drop ${domain}`,
        "-AddressSpaces",
        domain,
        "-DropDirectory",
        `drop/${domain}`,
      ),
    });
  }
  for (const [key, { name, value }] of server.properties) {
    if (receiveProperties.has(key) || sendProperties.has(key) || ownProperties.has(key)) continue;
    if (value === "" || isWithoutMeaning(name)) tell(carried, name, value, "nothing", "");
    else tell(carried, name, /password/i.test(name) ? "" : value, "leftOut", reasonFor(name));
  }
  const add = domains.filter(
    (domain) => !known.some((other) => other.toLowerCase() === domain.toLowerCase()),
  );
  const edits: ConfigurationEdit[] = [];
  if (Object.keys(carried.settings).length > 0)
    edits.push({ kind: "setSection", section: "transport", settings: carried.settings });
  if (add.length > 0) edits.push({ kind: "changeList", section: "acceptedDomains", remove: [], add });
  return {
    part: { title: `SMTP virtual server ${server.number}`, edits, findings: carried.findings, toDo },
    domains,
  };
}
