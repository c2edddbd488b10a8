/** Import-ReceiveConnector and its like: from Exchange, IIS and Postfix. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { changing } from "./common-parameters.ts";

const group = "Moving here";

const path: Parameter = {
  name: "Path",
  kind: "text",
  position: 0,
  required: true,
  value: "FILE",
  candidates: "file",
  help: "The file; - is stdin.",
};
const force: Parameter = {
  name: "Force",
  kind: "switch",
  help: "Puts an imported connector in the place of one with the same name.",
};
const chosenName: Parameter = {
  name: "Name",
  kind: "text",
  value: "PATTERN",
  help: "Only connectors whose name fits, with * and ?.",
};

const forms =
  "Reads the output of | Format-List, | Export-Csv, | ConvertTo-Json and | Export-Clixml, several objects at once, in UTF-8, UTF-16 (as Windows PowerShell writes it) or Windows-1252; of Exchange 2010 to Exchange Server SE.";
const answer =
  "A table tells for each property what was carried over, what differs here and why, and what could not be taken; what is the default here anyway is not written. Where no relay runs, the file is changed.";

export const movingCmdlets: readonly Cmdlet[] = [
  {
    name: "Import-ReceiveConnector",
    group,
    synopsis: "Take over receive connectors that were exported from Exchange.",
    description: [
      forms,
      answer,
      "Lists in | Format-List are cut after some items (...): set $FormatEnumerationLimit = -1 before, or use another form. The right to relay is no property of the connector: give the output of Get-ADPermission with -PermissionPath.",
      "Connectors that Exchange has for itself (Default, Client Proxy, Outbound Proxy Frontend) are skipped.",
    ],
    parameters: [
      path,
      {
        name: "PermissionPath",
        kind: "text",
        value: "FILE",
        candidates: "file",
        help: "Output of Get-ADPermission for the connectors, with User and ExtendedRights: ms-Exch-SMTP-Accept-Any-Recipient for ANONYMOUS LOGON becomes anonymousRelay.",
      },
      chosenName,
      {
        name: "Server",
        kind: "text",
        value: "NAME",
        help: "Only connectors of this server, where the file holds those of several.",
      },
      {
        name: "All",
        kind: "switch",
        help: "Also the connectors that Exchange has for itself.",
      },
      force,
      ...changing,
    ],
    examples: [
      {
        command: "weir Import-ReceiveConnector -Path connectors.txt -WhatIf",
        text: "On Exchange: Get-ReceiveConnector | Format-List > connectors.txt. Only shows what would be written.",
      },
      {
        command: "weir Import-ReceiveConnector -Path connectors.json -Name 'App*' -PermissionPath rights.txt",
        text: "On Exchange: Get-ReceiveConnector | Get-ADPermission | Format-List Identity,User,Deny,ExtendedRights > rights.txt.",
      },
      {
        command: "weir Import-ReceiveConnector -Path connectors.xml --config /etc/weir/weir.yaml",
        text: "Before the first start: no relay need run.",
      },
    ],
    load: async () => (await import("../run/import/import-exchange.ts")).importReceiveConnectors,
  },
  {
    name: "Import-SendConnector",
    group,
    synopsis: "Take over send connectors that were exported from Exchange.",
    description: [
      forms,
      answer,
      "No export holds a password: without -PasswordFile a connector that logs on to its smart host stays disabled.",
    ],
    parameters: [
      path,
      chosenName,
      {
        name: "SmartHosts",
        kind: "list",
        value: "HOST,…",
        help: "Next hops in place of delivery by MX record, for connectors that have none.",
      },
      {
        name: "PasswordFile",
        kind: "text",
        value: "FILE",
        candidates: "file",
        help: "File whose first line is the smart host's password.",
      },
      {
        name: "UserName",
        kind: "text",
        value: "NAME",
        help: "Account at the smart host, where the export does not tell it.",
      },
      force,
      ...changing,
    ],
    examples: [
      {
        command: "weir Import-SendConnector -Path send.xml -PasswordFile /etc/weir/smarthost-password",
        text: "On Exchange: Get-SendConnector | Export-Clixml send.xml.",
      },
      {
        command:
          "weir Import-SendConnector -Path send.txt -Name Internet -SmartHosts smtp.example.com:25 -WhatIf",
        text: "",
      },
    ],
    load: async () => (await import("../run/import/import-exchange.ts")).importSendConnectors,
  },
  {
    name: "Import-AcceptedDomain",
    group,
    synopsis: "Take over accepted domains that were exported from Exchange.",
    description: [forms],
    parameters: [path, ...changing],
    examples: [
      {
        command: "weir Import-AcceptedDomain -Path domains.csv",
        text: "On Exchange: Get-AcceptedDomain | Export-Csv domains.csv.",
      },
    ],
    load: async () => (await import("../run/import/import-exchange.ts")).importAcceptedDomain,
  },
  {
    name: "Import-PostfixConfiguration",
    group,
    synopsis:
      "Take over a Postfix's main.cf and master.cf: networks that may relay, limits, relayhost, routes.",
    description: [
      "Reads main.cf, master.cf and the tables and lists that they name, as far as these lie in the same folder as text. Each smtpd of master.cf becomes a receive connector for mynetworks, and one for everybody else where others may submit; relayhost and transport_maps become send connectors.",
      answer,
      "Passwords are never copied into weir.yaml: -PasswordFile writes that of relayhost to a file of its own (mode 0600).",
    ],
    parameters: [
      {
        ...path,
        value: "FOLDER",
        help: "The folder with main.cf, or that file. What it names is looked for in the same folder.",
      },
      {
        name: "SmartHosts",
        kind: "list",
        value: "HOST,…",
        help: "Next hops where main.cf names no relayhost, in place of delivery by MX record.",
      },
      {
        name: "PasswordFile",
        kind: "text",
        value: "FILE",
        candidates: "file",
        help: "File whose first line is the password of relayhost; written with the one of smtp_sasl_password_maps if there is none. Relative to weir.yaml.",
      },
      force,
      ...changing,
    ],
    examples: [
      {
        command: "weir Import-PostfixConfiguration -Path /etc/postfix -WhatIf",
        text: "Shows what it would come to.",
      },
      {
        command: "weir Import-PostfixConfiguration -Path postfix-copy -PasswordFile smarthost-password",
        text: "A folder that was copied from another machine.",
      },
    ],
    load: async () => (await import("../run/import/import-postfix.ts")).importPostfixConfiguration,
  },
  {
    name: "Import-IisSmtp",
    group,
    synopsis: "Take over the SMTP service of IIS from its MetaBase.xml.",
    description: [
      "Reads C:\\Windows\\System32\\inetsrv\\MetaBase.xml of Windows Server 2003 to 2022. Each SMTP virtual server becomes a receive connector for the addresses that may relay, its smart host and remote domains become send connectors.",
      answer,
    ],
    parameters: [
      { ...path, help: "MetaBase.xml, or a copy of it; - is stdin." },
      {
        name: "RemoteIPRanges",
        kind: "list",
        value: "RANGE,…",
        help: "Who may relay, in place of the list in the file (Access, Relay).",
      },
      {
        name: "SmartHosts",
        kind: "list",
        value: "HOST,…",
        help: "Next hops where IIS has no smart host, in place of delivery by MX record.",
      },
      force,
      ...changing,
    ],
    examples: [
      { command: "weir Import-IisSmtp -Path MetaBase.xml -WhatIf", text: "Shows what it would come to." },
      {
        command:
          "weir Import-IisSmtp -Path MetaBase.xml -RemoteIPRanges 10.1.0.0/16 -SmartHosts smtp.example.com:25",
        text: "",
      },
    ],
    load: async () => (await import("../run/import/import-iis-smtp.ts")).importIisSmtpService,
  },
];
