/** Not logged on, or logging on in vain. */
import { commandWord } from "../units/command-word.ts";
import { rightsOf } from "../policy/relay-permission.ts";
import { isOpenRelay } from "../policy/open-relay.ts";
import type { AuthMechanism, PermissionGroup } from "../policy/receive-connector.ts";
import {
  noSetting,
  setConnector,
  type Circumstances,
  type Met,
  type Remedy,
  type RemedyCommand,
} from "./remedy.ts";

const withGroup = (groups: readonly PermissionGroup[], group: PermissionGroup): string =>
  [...groups.filter((one) => one !== "None" && one !== group), group].join(",");
const withMechanisms = (mechanisms: readonly AuthMechanism[], ...more: readonly AuthMechanism[]): string =>
  [...new Set([...mechanisms.filter((one) => one !== "None"), ...more])].join(",");

/** Anonymous mail where none is taken (530). */
export function notAuthenticatedRemedy(circumstances: Circumstances): Remedy | undefined {
  const { connector } = circumstances;
  if (rightsOf(connector, { authenticated: false }).submit) return undefined;
  const opened = {
    ...connector,
    permissionGroups: [...connector.permissionGroups, "AnonymousUsers" as const],
  };
  return {
    text: `The application did not log on, and ${connector.name} takes no mail from clients that have not. Either it logs on, or the connector takes anonymous mail:`,
    commands: [
      ...logOnCommands(circumstances),
      ...(isOpenRelay(opened)
        ? []
        : [
            {
              command: setConnector(
                connector,
                `-PermissionGroups ${withGroup(connector.permissionGroups, "AnonymousUsers")}`,
              ),
              effect: connector.anonymousRelay
                ? "every client within its remoteIpRanges may send anywhere without logging on"
                : "clients within its remoteIpRanges may send to accepted domains without logging on; -AnonymousRelay true in the same command lets them send anywhere",
            },
          ]),
    ],
  };
}

/** What is wanting for a client to log on; the application's part is left to it. */
function logOnCommands({ connector, users }: Circumstances): readonly RemedyCommand[] {
  const { authMechanism, permissionGroups } = connector;
  const offers = authMechanism.includes("BasicAuth") && permissionGroups.includes("ExchangeUsers");
  return [
    ...(offers
      ? []
      : [
          {
            command: setConnector(
              connector,
              `-AuthMechanism ${withMechanisms(authMechanism, "Tls", "BasicAuth", "BasicAuthRequireTLS")} -PermissionGroups ${withGroup(permissionGroups, "ExchangeUsers")}`,
            ),
            effect: "clients may log on, under TLS",
          },
        ]),
    users.length === 0
      ? {
          command: "New-User NAME",
          effect: "an account for the application to log on with; asks for the password",
        }
      : {
          command: "Get-User",
          effect:
            "the accounts there are; the application must log on with one of them (AUTH PLAIN or LOGIN)",
        },
  ];
}

export function logonFailedRemedy(
  { last, about }: Met,
  { connector, users }: Circumstances,
): Remedy | undefined {
  const account = about.at(-1);
  const known = users.find(({ name }) => name.toLowerCase() === account?.toLowerCase());
  if (last.kind === "tooManyLogonFailures" && connector.maxLogonFailures === 0) return undefined;
  return known === undefined
    ? {
        text: "It logs on with a name that no account has. The names there are, and a new one:",
        commands: [
          { command: "Get-User", effect: "the accounts there are" },
          {
            command: "New-User NAME",
            effect: "an account of the name that the application uses; asks for the password",
          },
        ],
      }
    : {
        text: `It logs on as ${known.name} with a wrong password. Correct it in the application, or give the account the one it uses:`,
        commands: [{ command: `Set-User ${commandWord(known.name)}`, effect: "asks for the new password" }],
      };
}

export function mayNotSubmitRemedy({ connector }: Circumstances): Remedy | undefined {
  if (rightsOf(connector, { authenticated: true }).submit) return undefined;
  return {
    text: `Name and password are right, but who has logged on may not send by ${connector.name}: permissionGroups has no ExchangeUsers.`,
    commands: [
      {
        command: setConnector(
          connector,
          `-PermissionGroups ${withGroup(connector.permissionGroups, "ExchangeUsers")}`,
        ),
        effect: "who has logged on may send anywhere",
      },
    ],
  };
}

export function logonNotOfferedRemedy(circumstances: Circumstances): Remedy | undefined {
  const { connector } = circumstances;
  const { authMechanism } = connector;
  if (["BasicAuth", "OAuth", "ClientCertificate"].some((one) => authMechanism.includes(one as AuthMechanism)))
    return undefined;
  return {
    text: `The application tries to log on, and ${connector.name} offers no logon. Switch the logon off in the application where it may send without, or:`,
    commands: logOnCommands(circumstances),
  };
}

export function logonNeedsTlsRemedy({ connector }: Circumstances): Remedy | undefined {
  const { authMechanism } = connector;
  const byToken = ["OAuth", "ClientCertificate"].some((one) => authMechanism.includes(one as AuthMechanism));
  if (!authMechanism.includes("BasicAuthRequireTLS"))
    return byToken
      ? noSetting(
          "Tokens and certificates are taken under TLS only. Switch STARTTLS on in the application (“TLS”, “use encryption”).",
        )
      : undefined;
  const clear = authMechanism.filter((one) => one !== "BasicAuthRequireTLS");
  return {
    text: "The application logs on without TLS. Switch STARTTLS on in the application (“TLS”, “use encryption”), or let passwords go in clear text:",
    commands: [
      {
        command: setConnector(connector, `-AuthMechanism ${withMechanisms(clear, "BasicAuth")}`),
        effect: "passwords may be read on the network",
      },
    ],
  };
}

export const mechanismRemedy: Remedy = noSetting(
  "Weir takes AUTH PLAIN and LOGIN (BasicAuth in authMechanism), XOAUTH2 and OAUTHBEARER (OAuth) and EXTERNAL (ClientCertificate), and no setting adds another mechanism (NTLM, CRAM-MD5): choose “basic” or “plain” logon in the application.",
);
