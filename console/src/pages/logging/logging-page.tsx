/** Diagnostic logging: the tree of categories, as Exchange's "Manage Diagnostic Logging Properties" shows it. */
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { call, may } from "../../api.ts";
import { failed, told } from "../../components/toast.tsx";
import { useLoaded } from "../../load.ts";

type LevelRow = Output<"listEventLevels">["levels"][number];
type Level = LevelRow["level"];

const levels: readonly (readonly [Level, string])[] = [
  ["Lowest", "Errors, and what an administrator must know. The default."],
  ["Low", "Also what is out of the ordinary."],
  ["Medium", "Also what was refused, and why."],
  ["High", "Also each message and connection."],
  ["Expert", "Everything. For a short time, on the trail of one fault."],
];

export function LoggingPage() {
  const [answer, reload] = useLoaded("listEventLevels", {}, 0);
  const [chosen, setChosen] = useState<string>();
  const [level, setLevel] = useState<Level>("Lowest");
  const [busy, setBusy] = useState(false);

  const choose = (row: LevelRow): void => {
    setChosen(row.category);
    setLevel(row.level);
  };
  const apply = async (category: string, wanted: Level, done: string): Promise<void> => {
    setBusy(true);
    try {
      await call("setEventLevel", { category, level: wanted });
      told(done);
      if (category === "all") setLevel(wanted);
    } catch (error) {
      failed(error);
    }
    setBusy(false);
    reload();
  };

  const rows: readonly LevelRow[] = answer?.levels ?? [];
  const current = rows.find(({ category }) => category === chosen);
  const raised = rows.filter((row) => row.level !== "Lowest").length;
  return (
    <div class="page logging">
      <header class="page-head">
        <h1>Diagnostic logging</h1>
        <button
          type="button"
          disabled={busy || raised === 0 || !may("setEventLevel")}
          onClick={() => void apply("all", "Lowest", "Every category is at Lowest.")}
        >
          Reset all
        </button>
      </header>
      <p class="muted">
        How much each category writes to the event log. Errors are always written.{" "}
        {answer === undefined
          ? ""
          : raised === 0
            ? "All categories are at Lowest."
            : `${raised} of ${rows.length} are raised.`}
      </p>
      <div class="split">
        <section aria-label="Categories" class="tree">
          <p class="tree-root">MSExchangeTransport</p>
          <ul>
            {rows.map((row) => (
              <li key={row.category}>
                <button
                  type="button"
                  class={row.level === "Lowest" ? "tree-item" : "tree-item raised"}
                  aria-pressed={row.category === chosen}
                  onClick={() => choose(row)}
                >
                  <span>{row.category}</span>
                  <span class="level">{row.level}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
        {current === undefined ? (
          <p class="muted">Choose a category to see and change its level.</p>
        ) : (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void apply(current.category, level, `${current.category} is at ${level}.`);
            }}
          >
            <fieldset class="levels">
              <legend>{current.identity}</legend>
              {levels.map(([name, meaning]) => (
                <label key={name} class="level-choice">
                  <input
                    type="radio"
                    name="level"
                    value={name}
                    checked={level === name}
                    onChange={() => setLevel(name)}
                  />
                  <strong>{name}</strong>
                  <span class="muted">{meaning}</span>
                </label>
              ))}
            </fieldset>
            <button
              type="submit"
              class="primary"
              disabled={busy || level === current.level || !may("setEventLevel")}
            >
              Apply
            </button>
          </form>
        )}
      </div>
    </div>
  );
}
