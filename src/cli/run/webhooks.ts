/** Get-, New-, Set-, Remove-, Test-Webhook. */
import type { Output as Answer } from "../../admin/contract.ts";
import { webhookFacts } from "../../config/generated/setting-facts.ts";
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { writeJson } from "../output/output.ts";
import type { Property } from "../output/list.ts";
import { printChange } from "../output/print-change.ts";
import type { Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";
import { columnOf, settingProperties, showNamed } from "./get-connectors.ts";
import { givenSettings, kindsOf } from "./setting-changes.ts";

type Webhook = Answer<"listWebhooks">["webhooks"][number];

const kinds = kindsOf(webhookFacts);
const time = (at: string | null): string => (at === null ? "" : localTime(at));

export const getWebhook: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { webhooks } = await relay.call("listWebhooks", {});
  showNamed(webhooks, args, context.output, {
    what: "webhook",
    columns,
    properties: (webhook) => [...settingProperties(webhook, webhookFacts), ...stateOf(webhook)],
  });
  return 0;
};

function stateOf({ status }: Webhook): readonly Property[] {
  return [
    { name: "Status", value: status.state },
    { name: "WaitingEvents", value: String(status.waitingEvents) },
    { name: "WaitingSince", value: time(status.waitingSince) },
    { name: "NextAttempt", value: time(status.nextAttempt) },
    { name: "LastTaken", value: time(status.lastTaken) },
    { name: "LastFailed", value: time(status.lastFailed) },
    { name: "LastError", value: status.lastError ?? "" },
    { name: "TakenRequests", value: String(status.takenRequests) },
    { name: "LostEvents", value: String(status.lostEvents) },
  ];
}

const styles = { Disabled: undefined, Ready: "good", Waiting: undefined, Retry: "bad", Gone: "bad" } as const;

const columns: readonly Column<Webhook>[] = [
  { header: "Identity", value: ({ name }) => name },
  { header: "Status", value: ({ status }) => status.state, style: ({ status }) => styles[status.state] },
  { header: "Events", value: columnOf("events") },
  { header: "Host", drop: 1, value: ({ status }) => status.host },
  { header: "Waiting", value: ({ status }) => status.waitingEvents, align: "right" },
  { header: "LastTaken", drop: 2, value: ({ status }) => time(status.lastTaken) },
  { header: "LastError", value: ({ status }) => status.lastError ?? "" },
];

export const newWebhook: Run = async (args, context) => {
  const name = textOf(args, "Name") ?? "";
  const relay = await relayOf(context);
  const { name: _, ...settings } = await givenSettings(args, webhookFacts, () => Promise.resolve({}));
  const change = await relay.call("newWebhook", { name, settings, whatIf: isOn(args, "WhatIf") });
  const notices = isOn(args, "WhatIf")
    ? []
    : [`Try it: weir Test-Webhook ${/\s/.test(name) ? `'${name}'` : name}`];
  return printChange(
    context.output,
    args,
    { ...change, notices: [...change.notices, ...notices] },
    { subject: `New webhook ${name}`, kinds },
  );
};

export const setWebhook: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const relay = await relayOf(context);
  const settings = await givenSettings(args, webhookFacts, async () => {
    const { webhooks } = await relay.call("listWebhooks", {});
    return webhooks.find((webhook) => webhook.name.toLowerCase() === name.toLowerCase())?.settings ?? {};
  });
  if (Object.keys(settings).length === 0)
    throw new CommandFault("no setting is given; weir help Set-Webhook lists them with examples", 2);
  const change = await relay.call("setWebhook", { name, settings, whatIf: isOn(args, "WhatIf") });
  return printChange(context.output, args, change, { subject: `Webhook ${name}`, kinds });
};

export const removeWebhook: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const relay = await relayOf(context);
  const change = await relay.call("removeWebhook", { name, whatIf: isOn(args, "WhatIf") });
  return printChange(context.output, args, change, { subject: `Removed webhook ${name}`, kinds });
};

/** Resolves with 1 where it was not taken. */
export const testWebhook: Run = async (args, context) => {
  const { output } = context;
  const name = textOf(args, "Identity") ?? "";
  const relay = await relayOf(context);
  const tested = await relay.call("testWebhook", { name }, { signal: output.signal });
  if (isOn(args, "Json")) writeJson(output, tested);
  else {
    const { ok, answer, elapsedMs } = tested;
    const verdict = ok
      ? output.style("good", "took the test event")
      : output.style("bad", "did not take the test event");
    output.write(`${tested.name} ${verdict}, after ${elapsedMs} ms: ${answer}\n`);
  }
  return tested.ok ? 0 : 1;
};
