/** One message that waits: what is known of it, its recipients, and its header and text, as text. */
import { useState } from "preact/hooks";
import { may, octetsOf, urlOf } from "../../api.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Table } from "../../components/table.tsx";
import { faultText } from "../../components/toast.tsx";
import { decodedWords } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";
import { dateTimeText, relativeText, sizeText } from "../../time-text.ts";
import type { BulkVerb } from "./bulk-dialog.tsx";
import { messageText, type MessageText } from "./message-text.ts";
import { TryNow } from "./try-now.tsx";
import { useMessage, type Message } from "./use-message.ts";

/** Of a message, looked at; all of it is had by Export. */
const shownOctets = 262_144;
const shownRecipients = 100;

/** Exchange's word says that it is finished; here it is known how. */
const recipientStatuses: Readonly<Partial<Record<string, string>>> = { Complete: "Delivered" };

export function MessageDialog({
  identity,
  onVerb,
  onClose,
}: {
  identity: string;
  onVerb: (verb: BulkVerb) => void;
  onClose: () => void;
}) {
  // The queue's part of the identity is no matter here: the message is the same in each.
  const id = identity.slice(identity.lastIndexOf("\\") + 1);
  const { message, application, isGone, fault, look } = useMessage(id);
  const subject = message?.subject ?? "";
  return (
    <Dialog title={subject === "" ? "Message" : decodedWords(subject)} isWide onClose={onClose}>
      <p class="fault" role="alert">
        {fault}
      </p>
      {isGone && (
        <p role="status">
          It waits no more: <a href={linkTo("/tracking", { message: id })}>what became of it</a>.
        </p>
      )}
      {message !== undefined && <Facts message={message} application={application} isOld={isGone} />}
      {message !== undefined && !isGone && may("exportMessage") && (
        <Content id={id} sizeBytes={message.sizeBytes} />
      )}
      <div class="dialog-foot actions">
        <a href={linkTo("/tracking", { message: id })}>Its way so far</a>
        <span class="space" />
        {!isGone && may("exportMessage") && (
          <a class="button" href={urlOf("exportMessage", { identity: id })} download={`${id}.eml`}>
            Export .eml
          </a>
        )}
        {message !== undefined && !isGone && may("retryMessages") && (
          <TryNow
            id={id}
            isSuspended={message.status === "Suspended" || message.queueStatus === "Suspended"}
            onTried={look}
          />
        )}
        {message !== undefined && !isGone && may("suspendMessages") && (
          <>
            {message.status === "Suspended" || message.status === "PendingSuspend" ? (
              <button type="button" onClick={() => onVerb("resume")}>
                Resume…
              </button>
            ) : (
              <button type="button" onClick={() => onVerb("suspend")}>
                Suspend…
              </button>
            )}
            <button type="button" class="danger" onClick={() => onVerb("remove")}>
              Remove…
            </button>
          </>
        )}
      </div>
    </Dialog>
  );
}

function Facts({
  message,
  application,
  isOld,
}: {
  message: Message;
  application: string | undefined;
  isOld: boolean;
}) {
  const { recipients } = message;
  return (
    <>
      <dl class="facts-list">
        <dt>Sender</dt>
        <dd>{message.fromAddress === "" ? "<>" : message.fromAddress}</dd>
        <dt>Message-ID</dt>
        <dd>{message.internetMessageId ?? "none"}</dd>
        <dt>Came from</dt>
        <dd>
          {application !== undefined && <strong>{application} </strong>}
          {message.sourceIp} by {message.messageSourceName} ·{" "}
          <a href={linkTo("/tracking", { clientIp: message.sourceIp })}>its messages</a> ·{" "}
          <a href={linkTo("/events", { source: message.sourceIp })}>its events</a>
        </dd>
        <dt>Received</dt>
        <dd>
          {dateTimeText(message.dateReceived)}, given up {relativeText(message.expirationTime)}
        </dd>
        <dt>Size</dt>
        <dd>{sizeText(message.sizeBytes)}</dd>
        {!isOld && (
          <>
            <dt>Now</dt>
            <dd>
              <span class={`badge ${message.status.toLowerCase()}`}>{message.status}</span> in{" "}
              <a href={linkTo("/queues", { queue: message.queue })}>{message.queue}</a>
              {message.queueStatus === "Suspended" && ", which is suspended"}
              {message.nextAttemptAt !== null && message.retryCount > 0 && (
                <span class="muted">
                  , attempt {message.retryCount + 1} {relativeText(message.nextAttemptAt)}
                </span>
              )}
              {message.lastError !== null && <p class="fault">{message.lastError}</p>}
            </dd>
          </>
        )}
      </dl>
      <Table
        label="Recipients"
        rows={recipients.slice(0, shownRecipients)}
        rowKey={(_, index) => index}
        empty="None."
        columns={[
          { title: "Recipient", rowHeader: true, wide: true, cell: ({ address }) => address },
          {
            title: "Status",
            cell: ({ status }) => (
              <span class={`badge ${status.toLowerCase()}`}>{recipientStatuses[status] ?? status}</span>
            ),
          },
          { title: "Queue", wide: true, cell: ({ queue }) => queue ?? "" },
          { title: "Attempts", numeric: true, cell: ({ retryCount }) => retryCount.toLocaleString() },
          { title: "Last error", wide: true, cell: ({ lastError }) => lastError ?? "" },
        ]}
      />
      {recipients.length > shownRecipients && (
        <p class="muted">And {(recipients.length - shownRecipients).toLocaleString()} more.</p>
      )}
    </>
  );
}

/** Read only when asked for: looking into somebody's mail is an event. */
function Content({ id, sizeBytes }: { id: string; sizeBytes: number }) {
  const [content, setContent] = useState<MessageText>();
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const read = async (): Promise<void> => {
    setBusy(true);
    try {
      setContent(messageText(await octetsOf("exportMessage", { identity: id }, shownOctets)));
    } catch (error) {
      setFault(faultText(error));
    }
    setBusy(false);
  };
  if (content === undefined)
    return (
      <div class="actions">
        <button type="button" disabled={busy} onClick={() => void read()}>
          Show header and text
        </button>
        <span class="muted">Who looks is written to the events.</span>
        <p class="fault" role="alert">
          {fault}
        </p>
      </div>
    );
  return (
    <>
      <h3>Header</h3>
      <pre class="source" tabIndex={0} aria-label="Header">
        {content.header}
      </pre>
      <h3>
        Text <span class="muted">{content.kind}</span>
      </h3>
      <pre class="source" tabIndex={0} aria-label="Text">
        {content.text}
      </pre>
      {sizeBytes > shownOctets && (
        <p class="muted">
          The first {sizeText(shownOctets)} of {sizeText(sizeBytes)}; Export saves all of it.
        </p>
      )}
    </>
  );
}
