/** Test-SendConnector. */
import type { Output as Answer } from "../../admin/contract.ts";
import { testStepTitles } from "../../core/policy/connector-test/test-step.ts";
import { isOn, listOf, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import type { Output } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";

type Test = Answer<"testSendConnector">;
type Step = Test["steps"][number];

/** Resolves with 1 when a step fails. */
export const testSendConnector: Run = async (args, context) => {
  const { output } = context;
  const [name = "", to, from] = [textOf(args, "Identity"), textOf(args, "To"), textOf(args, "From")];
  const relay = await relayOf(context);
  output.progress(`Testing ${name} …`);
  const test = await relay
    .call(
      "testSendConnector",
      { name, ...(to === undefined ? {} : { to }), ...(from === undefined ? {} : { from }) },
      { signal: output.signal },
    )
    .finally(() => output.progress(""));
  printRows(output, args, { rows: test.steps, columns, json: test, none: "the connector has no smart host" });
  if (isForPeople(args, output)) printConclusion(output, test);
  return test.ok ? 0 : 1;
};

const isForPeople = (args: Parameters<Run>[0], output: Output): boolean =>
  output.collect === undefined &&
  listOf(args, "Property") === undefined &&
  !["Json", "Csv", "List"].some((form) => isOn(args, form));

function printConclusion(output: Output, { ok, from, to, steps }: Test): void {
  const advice = new Set(steps.flatMap((step) => step.advice));
  const sent = to === null ? "nothing was sent" : `a message was sent to ${to}`;
  const ending = ok ? output.style("good", "It works") : output.style("bad", "It does not work");
  output.write(`\n${ending} (sender ${from}; ${sent}).\n`);
  if (advice.size === 0) return;
  output.write(`\n${output.style("heading", "What to do")}\n`);
  for (const sentence of advice) output.write(`  ${sentence}\n`);
}

const columns: readonly Column<Step>[] = [
  { header: "EndPoint", value: ({ endpoint }) => endpoint },
  { header: "Step", value: ({ step }) => testStepTitles[step] },
  {
    header: "Outcome",
    value: ({ outcome }) => outcome,
    style: ({ outcome }) => (outcome === "ok" ? "good" : outcome === "failed" ? "bad" : "warning"),
  },
  { header: "Time", value: ({ elapsedMs }) => `${elapsedMs} ms` },
  { header: "Details", value: ({ details }) => details.join(" | "), wraps: true },
];
