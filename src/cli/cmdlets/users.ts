/** Get-, New-, Set-, Remove-User. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { userFacts } from "../../config/generated/setting-facts.ts";
import { settingParameters } from "./setting-parameters.ts";
import { changing, showing } from "./common-parameters.ts";

const group = "Domains, users and applications";

const anyIdentity: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "NAME",
  candidates: "user",
  help: "The name the user logs on with, or a pattern with * and ?; all when left out.",
};
const identity: Parameter = {
  ...anyIdentity,
  required: true,
  help: "The name the user logs on with; case does not matter.",
};

const passwordParameters: readonly Parameter[] = [
  {
    name: "PasswordFile",
    kind: "text",
    value: "FILE",
    candidates: "file",
    help: "A file whose first line is the password, or - for stdin. Else it is asked for, without an echo.",
  },
  {
    name: "Password",
    kind: "text",
    hidden: true,
    help: "Refused.",
    refused:
      "an argument stands in the history of the shell and in the list of processes; leave it out and the password is asked for, or give -PasswordFile FILE (- for stdin)",
  },
];

export const userCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-User",
    group,
    synopsis: "Show who may log on (AUTH).",
    parameters: [anyIdentity, ...showing],
    examples: [{ command: "weir Get-User", text: "" }],
    load: async () => (await import("../run/users.ts")).getUser,
  },
  {
    name: "New-User",
    group,
    synopsis: "Add an account that applications log on with.",
    description: [
      "Only the hash of the password is kept. Users log on where a receive connector has BasicAuth in -AuthMechanism and ExchangeUsers in -PermissionGroups, as -Usage client presets it, and may then send to everybody, as anybody unless -SendAs says as whom.",
    ],
    parameters: [
      {
        ...identity,
        name: "Name",
        aliases: ["Identity"],
        help: "What the client logs on with; case does not matter.",
      },
      ...passwordParameters,
      ...settingParameters(userFacts, ["name"]),
      ...changing,
    ],
    examples: [
      {
        command: "weir New-User erp@contoso.com -SendAs erp@contoso.com,*@erp.contoso.com",
        text: "It may send as these only.",
      },
      { command: "weir New-User erp@contoso.com", text: "Asks for the password twice." },
      { command: "weir New-User erp@contoso.com -PasswordFile /run/secrets/erp", text: "For scripts." },
      {
        command: "weir New-User erp@contoso.com -PasswordFile - < password.txt",
        text: "From stdin.",
      },
    ],
    load: async () => (await import("../run/users.ts")).newUser,
  },
  {
    name: "Set-User",
    group,
    synopsis: "Change a user: password, name, as whom and how much it may send.",
    description: [
      "Without any other parameter the new password is asked for. Open sessions go on as they are.",
    ],
    parameters: [
      identity,
      { name: "Name", kind: "text", value: "NAME", help: "What it logs on with from now on." },
      ...passwordParameters,
      ...settingParameters(userFacts, ["name"]),
      ...changing,
    ],
    examples: [
      {
        command: "weir Set-User erp@contoso.com -SendAs \"@{Add='invoices@contoso.com'}\"",
        text: "One more sender that it may name.",
      },
      { command: "weir Set-User erp@contoso.com -RecipientRateLimit 2000", text: "Recipients in 24 hours." },
      { command: "weir Set-User erp@contoso.com", text: "Asks for the new password." },
      { command: "weir Set-User erp@contoso.com -Name erp@fabrikam.com", text: "Keeps the password." },
    ],
    load: async () => (await import("../run/users.ts")).setUser,
  },
  {
    name: "Remove-User",
    group,
    synopsis: "Remove a user: it cannot log on any more; open sessions go on.",
    parameters: [identity, ...changing],
    examples: [{ command: "weir Remove-User erp@contoso.com", text: "" }],
    load: async () => (await import("../run/users.ts")).removeUser,
  },
];
