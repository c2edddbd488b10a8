/** New-, Set-, Enable-, Disable-, Remove-ReceiveConnector and -SendConnector. */
import { isOn, numberOf, textOf, type Arguments } from "../arguments/value.ts";
import type { AdminClient } from "../../admin/client.ts";
import { relayOf } from "../ask-relay.ts";
import { confirm } from "../confirm.ts";
import type { Run } from "../cmdlet.ts";
import { receiveConnectorFacts, sendConnectorFacts } from "../../config/generated/setting-facts.ts";
import { CommandFault } from "../exit-code.ts";
import { printChange } from "../output/print-change.ts";
import { givenSettings, kindsOf, type Settings } from "./setting-changes.ts";

const receiveKinds = kindsOf(receiveConnectorFacts);
const sendKinds = kindsOf(sendConnectorFacts);

/** Exchange's identities may carry the server: `MAIL01\AppRelay`. */
function nameOf(args: Arguments): string {
  const identity = textOf(args, "Identity") ?? textOf(args, "Name") ?? "";
  return identity.slice(identity.lastIndexOf("\\") + 1);
}

function mustChange(settings: Settings, command: string): void {
  if (Object.keys(settings).length > 0) return;
  throw new CommandFault(`no setting is given; weir help ${command} lists them with examples`, 2);
}

export const setReceiveConnector: Run = async (args, context) => {
  const [name, whatIf] = [nameOf(args), isOn(args, "WhatIf")];
  const relay = await relayOf(context);
  const settings = await givenSettings(
    args,
    receiveConnectorFacts,
    async () => (await relay.call("getReceiveConnector", { name })).settings,
  );
  mustChange(settings, "Set-ReceiveConnector");
  const change = await relay.call("setReceiveConnector", { name, settings, whatIf });
  return printChange(context.output, args, change, {
    subject: `Receive connector ${name}`,
    kinds: receiveKinds,
  });
};

export const newReceiveConnector: Run = async (args, context) => {
  const [name, whatIf] = [nameOf(args), isOn(args, "WhatIf")];
  const relay = await relayOf(context);
  const learnMs = numberOf(args, "Learn");
  const { usage, ...settings } = await givenSettings(args, receiveConnectorFacts, () => Promise.resolve({}));
  const change = await relay.call("newReceiveConnector", {
    name,
    settings,
    whatIf,
    ...(isUsage(usage) ? { usage } : {}),
    ...(learnMs === undefined ? {} : { learnMs }),
  });
  return printChange(context.output, args, change, {
    subject: `New receive connector ${name}`,
    kinds: receiveKinds,
  });
};

const usages = ["custom", "client", "internal", "internet", "partner", "default"] as const;

function isUsage(value: unknown): value is (typeof usages)[number] {
  return usages.some((usage) => usage === value);
}

export const enableReceiveConnector = changeReceiveConnector("enableReceiveConnector", "Receive connector");
export const disableReceiveConnector = changeReceiveConnector("disableReceiveConnector", "Receive connector");
export const removeReceiveConnector = changeReceiveConnector(
  "removeReceiveConnector",
  "Removed receive connector",
);

function changeReceiveConnector(
  operation: "enableReceiveConnector" | "disableReceiveConnector" | "removeReceiveConnector",
  subject: string,
): Run {
  return async (args, context) => {
    const name = nameOf(args);
    const relay = await relayOf(context);
    if (operation === "removeReceiveConnector") await confirmLast(relay, args, name);
    const change = await relay.call(operation, { name, whatIf: isOn(args, "WhatIf") });
    return printChange(context.output, args, change, { subject: `${subject} ${name}`, kinds: receiveKinds });
  };
}

/** Asks before the last connector that takes mail goes. */
async function confirmLast(relay: AdminClient, args: Arguments, name: string): Promise<void> {
  const { connectors } = await relay.call("listReceiveConnectors", {});
  const isIt = (it: { readonly name: string }): boolean => it.name.toLowerCase() === name.toLowerCase();
  const others = connectors.filter((it) => !isIt(it) && it.settings["enabled"] !== false);
  if (connectors.some(isIt) && others.length === 0)
    await confirm(args, `${name} is the last receive connector: without it no mail can come in`);
}

export const setSendConnector: Run = async (args, context) => {
  const [name, whatIf] = [nameOf(args), isOn(args, "WhatIf")];
  const relay = await relayOf(context);
  const settings = await givenSettings(
    args,
    sendConnectorFacts,
    async () => (await relay.call("getSendConnector", { name })).settings,
  );
  mustChange(settings, "Set-SendConnector");
  const change = await relay.call("setSendConnector", { name, settings, whatIf });
  return printChange(context.output, args, change, { subject: `Send connector ${name}`, kinds: sendKinds });
};

export const newSendConnector: Run = async (args, context) => {
  const [name, whatIf] = [nameOf(args), isOn(args, "WhatIf")];
  const relay = await relayOf(context);
  const settings = await givenSettings(args, sendConnectorFacts, () => Promise.resolve({}));
  const change = await relay.call("newSendConnector", { name, settings, whatIf });
  return printChange(context.output, args, change, {
    subject: `New send connector ${name}`,
    kinds: sendKinds,
  });
};

export const enableSendConnector = changeSendConnector("enableSendConnector", "Send connector");
export const disableSendConnector = changeSendConnector("disableSendConnector", "Send connector");
export const removeSendConnector = changeSendConnector("removeSendConnector", "Removed send connector");

function changeSendConnector(
  operation: "enableSendConnector" | "disableSendConnector" | "removeSendConnector",
  subject: string,
): Run {
  return async (args, context) => {
    const name = nameOf(args);
    const relay = await relayOf(context);
    const change = await relay.call(operation, { name, whatIf: isOn(args, "WhatIf") });
    return printChange(context.output, args, change, { subject: `${subject} ${name}`, kinds: sendKinds });
  };
}
