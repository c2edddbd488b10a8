/** A service of master.cf as receive connectors: one for whom it lets relay, one for everybody else. */
import { receiveConnectorSchema } from "../../receive-connector-schema.ts";
import { commandText, type ImportedPart, plainText, type ToDo } from "../finding.ts";
import { carry, type Carried, carryCounterparts, nothingCarried, tell } from "../carried.ts";
import { type MainCf, overriding } from "./main-cf.ts";
import type { SmtpdService } from "./master-cf.ts";
import { clientsThatRelay, networksOf, ownNetworks } from "./networks.ts";
import { type Access, accessOf, relayRestrictions } from "./restrictions.ts";
import { carryLimits, carryLimitsOfNetworks } from "./smtpd-limits.ts";
import { carryBindings, carryHiddenExtensions } from "./smtpd-listening.ts";
import { smtpdCounterparts } from "./smtpd-parameters.ts";
import { carryTls } from "./smtpd-tls.ts";
import type { PostfixFiles } from "./tables.ts";
import { countOf, isYes } from "./values.ts";

const { shape } = receiveConnectorSchema;

export interface PostfixSurroundings {
  readonly files: PostfixFiles;
  /** Whether the relay that is configured here could read it. */
  readonly isReadable: (path: string) => boolean;
}

export function receiveParts(
  service: SmtpdService,
  main: MainCf,
  surroundings: PostfixSurroundings,
  acceptedDomains: readonly string[],
): readonly ImportedPart[] {
  const own = overriding(main, service.overrides);
  const name =
    service.port === 25 && service.host === undefined
      ? "Postfix"
      : `Postfix ${service.name.replace(/[[\]]/g, "")}`;
  const title = `Receive connector ${name}`;
  if (isYes(own.value("smtpd_tls_wrappermode")) || service.port === 465)
    return [
      {
        title,
        edits: [],
        findings: [],
        toDo: [],
        skipped: `${service.name} of master.cf speaks TLS from the first octet, which is not supported; its clients use STARTTLS, on port 587 for instance`,
      },
    ];
  const access = accessOf(own);
  const shared = sharedSettings(service, own, access, surroundings);
  const networks = trustedPart(name, own, access, shared, surroundings);
  const isLocal =
    !Array.isArray(shared.settings["bindings"]) || shared.settings["bindings"].every(isLoopback);
  const groups = [
    ...(access.othersSubmit && acceptedDomains.length > 0 ? ["AnonymousUsers"] : []),
    ...(access.usersRelay ? ["ExchangeUsers"] : []),
  ];
  const others =
    groups.length === 0 || isLocal
      ? []
      : [othersPart(networks === undefined ? name : `${name} (others)`, own, groups, shared)];
  const parts = [...(networks === undefined ? [] : [networks]), ...others];
  if (parts.length > 0) return parts;
  return [
    {
      title,
      edits: [],
      findings: shared.findings,
      toDo: [],
      skipped: `${service.name} of master.cf lets nobody relay, and there are no domains that it takes mail for`,
    },
  ];
}

const isLoopback = (binding: unknown): boolean => /^(?:127\.|\[::1\])/.test(String(binding));

function trustedPart(
  name: string,
  main: MainCf,
  access: Access,
  shared: Carried,
  { files }: PostfixSurroundings,
): ImportedPart | undefined {
  const carried: Carried = { settings: { ...shared.settings }, findings: [...shared.findings] };
  const given = main.value("mynetworks");
  const networks = !access.networksRelay
    ? { ranges: [], lost: [] }
    : given === undefined
      ? { ranges: ownNetworks, lost: [] }
      : networksOf(given, files);
  const clients = clientsThatRelay(relayRestrictions(main), files);
  const ranges = [...new Set([...networks.ranges, ...clients.ranges])];
  const lost = [...networks.lost, ...clients.lost];
  if (ranges.length === 0 && !access.networksRelay) return undefined;
  carry(carried, shape, "remoteIpRanges", ranges, {
    property: "mynetworks",
    given: given ?? "",
    ...(given === undefined && access.networksRelay
      ? {
          differs:
            "main.cf does not give it; Postfix may have counted its own subnets (mynetworks_style): see postconf mynetworks",
        }
      : lost.length > 0
        ? { differs: `not: ${lost.join("; ")}` }
        : {}),
  });
  const groups = ["AnonymousUsers", ...(access.usersRelay ? ["ExchangeUsers"] : [])];
  carried.settings["permissionGroups"] = groups;
  carried.settings["anonymousRelay"] = true;
  tell(
    carried,
    "permit_mynetworks",
    "",
    "carriedOver",
    `permissionGroups: ${groups.join(", ")}; anonymousRelay: true`,
  );
  carryLimitsOfNetworks(carried, main);
  return part(name, carried, access.usersRelay);
}

