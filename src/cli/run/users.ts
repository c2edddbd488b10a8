/** Get-, New-, Set-, Remove-User. */
import type { Output as Answer } from "../../admin/contract.ts";
import { userFacts } from "../../config/generated/setting-facts.ts";
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { printChange } from "../output/print-change.ts";
import type { Column } from "../output/table.ts";
import { readPassword } from "../read-password.ts";
import { columnOf, settingProperties, showNamed } from "./get-connectors.ts";
import { givenSettings, kindsOf } from "./setting-changes.ts";

type User = Answer<"listUsers">["users"][number];

const kinds = kindsOf(userFacts);

export const getUser: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { users } = await relay.call("listUsers", {});
  showNamed(users, args, context.output, {
    what: "user",
    columns,
    properties: (user) => [
      ...settingProperties(user, userFacts),
      { name: "Application", value: user.status.application ?? "" },
      { name: "RecipientsLastDay", value: String(user.status.recipientsLastDay) },
    ],
  });
  return 0;
};

const columns: readonly Column<User>[] = [
  { header: "Name", value: ({ name }) => name },
  { header: "Application", value: ({ status }) => status.application ?? "" },
  { header: "SendAs", value: columnOf("sendAs") },
  { header: "ReceiveConnectors", drop: 1, value: columnOf("receiveConnectors") },
  { header: "MessageRateLimit", drop: 2, value: columnOf("messageRateLimit") },
  { header: "RecipientRateLimit", drop: 3, value: columnOf("recipientRateLimit") },
];

export const newUser: Run = async (args, context) => {
  const name = textOf(args, "Name") ?? "";
  const relay = await relayOf(context);
  const { name: _, ...settings } = await givenSettings(args, userFacts, () => Promise.resolve({}));
  const password = await readPassword(textOf(args, "PasswordFile"));
  const change = await relay.call("newUser", { name, password, settings, whatIf: isOn(args, "WhatIf") });
  printChange(context.output, args, change, { subject: `New user ${name}`, kinds });
  return 0;
};

export const setUser: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const [newName, from] = [textOf(args, "Name"), textOf(args, "PasswordFile")];
  const relay = await relayOf(context);
  const { name: _, ...settings } = await givenSettings(args, userFacts, async () => {
    const { users } = await relay.call("listUsers", {});
    return users.find((it) => it.name.toLowerCase() === name.toLowerCase())?.settings ?? {};
  });
  const isOther = newName !== undefined || Object.keys(settings).length > 0;
  const password = isOther && from === undefined ? undefined : await readPassword(from);
  const change = await relay.call("setUser", {
    name,
    settings,
    whatIf: isOn(args, "WhatIf"),
    ...(newName === undefined ? {} : { newName }),
    ...(password === undefined ? {} : { password }),
  });
  printChange(context.output, args, change, { subject: `User ${name}`, kinds });
  return 0;
};

export const removeUser: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const relay = await relayOf(context);
  const change = await relay.call("removeUser", { name, whatIf: isOn(args, "WhatIf") });
  printChange(context.output, args, change, { subject: `Removed user ${name}`, kinds });
  return 0;
};
