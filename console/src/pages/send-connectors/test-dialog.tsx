/** Test-SendConnector: every address opened as delivery opens it, step by step, and a message sent if one is asked for. */
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { testStepTitles } from "../../../../src/core/policy/connector-test/test-step.ts";
import { call } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { faultText } from "../../components/toast.tsx";
import { visible } from "../../outside-text.ts";
import { durationText } from "../../time-text.ts";

type Test = Output<"testSendConnector">;
type Step = Test["steps"][number];

const badges: Readonly<Record<Step["outcome"], "good" | "warning" | "error">> = {
  ok: "good",
  warning: "warning",
  failed: "error",
};

export function TestDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [isRunning, setRunning] = useState(false);
  const [test, setTest] = useState<Test>();
  const [fault, setFault] = useState("");

  const run = async (): Promise<void> => {
    setRunning(true);
    setFault("");
    setTest(undefined);
    try {
      const input = { name, ...(from === "" ? {} : { from }), ...(to === "" ? {} : { to }) };
      setTest(await call("testSendConnector", input));
    } catch (error) {
      setFault(faultText(error));
    } finally {
      setRunning(false);
    }
  };

  return (
    <Dialog title={`Test ${name}`} isWide onClose={onClose}>
      <form
        class="columns"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Field
          label="Send a message to"
          help="Empty: MAIL and RCPT are asked for and taken back; nothing is sent."
          control={(ids) => (
            <input
              {...ids}
              value={to}
              autocomplete="off"
              onInput={({ currentTarget }) => setTo(currentTarget.value.trim())}
            />
          )}
        />
        <Field
          label="Sender"
          help="Empty: one that the connector knows."
          control={(ids) => (
            <input
              {...ids}
              value={from}
              autocomplete="off"
              onInput={({ currentTarget }) => setFrom(currentTarget.value.trim())}
            />
          )}
        />
        <div class="actions">
          <button type="submit" class="primary" disabled={isRunning}>
            {isRunning ? "Testing…" : "Test"}
          </button>
        </div>
      </form>
      <p class="fault" role="alert">
        {fault}
      </p>
      {test !== undefined && <Result test={test} />}
    </Dialog>
  );
}

function Result({ test: { ok, from, to, steps } }: { test: Test }) {
  const advice = [...new Set(steps.flatMap((step) => step.advice))];
  return (
    <div role="status">
      <p>
        <Badge kind={ok ? "good" : "error"} text={ok ? "works" : "does not work"} /> Sender {from};{" "}
        {to === null
          ? "nothing was sent"
          : ok
            ? `a message was sent to ${to}`
            : `a message to ${to} was tried`}
        .
      </p>
      {advice.length > 0 && (
        <>
          <h3>What to do</h3>
          <ul class="advice">
            {advice.map((sentence) => (
              <li key={sentence}>{visible(sentence)}</li>
            ))}
          </ul>
        </>
      )}
      <ol class="timeline test-steps">
        {steps.map((step, at) => (
          <li key={`${at} ${step.endpoint} ${step.step}`} class={step.outcome}>
            <div class="step-head">
              <strong>{testStepTitles[step.step]}</strong>
              {step.outcome !== "ok" && <Badge kind={badges[step.outcome]} text={step.outcome} />}
              <span class="muted">
                {step.endpoint} · {durationText(step.elapsedMs)}
              </span>
            </div>
            {step.details.map((line) => (
              <div key={line} class="reply">
                {visible(line)}
              </div>
            ))}
          </li>
        ))}
      </ol>
    </div>
  );
}
