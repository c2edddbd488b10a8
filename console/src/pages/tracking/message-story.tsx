/** One message's story: what became of each recipient, and every entry with the time since it arrived. */
import type { Output } from "../../../../src/admin/contract.ts";
import { may } from "../../api.ts";
import { nodeColumns } from "../../components/node-columns.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { useLoaded } from "../../load.ts";
import { decodedWords, visible } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";
import { dateTimeText, durationText, relativeText, sizeText } from "../../time-text.ts";
import { TryNow } from "../queues/try-now.tsx";
import { byMessage, fates, type MessageEntries } from "./story.ts";
import { eventSentence, senderText, TrackingEvent, type TrackingEntry } from "./tracking-event.tsx";

type Story = Output<"explainMessage">;

/** Recipients written out; a list of thousands says less than its beginning. */
const shownRecipients = 100;
/** A message that is still under way is looked at again. */
const refreshMs = 5_000;

/** `message`: internal id or Message-ID. */
export function MessageStory({ message, back }: { message: string; back: string }) {
  const [story, reload] = useLoaded("explainMessage", { message }, refreshMs);
  const messages = story === undefined ? [] : byMessage(story.entries);
  return (
    <div class="page">
      <header class="page-head">
        <h1>Message</h1>
        <a href={back}>Back to the search</a>
      </header>
      {story === undefined && <p class="muted">…</p>}
      {story !== undefined && messages.length === 0 && (
        <p class="empty">
          Nothing is known of {message}. It may be older than what is kept, or never have come here.
        </p>
      )}
      {messages.map((one, index) => (
        <OneMessage
          key={one.internalMessageId}
          message={one}
          waiting={story?.waiting.filter(({ internalMessageId: id }) => id === one.internalMessageId) ?? []}
          isFirst={index === 0}
          application={story?.application?.name}
          onTried={reload}
        />
      ))}
      {story !== undefined && story.limitHits.length > 0 && <LimitHits hits={story.limitHits} />}
    </div>
  );
}

/** What its source met before the message came in: often why it came late. */
function LimitHits({ hits }: { hits: Story["limitHits"] }) {
  return (
    <section class="card" aria-label="Limits met before">
      <h2>Limits its source met in the hour before</h2>
      <Table
        label="Limits met before"
        rows={hits}
        rowKey={({ server = "", sequence }) => `${server} ${sequence}`}
        empty="None."
        columns={[
          { title: "Time", nowrap: true, cell: ({ at }) => <Time at={at} /> },
          ...nodeColumns<Story["limitHits"][number]>(),
          {
            title: "Event",
            wide: true,
            cell: (hit) => (
              <a
                href={linkTo("/events", {
                  source: typeof hit.fields["source"] === "string" ? hit.fields["source"] : undefined,
                })}
              >
                {hit.id} {hit.name}
              </a>
            ),
          },
          {
            title: "Text",
            wide: true,
            cell: ({ count, text }) =>
              `${count !== undefined && count > 1 ? `${count.toLocaleString()} × ` : ""}${visible(text)}`,
          },
        ]}
      />
    </section>
  );
}

