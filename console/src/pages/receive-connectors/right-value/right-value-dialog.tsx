/**
 * "Is this the right value?": what sources used of a connector's limits, what is advised, and for each value on the slider what it
 * would have refused in the past week by itself. All values are tried before, so that the slider answers at once.
 */
import { useMemo, useState } from "preact/hooks";
import { call } from "../../../api.ts";
import { Dialog } from "../../../components/dialog.tsx";
import { ChangeDialog } from "../../settings/change-dialog.tsx";
import { LimitSlider } from "./limit-slider.tsx";
import { settingsFor, triedLimits, variantsOf, type Limit } from "./tried-values.ts";
import { useAnswer } from "./use-answer.ts";

export function RightValueDialog({ connector, onClose }: { connector: string; onClose: () => void }) {
  const [applying, setApplying] = useState<{ readonly limit: Limit; readonly value: number }>();
  const asked = useAnswer("followLimitAdvice", { connector });
  const advice = asked.answer?.connectors[0];
  const tried = useMemo(() => (advice === undefined ? [] : triedLimits(advice)), [advice]);
  const test = useAnswer(
    "followReceiveConnectorTest",
    advice === undefined || tried.length === 0
      ? undefined
      : { name: connector, variants: variantsOf(tried, advice), sources: 4 },
  );
  const silent = [...new Set([asked, test].flatMap(({ answer }) => answer?.unanswered ?? []).map(serverOf))];
  const heldBack =
    silent.length === 0
      ? undefined
      : {
          why: `What came to ${silent.join(", ")} is missing in what was tried: it may refuse more than was shown. Wait until ${silent.length === 1 ? "it answers" : "they answer"}, and look again.`,
          agreed: `Apply it all the same, without what came to ${silent.join(", ")}`,
        };
  if (applying !== undefined && advice !== undefined)
    return (
      <ChangeDialog
        title={`${applying.limit} of ${connector}`}
        words={`${applying.limit} becomes ${applying.value}. Open connections are left alone; it holds for new ones at once.`}
        heldBack={heldBack}
        verb="Apply"
        isDanger={false}
        change={(whatIf) =>
          call("setReceiveConnector", {
            name: connector,
            settings: settingsFor(applying.limit, applying.value, advice),
            whatIf,
          })
        }
        done={`${applying.limit} is ${applying.value}.`}
        onClose={onClose}
      />
    );
  const fault = asked.fault ?? test.fault;
  const ahead = advice === undefined ? asked.ahead : test.ahead;
  const isBusy =
    fault === undefined && (advice === undefined || (tried.length > 0 && test.answer === undefined));
  return (
    <Dialog title={`Is this the right value? ${connector}`} isWide onClose={onClose}>
      <p class="fault" role="alert">
        {fault}
      </p>
      {isBusy && (
        <p>
          <label>
            {ahead > 0
              ? `Waiting: ${ahead === 1 ? "1 question" : `${ahead} questions`} of others first`
              : advice === undefined
                ? "Reading what came in the last weeks"
                : "Trying values on it"}{" "}
            <progress value={advice === undefined ? asked.part : test.part} max="1" />
          </label>
        </p>
      )}
      <RestsOn answers={[asked.answer, test.answer]} isPartial={silent.length > 0} />
      {advice?.notEnough != null && <p>{advice.notEnough}</p>}
      {advice !== undefined &&
        test.answer !== undefined &&
        tried.map(({ limit, values }, place) => {
          const before = tried.slice(0, place).reduce((sum, one) => sum + one.values.length, 0);
          const outcomes = test.answer?.variants.slice(before, before + values.length) ?? [];
          return (
            <LimitSlider
              key={limit}
              limit={limit}
              advice={advice}
              tried={outcomes.map(({ outcome }, index) => ({ value: values[index] ?? 0, outcome }))}
              recorded={test.answer?.recorded ?? nothing}
              onApply={(value) => setApplying({ limit, value })}
            />
          );
        })}
      {advice !== undefined && advice.leftOut.length > 0 && (
        <>
          <h3>Left out</h3>
          <ul class="left-out">
            {advice.leftOut.slice(0, 10).map(({ source, application, reason, limit }) => (
              <li key={`${source} ${limit}`}>
                {application === null ? source : `${application.name} (${source})`}: {reason}.
              </li>
            ))}
          </ul>
        </>
      )}
      {advice?.own.map(({ name, remoteIpRanges, reason, command }) => (
        <p key={name}>
          A connector of its own, {name}, for {remoteIpRanges.join(", ")}: {reason} <code>{command}</code>
        </p>
      ))}
    </Dialog>
  );
}

interface Noted {
  readonly notes: readonly string[];
}

/** Whose traffic it is about, what of it is missing, and what is assumed: as the shell says it. */
function RestsOn({
  answers,
  isPartial,
}: {
  answers: readonly (Noted | undefined)[];
  /** Some node did not answer. */
  isPartial: boolean;
}) {
  const notes = [...new Set(answers.flatMap((answer) => answer?.notes ?? []))];
  if (notes.length === 0) return null;
  return (
    <ul class={isPartial ? "rests-on missing-nodes" : "rests-on"} aria-label="What this rests on">
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}

const serverOf = ({ server }: { readonly server: string }): string => server;
const nothing = { from: null, to: null, connections: 0, messages: 0, refused: {} };
