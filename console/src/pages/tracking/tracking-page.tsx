/** Tracking: search what became of mail; one message's story. The search stands in the address. */
import { urlOf } from "../../api.ts";
import { nodeColumns } from "../../components/node-columns.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { useLoaded } from "../../load.ts";
import { decodedWords } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";
import { durationText } from "../../time-text.ts";
import { MessageStory } from "./message-story.tsx";
import { SearchForm } from "./search-form.tsx";
import { senderText, TrackingEvent, type TrackingEntry } from "./tracking-event.tsx";
import { isSearched, readSearch } from "./tracking-search.ts";

const shownEntries = 500;

export function TrackingPage({ query }: { query: URLSearchParams }) {
  const message = query.get("message");
  return message === null || message === "" ? (
    <Search key="search" query={query} />
  ) : (
    <MessageStory message={message} back={linkTo("/tracking", without(query, "message"))} />
  );
}

function Search({ query }: { query: URLSearchParams }) {
  const search = readSearch(query);
  const [found, again] = useLoaded("searchMessageTracking", { ...search, resultSize: shownEntries }, 0);
  const count = found?.entries.length ?? 0;
  return (
    <div class="page">
      <header class="page-head">
        <h1>Tracking</h1>
        <div class="actions">
          <button type="button" onClick={again}>
            Search again
          </button>
          {count > 0 && (
            <a class="button" href={urlOf("exportMessageTracking", search)} download>
              Export CSV
            </a>
          )}
        </div>
      </header>
      <SearchForm key={query.toString()} query={query} />
      <p class="muted" role="status">
        {found === undefined ? "Searching…" : summary(count, isSearched(query))}
      </p>
      {found !== undefined && <Entries entries={found.entries} query={query} />}
    </div>
  );
}

function summary(count: number, searched: boolean): string {
  const entries = count === 1 ? "1 entry" : `${count.toLocaleString()} entries`;
  if (count >= shownEntries) return `The newest ${entries}. Narrow the search, or export.`;
  return searched ? `${entries}, newest first.` : `All ${entries} there are, newest first.`;
}

function Entries({ entries, query }: { entries: readonly TrackingEntry[]; query: URLSearchParams }) {
  return (
    <Table
      label="Entries"
      rows={entries}
      rowKey={(_, index) => index}
      empty={
        isSearched(query) ? (
          <>
            <p>Nothing fits.</p>
            <p>
              An address is taken as it stands; <code>*</code> and <code>?</code> stand for any text and any
              character: <code>*@example.com</code>. <a href={linkTo("/tracking")}>Show the newest entries</a>
            </p>
          </>
        ) : (
          <p>No message has come through yet. Each that does leaves its entries here.</p>
        )
      }
      columns={[
        { title: "Time", nowrap: true, cell: ({ at }) => <Time at={at} /> },
        ...nodeColumns<TrackingEntry>(),
        { title: "Event", cell: ({ eventId }) => <TrackingEvent eventId={eventId} /> },
        { title: "Sender", wide: true, cell: ({ sender }) => senderText(sender) },
        { title: "Recipients", wide: true, cell: ({ recipients }) => recipientsText(recipients) },
        {
          title: "Subject",
          wide: true,
          cell: (entry) => (
            <a href={storyLink(query, entry)}>
              {entry.messageSubject === "" ? "(no subject)" : decodedWords(entry.messageSubject)}
            </a>
          ),
        },
        { title: "Connector", cell: ({ connectorId }) => connectorName(connectorId) },
        {
          title: "Latency",
          numeric: true,
          nowrap: true,
          cell: ({ eventId, latencyMs }) => (eventId === "RECEIVE" ? "" : durationText(latencyMs)),
        },
        { title: "Reply", wide: true, cell: ({ recipientStatus }) => recipientStatus },
      ]}
    />
  );
}

/** Without the server in front. */
export function connectorName(connectorId: string): string {
  return connectorId.slice(connectorId.indexOf("\\") + 1);
}

function storyLink(query: URLSearchParams, { internalMessageId }: TrackingEntry): string {
  const story = new URLSearchParams(query);
  story.set("message", String(internalMessageId));
  return linkTo("/tracking", story);
}

function without(query: URLSearchParams, name: string): URLSearchParams {
  const rest = new URLSearchParams(query);
  rest.delete(name);
  return rest;
}

function recipientsText(recipients: readonly string[]): string {
  const [first = "", ...others] = recipients;
  return others.length === 0 ? first : `${first} and ${others.length.toLocaleString()} more`;
}
