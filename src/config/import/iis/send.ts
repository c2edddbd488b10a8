/** Smart host and remote domains of IIS's SMTP service as send connectors. */
import type { Plain } from "../../edit-value.ts";
import { sendConnectorSchema } from "../../send-connector-schema.ts";
import {
  byMxRecord,
  carry,
  type Carried,
  carryCounterparts,
  type Counterpart,
  nothingCarried,
  tell,
} from "../carried.ts";
import { commandText, type ImportedPart, type ToDo } from "../finding.ts";
import type { MetabaseProperties, SmtpDomain, SmtpVirtualServer } from "./metabase.ts";

const { shape } = sendConnectorSchema;

function count(value: string): Plain | undefined {
  return value === "0" ? "unlimited" : /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

const counterparts: readonly Counterpart[] = [
  { parameter: "RemoteSmtpPort", setting: "port", read: count },
  { parameter: "MaxOutConnectionsPerDomain", setting: "maxConcurrentConnections", read: count },
  { parameter: "MaxBatchedMessages", setting: "smtpMaxMessagesPerConnection", read: count },
];

export const sendProperties: ReadonlySet<string> = new Set([
  ...counterparts.map(({ parameter }) => parameter.toLowerCase()),
  "alwaysusessl",
  "smarthost",
  "routeusername",
]);

/** Source: flags of RouteAction in Microsoft's SMTP service. */
const routeFlags = { smartHost: 0x2, ssl: 0x4, mayRelay: 0x1000 } as const;

export interface DomainRoute {
  readonly domain: string;
  /** Undefined: mail for it stays on the server. */
  readonly smartHosts: readonly string[] | undefined;
  readonly requireTls: boolean;
  /** Account at the next hop; empty: none. */
  readonly userName: string;
  /** Everybody may send to it. */
  readonly isAccepted: boolean;
}

export function routeOf({ name, properties }: SmtpDomain): DomainRoute {
  const action = Number(properties.get("routeaction")?.value ?? 0);
  const hosts = hostsIn(properties.get("routeactionstring")?.value ?? "");
  const isRemote = (action & routeFlags.smartHost) !== 0;
  return {
    domain: name,
    smartHosts: isRemote ? hosts : undefined,
    requireTls: (action & routeFlags.ssl) !== 0,
    userName: properties.get("routeusername")?.value ?? "",
    // A local domain takes mail from everybody; a remote one where it was ticked.
    isAccepted: !isRemote || (action & routeFlags.mayRelay) !== 0,
  };
}

/** Several stand between semicolons or commas. */
function hostsIn(text: string): readonly string[] {
  return text.split(/[;,\s]+/).filter((host) => host !== "");
}

export function sendParts(
  server: SmtpVirtualServer,
  smartHosts: readonly string[] | undefined,
): readonly ImportedPart[] {
  const routes = server.domains.map(routeOf).filter((route) => (route.smartHosts ?? []).length > 0);
  return [
    smartHostPart(server, smartHosts),
    ...routes.map((route) => {
      const carried = nothingCarried();
      carry(carried, shape, "smartHosts", [...(route.smartHosts ?? [])], { property: "RouteActionString" });
      carry(carried, shape, "addressSpaces", [route.domain], { property: "(domain)" });
      if (route.requireTls)
        carry(carried, shape, "requireTls", true, { property: "RouteAction", given: "SSL" });
      return part(`To ${route.domain.replace(/^\*\./, "")}`, carried, server.properties, route.userName);
    }),
  ];
}

function smartHostPart(server: SmtpVirtualServer, given: readonly string[] | undefined): ImportedPart {
  const name = server.number === "1" ? "Smart host" : `Smart host ${server.number}`;
  const text = server.properties.get("smarthost")?.value ?? "";
  const hosts = hostsIn(text);
  const nextHops = hosts.length > 0 ? hosts : (given ?? []);
  const carried = nothingCarried();
  if (nextHops.length === 0) {
    carried.settings["dnsRoutingEnabled"] = true;
    tell(
      carried,
      "SmartHost",
      text,
      "carriedOver",
      "dnsRoutingEnabled: true, for IIS has no smart host: mail goes to the mail exchangers of each domain",
    );
    carry(carried, shape, "addressSpaces", ["*"], { property: "(domain)" });
    return part(name.replace("Smart host", "Internet"), carried, server.properties, "");
  }
  const isFallback = server.properties.get("smarthosttype")?.value === "1";
  carry(carried, shape, "smartHosts", [...nextHops], {
    property: "SmartHost",
    given: text,
    ...(hosts.length === 0
      ? { differs: "as given with -SmartHosts, in place of delivery by MX record" }
      : isFallback
        ? { differs: "IIS tried delivery by MX record first; here all goes to the smart host" }
        : {}),
  });
  carry(carried, shape, "addressSpaces", ["*"], { property: "(domain)" });
  return part(name, carried, server.properties, server.properties.get("routeusername")?.value ?? "");
}

function part(
  name: string,
  carried: Carried,
  properties: MetabaseProperties,
  userName: string,
): ImportedPart {
  carryCounterparts(
    carried,
    shape,
    carried.settings["dnsRoutingEnabled"] === true ? byMxRecord(counterparts) : counterparts,
    (parameter) => properties.get(parameter.toLowerCase())?.value || undefined,
  );
  if (/^(?:true|1|-1)$/i.test(properties.get("alwaysusessl")?.value ?? ""))
    carry(carried, shape, "requireTls", true, { property: "AlwaysUseSsl", given: "True" });
  const toDo = logOn(name, carried, userName);
  return {
    title: `Send connector ${name}`,
    edits: [
      {
        kind: "add",
        section: "sendConnectors",
        name,
        settings: Object.fromEntries(
          Object.keys(shape).flatMap((key) =>
            carried.settings[key] === undefined ? [] : [[key, carried.settings[key]]],
          ),
        ),
      },
    ],
    findings: carried.findings,
    toDo,
  };
}

function logOn(name: string, carried: Carried, userName: string): readonly ToDo[] {
  if (userName === "") return [];
  carried.settings["enabled"] = false;
  tell(
    carried,
    "RouteUserName",
    userName,
    "leftOut",
    "its password is encrypted for the old server; the connector stays disabled until it has one",
  );
  return [
    {
      text: `${name}: put the password of ${userName} into a file that only the relay may read (mode 0600), then:`,
      command: commandText(
        "Set-SendConnector",
        name,
        "-SmartHostAuthMechanism",
        "BasicAuthRequireTLS",
        "-AuthenticationCredential",
        `@{UserName='${userName}';PasswordFile='FILE'}`,
        "-Enabled",
        "true",
      ),
    },
  ];
}