function OneMessage({
  message,
  waiting,
  isFirst,
  application,
  onTried,
}: {
  message: MessageEntries;
  waiting: Story["waiting"];
  isFirst: boolean;
  /** Whose the source is. */
  application: string | undefined;
  onTried: () => void;
}) {
  const [first] = message.entries;
  if (first === undefined) return null;
  const recipients = fates(message);
  const isReport = !isFirst && first.sender === "";
  return (
    <section class="card" aria-label={isReport ? "Report" : "Message"}>
      <div class="page-head">
        <h2 class="subject">
          {isReport ? "Report: " : ""}
          {first.messageSubject === "" ? "(no subject)" : decodedWords(first.messageSubject)}
        </h2>
        {waiting.length > 0 && may("retryMessages") && (
          <TryNow
            id={String(message.internalMessageId)}
            isSuspended={waiting.every(
              ({ status, queueStatus }) => status === "Suspended" || queueStatus === "Suspended",
            )}
            onTried={onTried}
          />
        )}
      </div>
      <dl class="facts-list">
        <dt>Sender</dt>
        <dd>{senderText(first.sender)}</dd>
        <dt>Message-ID</dt>
        <dd>{first.messageId === "" ? "none" : first.messageId}</dd>
        {isReport && (
          <>
            <dt>Came from</dt>
            <dd>this relay</dd>
          </>
        )}
        {!isReport && first.originalClientIp !== "" && (
          <>
            <dt>Came from</dt>
            <dd>
              {application !== undefined && <strong>{application} </strong>}
              {first.originalClientIp}
              {first.clientHostname === "" ? "" : ` (${first.clientHostname})`} ·{" "}
              <a href={linkTo("/tracking", { clientIp: first.originalClientIp })}>its messages</a> ·{" "}
              <a href={linkTo("/events", { source: first.originalClientIp })}>its events</a>
            </dd>
          </>
        )}
        <dt>Arrived</dt>
        <dd>{dateTimeText(first.arrivedAt === "" ? first.at : first.arrivedAt)}</dd>
        <dt>Size</dt>
        <dd>
          {sizeText(first.totalBytes)}, {first.recipientCount.toLocaleString()}{" "}
          {first.recipientCount === 1 ? "recipient" : "recipients"}
        </dd>
        <dt>Internal id</dt>
        <dd>{message.internalMessageId}</dd>
      </dl>
      <h3>Recipients</h3>
      <Table
        label="Recipients"
        rows={recipients.slice(0, shownRecipients)}
        rowKey={({ recipient }) => recipient}
        empty="None."
        columns={[
          { title: "Recipient", rowHeader: true, cell: ({ recipient }) => recipient },
          {
            title: "Now",
            wide: true,
            cell: ({ recipient, entry }) => (
              <>
                <TrackingEvent eventId={entry.eventId} />{" "}
                <Waits waiting={waiting.find((one) => one.recipient === recipient)} entry={entry} />
              </>
            ),
          },
          {
            title: "After",
            numeric: true,
            nowrap: true,
            cell: ({ entry }) => (entry.eventId === "RECEIVE" ? "" : durationText(entry.latencyMs)),
          },
          {
            title: "Reply",
            wide: true,
            cell: ({ entry }) => (entry.eventId === "RECEIVE" ? "" : entry.recipientStatus),
          },
        ]}
      />
      {recipients.length > shownRecipients && (
        <p class="muted">And {(recipients.length - shownRecipients).toLocaleString()} more.</p>
      )}
      <h3>What happened</h3>
      <ol class="timeline">
        {message.entries.map((entry, index) => (
          <Step key={index} entry={entry} />
        ))}
      </ol>
    </section>
  );
}

/** Where a recipient waits, until when; else what became of it. */
function Waits({ waiting, entry }: { waiting: Story["waiting"][number] | undefined; entry: TrackingEntry }) {
  if (waiting === undefined)
    return <>{entry.eventId === "RECEIVE" ? "Waits for its first attempt" : eventSentence(entry.eventId)}</>;
  const { queue, status, attempts, nextRetryAt, expiresAt } = waiting;
  return (
    <>
      <span class={`badge ${status.toLowerCase()}`}>{status}</span> in{" "}
      <a href={linkTo("/queues", { queue })}>{queue}</a>
      <span class="muted">
        {nextRetryAt === null ? "" : `, attempt ${attempts + 1} ${relativeText(nextRetryAt)}`}, given up{" "}
        {relativeText(expiresAt)}
      </span>
    </>
  );
}

function Step({ entry }: { entry: TrackingEntry }) {
  const { recipients, eventId, connectorId, serverHostname, sourceContext, reference } = entry;
  const left = recipients.length - shownRecipients;
  const isReceived = eventId === "RECEIVE";
  const way = isReceived
    ? `by ${connectorId}`
    : [connectorId, serverHostname].filter((text) => text !== "").join(" → ");
  return (
    <li class={eventId.toLowerCase()}>
      <p class="step-head">
        <Time at={entry.at} whole />
        <TrackingEvent eventId={eventId} />
        <strong>{eventSentence(eventId)}</strong>
        {!isReceived && <span class="muted">after {durationText(entry.latencyMs)}</span>}
        {entry.server !== undefined && <span class="muted">on {entry.server}</span>}
      </p>
      <p>
        {recipients.slice(0, shownRecipients).join(", ")}
        {left > 0 ? ` and ${left.toLocaleString()} more` : ""}
      </p>
      {way !== "" && way !== "by " && <p class="muted">{way}</p>}
      {!isReceived && entry.recipientStatus !== "" && <code class="reply">{entry.recipientStatus}</code>}
      {!isReceived && sourceContext !== "" && <p class="muted">{sourceContext}</p>}
      {reference !== "" && (
        <p>
          <a href={linkTo("/tracking", { message: reference })}>The report {reference}</a>
        </p>
      )}
    </li>
  );
}
