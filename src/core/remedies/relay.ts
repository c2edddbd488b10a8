/** Unable to relay, and recipients that are refused outright. */
import { commandWord } from "../units/command-word.ts";
import { isAcceptedDomain } from "../policy/accepted-domain.ts";
import { isOpenRelay } from "../policy/open-relay.ts";
import { rightsOf } from "../policy/relay-permission.ts";
import { formatEndpoint } from "../units/endpoint.ts";
import {
  ownConnector,
  setConnector,
  type Circumstances,
  type Met,
  type Remedy,
  type RemedyCommand,
} from "./remedy.ts";

/** Domains that are named in commands. */
const mostDomains = 3;

/** Undefined: it may relay by now, or all the domains are accepted. */
export function relayRemedy({ about }: Met, circumstances: Circumstances): Remedy | undefined {
  const { connector, acceptedDomains } = circumstances;
  if (rightsOf(connector, { authenticated: false }).acceptAnyRecipient) return undefined;
  const wanted = about.filter((domain) => !isAcceptedDomain(acceptedDomains, domain));
  if (about.length > 0 && wanted.length === 0) return undefined;
  const named = wanted.filter((domain) => !domain.startsWith("[")).slice(-mostDomains);
  const where = wanted.length === 0 ? "another domain" : wanted.slice(-mostDomains).join(", ");
  return {
    text: `It wanted to send to ${where}: no accepted domain, and clients that have not logged on may send to accepted domains only. Either of these lets it:`,
    commands: [
      ...named.map((domain) => ({
        command: `New-AcceptedDomain ${commandWord(domain)}`,
        effect: `whoever may submit may send to ${domain}, and nowhere else`,
      })),
      anonymousRelay(circumstances),
      ...(maySubmitLoggedOn(circumstances)
        ? [
            {
              command: circumstances.users.length === 0 ? "New-User NAME" : "Get-User",
              effect: "an application that logs on may send anywhere; it then needs name and password",
            },
          ]
        : []),
    ],
  };
}

/** For all clients of the connector; for this one alone where that would open the relay to the Internet. */
function anonymousRelay(circumstances: Circumstances): RemedyCommand {
  const { connector, address } = circumstances;
  const groups = connector.permissionGroups;
  const opened = { ...connector, anonymousRelay: true };
  if (!isOpenRelay(opened) && groups.includes("AnonymousUsers"))
    return {
      command: setConnector(connector, "-AnonymousRelay true"),
      effect: "every client within its remoteIpRanges may send anywhere without logging on",
    };
  const bindings = connector.bindings.map(formatEndpoint).join(",");
  return {
    command: ownConnector(
      circumstances,
      "relay",
      `-Bindings ${commandWord(bindings)} -RemoteIPRanges ${address} -PermissionGroups AnonymousUsers -AnonymousRelay true`,
    ),
    effect: `${address} alone may send anywhere; ${connector.name} serves too much of the Internet for -AnonymousRelay`,
  };
}

function maySubmitLoggedOn({ connector }: Circumstances): boolean {
  return (
    connector.authMechanism.includes("BasicAuth") && connector.permissionGroups.includes("ExchangeUsers")
  );
}

const domainSettings = {
  reservedTopLevelDomain: "rejectReservedTopLevelRecipientDomains",
  reservedSecondLevelDomain: "rejectReservedSecondLevelRecipientDomains",
  singleLabelDomain: "rejectSingleLabelRecipientDomains",
} as const;

export function refusedDomainRemedy(
  kind: keyof typeof domainSettings,
  { about }: Met,
  { connector }: Circumstances,
): Remedy | undefined {
  const setting = domainSettings[kind];
  if (!connector[setting]) return undefined;
  return {
    text: `It wanted to send to ${about.join(", ")}, which the connector refuses outright. If that is meant to be delivered:`,
    commands: [
      {
        command: setConnector(connector, `-${setting.charAt(0).toUpperCase()}${setting.slice(1)} false`),
        effect: "such recipients are taken, if the client may relay",
      },
    ],
  };
}
