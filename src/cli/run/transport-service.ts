/** Get-TransportService and Set-TransportService. */
import { isOn } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { serviceFacts, transportFacts } from "../../config/generated/setting-facts.ts";
import { CommandFault } from "../exit-code.ts";
import { printChange } from "../output/print-change.ts";
import { exchangeName } from "../output/setting-text.ts";
import { printRows } from "../output/print.ts";
import { settingProperties } from "./get-connectors.ts";
import { givenSettings, kindsOf } from "./setting-changes.ts";

const facts = [...serviceFacts, ...transportFacts];

export const getTransportService: Run = async (args, { output, ...context }) => {
  const relay = await relayOf(context);
  const described = await relay.call("getTransportService", {});
  printRows(output, args, {
    rows: [described],
    columns: [],
    properties: (service) => [
      ...settingProperties(service, facts),
      ...Object.entries(service.paths).map(([name, value]) => ({ name: exchangeName(name), value })),
    ],
    json: { ...described.settings, paths: described.paths, origins: described.origins },
    none: "",
    single: true,
  });
  return 0;
};

export const setTransportService: Run = async (args, context) => {
  const relay = await relayOf(context);
  const settings = await givenSettings(
    args,
    facts,
    async () => (await relay.call("getTransportService", {})).settings,
  );
  if (Object.keys(settings).length === 0)
    throw new CommandFault("no setting is given; weir help Set-TransportService lists them", 2);
  const change = await relay.call("setTransportService", { settings, whatIf: isOn(args, "WhatIf") });
  printChange(context.output, args, change, { subject: "Transport service", kinds: kindsOf(facts) });
  return 0;
};
