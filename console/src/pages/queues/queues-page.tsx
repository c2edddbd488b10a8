/** Queues: one for each next hop with what it waits for, or the messages of one. */
import { useRef, useState } from "preact/hooks";
import { call, may } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { Confirm } from "../../components/dialog.tsx";
import { Table } from "../../components/table.tsx";
import { failed, told } from "../../components/toast.tsx";
import { useLoaded } from "../../load.ts";
import { visible } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";
import { localTimes, relativeText } from "../../time-text.ts";
import { Messages } from "./messages.tsx";
import { messagesText } from "./messages-text.ts";
import { QueueVerbs, type Queue } from "./queue-verbs.tsx";

/** How often the queues are asked for while the page is seen. */
const refreshMs = 5_000;
/** Rows of one page. */
const pageLength = 100;
/** Those in trouble first (Suspended, Retry), then the fullest. */
const byWeight = "-Status,-MessageCount,+Identity";
/** In the address: the messages of all queues. */
export const everyQueue = "*";

export function QueuesPage({ query }: { query: URLSearchParams }) {
  const wanted = query.get("queue");
  if (wanted === null || wanted === "") return <AllQueues />;
  if (wanted === everyQueue)
    return (
      <div class="page">
        <header class="page-head">
          <h1>Messages of all queues</h1>
          <a href={linkTo("/queues")}>All queues</a>
        </header>
        <Messages queue={undefined} query={query} />
      </div>
    );
  return <OneQueue identity={wanted} query={query} />;
}

function OneQueue({ identity, query }: { identity: string; query: URLSearchParams }) {
  const [answer, reload] = useLoaded("listQueues", { identity, details: true }, refreshMs);
  const queues = answer?.queues;
  const queue = queues?.find((one) => one.identity === identity);
  return (
    <div class="page">
      <header class="page-head">
        <h1>{identity}</h1>
        <a href={linkTo("/queues")}>All queues</a>
      </header>
      {queues !== undefined && queue === undefined && (
        <p class="empty">There is no such queue now: nothing waits for this next hop.</p>
      )}
      {queue !== undefined && (
        <>
          <section class="card" aria-label="Queue">
            <div class="page-head">
              <div class="card-head">
                <Status queue={queue} />
                <span>{messagesText(queue.messages)}</span>
                <span class="muted">{ratesText(queue)}</span>
              </div>
              <QueueVerbs queue={queue} onDone={reload} />
            </div>
            <Waits queue={queue} />
            <AtNodes queue={queue} />
            <p class="muted">
              {queue.deliveryType} to {queue.nextHop}
              {queue.connector === null ? "" : " by "}
              {queue.connector !== null && (
                <a href={linkTo("/send-connectors", { name: queue.connector })}>{queue.connector}</a>
              )}
            </p>
          </section>
          <Messages queue={identity} query={query} />
        </>
      )}
    </div>
  );
}

function AllQueues() {
  const [asked, setAsked] = useState(false);
  const [page, setPage] = useState(0);
  const [search, setSearch] = useState("");
  const [answer, reload] = useLoaded(
    "listQueues",
    {
      ...(search === "" ? {} : { identity: `*${search}*` }),
      sortOrder: byWeight,
      limit: pageLength,
      offset: page * pageLength,
      details: true,
    },
    refreshMs,
  );
  const queues = answer?.queues;
  const total = answer?.messages ?? 0;
  // While another page is on its way its buttons stay.
  const known = useRef(answer);
  if (answer !== undefined) known.current = answer;
  const pages = Math.ceil((known.current?.total ?? 0) / pageLength);
  const retryAll = async (): Promise<void> => {
    setAsked(false);
    try {
      const { queues: count } = await call("retryQueue", {});
      told(`${count} ${count === 1 ? "queue is" : "queues are"} tried now.`);
    } catch (error) {
      failed(error);
    }
    reload();
  };
  return (
    <div class="page queues">
      <header class="page-head">
        <h1>Queues</h1>
        <div class="actions">
          <a href={linkTo("/queues", { queue: everyQueue })}>Messages of all queues</a>
          {may("retryQueue") && (
            <button type="button" disabled={total === 0} onClick={() => setAsked(true)}>
              Retry all…
            </button>
          )}
        </div>
      </header>
      <p class="muted" role="status">
        {answer === undefined
          ? "…"
          : total === 0
            ? "Nothing waits."
            : `${messagesText(total)} in ${answer.nonEmpty.toLocaleString()} of ${answer.total.toLocaleString()} queues.`}
      </p>
      {(search !== "" || pages > 1) && (
        <div class="actions">
          <label>
            Find{" "}
            <input
              type="search"
              value={search}
              placeholder="part of a queue's name"
              onInput={({ currentTarget }) => {
                setSearch(currentTarget.value.trim());
                setPage(0);
              }}
            />
          </label>
          {pages > 1 && (
            <>
              <button type="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
                Previous
              </button>
              <span class="muted">
                page {(page + 1).toLocaleString()} of {pages.toLocaleString()}
              </span>
              <button type="button" disabled={page + 1 >= pages} onClick={() => setPage(page + 1)}>
                Next
              </button>
            </>
          )}
        </div>
      )}
      {queues !== undefined && (
        <Table
          label="Queues"
          rows={queues}
          rowKey={({ identity }) => identity}
          empty={<p>No queue: nothing waits. A queue comes with the first message for its next hop.</p>}
          columns={[
            {
              title: "Queue",
              rowHeader: true,
              wide: true,
              cell: (queue) => (
                <div>
                  <a href={linkTo("/queues", { queue: queue.identity })}>{queue.identity}</a>
                  <Waits queue={queue} />
                </div>
              ),
            },
            { title: "Status", cell: (queue) => <Status queue={queue} /> },
            { title: "Messages", numeric: true, cell: ({ messages }) => messages.toLocaleString() },
            {
              title: "In / out per s",
              numeric: true,
              nowrap: true,
              cell: ({ incomingRate, outgoingRate }) =>
                `${incomingRate.toFixed(1)} / ${outgoingRate.toFixed(1)}`,
            },
            { title: "Actions", cell: (queue) => <QueueVerbs queue={queue} onDone={reload} /> },
          ]}
        />
      )}
      {asked && (
        <Confirm
          title="Retry all queues?"
          words={`Every queue that waits for its next attempt is tried now: ${messagesText(total)}. Suspended queues stay suspended.`}
          verb="Retry all"
          isHarmless
          onClose={() => setAsked(false)}
          onConfirm={() => void retryAll()}
        />
      )}
    </div>
  );
}

