/** Get-, New-, Set-, Remove-Application. */
import type { Output as Answer } from "../../admin/contract.ts";
import { applicationFacts } from "../../config/generated/setting-facts.ts";
import { isOn, numberOf, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { printChange } from "../output/print-change.ts";
import type { Column } from "../output/table.ts";
import { columnOf, settingProperties, showNamed } from "./get-connectors.ts";
import { resultSizeOf } from "./result-size.ts";
import { knownProperties, printFindings, printSenders, seenText } from "./senders.ts";
import { givenSettings, kindsOf } from "./setting-changes.ts";

type Application = Answer<"listApplications">["applications"][number];

const kinds = kindsOf(applicationFacts);

export const getApplication: Run = async (args, context) => {
  const relay = await relayOf(context);
  const last = numberOf(args, "Last");
  const period = last === undefined ? {} : { from: new Date(Date.now() - last).toISOString() };
  if (isOn(args, "Findings"))
    return printFindings(args, context.output, await relay.call("listSenders", period));
  if (isOn(args, "Unknown") || isOn(args, "Senders")) {
    const limit = Math.min(100_000, resultSizeOf(args) ?? 1_000);
    const unknown = isOn(args, "Unknown");
    const found = await relay.call("listSenders", { ...period, unknown, limit });
    return printSenders(args, context.output, found, unknown);
  }
  const { applications } = await relay.call("listApplications", period);
  showNamed(applications, args, context.output, {
    what: "application",
    columns,
    properties: (application) => [
      ...settingProperties(application, applicationFacts),
      { name: "OpenConnections", value: String(application.status.openConnections) },
      { name: "RecipientsLastDay", value: String(application.status.recipientsLastDay) },
      { name: "ApiKeys", value: application.status.apiKeys.join(", ") },
      ...knownProperties(application.known),
    ],
  });
  return 0;
};

const columns: readonly Column<Application>[] = [
  { header: "Identity", value: ({ name }) => name },
  { header: "Owner", value: columnOf("owner") },
  { header: "Purpose", drop: 2, value: columnOf("purpose") },
  { header: "Addresses", value: columnOf("addresses") },
  { header: "Users", drop: 1, value: columnOf("users") },
  { header: "Priority", drop: 3, value: columnOf("priority") },
  { header: "Open", drop: 5, value: ({ status }) => status.openConnections, align: "right" },
  { header: "LastSeen", value: ({ known }) => seenText(known.lastSeen) },
  { header: "Messages", value: ({ known }) => known.messages, align: "right" },
  {
    header: "Refused",
    value: ({ known }) => known.refusals,
    align: "right",
    style: ({ known }) => (known.refusals > 0 ? "warning" : undefined),
  },
  { header: "PerDay", drop: 4, value: ({ known }) => known.usualPerDay ?? "", align: "right" },
  { header: "TLS", drop: 6, value: ({ known }) => known.tls.join(" ") },
];

export const newApplication: Run = async (args, context) => {
  const name = textOf(args, "Name") ?? "";
  const relay = await relayOf(context);
  const { name: _, ...settings } = await givenSettings(args, applicationFacts, () => Promise.resolve({}));
  const change = await relay.call("newApplication", { name, settings, whatIf: isOn(args, "WhatIf") });
  printChange(context.output, args, change, { subject: `New application ${name}`, kinds });
  return 0;
};

export const setApplication: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const relay = await relayOf(context);
  const settings = await givenSettings(args, applicationFacts, async () => {
    const { applications } = await relay.call("listApplications", {});
    return applications.find((it) => it.name.toLowerCase() === name.toLowerCase())?.settings ?? {};
  });
  if (Object.keys(settings).length === 0)
    throw new CommandFault("no setting is given; weir help Set-Application lists them with examples", 2);
  const change = await relay.call("setApplication", { name, settings, whatIf: isOn(args, "WhatIf") });
  printChange(context.output, args, change, { subject: `Application ${name}`, kinds });
  return 0;
};

export const removeApplication: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const relay = await relayOf(context);
  const change = await relay.call("removeApplication", { name, whatIf: isOn(args, "WhatIf") });
  printChange(context.output, args, change, { subject: `Removed application ${name}`, kinds });
  return 0;
};
