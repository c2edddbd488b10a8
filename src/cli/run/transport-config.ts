/** Get-TransportConfig and Set-TransportConfig. */
import { isOn } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { transportConfigParameters } from "../cmdlets/transport-config-parameters.ts";
import { CommandFault } from "../exit-code.ts";
import { printChange } from "../output/print-change.ts";
import { printRows } from "../output/print.ts";
import { settingText } from "../output/setting-text.ts";
import type { PlainValue, Settings } from "./setting-changes.ts";

export const getTransportConfig: Run = async (args, { output, ...context }) => {
  const relay = await relayOf(context);
  const described = await relay.call("getTransportConfig", {});
  const { settings, differences, kinds } = described;
  const values: Readonly<Record<string, unknown>> = settings;
  printRows(output, args, {
    rows: [described],
    columns: [],
    properties: () =>
      transportConfigParameters.map(({ name, setting = "" }) => {
        const each = differences
          .filter((it) => it.setting === setting)
          .map(
            ({ connector, value, enforced }) =>
              `${connector} ${settingText(value, kinds[setting])}${enforced ? "" : " (reportOnly: not enforced)"}`,
          );
        return {
          name,
          value: settingText(values[setting], kinds[setting]),
          remark: each.length === 0 ? undefined : each.join(", "),
        };
      }),
    json: { ...settings, differences },
    none: "",
    single: true,
  });
  return 0;
};

export const setTransportConfig: Run = async (args, context) => {
  const settings: Settings = {};
  for (const { name, setting } of transportConfigParameters) {
    const value = args.get(name);
    if (value !== undefined && setting !== undefined) settings[setting] = value as PlainValue;
  }
  if (Object.keys(settings).length === 0)
    throw new CommandFault("no setting is given; weir help Set-TransportConfig lists them", 2);
  const relay = await relayOf(context);
  const change = await relay.call("setTransportConfig", { settings, whatIf: isOn(args, "WhatIf") });
  const kinds = new Map([
    ["maxMessageSize", "size"],
    ["dsnMaxMessageAttachSize", "size"],
  ]);
  return printChange(context.output, args, change, {
    subject: "Transport configuration",
    kinds,
    ofConnectors: true,
  });
};
