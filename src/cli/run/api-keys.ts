/** Get-, New-, Set-, Remove-ApiKey. */
import type { Output as Answer } from "../../admin/contract.ts";
import { apiKeyFacts } from "../../config/generated/setting-facts.ts";
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { writeJson } from "../output/output.ts";
import { printChange } from "../output/print-change.ts";
import type { Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";
import { columnOf, settingProperties, showNamed } from "./get-connectors.ts";
import { givenSettings, kindsOf } from "./setting-changes.ts";

type Key = Answer<"listApiKeys">["keys"][number];

const kinds = kindsOf(apiKeyFacts);
const lastUsed = ({ status }: Key): string => (status.lastUsed === null ? "" : localTime(status.lastUsed));

export const getApiKey: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { keys } = await relay.call("listApiKeys", {});
  showNamed(keys, args, context.output, {
    what: "API key",
    columns,
    properties: (key) => [
      ...settingProperties(key, apiKeyFacts),
      { name: "State", value: key.status.state },
      { name: "LastUsed", value: lastUsed(key) },
      { name: "RecipientsLastDay", value: String(key.status.recipientsLastDay) },
    ],
  });
  return 0;
};

const columns: readonly Column<Key>[] = [
  { header: "Name", value: ({ name }) => name },
  { header: "State", value: ({ status }) => status.state },
  { header: "Expires", value: columnOf("expires") },
  { header: "LastUsed", value: lastUsed },
  { header: "SendAs", drop: 1, value: columnOf("sendAs") },
  { header: "ReceiveConnectors", drop: 2, value: columnOf("receiveConnectors") },
  { header: "Application", drop: 3, value: columnOf("application") },
];

export const newApiKey: Run = async (args, context) => {
  const name = textOf(args, "Name") ?? "";
  const { output } = context;
  const relay = await relayOf(context);
  const { name: _, ...settings } = await givenSettings(args, apiKeyFacts, () => Promise.resolve({}));
  const { key, ...change } = await relay.call("newApiKey", { name, settings, whatIf: isOn(args, "WhatIf") });
  if (key === null) printChange(output, args, change, { subject: `New API key ${name}`, kinds });
  else if (isOn(args, "Json")) writeJson(output, { key, ...change });
  else {
    // Alone, so that a script can take it.
    output.write(`${key}\n`);
    output.complain(`API key ${name}; it is shown only now\n`);
    for (const text of [...change.warnings.map(({ message }) => message), ...change.notices])
      output.complain(`${text}\n`);
  }
  return 0;
};

export const setApiKey: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const relay = await relayOf(context);
  const settings = await givenSettings(args, apiKeyFacts, async () => {
    const { keys } = await relay.call("listApiKeys", {});
    return keys.find((key) => key.name.toLowerCase() === name.toLowerCase())?.settings ?? {};
  });
  if (Object.keys(settings).length === 0)
    throw new CommandFault("no setting is given; weir help Set-ApiKey lists them with examples", 2);
  const change = await relay.call("setApiKey", { name, settings, whatIf: isOn(args, "WhatIf") });
  printChange(context.output, args, change, { subject: `API key ${name}`, kinds });
  return 0;
};

export const removeApiKey: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const relay = await relayOf(context);
  const change = await relay.call("removeApiKey", { name, whatIf: isOn(args, "WhatIf") });
  printChange(context.output, args, change, { subject: `Removed API key ${name}`, kinds });
  return 0;
};
