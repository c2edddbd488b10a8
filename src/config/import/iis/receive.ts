/** A virtual server of IIS's SMTP service as receive connectors. */
import { formatConfiguredSize } from "../../../core/units/byte-size.ts";
import { formatDuration } from "../../../core/units/duration.ts";
import { receiveConnectorSchema } from "../../receive-connector-schema.ts";
import { refusedValues } from "../../refused-settings.ts";
import {
  carry,
  type Carried,
  carryCounterparts,
  type Counterpart,
  nothingCarried,
  tell,
} from "../carried.ts";
import { commandText, type ImportedPart, type ToDo } from "../finding.ts";
import { type IpList, readIpList } from "./ip-list.ts";
import type { SmtpVirtualServer } from "./metabase.ts";

const { shape } = receiveConnectorSchema;

/** What IIS writes for "no limit". */
const mostMeant = 2_000_000_000;

function countOf(value: string): number | undefined {
  return /^\d{1,10}$/.test(value) ? Number(value) : undefined;
}

function limit(value: string): number | "unlimited" | undefined {
  const count = countOf(value);
  return count === 0 || (count ?? 0) >= mostMeant ? "unlimited" : count;
}

function size(value: string): string | undefined {
  const octets = countOf(value);
  return octets === undefined ? undefined : formatConfiguredSize(octets);
}

function seconds(value: string): string | undefined {
  const count = countOf(value);
  return count === undefined ? undefined : formatDuration(count * 1000);
}

const counterparts: readonly Counterpart[] = [
  {
    parameter: "MaxMessageSize",
    setting: "maxMessageSize",
    read: (value) => (value === "0" ? "2147483647" : size(value)),
  },
  { parameter: "MaxRecipients", setting: "maxRecipientsPerMessage", read: countOf },
  { parameter: "MaxConnections", setting: "maxInboundConnection", read: limit },
  { parameter: "HopCount", setting: "maxHopCount", read: countOf },
  { parameter: "FullyQualifiedDomainName", setting: "fqdn", read: (value) => value },
  { parameter: "ConnectionTimeout", setting: "connectionInactivityTimeout", read: seconds },
];

export const receiveProperties: ReadonlySet<string> = new Set(
  counterparts.map(({ parameter }) => parameter.toLowerCase()),
);

/** `relayRanges`: given in place of RelayIpList. */
export function receiveParts(
  server: SmtpVirtualServer,
  relayRanges: readonly string[] | undefined,
  hasDomains: boolean,
): readonly ImportedPart[] {
  const name = nameOf(server);
  const carried = sharedSettings(server);
  const relaying = relayRanges ?? grantedIn(server, "RelayIpList", carried);
  const open: Carried = { settings: { ...carried.settings }, findings: [...carried.findings] };
  const ranges = relaying.length > 0 ? relaying : ["127.0.0.0/8"];
  carry(carried, shape, "remoteIpRanges", [...ranges], {
    property: "RelayIpList",
    given: propertyOf(server, "RelayIpList"),
    ...(relaying.length > 0
      ? {}
      : {
          differs: "no address could be taken from it: only this machine may relay until you add the others",
        }),
  });
  carried.settings["anonymousRelay"] = true;
  const trusted = connector(name, carried, ["AnonymousUsers", ...usersOf(server)]);
  const toDo: readonly ToDo[] =
    relaying.length > 0
      ? []
      : [
          {
            text: `${name}: look into Access, Relay on the old server, and add its addresses:`,
            command: commandText("Set-ReceiveConnector", name, "-RemoteIPRanges", "@{Add='ADDRESS'}"),
          },
        ];
  const parts = [{ ...trusted, toDo: [...trusted.toDo, ...toDo] }];
  const others = ["AnonymousUsers", ...usersOf(server)].filter(
    (group) => hasDomains || group !== "AnonymousUsers",
  );
  if (others.length === 0) return parts;
  const reachable = grantedIn(server, "IPSecurity", open);
  carry(open, shape, "remoteIpRanges", reachable.length > 0 ? [...reachable] : ["0.0.0.0/0"], {
    property: "IPSecurity",
    given: propertyOf(server, "IPSecurity"),
  });
  return [...parts, connector(`${name} (others)`, open, others)];
}

function nameOf(server: SmtpVirtualServer): string {
  const comment = propertyOf(server, "ServerComment").replace(/^\[(.*)\]$/, "$1");
  return comment === "" ? `IIS SMTP ${server.number}` : comment.slice(0, 50);
}

function propertyOf({ properties }: SmtpVirtualServer, name: string): string {
  return properties.get(name.toLowerCase())?.value ?? "";
}

function isOn(text: string): boolean {
  return /^(?:true|1|-1)$/i.test(text);
}

