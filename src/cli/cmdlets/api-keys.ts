/** Get-, New-, Set-, Remove-ApiKey. */
import { apiKeyFacts } from "../../config/generated/setting-facts.ts";
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { changing, showing } from "./common-parameters.ts";
import { settingParameters } from "./setting-parameters.ts";

const group = "Domains, users and applications";

const anyIdentity: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "NAME",
  candidates: "apiKey",
  help: "What the key is called, or a pattern with * and ?; all when left out.",
};
const identity: Parameter = { ...anyIdentity, required: true, help: "What the key is called." };

export const apiKeyCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-ApiKey",
    group,
    synopsis: "Show the keys that programs hand mail in with, and when each was used last.",
    parameters: [anyIdentity, ...showing],
    examples: [{ command: "weir Get-ApiKey", text: "" }],
    load: async () => (await import("../run/api-keys.ts")).getApiKey,
  },
  {
    name: "New-ApiKey",
    group,
    synopsis: "Make a key that a program hands mail in with over HTTP, and print it this once.",
    description: [
      "Only its hash is kept. The program sends it as “Authorization: Bearer KEY” to a receive connector that has ExchangeUsers in -PermissionGroups, and may then send to everybody, as anybody unless -SendAs says as whom.",
    ],
    parameters: [
      { ...identity, name: "Name", aliases: ["Identity"], help: "What the key is for, or who has it." },
      ...settingParameters(apiKeyFacts, ["name"]),
      ...changing,
    ],
    examples: [
      {
        command:
          "weir New-ApiKey Shop -SendAs shop.contoso.com -ReceiveConnectors Submission -Expires 2027-06-01",
        text: "It may send as these, by this connector, until then.",
      },
      {
        command: "weir New-ApiKey Shop -Application Shop -RecipientRateLimit 5000",
        text: "Recipients in 24 hours.",
      },
    ],
    load: async () => (await import("../run/api-keys.ts")).newApiKey,
  },
  {
    name: "Set-ApiKey",
    group,
    synopsis: "Change what a key may do, disable it, or move its end.",
    description: [
      "The key itself cannot be shown or changed: make another, and remove this one when it is not used any more.",
    ],
    parameters: [identity, ...settingParameters(apiKeyFacts), ...changing],
    examples: [
      { command: "weir Set-ApiKey Shop -Enabled false", text: "Refused from the next request on." },
      { command: "weir Set-ApiKey Shop -Expires 2028-06-01", text: "" },
    ],
    load: async () => (await import("../run/api-keys.ts")).setApiKey,
  },
  {
    name: "Remove-ApiKey",
    group,
    synopsis: "Remove a key: what is handed in with it is refused.",
    parameters: [identity, ...changing],
    examples: [{ command: "weir Remove-ApiKey Shop", text: "" }],
    load: async () => (await import("../run/api-keys.ts")).removeApiKey,
  },
];
