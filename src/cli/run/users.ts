/** Get-, New-, Set-, Remove-User. */
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { printChange } from "../output/print-change.ts";
import { printRows } from "../output/print.ts";
import { readPassword } from "../read-password.ts";
import { wildcard } from "../wildcard.ts";

const kinds: ReadonlyMap<string, string> = new Map();

export const getUser: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { users } = await relay.call("listUsers", {});
  const identity = textOf(args, "Identity");
  const matches =
    identity === undefined
      ? () => true
      : (wildcard(identity) ?? ((name: string) => name.toLowerCase() === identity.toLowerCase()));
  const rows = users.filter(({ name }) => matches(name));
  if (identity !== undefined && rows.length === 0 && users.length > 0)
    throw new CommandFault(
      `there is no user ${identity}; there are: ${users.map(({ name }) => name).join(", ")}`,
    );
  printRows(context.output, args, {
    rows,
    columns: [
      { header: "Name", value: ({ name }) => name },
      { header: "Application", value: ({ application }) => application ?? "" },
    ],
    none: "there is no user; weir New-User adds one",
  });
  return 0;
};

export const newUser: Run = async (args, context) => {
  const name = textOf(args, "Name") ?? "";
  const relay = await relayOf(context);
  const password = await readPassword(textOf(args, "PasswordFile"));
  const change = await relay.call("newUser", { name, password, whatIf: isOn(args, "WhatIf") });
  printChange(context.output, args, change, { subject: `New user ${name}`, kinds });
  return 0;
};

export const setUser: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const [newName, from] = [textOf(args, "Name"), textOf(args, "PasswordFile")];
  const relay = await relayOf(context);
  const password = newName !== undefined && from === undefined ? undefined : await readPassword(from);
  const change = await relay.call("setUser", {
    name,
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
