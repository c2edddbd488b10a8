/** `Add-ADPermission` on a Receive connector: each extended right is a setting of the connector here. */
import { findName } from "../arguments/find-name.ts";
import { splitList } from "../arguments/list.ts";

const parameters = [
  { name: "Identity" },
  { name: "User" },
  { name: "ExtendedRights" },
  { name: "AccessRights" },
  { name: "Deny" },
  { name: "InheritanceType" },
  { name: "DomainController" },
  { name: "Confirm" },
  { name: "WhatIf" },
];

type Verb = "Add" | "Remove";
/** The words behind Set-ReceiveConnector NAME; a sentence where there are none. */
type Meaning = (verb: Verb, user: "anonymous" | "other") => readonly string[] | string;

/** By the name behind `ms-Exch-`, in lower case. Source: "Receive connectors", permission groups. */
const meanings: Readonly<Record<string, Meaning>> = {
  "smtp-accept-any-recipient": (verb, user) =>
    user === "anonymous"
      ? verb === "Add"
        ? ["-AnonymousRelay", "true"]
        : ["-AnonymousRelay", "false"]
      : ["-PermissionGroups", `"@{${verb}='ExchangeUsers'}"`],
  "smtp-submit": (verb, user) => [
    "-PermissionGroups",
    `"@{${verb}='${user === "anonymous" ? "AnonymousUsers" : "ExchangeUsers"}'}"`,
  ],
  "smtp-accept-any-sender": () =>
    "whom sendAs of a user or an application does not limit may name any sender (Set-User -SendAs, Set-Application -SendAs)",
  "smtp-accept-authoritative-domain-sender": () =>
    "anonymous clients may name any sender here, also one of an accepted domain",
  "bypass-anti-spam": () => "there is no content filter here to bypass",
  "accept-headers-routing": () => "no header is taken out of a message here",
  "accept-headers-organization": () => "no header is taken out of a message here",
  "accept-headers-forest": () => "no header is taken out of a message here",
  "bypass-message-size-limit": (verb) =>
    verb === "Add"
      ? ["-MaxMessageSize", "2GB"]
      : "the limit holds for all but clients of an Externally Secured connector",
  "smtp-accept-exch50": () => "it concerns traffic between Exchange servers",
  "smtp-send-exch50": () => "it concerns traffic between Exchange servers",
  "store-create-named-properties": () => "there are no mailboxes here",
};

/** What to type for it; `words` stand behind the cmdlet's name. Lines, the commands indented. */
export function adPermissionLines(verb: Verb, words: readonly string[]): readonly string[] {
  const given = readWords(words);
  const name = (given.get("Identity") ?? "NAME").replace(/^[^\\]*\\/, "");
  const user = /anonymous/i.test(given.get("User") ?? "ANONYMOUS LOGON") ? "anonymous" : "other";
  const rights = splitList(given.get("ExtendedRights") ?? "ms-Exch-SMTP-Accept-Any-Recipient");
  const quoted = /^[\w.-]+$/.test(name) ? name : `"${name}"`;
  return [
    "rights are settings of the connector; type",
    ...rights.map((right) => {
      const meaning = meanings[right.toLowerCase().replace(/^ms-exch-/, "")]?.(verb, user);
      if (meaning === undefined)
        return `  ${right} is not known; weir help Set-ReceiveConnector tells of -PermissionGroups and -AnonymousRelay`;
      return typeof meaning === "string"
        ? `  nothing for ${right}: ${meaning}`
        : `  weir Set-ReceiveConnector ${quoted} ${meaning.join(" ")}`;
    }),
  ];
}

/** `Get-ADPermission`: the settings that say who may. */
export function shownPermissionLines(words: readonly string[]): readonly string[] {
  const name = readWords(words)
    .get("Identity")
    ?.replace(/^[^\\]*\\/, "");
  const quoted = name === undefined ? "" : /^[\w.-]+$/.test(name) ? ` ${name}` : ` "${name}"`;
  return [
    "rights are settings of the connector; type",
    `  weir Get-ReceiveConnector${quoted} -Property Name,PermissionGroups,AuthMechanism,AnonymousRelay`,
  ];
}

function readWords(words: readonly string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  let open: string | undefined;
  for (const word of words) {
    const match = /^(?:--?|[–—―])([A-Za-z]+)(?::([^]*))?$/.exec(word);
    if (match === null) {
      const name = open ?? "Identity";
      given.set(name, (given.get(name) ?? "") + word);
      if (!word.endsWith(",")) open = undefined;
      continue;
    }
    const found = findName(match[1] ?? "", parameters);
    open = found.kind === "found" ? found.item.name : undefined;
    if (open !== undefined && match[2] !== undefined) {
      given.set(open, match[2]);
      open = undefined;
    }
  }
  return given;
}
