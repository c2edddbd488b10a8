/** Get-, New-, Set-, Remove-AcceptedDomain. */
import type { Output as Answer } from "../../admin/contract.ts";
import { isOn, textOf, type Arguments } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { printChange, type Change } from "../output/print-change.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { wildcard } from "../wildcard.ts";

type Domain = Answer<"listAcceptedDomains">["domains"][number];

export const getAcceptedDomain: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { domains } = await relay.call("listAcceptedDomains", {});
  const identity = textOf(args, "Identity");
  const rows = identity === undefined ? domains : matching(domains, identity);
  if (identity !== undefined && rows.length === 0 && domains.length > 0)
    throw new CommandFault(
      `there is no accepted domain ${identity}; there are: ${domains.map(({ domainName }) => domainName).join(", ")}`,
    );
  printRows(context.output, args, {
    rows,
    columns,
    none: "there is no accepted domain; weir New-AcceptedDomain contoso.com adds one",
  });
  return 0;
};

/** `*.contoso.com` is a name of its own before it is a pattern. */
function matching(domains: readonly Domain[], identity: string): readonly Domain[] {
  const wanted = identity.toLowerCase();
  const exact = domains.filter(({ domainName }) => domainName === wanted);
  if (exact.length > 0) return exact;
  const matches = wildcard(identity);
  return matches === undefined ? [] : domains.filter(({ domainName }) => matches(domainName));
}

const columns: readonly Column<Domain>[] = [
  { header: "DomainName", value: ({ domainName }) => domainName },
  { header: "MatchSubDomains", value: ({ matchSubDomains }) => (matchSubDomains ? "True" : "False") },
  {
    header: "SendConnector",
    value: ({ sendConnector }) => sendConnector ?? "none: Unreachable",
    style: ({ sendConnector }) => (sendConnector === null ? "bad" : undefined),
  },
];

export const newAcceptedDomain: Run = async (args, context) => {
  const [name, given] = [textOf(args, "Name"), textOf(args, "DomainName")];
  const domainName = given ?? name;
  if (domainName === undefined)
    throw new CommandFault("-DomainName is missing: weir New-AcceptedDomain contoso.com", 2);
  const relay = await relayOf(context);
  const change = await relay.call("newAcceptedDomain", { domainName, whatIf: isOn(args, "WhatIf") });
  const named =
    given === undefined || name === undefined || name.toLowerCase() === given.toLowerCase()
      ? []
      : [`Accepted domains have no names of their own here: it is known as ${given}, not ${name}.`];
  print(args, context.output, change, `New accepted domain ${domainName}`, named);
  return 0;
};

export const setAcceptedDomain: Run = async (args, context) => {
  const domainName = textOf(args, "Identity") ?? "";
  const newDomainName = textOf(args, "DomainName");
  const matchSubDomains = args.get("MatchSubDomains");
  const notes = ignored(args);
  if (newDomainName === undefined && typeof matchSubDomains !== "boolean" && notes.length === 0)
    throw new CommandFault("nothing is given to change: -MatchSubDomains or -DomainName", 2);
  const relay = await relayOf(context);
  const change = await relay.call("setAcceptedDomain", {
    domainName,
    whatIf: isOn(args, "WhatIf"),
    ...(newDomainName === undefined ? {} : { newDomainName }),
    ...(typeof matchSubDomains === "boolean" ? { matchSubDomains } : {}),
  });
  print(args, context.output, change, `Accepted domain ${domainName}`);
  return 0;
};

export const removeAcceptedDomain: Run = async (args, context) => {
  const domainName = textOf(args, "Identity") ?? "";
  const relay = await relayOf(context);
  const change = await relay.call("removeAcceptedDomain", { domainName, whatIf: isOn(args, "WhatIf") });
  print(args, context.output, change, `Removed accepted domain ${domainName}`);
  return 0;
};

function print(
  args: Arguments,
  output: Parameters<Run>[1]["output"],
  change: Change,
  subject: string,
  notes: readonly string[] = [],
): void {
  const notices = [...change.notices, ...notes, ...ignored(args)];
  printChange(output, args, { ...change, notices }, { subject, kinds: new Map() });
}

/** What was given in Exchange's words and means nothing here. */
function ignored(args: Arguments): readonly string[] {
  const notes: string[] = [];
  if (args.has("DomainType"))
    notes.push(
      "-DomainType means nothing here: there are no mailboxes, and mail for each accepted domain leaves by a send connector.",
    );
  if (args.has("AddressBookEnabled"))
    notes.push("-AddressBookEnabled means nothing here: there is no directory to look recipients up in.");
  if (args.has("MakeDefault"))
    notes.push(
      "-MakeDefault means nothing here: reports come from Set-TransportService -ExternalPostmasterAddress.",
    );
  if (args.has("Identity") && args.has("Name"))
    notes.push(
      "-Name means nothing here: the domain itself is the name; -DomainName puts another in its place.",
    );
  return notes;
}
