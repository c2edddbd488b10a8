/** What happened to a source, what it was refused, and what would have been enough. */
import type { Output } from "../../../../src/admin/contract.ts";
import { Time } from "../../components/time.tsx";
import { visible } from "../../outside-text.ts";
import { Fix } from "./fix.tsx";

export type Explanation = Output<"explainSource">;
type Refusals = Explanation["connectors"][number]["refusals"][number];
type Remedy = Explanation["remedies"][number];

export function SourceStory({ explanation }: { explanation: Explanation }) {
  const who = explanation.application?.name;
  return (
    <section class="story" aria-label="Explanation">
      <h3>
        {explanation.source}
        {who === undefined ? "" : ` (${who})`}
      </h3>
      {explanation.connectors.length === 0 && <p>No connection of it is known within the last day.</p>}
      {explanation.connectors.map((at) => (
        <div key={at.connector}>
          <p>
            {at.connector}: {at.openConnections} connections open, {at.highestOpenLastDay} at most within the
            last day.
          </p>
          <ul>
            {at.refusals.map((refusal) => (
              <Refused key={`${refusal.kind} ${refusal.limit}`} refusal={refusal} />
            ))}
          </ul>
          {at.advice.length === 0 && at.refusals.every(({ limit, over }) => limit !== null && over) && (
            <p>
              {at.refusals.length === 0
                ? "It was refused nothing within the last day."
                : "The limits are enough by now for what it wanted."}
            </p>
          )}
          {at.advice.map((advice) => (
            <Fix key={advice.command} connector={at.connector} advice={advice} />
          ))}
        </div>
      ))}
      {explanation.remedies
        .filter(({ changes }) => changes.length === 0)
        .map((remedy) => (
          <WayOut key={`${remedy.connector} ${remedy.text}`} remedy={remedy} />
        ))}
    </section>
  );
}

/** What helps where it is no limit: each way as it is typed, and what it does. */
function WayOut({ remedy: { title, connector, text, commands, notes } }: { remedy: Remedy }) {
  return (
    <div class="fix">
      <h4>
        {title}
        {connector === null ? "" : ` (${connector})`}
      </h4>
      <p>{visible(text)}</p>
      {commands.map(({ command, effect }) => (
        <div key={command}>
          <code class="command">weir {visible(command)}</code>
          {effect !== "" && <p class="muted">{visible(effect)}</p>}
        </div>
      ))}
      {notes.map((note) => (
        <p key={note} class="muted">
          {note}
        </p>
      ))}
    </div>
  );
}

/** A limit is told with its value then; whatever else was wrong in its own words. */
function Refused({ refusal }: { refusal: Refusals }) {
  const { limit, last, title, lastHour, lastDay, lastAt, about, reply, over } = refusal;
  const what = limit === null ? `${title}: ${last.problem}` : `${limit} (${last.allowed ?? ""})`;
  return (
    <li>
      {visible(what)}. Refused {lastHour.toLocaleString()} times in the last hour, {lastDay.toLocaleString()}{" "}
      in the last day, last <Time at={lastAt} />.
      {over && " It would not be refused any more by the settings in force."}
      {about.length > 0 && <span class="muted"> About {visible(about.join(", "))}.</span>}
      {reply !== null && <code>{visible(reply)}</code>}
    </li>
  );
}
