/** One entry with all it says, and where to go from it: its source's story, the fix, its connector, its message. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../../api.ts";
import { Time } from "../../components/time.tsx";
import { failed } from "../../components/toast.tsx";
import { visible } from "../../outside-text.ts";
import { localTimes } from "../../time-text.ts";
import { linksOf } from "./event-links.ts";
import type { EventEntry } from "./event-list.ts";
import { SourceStory, type Explanation } from "./source-story.tsx";

const shown = (value: unknown): string =>
  typeof value === "string" ? localTimes(visible(value)) : JSON.stringify(value);

export function EventDetails({ entry, onClose }: { entry: EventEntry; onClose: () => void }) {
  const links = linksOf(entry);
  const [explanation, setExplanation] = useState<Explanation>();
  const aside = useRef<HTMLElement>(null);
  useEffect(() => {
    setExplanation(undefined);
    // On a narrow screen it stands above the list; on a wide one it is in view beside it.
    if (matchMedia("(max-width: 899px)").matches) aside.current?.scrollIntoView();
    aside.current?.focus({ preventScroll: true });
  }, [entry.server, entry.sequence]);

  const explain = async (): Promise<void> => {
    try {
      const source =
        links.source ??
        (links.reference === undefined
          ? undefined
          : (await call("explainReference", { reference: links.reference })).source);
      if (source !== undefined && source !== null) setExplanation(await call("explainSource", { source }));
    } catch (error) {
      failed(error);
    }
  };

  return (
    <aside class="details" ref={aside} tabIndex={-1} aria-label={`Event ${entry.id} ${entry.name}`}>
      <header class="details-head">
        <h2>
          {entry.id} {entry.name}
        </h2>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </header>
      <p class="event-text">{localTimes(visible(entry.text))}</p>
      <div class="actions">
        {(links.source !== undefined || links.reference !== undefined) && (
          <button type="button" class="primary" onClick={() => void explain()}>
            Explain and fix
          </button>
        )}
        {links.pages.map(({ text, href }) => (
          <a key={text} href={href}>
            {text}
          </a>
        ))}
      </div>
      {explanation !== undefined && <SourceStory explanation={explanation} />}
      <dl class="facts-list">
        <Fact name="at" value={<Time at={entry.at} whole />} />
        {entry.server !== undefined && <Fact name="node" value={entry.server} />}
        <Fact name="severity" value={entry.severity} />
        <Fact name="category" value={entry.category} />
        {entry.count !== undefined && <Fact name="count" value={entry.count} />}
        {entry.firstAt !== undefined && <Fact name="firstAt" value={<Time at={entry.firstAt} whole />} />}
        {entry.lastAt !== undefined && <Fact name="lastAt" value={<Time at={entry.lastAt} whole />} />}
        {Object.entries(entry.fields).map(([name, value]) => (
          <Fact key={name} name={name} value={shown(value)} />
        ))}
      </dl>
    </aside>
  );
}

function Fact({ name, value }: { name: string; value: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