/** Who logged on may relay, unless RelayForAuth is off. */
function usersOf(server: SmtpVirtualServer): readonly string[] {
  const relays = propertyOf(server, "RelayForAuth") === "" || isOn(propertyOf(server, "RelayForAuth"));
  return relays && authWords(server).includes("authbasic") ? ["ExchangeUsers"] : [];
}

/** `AuthAnonymous | AuthBasic`, or their bits 1, 2 and 4. */
function authWords(server: SmtpVirtualServer): readonly string[] {
  const flags = propertyOf(server, "AuthFlags");
  const bits = /^\d+$/.test(flags) ? Number(flags) : undefined;
  const words = ["authanonymous", "authbasic", "authntlm"];
  if (bits !== undefined) return words.filter((_, bit) => (bits & (1 << bit)) !== 0);
  const single = words.filter((word) => isOn(propertyOf(server, word)));
  return [...single, ...flags.toLowerCase().split(/[\s|]+/)].filter((word) => word !== "");
}

function sharedSettings(server: SmtpVirtualServer): Carried {
  const carried = nothingCarried();
  const given = propertyOf(server, "ServerBindings");
  const bindings = given
    .split(/\s+/)
    .map((binding) => /^(.*):(\d+):[^:]*$/.exec(binding))
    .flatMap((match) => (match === null ? [] : [`${match[1] === "" ? "0.0.0.0" : match[1]}:${match[2]}`]));
  carry(carried, shape, "bindings", bindings.length > 0 ? bindings : ["0.0.0.0:25"], {
    property: "ServerBindings",
    given,
  });
  carryCounterparts(carried, shape, counterparts, (name) => propertyOf(server, name) || undefined);
  if (Number(propertyOf(server, "ConnectionTimeout")) >= 600) {
    carried.settings["connectionTimeout"] = "1h";
    tell(
      carried,
      "(no limit)",
      "",
      "differs",
      "connectionTimeout: 1h; here a connection has an end, 10 m by default",
    );
  }
  carried.settings["maxInboundConnectionPerSource"] = "unlimited";
  carried.settings["maxInboundConnectionPercentagePerSource"] = 100;
  tell(
    carried,
    "(no limit)",
    "",
    "carriedOver",
    "maxInboundConnectionPerSource: unlimited, maxInboundConnectionPercentagePerSource: 100; IIS has no limit per client",
  );
  const words = authWords(server);
  if (words.includes("authntlm"))
    tell(carried, "AuthFlags", "AuthNTLM", "leftOut", refusedValues["authMechanism"]?.["Integrated"] ?? "");
  const hasCertificate = propertyOf(server, "SSLCertHash") !== "";
  const mechanisms = [
    ...(hasCertificate ? ["Tls"] : []),
    ...(usersOf(server).length > 0 ? ["BasicAuth"] : []),
  ];
  carry(carried, shape, "authMechanism", mechanisms.length === 0 ? ["None"] : mechanisms, {
    property: "AuthFlags",
    given: propertyOf(server, "AuthFlags"),
  });
  return carried;
}

/** Addresses that a list grants; none, with a word in the table, where it cannot be read or denies instead. */
function grantedIn(server: SmtpVirtualServer, property: string, carried: Carried): readonly string[] {
  const hex = propertyOf(server, property);
  const list = readIpList(hex);
  if (!list.ok) {
    tell(carried, property, `${hex.slice(0, 16)}…`, "leftOut", list.message);
    return [];
  }
  const { granted, denied }: IpList = list.value;
  if (denied.length > 0)
    tell(
      carried,
      property,
      denied.join(", "),
      "leftOut",
      "all but these may; here connectors name those that may",
    );
  return granted;
}

function connector(name: string, { settings, findings }: Carried, groups: readonly string[]): ImportedPart {
  const all = { ...settings, permissionGroups: [...groups] };
  tell(
    { settings, findings },
    "(access)",
    "",
    "carriedOver",
    `permissionGroups: ${groups.join(", ")}${settings["anonymousRelay"] === true ? "; anonymousRelay: true" : ""}`,
  );
  return {
    title: `Receive connector ${name}`,
    edits: [
      {
        kind: "add",
        section: "receiveConnectors",
        name,
        settings: Object.fromEntries(
          Object.keys(shape).flatMap((key) => {
            const setting = (all as Carried["settings"])[key];
            return setting === undefined ? [] : [[key, setting]];
          }),
        ),
      },
    ],
    findings,
    toDo: groups.includes("ExchangeUsers")
      ? [
          {
            text: "Accounts of Windows do not come along; make a user here for each that logs on:",
            command: commandText("New-User", "NAME"),
          },
        ]
      : [],
  };
}
