/** Get-, New-, Set-, Remove-AcceptedDomain. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { changing, showing } from "./common-parameters.ts";

const group = "Domains, users and applications";

const anyIdentity: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "DOMAIN",
  candidates: "acceptedDomain",
  help: "The domain, or a pattern with ?; all when left out.",
};
const identity: Parameter = {
  ...anyIdentity,
  required: true,
  help: "The domain as Get-AcceptedDomain shows it.",
};
const domainName: Parameter = {
  name: "DomainName",
  kind: "text",
  value: "DOMAIN",
  help: "contoso.com, or '*.contoso.com' (in quotes) for the domain and all its subdomains.",
};
/** Exchange knows three; here each does the same. */
const domainType: Parameter = {
  name: "DomainType",
  kind: "choice",
  choices: ["Authoritative", "InternalRelay", "ExternalRelay"],
  value: "TYPE",
  help: "Taken and not needed: there are no mailboxes here, mail for each accepted domain leaves by a send connector.",
};
/** Of Exchange, without a meaning here; told when it is given. */
const without: readonly Parameter[] = [
  domainType,
  {
    name: "AddressBookEnabled",
    kind: "boolean",
    hidden: true,
    help: "Taken and not needed: there is no directory to look recipients up in.",
  },
];

export const acceptedDomainCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-AcceptedDomain",
    group,
    synopsis: "Show the domains that anybody who may submit may send to.",
    description: [
      "Recipients in other domains are refused with “550 5.7.54 Unable to relay recipient in non-accepted domain”, unless the client may relay: -AnonymousRelay true of the receive connector, ExternalAuthoritative, or a user that logged on.",
    ],
    parameters: [anyIdentity, ...showing],
    examples: [
      {
        command: "weir Get-AcceptedDomain",
        text: "All of them, and the send connector that takes their mail.",
      },
    ],
    load: async () => (await import("../run/accepted-domains.ts")).getAcceptedDomain,
  },
  {
    name: "New-AcceptedDomain",
    group,
    synopsis: "Let everybody who may submit send to a domain.",
    parameters: [
      {
        name: "Name",
        kind: "text",
        position: 0,
        value: "DOMAIN",
        help: "The domain, when -DomainName is not given. Beside it the name means nothing here: the domain itself is the name.",
      },
      domainName,
      ...without,
      ...changing,
    ],
    examples: [
      {
        command: "weir New-AcceptedDomain contoso.com",
        text: "Any application may send to anybody in contoso.com.",
      },
      {
        command:
          "weir New-AcceptedDomain -Name Contoso -DomainName '*.contoso.com' -DomainType InternalRelay",
        text: "As in Exchange, with all subdomains.",
      },
      { command: "weir New-AcceptedDomain fabrikam.com -WhatIf", text: "Only shows what would change." },
    ],
    load: async () => (await import("../run/accepted-domains.ts")).newAcceptedDomain,
  },
  {
    name: "Set-AcceptedDomain",
    group,
    synopsis: "Change an accepted domain.",
    parameters: [
      identity,
      {
        name: "MatchSubDomains",
        kind: "boolean",
        value: "$true|$false",
        help: "Whether its subdomains belong to it: contoso.com becomes *.contoso.com, or back.",
      },
      { ...domainName, help: "Another domain in its place." },
      {
        name: "Name",
        kind: "text",
        value: "NAME",
        hidden: true,
        help: "Taken and not needed: the domain itself is the name.",
      },
      {
        name: "MakeDefault",
        kind: "boolean",
        hidden: true,
        help: "Taken and not needed: no domain is the default here.",
      },
      ...without,
      ...changing,
    ],
    examples: [
      {
        command: "weir Set-AcceptedDomain contoso.com -MatchSubDomains true",
        text: "mail.contoso.com and all others under it are accepted, too.",
      },
    ],
    load: async () => (await import("../run/accepted-domains.ts")).setAcceptedDomain,
  },
  {
    name: "Remove-AcceptedDomain",
    group,
    synopsis: "Remove an accepted domain: only clients that may relay can send to it from then on.",
    parameters: [identity, ...changing],
    examples: [{ command: "weir Remove-AcceptedDomain fabrikam.com", text: "" }],
    load: async () => (await import("../run/accepted-domains.ts")).removeAcceptedDomain,
  },
];
