/** Captured mail: what applications under test have sent, and one message as its reader would see it. */
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { call, may } from "../../api.ts";
import { Confirm } from "../../components/dialog.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { told, failed } from "../../components/toast.tsx";
import { useLoaded } from "../../load.ts";
import { visible } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";
import { sizeText } from "../../time-text.ts";
import { CapturedDialog } from "./captured-dialog.tsx";

const shownMessages = 200;
const everyMs = 2_000;

type Answer = Output<"listCaptured">;
export type Captured = Answer["messages"][number];

export function CapturedPage({ query }: { query: URLSearchParams }) {
  const filter = { to: query.get("to") ?? "", subject: query.get("subject") ?? "" };
  const given = {
    ...(filter.to === "" ? {} : { to: filter.to }),
    ...(filter.subject === "" ? {} : { subject: filter.subject }),
  };
  const [found, again] = useLoaded("listCaptured", { ...given, limit: shownMessages }, everyMs);
  const [asked, setAsked] = useState(false);
  const opened = query.get("id");
  const link = (id?: string): string => linkTo("/captured", { ...filter, id });
  const removeAll = (): void => {
    setAsked(false);
    call("removeAllCaptured", given).then(({ removed }) => {
      told(`${removed.toLocaleString()} deleted.`);
      again();
    }, failed);
  };
  return (
    <div class="page">
      <header class="page-head">
        <h1>Captured mail</h1>
        <div class="actions">
          {may("removeAllCaptured") && (found?.total ?? 0) > 0 && (
            <button type="button" class="danger" onClick={() => setAsked(true)}>
              Delete {isFiltered(filter) ? "these" : "all"}…
            </button>
          )}
        </div>
      </header>
      <FilterForm key={query.toString()} filter={filter} />
      <p class="muted" role="status">
        {found === undefined ? "Looking…" : summary(found)}
      </p>
      {found !== undefined && <Messages found={found} isFiltered={isFiltered(filter)} link={link} />}
      {opened !== null && opened !== "" && (
        <CapturedDialog
          id={opened}
          onRemoved={again}
          onClose={() => {
            location.hash = link();
          }}
        />
      )}
      {asked && (
        <Confirm
          title="Delete captured mail"
          words={`${(found?.total ?? 0).toLocaleString()} captured messages are deleted for good.`}
          verb="Delete"
          onConfirm={removeAll}
          onClose={() => setAsked(false)}
        />
      )}
    </div>
  );
}

interface Filter {
  readonly to: string;
  readonly subject: string;
}

function isFiltered({ to, subject }: Filter): boolean {
  return to !== "" || subject !== "";
}

function summary({ messages, total }: Answer): string {
  if (total === 0) return "Nothing is there.";
  const count = total === 1 ? "1 message" : `${total.toLocaleString()} messages`;
  return messages.length < total
    ? `The newest ${messages.length.toLocaleString()} of ${count}.`
    : `${count}, newest first.`;
}

function FilterForm({ filter }: { filter: Filter }) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const written = (name: keyof Filter): string => {
      const value = given.get(name);
      return typeof value === "string" ? value.trim() : "";
    };
    location.hash = linkTo("/captured", { to: written("to"), subject: written("subject") });
  };
  return (
    <form class="filter search" onSubmit={submit} role="search" aria-label="Search captured mail">
      <label>
        Recipient
        <input
          name="to"
          defaultValue={filter.to}
          placeholder="*@example.com"
          autocomplete="off"
          spellcheck={false}
        />
      </label>
      <label>
        Subject contains
        <input name="subject" defaultValue={filter.subject} autocomplete="off" spellcheck={false} />
      </label>
      <div class="actions">
        <button type="submit" class="primary">
          Search
        </button>
        {isFiltered(filter) && <a href={linkTo("/captured")}>Clear</a>}
      </div>
    </form>
  );
}

function Messages({
  found,
  isFiltered: isNarrowed,
  link,
}: {
  found: Answer;
  isFiltered: boolean;
  link: (id: string) => string;
}) {
  return (
    <Table
      label="Captured messages"
      rows={found.messages}
      rowKey={({ id }) => id}
      empty={
        isNarrowed ? (
          <p>
            Nothing fits. <a href={linkTo("/captured")}>Show all</a>
          </p>
        ) : (
          <>
            <p>
              Mail of receive connectors with <code>capture: true</code> is kept here and never leaves the
              relay.
            </p>
            <p>
              <code>
                weir New-ReceiveConnector Tests -Bindings 127.0.0.1:1025 -RemoteIPRanges 127.0.0.0/8
                -PermissionGroups AnonymousUsers -AnonymousRelay true -Capture true
              </code>
            </p>
          </>
        )
      }
      columns={[
        { title: "Time", nowrap: true, cell: ({ capturedAt }) => <Time at={capturedAt} /> },
        { title: "From", wide: true, cell: ({ from }) => (from === "" ? "<>" : visible(from)) },
        { title: "To", wide: true, cell: ({ to }) => recipientsText(to) },
        {
          title: "Subject",
          wide: true,
          rowHeader: true,
          cell: ({ id, subject }) => (
            <a href={link(id)}>{subject.trim() === "" ? "(no subject)" : visible(subject)}</a>
          ),
        },
        { title: "Application", cell: ({ application, source }) => application ?? source },
        { title: "Connector", cell: ({ connector }) => connector },
        { title: "Size", numeric: true, nowrap: true, cell: ({ sizeBytes }) => sizeText(sizeBytes) },
      ]}
    />
  );
}

export function recipientsText(to: readonly string[]): string {
  const [first = "", ...others] = to;
  return others.length === 0
    ? visible(first)
    : `${visible(first)} and ${others.length.toLocaleString()} more`;
}