/** Of several nodes each delivers by itself, and may get through or not. */
function AtNodes({ queue: { nodes = [] } }: { queue: Queue }) {
  if (nodes.length === 0) return null;
  return (
    <Table
      label="At each node"
      rows={nodes}
      rowKey={({ server }) => server}
      empty="None."
      columns={[
        { title: "Node", rowHeader: true, nowrap: true, cell: ({ server }) => server },
        {
          title: "Status",
          cell: ({ status }) => <span class={`badge ${status.toLowerCase()}`}>{status}</span>,
        },
        { title: "On the way", numeric: true, cell: ({ running }) => running.toLocaleString() },
        { title: "In its memory", numeric: true, cell: ({ waiting }) => waiting.toLocaleString() },
        {
          title: "Next attempt",
          nowrap: true,
          cell: ({ nextRetryAt }) => (nextRetryAt === null ? "" : relativeText(nextRetryAt)),
        },
        {
          title: "Last error",
          wide: true,
          cell: ({ lastError }) => (lastError === null ? "" : localTimes(visible(lastError))),
        },
      ]}
    />
  );
}

/** What it waits for, and until when. */
function Waits({
  queue: { lastError, waitsForTurn, nextRetryAt, retryCount, holds, fallback },
}: {
  queue: Queue;
}) {
  if (lastError === null && nextRetryAt === null && fallback === null) return null;
  const advices = [...new Set(holds.map(({ advice }) => advice))].filter((advice) => advice !== "");
  return (
    <p class="waits">
      {lastError !== null && (
        <span class={lastError === waitsForTurn ? "muted" : "fault"}>{localTimes(lastError)}</span>
      )}
      {advices.map((advice) => (
        <span key={advice}> ({advice})</span>
      ))}
      {nextRetryAt !== null && (
        <span class="muted">
          {" "}
          Attempt {retryCount + 1} {relativeText(nextRetryAt)}.
        </span>
      )}
      {fallback !== null && (
        <span>
          {" "}
          {messagesText(fallback.messages)} went by{" "}
          <a href={linkTo("/send-connectors", { name: fallback.connector })}>{fallback.connector}</a> since{" "}
          {relativeText(fallback.since)}.
        </span>
      )}
    </p>
  );
}

/** A queue may go on while some of its messages were put off by what the next hop said of them. */
function Status({ queue: { status, deferredMessageCount, waitsForTurn } }: { queue: Queue }) {
  const deferred = deferredMessageCount ?? 0;
  return (
    <>
      <span class={`badge ${status.toLowerCase()}`}>{status}</span>
      {status === "Ready" && deferred > 0 && (
        <>
          {" "}
          <Badge
            kind={waitsForTurn === null ? "warning" : "plain"}
            text={`${deferred.toLocaleString()} deferred`}
          />
        </>
      )}
    </>
  );
}

function ratesText({ incomingRate, outgoingRate, velocity }: Queue): string {
  return `${incomingRate.toFixed(1)} in, ${outgoingRate.toFixed(1)} out a second; velocity ${velocity.toFixed(1)}`;
}
