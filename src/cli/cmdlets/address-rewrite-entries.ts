/** Get-, New-, Set-, Remove-AddressRewriteEntry. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { addressRewriteEntryFacts } from "../../config/generated/setting-facts.ts";
import { changing, showing } from "./common-parameters.ts";
import { settingParameters } from "./setting-parameters.ts";

const group = "Send connectors and queues";

const anyIdentity: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "NAME",
  candidates: "addressRewriteEntry",
  help: "The entry's name, or a pattern with * and ?; all when left out.",
};
const identity: Parameter = { ...anyIdentity, required: true, help: "The entry's name." };
/** Of Exchange: here nothing else is done. */
const outboundOnly: Parameter = {
  name: "OutboundOnly",
  kind: "boolean",
  value: "$true|$false",
  help: "Taken and not needed: senders are rewritten on their way out, recipients of mail that comes in never.",
};

export const addressRewriteEntryCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-AddressRewriteEntry",
    group,
    synopsis: "Show what senders are called on their way out.",
    parameters: [anyIdentity, ...showing],
    examples: [{ command: "weir Get-AddressRewriteEntry", text: "" }],
    load: async () => (await import("../run/address-rewrite-entries.ts")).getAddressRewriteEntry,
  },
  {
    name: "New-AddressRewriteEntry",
    group,
    synopsis: "Give senders another address on their way out.",
    description: [
      "The reverse-path and the fields From and Sender are rewritten, on the copy that leaves; reports still go to whom the application named. The entry for the address itself decides, else that for its domain, the nearest domain above it, or *. Signatures (DKIM) are made over what leaves.",
      "A message without Reply-To gets one with the author it had, unless -KeepReplyTo is false.",
      "senderMailboxes of a send connector is another thing: it tells which mailbox logs on, by the new sender, and changes no message.",
    ],
    parameters: [
      { ...identity, name: "Name", aliases: ["Identity"], help: "What the entry is called." },
      ...settingParameters(addressRewriteEntryFacts, ["name"]),
      outboundOnly,
      ...changing,
    ],
    examples: [
      {
        command:
          "weir New-AddressRewriteEntry 'Old domain' -InternalAddress '*.old.local' -ExternalAddress contoso.com -KeepReplyTo false",
        text: "app@sql.old.local becomes app@contoso.com.",
      },
      {
        command:
          "weir New-AddressRewriteEntry Everybody -InternalAddress '*' -ExternalAddress relay@contoso.com -ExceptionList contoso.com -SendConnectors 'Microsoft 365'",
        text: "Whatever an application calls itself, it is relay@contoso.com for Microsoft 365.",
      },
    ],
    load: async () => (await import("../run/address-rewrite-entries.ts")).newAddressRewriteEntry,
  },
  {
    name: "Set-AddressRewriteEntry",
    group,
    synopsis: "Change an address rewrite entry.",
    parameters: [identity, ...settingParameters(addressRewriteEntryFacts), outboundOnly, ...changing],
    examples: [
      {
        command: "weir Set-AddressRewriteEntry 'Old domain' -ExceptionList \"@{Add='lab.old.local'}\"",
        text: "Senders of one subdomain keep their addresses.",
      },
    ],
    load: async () => (await import("../run/address-rewrite-entries.ts")).setAddressRewriteEntry,
  },
  {
    name: "Remove-AddressRewriteEntry",
    group,
    synopsis: "Remove an address rewrite entry: its senders leave under the addresses they gave.",
    parameters: [identity, ...changing],
    examples: [{ command: "weir Remove-AddressRewriteEntry 'Old domain'", text: "" }],
    load: async () => (await import("../run/address-rewrite-entries.ts")).removeAddressRewriteEntry,
  },
];
