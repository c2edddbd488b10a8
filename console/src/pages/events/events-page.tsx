/** Events: filtered, followed live, opened one by one. The filter stands in the address. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { call, follow } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { nodeColumns } from "../../components/node-columns.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { failed, notLoaded } from "../../components/toast.tsx";
import { recoveries } from "../../connection.ts";
import { useLoaded } from "../../load.ts";
import { visible } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";
import { thisNode } from "../../this-node.ts";
import { localTimes } from "../../time-text.ts";
import { EventDetails } from "./event-details.tsx";
import {
  type Category,
  type EventFilter,
  filterTexts,
  readFilter,
  severities,
  writeFilter,
} from "./event-filter.ts";
import { heldEntries, keyOf, withEntry, withOlder, type EventEntry } from "./event-list.ts";

type Categories = Output<"listEventLevels">["levels"];
const pageSize = 100;
const badges = { Error: "error", Warning: "warning", Information: "plain" } as const;

export function EventsPage({ query }: { query: URLSearchParams }) {
  const written = query.toString();
  const filter = useMemo(() => readFilter(query), [written]);
  const [entries, setEntries] = useState<readonly EventEntry[]>();
  const [more, setMore] = useState(false);
  /** How far each of several nodes was asked; undefined: of one relay the last entry says it. */
  const [next, setNext] = useState<string>();
  const [live, setLive] = useState(true);
  const [opened, setOpened] = useState<EventEntry>();
  const [levels] = useLoaded("listEventLevels", {}, 0);

  useEffect(() => {
    let current = true;
    setEntries(undefined);
    call("queryEvents", { ...filter, limit: pageSize }).then(
      (page) => {
        if (!current) return;
        // What came in by the stream meanwhile stays on top.
        setEntries((held) => withOlder(held ?? [], page.events));
        setMore(page.events.length === pageSize);
        setNext(page.next);
      },
      (error: unknown) => {
        if (current) notLoaded(error);
      },
    );
    return () => {
      current = false;
    };
  }, [written, recoveries.value]);
  useEffect(() => {
    if (!live) return undefined;
    return follow("followEvents", filter, (entry) => setEntries((held) => withEntry(held ?? [], entry)));
  }, [written, live]);

  const loadOlder = async (): Promise<void> => {
    const last = entries?.at(-1);
    if (last === undefined) return;
    try {
      const page = await call("queryEvents", {
        ...filter,
        ...(next === undefined ? { beforeSequence: last.sequence } : { before: next }),
        limit: pageSize,
      });
      setEntries((held) => withOlder(held ?? [], page.events));
      setMore(page.events.length === pageSize && (entries?.length ?? 0) + page.events.length < heldEntries);
      setNext(page.next);
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
      <FilterForm key={written} filter={filter} categories={levels?.levels ?? []} />
      <div class={opened === undefined ? "" : "with-details"}>
        <div class="form">
          <Table
            label="Events"
            rows={entries ?? []}
            rowKey={keyOf}
            isChosen={(entry) => opened !== undefined && keyOf(entry) === keyOf(opened)}
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
              ...nodeColumns<EventEntry>(),
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
      {filterTexts.filter(isAsked).map((name) => (
        <label key={name}>
          {name === "server" ? "Node" : name[0]?.toUpperCase() + name.slice(1)}
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

/** One relay has no nodes to choose from. */
function isAsked(name: (typeof filterTexts)[number]): boolean {
  return name !== "server" || typeof thisNode.value === "string";
}
