/** Get-AdminToken, New-AdminToken, Remove-AdminToken. */
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { writeJson } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import { localTime } from "../output/time-text.ts";

export const getAdminToken: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { tokens } = await relay.call("listAdminTokens", {});
  printRows(context.output, args, {
    rows: tokens,
    columns: [
      { header: "Name", value: ({ name }) => name },
      { header: "Role", value: ({ role }) => role },
      { header: "WhenCreated", value: ({ createdAt }) => localTime(createdAt) },
    ],
    none: "there is no token; weir New-AdminToken makes one",
  });
  return 0;
};

export const newAdminToken: Run = async (args, context) => {
  const { output } = context;
  const role = textOf(args, "Role") ?? "viewer";
  if (role !== "viewer" && role !== "operator" && role !== "administrator")
    throw new CommandFault(`${role} is no role`, 2);
  const relay = await relayOf(context);
  const made = await relay.call("newAdminToken", { name: textOf(args, "Name") ?? "", role });
  if (isOn(args, "Json")) writeJson(output, made);
  else {
    output.write(`${made.token}\n`);
    output.complain(`Token ${made.name} (${made.role}); it is shown only now\n`);
  }
  return 0;
};

export const removeAdminToken: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { name } = await relay.call("removeAdminToken", { name: textOf(args, "Name") ?? "" });
  if (isOn(args, "Json")) writeJson(context.output, { name });
  else context.output.write(`Token ${name} is removed; whoever was signed in with it no longer is\n`);
  return 0;
};