function othersPart(name: string, main: MainCf, groups: readonly string[], shared: Carried): ImportedPart {
  const carried: Carried = { settings: { ...shared.settings }, findings: [...shared.findings] };
  carried.settings["remoteIpRanges"] = ["0.0.0.0/0", "::/0"];
  carried.settings["permissionGroups"] = [...groups];
  tell(
    carried,
    "smtpd_relay_restrictions",
    main.value("smtpd_relay_restrictions") ?? "",
    "carriedOver",
    `permissionGroups: ${groups.join(", ")}; for all clients outside mynetworks`,
  );
  carryLimits(carried, main);
  return part(name, carried, groups.includes("ExchangeUsers"));
}

function part(name: string, { settings, findings }: Carried, hasUsers: boolean): ImportedPart {
  const toDo: readonly ToDo[] = hasUsers
    ? [
        {
          text: "Accounts of SASL do not come along; make a user here for each:",
          command: commandText("New-User", "NAME"),
        },
      ]
    : [];
  return {
    title: `Receive connector ${name}`,
    edits: [{ kind: "add", section: "receiveConnectors", name, settings: inOrder(settings) }],
    findings,
    toDo,
  };
}

function inOrder(settings: Carried["settings"]): Carried["settings"] {
  return Object.fromEntries(
    Object.keys(shape).flatMap((key) => (settings[key] === undefined ? [] : [[key, settings[key]]])),
  );
}

function sharedSettings(
  service: SmtpdService,
  main: MainCf,
  access: Access,
  { isReadable }: PostfixSurroundings,
): Carried {
  const carried = nothingCarried();
  carryBindings(carried, service, main);
  const hostname = main.value("myhostname");
  if (hostname !== undefined)
    carry(carried, shape, "fqdn", hostname, { property: "myhostname", given: hostname });
  carryTls(carried, main, access.usersRelay, isReadable);
  const processes = service.mostProcesses ?? countOf(main.value("default_process_limit") ?? "");
  if (processes !== undefined && processes > 0)
    carry(carried, shape, "maxInboundConnection", processes, {
      property: service.mostProcesses === undefined ? "default_process_limit" : `maxproc of ${service.name}`,
      given: String(processes),
    });
  carryCounterparts(carried, shape, smtpdCounterparts, (parameter) => main.value(parameter));
  if (longerThanLife(carried)) {
    carried.settings["connectionTimeout"] = "1h";
    tell(
      carried,
      "(no limit)",
      "",
      "differs",
      "connectionTimeout: 1h; here a connection has an end, 10 m by default",
    );
  }
  carryHiddenExtensions(carried, main.value("smtpd_discard_ehlo_keywords"));
  const banner = main.value("smtpd_banner");
  if (banner !== undefined)
    tell(
      carried,
      "smtpd_banner",
      banner,
      "differs",
      "this relay greets in its own name; banner sets another text",
    );
  if (service.command === "postscreen")
    tell(
      carried,
      "postscreen",
      "",
      "leftOut",
      "there is no postscreen here; limits per source and remoteIpRanges keep strangers off",
    );
  for (const restriction of access.unknown)
    tell(
      carried,
      restriction,
      "",
      "leftOut",
      "there is no such restriction here; let the next hop refuse what it does not want",
    );
  return carried;
}

function longerThanLife({ settings }: Carried): boolean {
  const silence = plainText(settings["connectionInactivityTimeout"] ?? "5m");
  return /[hd]/.test(silence) || Number(/^(\d+)m/.exec(silence)?.[1] ?? 0) >= 10;
}
