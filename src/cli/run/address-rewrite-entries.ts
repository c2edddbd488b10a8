/** Get-, New-, Set-, Remove-AddressRewriteEntry. */
import type { Output as Answer } from "../../admin/contract.ts";
import { addressRewriteEntryFacts } from "../../config/generated/setting-facts.ts";
import { isOn, textOf, type Arguments } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Context, Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { printChange, type Change } from "../output/print-change.ts";
import type { Column } from "../output/table.ts";
import { columnOf, settingProperties, showNamed } from "./get-connectors.ts";
import { givenSettings, kindsOf } from "./setting-changes.ts";

type Entry = Answer<"listAddressRewriteEntries">["entries"][number];

const kinds = kindsOf(addressRewriteEntryFacts);

export const getAddressRewriteEntry: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { entries } = await relay.call("listAddressRewriteEntries", {});
  showNamed(entries, args, context.output, {
    what: "address rewrite entry",
    columns,
    properties: (entry) => settingProperties(entry, addressRewriteEntryFacts),
  });
  return 0;
};

const columns: readonly Column<Entry>[] = [
  { header: "Identity", value: ({ name }) => name },
  { header: "InternalAddress", value: columnOf("internalAddress") },
  { header: "ExternalAddress", value: columnOf("externalAddress") },
  { header: "SendConnectors", value: columnOf("sendConnectors") },
  { header: "ExceptionList", drop: 2, value: columnOf("exceptionList") },
  { header: "KeepReplyTo", drop: 1, value: columnOf("keepReplyTo") },
];

export const newAddressRewriteEntry: Run = async (args, context) => {
  const name = textOf(args, "Name") ?? "";
  const relay = await relayOf(context);
  const { name: _, ...settings } = await givenSettings(args, addressRewriteEntryFacts, () =>
    Promise.resolve({}),
  );
  const change = await relay.call("newAddressRewriteEntry", { name, settings, whatIf: isOn(args, "WhatIf") });
  print(args, context, change, `New address rewrite entry ${name}`);
  return 0;
};

export const setAddressRewriteEntry: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const relay = await relayOf(context);
  const settings = await givenSettings(args, addressRewriteEntryFacts, async () => {
    const { entries } = await relay.call("listAddressRewriteEntries", {});
    return entries.find((entry) => entry.name.toLowerCase() === name.toLowerCase())?.settings ?? {};
  });
  if (Object.keys(settings).length === 0 && !args.has("OutboundOnly"))
    throw new CommandFault(
      "no setting is given; weir help Set-AddressRewriteEntry lists them with examples",
      2,
    );
  const change = await relay.call("setAddressRewriteEntry", { name, settings, whatIf: isOn(args, "WhatIf") });
  print(args, context, change, `Address rewrite entry ${name}`);
  return 0;
};

export const removeAddressRewriteEntry: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const relay = await relayOf(context);
  const change = await relay.call("removeAddressRewriteEntry", { name, whatIf: isOn(args, "WhatIf") });
  print(args, context, change, `Removed address rewrite entry ${name}`);
  return 0;
};

function print(args: Arguments, { output }: Context, change: Change, subject: string): void {
  const notes =
    args.get("OutboundOnly") === false
      ? ["Only what leaves is rewritten: mail that comes in for the external address stays addressed to it."]
      : [];
  printChange(output, args, { ...change, notices: [...change.notices, ...notes] }, { subject, kinds });
}
