/** What a connector learned, as edits of a file: read again, it serves all who came and sent something. */
import { expect, test } from "vitest";
import { editConfiguration } from "../../config/edit.ts";
import { parseConfig } from "../../config/parse-config.ts";
import type { JudgedSource } from "../../core/advice/judged-use.ts";
import type { LimitProposal } from "../../core/advice/limit-proposal.ts";
import type { Outlier } from "../../core/advice/source-verdict.ts";
import type { Administered } from "../administered.ts";
import type { Advised } from "./advised-connector.ts";
import { adviceEdits } from "./limit-advice-edits.ts";

const file = `receiveConnectors:
  - name: Migration
    bindings: ["0.0.0.0:25"]
    remoteIpRanges: ["10.0.0.0/8", "2001:db8::/32"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    reportOnly: [maxInboundConnectionPerSource]
    learnUntil: "2026-12-06T10:00:00Z"
`;
const surroundings = { file: "/etc/weir/weir.yaml", hostname: "relay.test" };
const read = (text: string) => {
  const result = parseConfig(text, surroundings);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.settings;
};
const source = (
  address: string,
  heloNames: readonly string[],
  messages = 1,
  outlier?: Outlier,
): JudgedSource => {
  const verdict = { highest: 1, highestDay: 0, need: 1, outlier, days: [] };
  return {
    use: { source: address, heloNames, messages },
    application: "",
    open: verdict,
    messages: { ...verdict, outlier: undefined },
  } as unknown as JudgedSource;
};

function learned(sources: readonly JudgedSource[]) {
  const settings = read(file);
  const [connector] = settings.receiveConnectors;
  if (connector === undefined) throw new Error("a connector was meant");
  const limit = {
    limit: "maxInboundConnectionPerSource",
    current: 20,
    value: 15,
    change: "lower",
  } as LimitProposal;
  const refusals = { good: 0, others: 0, byLimit: {} };
  const edits = adviceEdits({ relay: { settings } } as unknown as Administered, {
    connector,
    advice: { connector: "Migration", notEnough: "", limits: [limit], own: [], sources },
    isLearning: true,
    limits: [limit],
    own: [],
    loosening: undefined,
    before: refusals,
    after: refusals,
  } satisfies Advised);
  const edited = editConfiguration(file, edits);
  if (!edited.ok) throw new Error(JSON.stringify(edited));
  const { receiveConnectors, applications } = read(edited.text);
  return {
    connector: receiveConnectors[0],
    ranges: /remoteIpRanges: (.*)/.exec(edited.text)?.[1],
    applications: applications.map(({ name }) => name),
  };
}

test("who went wrong once is let in nevertheless: the limits hold it", () => {
  const { connector, ranges, applications } = learned([
    source("10.0.0.7", ["erp.test"]),
    source("10.0.0.8", ["leak.test"], 40, { kind: "leak" } as Outlier),
    source("10.0.0.9", [], 0, { kind: "storm" } as Outlier),
    source("10.0.0.10", [], 0),
    source("2001:db8:1::/64", []),
  ]);
  expect(ranges).toBe('[10.0.0.7, 10.0.0.8, 10.0.0.10, "2001:db8:1::/64"]');
  expect(applications).toEqual(["erp", "leak", "app 10.0.0.10", "app 2001:db8:1::/64"]);
  expect(connector).toMatchObject({ maxInboundConnectionPerSource: 15, learnUntil: undefined });
  expect(connector?.reportOnly ?? []).toEqual([]);
});

test("where nobody sent anything the ranges stay as they are", () => {
  const { ranges } = learned([source("10.0.0.9", [], 0, { kind: "storm" } as Outlier)]);
  expect(ranges).toBe('["10.0.0.0/8", "2001:db8::/32"]');
});
