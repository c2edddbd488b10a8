/** What send connectors that come from Postfix have alike. */
import { sendConnectorSchema } from "../../send-connector-schema.ts";
import { byMxRecord, carry, type Carried, carryCounterparts, type Counterpart } from "../carried.ts";
import type { ImportedPart } from "../finding.ts";
import type { MainCf } from "./main-cf.ts";
import type { NextHop } from "./next-hop.ts";
import { carryLogOn, type LogOnOptions } from "./smtp-log-on.ts";
import { carryTls } from "./smtp-tls.ts";
import { countOf } from "./values.ts";

const { shape } = sendConnectorSchema;

export const sendCounterparts: readonly Counterpart[] = [
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

export type UsableHop = Extract<NextHop, { ok: true }>;

export interface ConnectorOptions extends LogOnOptions {
  /** Name of the connector that takes over from the others. */
  readonly fallback?: string | undefined;
}

interface ImportedSpaces {
  readonly addressSpaces: readonly string[];
  readonly senderSpaces?: readonly string[];
}

export function carryHop(carried: Carried, property: string, given: string, hop: UsableHop): void {
  carry(carried, shape, "smartHosts", [hop.smartHost], {
    property,
    given,
    ...(hop.byMx
      ? { differs: "without brackets Postfix asked for its MX records; here the name itself is the next hop" }
      : {}),
  });
}

/** `given`: the next hop as Postfix has it, which its account is found by. */
export function importedConnector(
  name: string,
  { addressSpaces, senderSpaces = [] }: ImportedSpaces,
  given: string,
  carried: Carried,
  main: MainCf,
  options: ConnectorOptions,
): ImportedPart {
  carry(carried, shape, "addressSpaces", [...addressSpaces], { property: "(recipients)" });
  if (senderSpaces.length > 0)
    carry(carried, shape, "senderSpaces", [...senderSpaces], { property: "(senders)" });
  if (options.fallback !== undefined && options.fallback !== name) {
    carried.settings["fallbackConnector"] = options.fallback;
    carried.settings["fallbackAfter"] = "0s";
  }
  const counterparts =
    carried.settings["dnsRoutingEnabled"] === true ? byMxRecord(sendCounterparts) : sendCounterparts;
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
