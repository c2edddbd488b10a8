/** Get-, New-, Set-, Remove-, Test-DkimKey. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { changing, showing, telling } from "./common-parameters.ts";

const group = "Send connectors and queues";

const anyIdentity: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "NAME",
  candidates: "dkimKey",
  help: "Where DNS has the key, selector._domainkey.domain, or a pattern with * and ?; all when left out.",
};
const identity: Parameter = {
  ...anyIdentity,
  required: true,
  help: "Where DNS has the key: selector._domainkey.domain.",
};

export const dkimKeyCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-DkimKey",
    group,
    synopsis: "Show the keys that sign outgoing mail, and the record DNS should have of each.",
    parameters: [anyIdentity, ...showing],
    examples: [
      { command: "weir Get-DkimKey", text: "" },
      { command: "weir Get-DkimKey w202611r._domainkey.contoso.com", text: "With the record to publish." },
    ],
    load: async () => (await import("../run/dkim-keys.ts")).getDkimKey,
  },
  {
    name: "New-DkimKey",
    group,
    synopsis: "Make a key for a domain, and print the record to publish.",
    description: [
      "The private key goes into a file beside the configuration (dkim/), readable by the relay alone. Nothing is signed with it before Set-DkimKey -State active: DNS has to have the record first. It then signs mail whose From is of the domain or a subdomain.",
    ],
    parameters: [
      {
        name: "Domain",
        kind: "text",
        position: 0,
        value: "DOMAIN",
        required: true,
        help: "Whose mail it signs.",
      },
      {
        name: "Selector",
        kind: "text",
        value: "NAME",
        help: "Its name in DNS. By default of the month and the kind, such as w202611r.",
      },
      {
        name: "Kind",
        kind: "choice",
        choices: ["rsa", "ed25519"],
        default: "rsa",
        help: "rsa (2048 bits) is understood everywhere; ed25519 is small and fast, and only good beside an rsa key.",
      },
      ...telling,
    ],
    examples: [
      { command: "weir New-DkimKey contoso.com", text: "" },
      { command: "weir New-DkimKey contoso.com -Kind ed25519", text: "A second one, beside it." },
    ],
    load: async () => (await import("../run/dkim-keys.ts")).newDkimKey,
  },
  {
    name: "Set-DkimKey",
    group,
    synopsis: "Sign with a key, or not any more.",
    parameters: [
      identity,
      {
        name: "State",
        kind: "choice",
        choices: ["published", "active", "retired"],
        required: true,
        help: "active: it signs. published: not yet. retired: not any more; leave its record in DNS until no mail that it signed is on its way.",
      },
      ...changing,
    ],
    examples: [{ command: "weir Set-DkimKey w202611r._domainkey.contoso.com -State active", text: "" }],
    load: async () => (await import("../run/dkim-keys.ts")).setDkimKey,
  },
  {
    name: "Remove-DkimKey",
    group,
    synopsis: "Forget a key; its file stays.",
    parameters: [identity, ...changing],
    examples: [{ command: "weir Remove-DkimKey w202511r._domainkey.contoso.com", text: "" }],
    load: async () => (await import("../run/dkim-keys.ts")).removeDkimKey,
  },
  {
    name: "Test-DkimKey",
    group,
    synopsis: "Ask DNS whether it has the keys; exit 1 when one is not as it must be.",
    parameters: [
      { ...anyIdentity, help: "Where DNS has the key: selector._domainkey.domain; all when left out." },
      ...showing,
    ],
    examples: [{ command: "weir Test-DkimKey", text: "" }],
    load: async () => (await import("../run/dkim-keys.ts")).testDkimKey,
  },
];
