/** Events: filtered, followed live, opened one by one. The filter stands in the address. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { call, follow } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { failed } from "../../components/toast.tsx";
import { recoveries } from "../../connection.ts";
import { visible } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";
import { localTimes } from "../../time-text.ts";
import { EventDetails } from "./event-details.tsx";
import { type Category, readFilter, severities, writeFilter, type EventFilter } from "./event-filter.ts";
import { heldEntries, withEntry, type EventEntry } from "./event-list.ts";

type Categories = Output<"listEventLevels">["levels"];
const pageSize = 100;
const badges = { Error: "error", Warning: "warning", Information: "plain" } as const;

export function EventsPage({ query }: { query: URLSearchParams }) {
  const written = query.toString();
  const filter = useMemo(() => readFilter(query), [written]);
  const [entries, setEntries] = useState<readonly EventEntry[]>();
  const [more, setMore] = useState(false);
  const [live, setLive] = useState(true);
  const [opened, setOpened] = useState<EventEntry>();
  const [categories, setCategories] = useState<Categories>([]);

  useEffect(() => {
    call("listEventLevels", {}).then(({ levels }) => setCategories(levels), failed);
  }, []);
  useEffect(() => {
    let current = true;
    setEntries(undefined);
    call("queryEvents", { ...filter, limit: pageSize }).then(({ events }) => {
      if (!current) return;
      // What came in by the stream meanwhile stays on top.
      setEntries((held) => [...events].reverse().reduce(older, held ?? []));
      setMore(events.length === pageSize);
    }, failed);
    return () => {
      current = false;
    };
  }, [written, recoveries.value]);
  useEffect(() => {
    if (!live) return undefined;
    return follow("followEvents", filter, (entry) => setEntries((held) => withEntry(held ?? [], entry)));
  }, [written, live]);

  const older = (held: readonly EventEntry[], entry: EventEntry): readonly EventEntry[] =>
    held.some(({ sequence, replaces }) => sequence === entry.sequence || replaces === entry.sequence)
      ? held
      : [...held, entry].sort((a, b) => b.sequence - a.sequence);
  const loadOlder = async (): Promise<void> => {
    const last = entries?.at(-1);
    if (last === undefined) return;
    try {
      const { events } = await call("queryEvents", {
        ...filter,
        beforeSequence: last.sequence,
        limit: pageSize,
      });
      setEntries((held) => [...(held ?? []), ...events].slice(0, heldEntries));
      setMore(events.length === pageSize && (entries?.length ?? 0) + events.length < heldEntries);
    } catch (error) {
      failed(error);
    }
  };

  return (
    <div class="page events">
      <header class="page-head">
        <h1>Events</h1>
        <label class="check">
          <input type="checkbox" checked={live} onChange={() => setLive(!live)} /> Follow
        </label>
      </header>
      <FilterForm key={written} filter={filter} categories={categories} />
      <div class={opened === undefined ? "" : "with-details"}>
        <div class="form">
          <Table
            label="Events"
            rows={entries ?? []}
            rowKey={({ sequence }) => sequence}
            isChosen={({ sequence }) => sequence === opened?.sequence}
            empty={
              entries === undefined ? (
                <p>Loading…</p>
              ) : written === "" ? (
                <p>No event yet. Diagnostic logging decides how much is written.</p>
              ) : (
                <p>
                  No event fits. <a href={linkTo("/events")}>Show all</a>, or raise the category's level on{" "}
                  <a href={linkTo("/logging")}>Diagnostic logging</a>.
                </p>
              )
            }
            columns={[
              { title: "Time", nowrap: true, cell: ({ at }) => <Time at={at} /> },
              {
                title: "Severity",
                cell: ({ severity }) => <Badge kind={badges[severity]} text={severity} />,
              },
              {
                title: "Event",
                wide: true,
                cell: (entry) => (
                  <button type="button" class="link" onClick={() => setOpened(entry)}>
                    {entry.id} {entry.name}
                  </button>
                ),
              },
              {
                title: "Text",
                wide: true,
                cell: ({ count, text }) => (
                  <span>
                    {count !== undefined && count > 1 && <strong>{count} × </strong>}
                    {localTimes(visible(text))}
                  </span>
                ),
              },
            ]}
          />
          {more && (
            <button type="button" onClick={() => void loadOlder()}>
              Older
            </button>
          )}
        </div>
        {opened !== undefined && <EventDetails entry={opened} onClose={() => setOpened(undefined)} />}
      </div>
    </div>
  );
}

function FilterForm({ filter, categories }: { filter: EventFilter; categories: Categories }) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const query = new URLSearchParams();
    for (const [name, value] of form) if (typeof value === "string") query.append(name, value);
    location.hash = linkTo("/events", writeFilter(readFilter(query)));
  };
  const category: Category | undefined = filter.categories?.[0];
  return (
    <form class="filter search" onSubmit={submit} role="search" aria-label="Filter events">
      <fieldset>
        <legend class="visually-hidden">Severity</legend>
        {severities.map((severity) => (
          <label key={severity} class="check">
            <input
              type="checkbox"
              name="severity"
              value={severity}
              defaultChecked={filter.severities?.includes(severity) ?? false}
            />{" "}
            {severity}
          </label>
        ))}
      </fieldset>
      <label>
        Category
        <select name="category">
          <option value="">All</option>
          {categories.map((row) => (
            <option key={row.category} value={row.category} selected={row.category === category}>
              {row.category}
            </option>
          ))}
        </select>
      </label>
      {(["connector", "source", "text", "reference"] as const).map((name) => (
        <label key={name}>
          {name[0]?.toUpperCase() + name.slice(1)}
          <input name={name} defaultValue={filter[name] ?? ""} autocomplete="off" />
        </label>
      ))}
      <div class="actions">
        <button type="submit">Filter</button>
        {writeFilter(filter).size > 0 && <a href={linkTo("/events")}>Clear</a>}
      </div>
    </form>
  );
}
