/** Who changed what, on any of the nodes. What is looked for stands in the address. */
import { useRef, useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { nodeColumns } from "../../components/node-columns.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { useLoaded } from "../../load.ts";
import { localTimes } from "../../time-text.ts";
import { visible } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";

type Entry = Output<"listAudit">["entries"][number];

const pageSize = 100;
/** What one question answers at most. */
const mostShown = 10_000;
const fields = [
  ["who", "Who"],
  ["text", "Contains"],
  ["node", "Node"],
] as const;

export function AuditPage({ query }: { query: URLSearchParams }) {
  return <Audit key={query.toString()} query={query} />;
}

function Audit({ query }: { query: URLSearchParams }) {
  const [limit, setLimit] = useState(pageSize);
  const asked = Object.fromEntries(
    fields.flatMap(([name]) => {
      const value = query.get(name)?.trim() ?? "";
      return value === "" ? [] : [[name, value]];
    }),
  );
  const [answer, again] = useLoaded("listAudit", { ...asked, limit }, 0);
  // While more are on their way those that are known stay.
  const known = useRef(answer);
  if (answer !== undefined) known.current = answer;
  const entries = known.current?.entries;
  const isFiltered = Object.keys(asked).length > 0;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const wanted = new URLSearchParams();
    for (const [name, value] of new FormData(event.currentTarget as HTMLFormElement))
      if (typeof value === "string" && value.trim() !== "") wanted.set(name, value.trim());
    location.hash = linkTo("/audit", wanted);
  };
  return (
    <div class="page">
      <header class="page-head">
        <h1>Audit log</h1>
        <button type="button" onClick={again}>
          Refresh
        </button>
      </header>
      <form class="filter search" onSubmit={submit} role="search" aria-label="Filter the audit log">
        {fields.map(([name, label]) => (
          <label key={name}>
            {label}
            <input name={name} defaultValue={query.get(name) ?? ""} autocomplete="off" spellcheck={false} />
          </label>
        ))}
        <div class="actions">
          <button type="submit">Filter</button>
          {isFiltered && <a href={linkTo("/audit")}>Clear</a>}
        </div>
      </form>
      <p class="muted" role="status">
        {entries === undefined ? "…" : `${entries.length.toLocaleString()} shown, newest first.`}
      </p>
      {entries !== undefined && (
        <Table
          label="Changes"
          rows={entries}
          rowKey={(_, index) => index}
          empty={
            <p>{isFiltered ? "Nothing fits." : "Nobody has changed anything yet, or not within 90 days."}</p>
          }
          columns={[
            { title: "Time", nowrap: true, cell: ({ at }) => <Time at={at} /> },
            {
              title: "Who",
              rowHeader: true,
              cell: ({ who, from }) => (
                <div>
                  {visible(who)}
                  {from !== "" && <p class="waits muted">{visible(from)}</p>}
                </div>
              ),
            },
            ...nodeColumns<Entry>(),
            {
              title: "What",
              wide: true,
              cell: ({ operation, target }) => `${operation} ${visible(target)}`.trim(),
            },
            { title: "Text", wide: true, cell: ({ text }) => localTimes(visible(text)) },
          ]}
        />
      )}
      {entries !== undefined && entries.length === limit && limit < mostShown && (
        <button type="button" onClick={() => setLimit(Math.min(mostShown, limit + pageSize))}>
          Older
        </button>
      )}
    </div>
  );
}
