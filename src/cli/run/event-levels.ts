/** Get-EventLogLevel and Set-EventLogLevel. */
import { eventLevels, type EventLevelName } from "../../events/event-level.ts";
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { printChange } from "../output/print-change.ts";
import { printRows } from "../output/print.ts";
import { wildcard } from "../wildcard.ts";

/** Exchange's name for all that is below it: `Get-EventLogLevel MSExchangeTransport` lists the children. */
const source = "MSExchangeTransport";

export const getEventLogLevel: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { levels } = await relay.call("listEventLevels", {});
  const identity = textOf(args, "Identity");
  // Exchange's identities may carry the server in front.
  const wanted = identity?.slice(identity.lastIndexOf("\\") + 1).toLowerCase();
  const matches =
    wanted === undefined
      ? () => true
      : wanted === source.toLowerCase()
        ? () => true
        : (wildcard(wanted) ?? ((name: string) => name.toLowerCase() === wanted));
  const rows = levels.filter(({ category }) => matches(category));
  if (identity !== undefined && rows.length === 0)
    throw new CommandFault(
      `there is no category ${identity}; there are ${levels.map(({ category }) => category).join(", ")}`,
    );
  printRows(context.output, args, {
    rows,
    columns: [
      { header: "Identity", value: ({ identity: name }) => name },
      { header: "EventLevel", value: ({ level }) => level },
    ],
    none: "there is no category",
  });
  return 0;
};

export const setEventLogLevel: Run = async (args, context) => {
  const relay = await relayOf(context);
  const identity = textOf(args, "Identity") ?? "";
  const level = textOf(args, "Level") ?? "";
  if (!isLevel(level)) throw new CommandFault(`${level} is no level`, 2);
  const parts = identity.split("\\");
  // With Exchange's server in front: `MAIL01\MSExchangeTransport\SmtpReceive`.
  const category = parts.slice(-2).join("\\");
  const change = await relay.call("setEventLevel", { category, level, whatIf: isOn(args, "WhatIf") });
  printChange(context.output, args, change, { subject: "Event log level", kinds: new Map() });
  return 0;
};

function isLevel(text: string): text is EventLevelName {
  return text in eventLevels;
}
