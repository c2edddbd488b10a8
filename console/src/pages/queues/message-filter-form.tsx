/** What of a queue is looked at. Sent as a whole; the address holds it. */
import { linkTo } from "../../router.ts";
import { messageStatuses } from "../../../../src/admin/message-statuses.ts";
import { filterFields } from "./message-filter.ts";

export function MessageFilterForm({ query }: { query: URLSearchParams }) {
  const kept = new URLSearchParams();
  for (const name of ["queue", "sort"]) {
    const value = query.get(name);
    if (value !== null) kept.set(name, value);
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const asked = new URLSearchParams(kept);
    for (const [name, value] of new FormData(event.currentTarget as HTMLFormElement))
      if (typeof value === "string" && value.trim() !== "") asked.set(name, value.trim());
    location.hash = linkTo("/queues", asked);
  };
  const value = (name: (typeof filterFields)[number]): string => query.get(name) ?? "";
  return (
    <form class="filter search" onSubmit={submit} role="search" aria-label="Filter messages">
      <label>
        Status
        <select name="status">
          <option value="">Any</option>
          {messageStatuses.map((status) => (
            <option key={status} selected={status === value("status")}>
              {status}
            </option>
          ))}
        </select>
      </label>
      <Text name="from" label="Sender" value={value("from")} placeholder="*@app.example" />
      <Text name="recipient" label="Recipient" value={value("recipient")} placeholder="*@partner.example" />
      <Text name="subject" label="Subject contains" value={value("subject")} />
      <Text name="source" label="Source address" value={value("source")} placeholder="10.1.4.*" />
      <Text
        name="opath"
        label="Filter, as Get-Message takes it"
        value={value("opath")}
        placeholder="Size -gt 1MB -and RetryCount -ge 3"
        isWide
      />
      <div class="actions">
        <button type="submit">Filter</button>
        {filterFields.some((name) => value(name) !== "") && <a href={linkTo("/queues", kept)}>Clear</a>}
      </div>
    </form>
  );
}

function Text({
  name,
  label,
  value,
  placeholder = "",
  isWide = false,
}: {
  name: string;
  label: string;
  value: string;
  placeholder?: string;
  isWide?: boolean;
}) {
  return (
    <label class={isWide ? "whole-line double" : ""}>
      {label}
      <input
        name={name}
        defaultValue={value}
        placeholder={placeholder}
        autocomplete="off"
        spellcheck={false}
      />
    </label>
  );
}
