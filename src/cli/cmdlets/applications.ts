/** Get-, New-, Set-, Remove-Application. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { applicationFacts } from "../../config/generated/setting-facts.ts";
import { changing, server, showing } from "./common-parameters.ts";
import { settingParameters } from "./setting-parameters.ts";

const group = "Domains, users and applications";

const anyIdentity: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "NAME",
  candidates: "application",
  help: "The application's name, or a pattern with * and ?; all when left out.",
};
const identity: Parameter = { ...anyIdentity, required: true, help: "The application's name." };

export const applicationCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-Application",
    group,
    synopsis:
      "Show who uses the relay: applications by name, senders that belong to none, and how much they send.",
    description: [
      "Counted from the traffic record: first and last seen, doors, TLS versions, mechanisms, HELO names, messages of the last days. What a period has is counted by whole hours, of more than a week by whole days (UTC).",
      "-Unknown lists senders that belong to no application, each with the command that names it (-List). -Senders lists all sources and accounts: who still comes, as proof before something is retired.",
    ],
    parameters: [
      { ...anyIdentity, aliases: ["Name"] },
      {
        name: "Unknown",
        kind: "switch",
        help: "Only senders that belong to no application, and how to name them.",
      },
      { name: "Senders", kind: "switch", help: "Every source and account, named or not." },
      {
        name: "Findings",
        kind: "switch",
        help: "What is remarkable: new and silent senders, ten times the usual, addresses that hide several applications, mail that was probably lost.",
      },
      {
        name: "Last",
        kind: "duration",
        value: "TIME",
        help: "What messages, recipients and refusals count of; default 7d. Senders that were not seen in it are left out.",
      },
      {
        name: "ResultSize",
        kind: "text",
        value: "COUNT",
        default: "1000",
        help: "At most so many senders, or Unlimited.",
      },
      server,
      ...showing,
    ],
    examples: [
      { command: "weir Get-Application", text: "" },
      {
        command: "weir Get-Application ERP",
        text: "One, with its addresses, accounts and what is known of it.",
      },
      {
        command: "weir Get-Application -Unknown -Last 35d",
        text: "Who came in five weeks and has no name yet.",
      },
      { command: "weir Get-Application -Senders -Last 90d -Csv > senders.csv", text: "Who still comes." },
    ],
    load: async () => (await import("../run/applications.ts")).getApplication,
  },
  {
    name: "New-Application",
    group,
    synopsis: "Give sources a name, an owner and a purpose.",
    description: [
      "The name stands wherever a source is shown: in explain, Get-Connection, Get-LimitUsage and the console. With -SendAs, -ReceiveConnectors and the rate limits it says what the application may do; a user's own go before. Its priority counts where a send connector has a rate.",
    ],
    parameters: [
      { ...identity, name: "Name", aliases: ["Identity"], help: "What the source is called." },
      ...settingParameters(applicationFacts, ["name"]),
      ...changing,
    ],
    examples: [
      {
        command:
          "weir New-Application ERP -Addresses 10.1.4.7,10.1.5.0/28 -Owner 'Finance IT' -Purpose Invoices",
        text: "",
      },
    ],
    load: async () => (await import("../run/applications.ts")).newApplication,
  },
  {
    name: "Set-Application",
    group,
    synopsis:
      "Change an application's addresses, accounts, owner, purpose, rights, priority or what is expected of it.",
    parameters: [identity, ...settingParameters(applicationFacts), ...changing],
    examples: [
      { command: "weir Set-Application ERP -Addresses \"@{Add='10.1.4.8'}\"", text: "One more server." },
      { command: "weir Set-Application ERP -Name SAP", text: "" },
      {
        command: "weir Set-Application Newsletter -Priority Low",
        text: "Others' mail leaves first where the provider takes so many a minute.",
      },
    ],
    load: async () => (await import("../run/applications.ts")).setApplication,
  },
  {
    name: "Remove-Application",
    group,
    synopsis: "Remove an application; its sources go on sending, without a name.",
    parameters: [identity, ...changing],
    examples: [{ command: "weir Remove-Application ERP", text: "" }],
    load: async () => (await import("../run/applications.ts")).removeApplication,
  },
];
