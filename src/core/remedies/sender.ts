/** As whom, where and how much a user, application or key may send. */
import { ownerText, sessionRights, type ClientRights, type RightsOwner } from "../policy/client-rights.ts";
import { refuseReversePath } from "../policy/sender-rights.ts";
import { addedWord, commandWord } from "../units/command-word.ts";
import { noSetting, type Circumstances, type Met, type Remedy } from "./remedy.ts";

interface Named extends ClientRights {
  readonly name: string;
}

type OwnerKind = "user" | "application" | "key";

/** `user erp@contoso.com`, as whoever refused named the one whose limit it was. */
const owned = /^(user|application|key) (.*)$/s;

function ownerOf(text: string | undefined, circumstances: Circumstances): RightsOwner | undefined {
  const { users, applications, apiKeys } = circumstances;
  const [, kind, name = ""] = owned.exec(text ?? "") ?? [];
  if (kind === undefined) return undefined;
  const among: Readonly<Record<OwnerKind, readonly Named[]>> = {
    user: users,
    application: applications,
    key: apiKeys,
  };
  const found = among[kind as OwnerKind].find((one) => one.name.toLowerCase() === name.toLowerCase());
  return found && { kind: kind as OwnerKind, name: found.name, rights: found };
}

const nouns: Readonly<Record<RightsOwner["kind"], string>> = {
  user: "User",
  group: "User",
  application: "Application",
  key: "ApiKey",
};
const setOwner = ({ kind, name }: RightsOwner, parameters: string): string =>
  `Set-${nouns[kind]} ${commandWord(name)} ${parameters}`;

/** Senders that are named in a command. */
const mostSenders = 3;

/** Undefined: all of them are among the rights by now. */
export function sendAsRemedy({ about, last }: Met, circumstances: Circumstances): Remedy | undefined {
  const wanted = about.flatMap((text) => {
    const [, address, by] = /^<(.*)> as (.*)$/s.exec(text) ?? [];
    const owner = ownerOf(by, circumstances);
    return address === undefined || owner?.rights.sendAs === undefined
      ? []
      : refuseReversePath(owner.rights.sendAs, address, asciiOnly) === undefined
        ? []
        : [{ address: address === "" ? "<>" : address, owner }];
  });
  const [first] = wanted;
  if (first === undefined)
    return about.length > 0
      ? undefined
      : noSetting(
          `What stands in its header cannot be read as an address (${last.problem}), so that nobody can say who it is from. The application has to write it as RFC 5322 has it: a name with a comma or an @ in quotes, then the address in angle brackets.`,
        );
  const { owner } = first;
  const addresses = [
    ...new Set(wanted.filter((one) => one.owner.name === owner.name).map((one) => one.address)),
  ].slice(-mostSenders);
  return {
    text: `It wanted to send as ${addresses.map((address) => `'${address}'`).join(", ")}, and sendAs of ${ownerText(owner)} does not name that. Both the sender of MAIL FROM and each address in From and Sender count. Let the application write a sender that it has, or:`,
    commands: [
      {
        command: setOwner(owner, `-SendAs ${addedWord(addresses)}`),
        effect: `${ownerText(owner)} may send as it, too`,
      },
    ],
  };
}

/** Domains were compared when it was refused; here a word with other letters is never among the rights. */
const asciiOnly = (): string => "";

export function connectorDeniedRemedy({ about }: Met, circumstances: Circumstances): Remedy | undefined {
  const owner = ownerOf(about.at(-1), circumstances);
  const names = owner?.rights.receiveConnectors;
  const { name } = circumstances.connector;
  if (owner === undefined || names === undefined) return undefined;
  if (names.some((one) => one.toLowerCase() === name.toLowerCase())) return undefined;
  return {
    text: `T${ownerText(owner).slice(1)} may send by ${names.join(", ")} only, and reached ${name}. Let the application use the address and port of those, or:`,
    commands: [
      {
        command: setOwner(owner, `-ReceiveConnectors ${addedWord([name])}`),
        effect: `it may send by ${name}, too`,
      },
    ],
  };
}

export function clientRateRemedy(
  { about, last, mostSeen }: Met,
  circumstances: Circumstances,
): Remedy | undefined {
  const owner = ownerOf(about.at(-1), circumstances);
  if (owner === undefined) return undefined;
  const isMessages = last.kind === "clientMessageRate";
  const { messageRates, recipientRates } = sessionRights([owner]);
  const limit = (isMessages ? messageRates : recipientRates)[0]?.value;
  const seen = Math.max(mostSeen ?? 0, last.configured ?? 0);
  if (limit === undefined || limit > seen) return undefined;
  const enough = roundedUp(seen * 2);
  return {
    text: isMessages
      ? `T${ownerText(owner).slice(1)} may send ${limit} messages a minute, over all connectors and addresses, and wanted to send more. What was refused is sent again by an application that tries again; else:`
      : `T${ownerText(owner).slice(1)} may send to ${limit} recipients in 24 hours, and they are used up. More become free as the oldest are a day old; else:`,
    commands: [
      {
        command: setOwner(owner, `-${isMessages ? "MessageRateLimit" : "RecipientRateLimit"} ${enough}`),
        effect: isMessages ? "twice as many a minute" : "twice as many a day",
      },
    ],
  };
}

/** To two digits. */
function roundedUp(count: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return Math.ceil(count / step) * step;
}
