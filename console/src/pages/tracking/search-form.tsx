/** The fields of a search. Nothing is searched before it is sent. */
import { trackingEventIds, trackingSources } from "../../../../src/tracking/tracking-record.ts";
import { linkTo } from "../../router.ts";
import { thisNode } from "../../this-node.ts";
import { isSearched, searchTexts } from "./tracking-search.ts";

const labels: Readonly<Record<(typeof searchTexts)[number], readonly [string, string]>> = {
  sender: ["Sender", "*@app.example"],
  recipient: ["Recipient", "ann@example.com"],
  messageId: ["Message-ID", ""],
  messageSubject: ["Subject contains", ""],
  clientIp: ["Source address", "10.1.4.7"],
  connector: ["Connector", ""],
  server: ["Node", ""],
};

export function SearchForm({ query }: { query: URLSearchParams }) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(event.currentTarget as HTMLFormElement))
      if (typeof value === "string" && value.trim() !== "") asked.set(name, value.trim());
    location.hash = linkTo("/tracking", asked);
  };
  const isOfNodes = typeof thisNode.value === "string";
  return (
    <form class="filter search" onSubmit={submit} role="search" aria-label="Search messages">
      {searchTexts
        .filter((name) => name !== "server" || isOfNodes)
        .map((name) => (
          <label key={name}>
            {labels[name][0]}
            <input
              name={name}
              placeholder={labels[name][1]}
              defaultValue={query.get(name) ?? ""}
              autocomplete="off"
              spellcheck={false}
            />
          </label>
        ))}
      <Choice name="eventId" label="Event" any="Any" values={trackingEventIds} query={query} />
      <Choice name="source" label="Caused by" any="Anything" values={trackingSources} query={query} />
      <label class="whole-line">
        From
        <input type="datetime-local" name="start" defaultValue={query.get("start") ?? ""} />
      </label>
      <label class="whole-line">
        Until
        <input type="datetime-local" name="end" defaultValue={query.get("end") ?? ""} />
      </label>
      <div class="actions">
        <button type="submit" class="primary">
          Search
        </button>
        {isSearched(query) && <a href={linkTo("/tracking")}>Clear</a>}
      </div>
    </form>
  );
}

function Choice({
  name,
  label,
  any,
  values,
  query,
}: {
  name: string;
  label: string;
  any: string;
  values: readonly string[];
  query: URLSearchParams;
}) {
  return (
    <label>
      {label}
      <select name={name}>
        <option value="">{any}</option>
        {values.map((value) => (
          <option key={value} value={value} selected={value === query.get(name)}>
            {value}
          </option>
        ))}
      </select>
    </label>
  );
}
