/** Messages that wait: filtered, sorted, page after page, and the verbs for those chosen or for all that fit. */
import { useEffect, useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { ApiError, call, may } from "../../api.ts";
import { Table, type Column } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { failed, notLoaded } from "../../components/toast.tsx";
import { recoveries } from "../../connection.ts";
import { decodedWords } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";
import { relativeText, sizeText } from "../../time-text.ts";
import { BulkDialog, type BulkVerb, type Target } from "./bulk-dialog.tsx";
import { MessageDialog } from "./message-dialog.tsx";
import { MessageFilterForm } from "./message-filter-form.tsx";
import { everyMessage, writtenFilter } from "./message-filter.ts";
import { messagesText } from "./messages-text.ts";

type Answer = Output<"listMessages">;
export type Message = Answer["messages"][number];

const pageSize = 100;

const verbTitles: Readonly<Record<BulkVerb, string>> = {
  retry: "Try now",
  suspend: "Suspend",
  resume: "Resume",
  remove: "Remove",
};

/** `queue`: its identity; undefined: of all. */
export function Messages({ queue, query }: { queue: string | undefined; query: URLSearchParams }) {
  const filter = writtenFilter(query);
  const sortOrder = query.get("sort") ?? "";
  const [messages, setMessages] = useState<readonly Message[]>();
  const [next, setNext] = useState<string | null>(null);
  const [isComplete, setComplete] = useState(true);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [opened, setOpened] = useState<string>();
  const [asked, setAsked] = useState<{ readonly verb: BulkVerb; readonly target: Target }>();
  const [asking, setAsking] = useState(0);

  const load = (after: string | null): Promise<Answer> =>
    call("listMessages", {
      ...(queue === undefined ? {} : { queue }),
      filter,
      sortOrder,
      limit: pageSize,
      ...(after === null ? {} : { after }),
    });
  const take = (answer: Answer, before: readonly Message[]): void => {
    setMessages([...before, ...answer.messages]);
    setNext(answer.next);
    setComplete(answer.complete);
  };
  useEffect(() => {
    let current = true;
    load(null).then(
      (answer) => {
        if (!current) return;
        take(answer, []);
        const there = new Set(answer.messages.map(({ identity }) => identity));
        setChosen((held) => new Set([...held].filter((identity) => there.has(identity))));
      },
      (error: unknown) => {
        if (!current) return;
        notLoaded(error);
        // Without an answer nothing is known of what waits.
        if (!(error instanceof ApiError && error.code === "unreachable")) setMessages([]);
      },
    );
    return () => {
      current = false;
    };
  }, [queue, filter, sortOrder, asking, recoveries.value]);

  const again = (): void => setAsking((count) => count + 1);
  const more = (): void => {
    load(next).then((answer) => take(answer, messages ?? []), failed);
  };
  const ask = (verb: BulkVerb): void =>
    setAsked({
      verb,
      target:
        chosen.size > 0
          ? { kind: "chosen", identities: [...chosen] }
          : {
              kind: "fitting",
              queue,
              filter: filter === "" ? everyMessage : filter,
              isFiltered: filter !== "",
            },
    });
  const toggle = (identity: string): void => {
    const rest = new Set(chosen);
    if (!rest.delete(identity)) rest.add(identity);
    setChosen(rest);
  };
  const isAllChosen = messages !== undefined && messages.length > 0 && chosen.size === messages.length;

  return (
    <>
      <MessageFilterForm key={query.toString()} query={query} />
      <div class="page-head">
        <p class="muted" role="status">
          {messages === undefined
            ? "…"
            : `${messagesText(messages.length)} shown${isComplete ? "" : "; there are more"}.`}
        </p>
        <div class="actions" role="group" aria-label="For messages">
          <span class="muted">
            {chosen.size > 0 ? `${chosen.size.toLocaleString()} chosen:` : "All that fit:"}
          </span>
          {may("suspendMessages") &&
            (["retry", "suspend", "resume", "remove"] as const).map((verb) => (
              <button
                key={verb}
                type="button"
                class={verb === "remove" ? "danger" : ""}
                disabled={messages === undefined || messages.length === 0}
                onClick={() => ask(verb)}
              >
                {verbTitles[verb]}…
              </button>
            ))}
          <button type="button" onClick={again}>
            Refresh
          </button>
        </div>
      </div>
      {messages !== undefined && (
        <Table
          label="Messages"
          rows={messages}
          rowKey={({ identity }) => identity}
          isChosen={({ identity }) => chosen.has(identity)}
          empty={<p>{filter === "" ? "No message waits here." : "No message that waits fits the filter."}</p>}
          columns={[
            {
              title: "Choose",
              narrow: true,
              head: (
                <input
                  type="checkbox"
                  aria-label="Choose all shown"
                  checked={isAllChosen}
                  onChange={() =>
                    setChosen(new Set(isAllChosen ? [] : messages.map(({ identity }) => identity)))
                  }
                />
              ),
              cell: ({ identity }) => (
                <input
                  type="checkbox"
                  aria-label={`Choose ${identity}`}
                  checked={chosen.has(identity)}
                  onChange={() => toggle(identity)}
                />
              ),
            },
            ...columns(query, setOpened, queue === undefined),
          ]}
        />
      )}
      {next !== null && (
        <button type="button" onClick={more}>
          More
        </button>
      )}
      {opened !== undefined && (
        <MessageDialog
          identity={opened}
          onVerb={(verb) => {
            setOpened(undefined);
            setAsked({ verb, target: { kind: "chosen", identities: [opened] } });
          }}
          onClose={() => setOpened(undefined)}
        />
      )}
      {asked !== undefined && (
        <BulkDialog
          verb={asked.verb}
          target={asked.target}
          onClose={() => {
            setAsked(undefined);
            again();
          }}
        />
      )}
    </>
  );
}

function columns(
  query: URLSearchParams,
  onOpen: (identity: string) => void,
  hasQueue: boolean,
): readonly Column<Message>[] {
  return [
    {
      ...sortable(query, "Received", "DateReceived"),
      nowrap: true,
      cell: ({ dateReceived }) => <Time at={dateReceived} />,
    },
    {
      ...sortable(query, "Subject", "Subject"),
      wide: true,
      cell: ({ identity, subject }) => (
        <button type="button" class="link" onClick={() => onOpen(identity)}>
          {subject === null || subject === "" ? "(no subject)" : decodedWords(subject)}
        </button>
      ),
    },
    {
      ...sortable(query, "Sender", "FromAddress"),
      wide: true,
      cell: ({ fromAddress }) => (fromAddress === "" ? "<>" : fromAddress),
    },
    {
      ...sortable(query, "Recipients", "RecipientCount"),
      wide: true,
      cell: ({ recipients, recipientCount }) =>
        recipientCount > 1
          ? `${recipients[0]?.address ?? ""} and ${(recipientCount - 1).toLocaleString()} more`
          : (recipients[0]?.address ?? ""),
    },
    ...(hasQueue
      ? [
          {
            ...sortable(query, "Queue", "Queue"),
            wide: true,
            cell: ({ queue }: Message) => <a href={linkTo("/queues", { queue })}>{queue}</a>,
          },
        ]
      : []),
    {
      ...sortable(query, "Size", "Size"),
      numeric: true,
      nowrap: true,
      cell: ({ sizeBytes }) => sizeText(sizeBytes),
    },
    {
      ...sortable(query, "Status", "Status"),
      cell: ({ status, queueStatus, lastError, retryCount, nextAttemptAt }) => (
        <div>
          <span class={`badge ${status.toLowerCase()}`}>{status}</span>
          {queueStatus === "Suspended" && status !== "Suspended" && (
            <>
              {" "}
              <span class="badge suspended">queue suspended</span>
            </>
          )}
          {lastError !== null && <p class="waits fault">{lastError}</p>}
          {retryCount > 0 && nextAttemptAt !== null && (
            <p class="waits muted">
              Attempt {retryCount + 1} {relativeText(nextAttemptAt)}.
            </p>
          )}
        </div>
      ),
      wide: true,
    },
  ];
}

/** A title that sorts: ascending, descending, as they come. */
function sortable(
  query: URLSearchParams,
  title: string,
  property: string,
): Pick<Column<Message>, "title" | "head" | "sorted"> {
  const sort = query.get("sort");
  const sorted = sort === `+${property}` ? "ascending" : sort === `-${property}` ? "descending" : undefined;
  const next = new URLSearchParams(query);
  if (sorted === "descending") next.delete("sort");
  else next.set("sort", `${sorted === undefined ? "+" : "-"}${property}`);
  return {
    title,
    sorted,
    head: (
      <a class="sort" href={linkTo("/queues", next)}>
        {title}
        <span aria-hidden="true">{sorted === undefined ? "" : sorted === "ascending" ? " ↑" : " ↓"}</span>
      </a>
    ),
  };
}
