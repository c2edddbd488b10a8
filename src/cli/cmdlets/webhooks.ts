/** Get-, New-, Set-, Remove-, Test-Webhook. */
import { webhookFacts } from "../../config/generated/setting-facts.ts";
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { changing, showing, telling } from "./common-parameters.ts";
import { settingParameters } from "./setting-parameters.ts";

const group = "Seeing what happens";

const anyIdentity: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "NAME",
  candidates: "webhook",
  help: "The webhook's name, or a pattern with * and ?; all when left out.",
};
const identity: Parameter = { ...anyIdentity, required: true, help: "The webhook's name." };

export const webhookCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-Webhook",
    group,
    synopsis: "Show the URLs that are told of events, and how that goes.",
    parameters: [anyIdentity, ...showing],
    examples: [
      { command: "weir Get-Webhook", text: "" },
      { command: "weir Get-Webhook Operations", text: "With what came back last." },
    ],
    load: async () => (await import("../run/webhooks.ts")).getWebhook,
  },
  {
    name: "New-Webhook",
    group,
    synopsis: "Have events told to a URL.",
    description: [
      "Without -Events what is remarkable about applications is told: new and silent senders, ten times the usual, addresses that hide several applications, messages that were probably lost. Events that come together are told in one request, and what nobody takes is tried again for a day.",
    ],
    parameters: [
      { ...identity, name: "Name", aliases: ["Identity"], help: "What the webhook is called." },
      ...settingParameters(webhookFacts, ["name"]),
      ...changing,
    ],
    examples: [
      {
        command: "weir New-Webhook Operations -Format teams -UrlFile /etc/weir/teams-url",
        text: "What applications do goes to a channel of Microsoft Teams.",
      },
      {
        command:
          "weir New-Webhook Alarms -Url https://alarms.contoso.com/weir -Events applications,errors -SecretFile /etc/weir/webhook-secret",
        text: "Errors too, as JSON, signed by Standard Webhooks.",
      },
    ],
    load: async () => (await import("../run/webhooks.ts")).newWebhook,
  },
  {
    name: "Set-Webhook",
    group,
    synopsis: "Change a webhook.",
    parameters: [identity, ...settingParameters(webhookFacts), ...changing],
    examples: [
      {
        command: "weir Set-Webhook Alarms -Events \"@{Add='QueueRetry'}\" -GroupInterval 5m",
        text: "",
      },
    ],
    load: async () => (await import("../run/webhooks.ts")).setWebhook,
  },
  {
    name: "Remove-Webhook",
    group,
    synopsis: "Remove a webhook, and what it was not told of yet.",
    parameters: [identity, ...changing],
    examples: [{ command: "weir Remove-Webhook Alarms", text: "" }],
    load: async () => (await import("../run/webhooks.ts")).removeWebhook,
  },
  {
    name: "Test-Webhook",
    group,
    synopsis: "Send a webhook one test event at once, and tell what came back.",
    parameters: [identity, ...telling],
    examples: [{ command: "weir Test-Webhook Operations", text: "" }],
    load: async () => (await import("../run/webhooks.ts")).testWebhook,
  },
];
