/** Send connectors and the transport section. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { changing, server, showing } from "./common-parameters.ts";
import { sendConnectorFacts, serviceFacts, transportFacts } from "../../config/generated/setting-facts.ts";
import { settingParameters } from "./setting-parameters.ts";

const group = "Send connectors and queues";

const identity: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "NAME",
  candidates: "sendConnector",
  help: "The connector's name.",
};

export const sendConnectorCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-SendConnector",
    group,
    synopsis: "Show send connectors: several as a table, one with every setting.",
    parameters: [
      { ...identity, help: "The connector's name, or a pattern with * and ?; all when left out." },
      ...showing,
    ],
    examples: [
      { command: "weir Get-SendConnector", text: "Where mail goes out." },
      { command: "weir Get-SendConnector Out --json", text: "One, for scripts." },
    ],
    load: async () => (await import("../run/get-connectors.ts")).getSendConnector,
  },
  {
    name: "Set-SendConnector",
    group,
    synopsis: "Change settings of a send connector.",
    description: ["Mail that waits is routed again under the new settings."],
    parameters: [
      { ...identity, required: true },
      ...settingParameters(sendConnectorFacts, ["name"]),
      ...changing,
    ],
    examples: [
      {
        command: "weir Set-SendConnector Out -SmartHosts '[192.0.2.10]:25','[192.0.2.11]:25'",
        text: "Two smart hosts; the second takes over when the first does not answer.",
      },
      {
        command:
          "weir Set-SendConnector Out -AuthenticationCredential \"@{UserName='relay';PasswordFile='/etc/weir/password'}\" -SmartHostAuthMechanism BasicAuthRequireTLS",
        text: "Logs on to the smart host.",
      },
    ],
    load: async () => (await import("../run/change-connectors.ts")).setSendConnector,
  },
  {
    name: "New-SendConnector",
    group,
    synopsis: "Add a send connector.",
    parameters: [
      {
        ...identity,
        name: "Name",
        aliases: ["Identity"],
        required: true,
        help: "Its name, unique among send connectors.",
      },
      ...settingParameters(sendConnectorFacts, ["name"]),
      ...changing,
    ],
    examples: [
      {
        command:
          "weir New-SendConnector Out -AddressSpaces '*' -SmartHosts smtp.example.com:587 -RequireTLS true",
        text: "Everything goes to one smart host, encrypted.",
      },
      {
        command: "weir New-SendConnector Test -AddressSpaces test.example -DropDirectory drop/test",
        text: "Mail to one domain is written to files instead.",
      },
    ],
    load: async () => (await import("../run/change-connectors.ts")).newSendConnector,
  },
  {
    name: "Enable-SendConnector",
    group,
    synopsis: "Let a send connector take mail again; what waits is routed again.",
    parameters: [{ ...identity, required: true }, ...changing],
    examples: [{ command: "weir Enable-SendConnector Out", text: "" }],
    load: async () => (await import("../run/change-connectors.ts")).enableSendConnector,
  },
  {
    name: "Disable-SendConnector",
    group,
    synopsis: "Let a send connector take no mail; what waits for it is routed again.",
    parameters: [{ ...identity, required: true }, ...changing],
    examples: [{ command: "weir Disable-SendConnector Out", text: "Its settings stay in the file." }],
    load: async () => (await import("../run/change-connectors.ts")).disableSendConnector,
  },
  {
    name: "Remove-SendConnector",
    group,
    synopsis: "Remove a send connector; what waits for it is routed again.",
    parameters: [{ ...identity, required: true }, ...changing],
    examples: [{ command: "weir Remove-SendConnector Drop", text: "" }],
    load: async () => (await import("../run/change-connectors.ts")).removeSendConnector,
  },
  {
    name: "Test-SendConnector",
    group,
    synopsis: "Go every step of a send connector's way out, and tell what to do where it fails; exit 1 then.",
    description: [
      "Each address of each smart host, one after the other, as delivery does it: name, connection, greeting, EHLO, TLS with the chain, token with its claims, log-on, MAIL and RCPT. Nothing is sent, unless -To names somebody: then one small message, followed to the answer of the first address that takes it.",
      "It asks for a token of its own, and changes nothing of what delivery remembers.",
    ],
    parameters: [
      { ...identity, required: true },
      {
        name: "To",
        aliases: ["RecipientAddress"],
        kind: "text",
        value: "ADDRESS",
        help: "Send a test message there.",
      },
      {
        name: "From",
        aliases: ["SenderAddress"],
        kind: "text",
        value: "ADDRESS",
        help: "The sender, which also says the mailbox that is logged on as. Default: one of senderMailboxes, the credential's user, else postmaster of the first accepted domain. Address rewrite entries hold for it as for mail.",
      },
      server,
      ...showing,
    ],
    examples: [
      { command: "weir Test-SendConnector 'Microsoft 365'", text: "Can mail go out there?" },
      {
        command: "weir Test-SendConnector 'Microsoft 365' -From noreply@contoso.com -To you@contoso.com",
        text: "Sends a real message.",
      },
    ],
    load: async () => (await import("../run/test-send-connector.ts")).testSendConnector,
  },
  {
    name: "Resolve-NextHop",
    group,
    synopsis: "Show where mail of a domain would go now, and why; exit 1 where it would not leave.",
    description: [
      "The send connector that serves the domain, and where it delivers by MX record each step from the records to the hosts in their order, as delivery takes them: aliases, implicit and null MX, addresses, hosts that are left out or tried last. Nothing is connected to; Test-SendConnector does that for smart hosts.",
    ],
    parameters: [
      {
        name: "Domain",
        aliases: ["Identity", "Name"],
        kind: "text",
        position: 0,
        required: true,
        value: "DOMAIN",
        help: "A recipient domain, an address in brackets, or a recipient's address.",
      },
      { name: "Refresh", kind: "switch", help: "Asks DNS anew, whatever is kept." },
      server,
      ...showing,
    ],
    examples: [
      { command: "weir Resolve-NextHop contoso.com", text: "" },
      { command: "weir Resolve-NextHop someone@contoso.com -Refresh", text: "After a change in DNS." },
    ],
    load: async () => (await import("../run/resolve-next-hop.ts")).resolveNextHop,
  },
  {
    name: "Test-Route",
    group,
    synopsis:
      "Show which send connector a message would go by, and why no other; exit 1 where none carries it.",
    description: [
      "The connectors in the order in which they are asked: most specific address space, cost, those for some mail only before those for all, name. Nothing is sent.",
    ],
    parameters: [
      {
        name: "From",
        aliases: ["Sender"],
        kind: "text",
        position: 0,
        required: true,
        value: "ADDRESS",
        help: "The sender (MAIL FROM); '<>' for the null reverse-path, as reports have it.",
      },
      {
        name: "To",
        aliases: ["Recipient"],
        kind: "text",
        position: 1,
        required: true,
        value: "ADDRESS",
        help: "The recipient.",
      },
      {
        name: "ReceiveConnector",
        kind: "text",
        value: "NAME",
        candidates: "receiveConnector",
        help: "The receive connector it comes in through. Without it: through none, as reports do.",
      },
      {
        name: "Application",
        kind: "text",
        value: "NAME",
        candidates: "application",
        help: "The application it is of. Without it: of none.",
      },
      { name: "Size", kind: "text", value: "SIZE", help: "How large it is, such as 10MB. Default: 0." },
      ...showing,
    ],
    examples: [
      { command: "weir Test-Route -From invoices@contoso.com -To someone@example.com", text: "" },
      {
        command: "weir Test-Route '<>' someone@example.com",
        text: "The way of a report.",
      },
    ],
    load: async () => (await import("../run/test-route.ts")).testRoute,
  },
  {
    name: "Get-TransportService",
    group,
    synopsis: "Show the settings of the whole relay: retries, expiry, connection rate.",
    parameters: showing,
    examples: [{ command: "weir Get-TransportService", text: "" }],
    load: async () => (await import("../run/transport-service.ts")).getTransportService,
  },
  {
    name: "Set-TransportService",
    group,
    synopsis: "Change settings of the whole relay.",
    parameters: [...settingParameters(serviceFacts), ...settingParameters(transportFacts), ...changing],
    examples: [
      {
        command: "weir Set-TransportService -MaxConnectionRatePerMinute 3000",
        text: "More connections a minute, over all receive connectors.",
      },
      { command: "weir Set-TransportService -MessageExpirationTimeout 1d", text: "" },
    ],
    load: async () => (await import("../run/transport-service.ts")).setTransportService,
  },
];
