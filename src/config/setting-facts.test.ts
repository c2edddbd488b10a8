/** What shell and console read in place of the schema says what the schema says, each of its words. */
import { expect, test } from "vitest";
import * as generated from "./generated/setting-facts.ts";
import { factSections, settingFacts } from "./setting-facts.ts";

/** `receiveConnectors` is read as `receiveConnectorFacts`; `addressRewriteEntries` as `addressRewriteEntryFacts`. */
const factsName = (section: string): string =>
  `${section === "addressRewriteEntries" ? "addressRewriteEntry" : section.replace(/s$/, "")}Facts`;

const sections = Object.keys(factSections) as (keyof typeof factSections)[];

test.each(sections)("%s", (section) => {
  expect((generated as Readonly<Record<string, unknown>>)[factsName(section)]).toStrictEqual(
    settingFacts(section),
  );
});

test("and of nothing else", () => {
  expect(Object.keys(generated).toSorted()).toEqual(sections.map(factsName).toSorted());
});
