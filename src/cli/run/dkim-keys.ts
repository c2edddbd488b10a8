/** Get-, New-, Set-, Remove-, Test-DkimKey. */
import type { Output as Answer } from "../../admin/contract.ts";
import { dkimKeyFacts } from "../../config/generated/setting-facts.ts";
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { writeJson } from "../output/output.ts";
import { printChange } from "../output/print-change.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { columnOf, settingProperties, showNamed } from "./get-connectors.ts";
import { kindsOf } from "./setting-changes.ts";

type Key = Answer<"listDkimKeys">["keys"][number];
type Tested = Answer<"testDkimKey">["results"][number];

const kinds = kindsOf(dkimKeyFacts);

export const getDkimKey: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { keys } = await relay.call("listDkimKeys", {});
  showNamed(keys, args, context.output, {
    what: "DKIM key",
    columns,
    properties: (key) => [
      ...settingProperties(key, dkimKeyFacts),
      { name: "Algorithm", value: key.algorithm },
      { name: "Record", value: key.record },
      { name: "ZoneFileLine", value: key.zoneFileLine },
      { name: "Dns", value: key.status.dns ?? notYet },
      { name: "DnsDetails", value: key.status.details ?? "" },
      { name: "DnsLookedUpAt", value: key.status.lookedUpAt ?? "" },
    ],
  });
  return 0;
};

/** The daily look has not been there. */
const notYet = "not yet";

const columns: readonly Column<Key>[] = [
  { header: "Identity", value: ({ name }) => name },
  { header: "State", value: columnOf("state") },
  { header: "Algorithm", value: ({ algorithm }) => algorithm },
  {
    header: "Dns",
    value: ({ status }) => status.dns ?? notYet,
    style: ({ status: { ok } }) => (ok === undefined ? undefined : ok ? "good" : "bad"),
  },
  { header: "KeyFile", drop: 1, value: columnOf("keyFile") },
];

export const newDkimKey: Run = async (args, context) => {
  const { output } = context;
  const [domain = "", selector] = [textOf(args, "Domain"), textOf(args, "Selector")];
  const relay = await relayOf(context);
  const made = await relay.call("newDkimKey", {
    domain,
    ...(selector === undefined ? {} : { selector }),
    kind: textOf(args, "Kind") === "ed25519" ? "ed25519" : "rsa",
  });
  if (isOn(args, "Json")) {
    writeJson(output, made);
    return 0;
  }
  const { name, keyFile, record, zoneFileLine } = made;
  output.write(
    [
      output.style("heading", `New DKIM key ${name}`),
      `  saved in ${keyFile}`,
      "",
      `Publish a TXT record. Name: ${name}`,
      "Value, for a form in a browser:",
      `  ${record}`,
      "or as a line of a zone file:",
      `  ${zoneFileLine}`,
      "",
      `Then: weir Test-DkimKey ${name}`,
      `      weir Set-DkimKey ${name} -State active`,
      "",
    ].join("\n"),
  );
  return 0;
};

export const setDkimKey: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const state = textOf(args, "State") as "published" | "active" | "retired";
  const relay = await relayOf(context);
  const change = await relay.call("setDkimKey", { name, state, whatIf: isOn(args, "WhatIf") });
  return printChange(context.output, args, change, { subject: `DKIM key ${name}`, kinds });
};

export const removeDkimKey: Run = async (args, context) => {
  const name = textOf(args, "Identity") ?? "";
  const relay = await relayOf(context);
  const change = await relay.call("removeDkimKey", { name, whatIf: isOn(args, "WhatIf") });
  return printChange(context.output, args, change, { subject: `Removed DKIM key ${name}`, kinds });
};

export const testDkimKey: Run = async (args, context) => {
  const name = textOf(args, "Identity");
  const relay = await relayOf(context);
  const { results } = await relay.call("testDkimKey", name === undefined ? {} : { name });
  printRows(context.output, args, {
    rows: results,
    columns: testColumns,
    none: "there is no DKIM key; weir New-DkimKey contoso.com makes one",
  });
  return results.every(({ ok }) => ok) ? 0 : 1;
};

const testColumns: readonly Column<Tested>[] = [
  { header: "Identity", value: ({ name }) => name },
  { header: "State", value: ({ state }) => state },
  { header: "Dns", value: ({ dns }) => dns, style: ({ ok }) => (ok ? "good" : "bad") },
  { header: "Details", value: ({ details }) => details },
];
