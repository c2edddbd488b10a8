/** One captured message: HTML in a frame without rights, text, header, source, attachments. */
import { useEffect, useState } from "preact/hooks";
import { call, may, octetsOf, urlOf } from "../../api.ts";
import { Dialog } from "../../components/dialog.tsx";
import { told, failed, faultText } from "../../components/toast.tsx";
import { useLoaded } from "../../load.ts";
import { visible } from "../../outside-text.ts";
import { dateTimeText, sizeText } from "../../time-text.ts";
import { Attachments } from "./attachments.tsx";

type Part = "html" | "text" | "headers" | "source" | "attachments";
const titles: Readonly<Record<Part, string>> = {
  html: "HTML",
  text: "Text",
  headers: "Headers",
  source: "Source",
  attachments: "Attachments",
};
/** Of the source, looked at; all of it is had by Save. */
const shownOctets = 262_144;
const shownRecipients = 50;

export function CapturedDialog({
  id,
  onRemoved,
  onClose,
}: {
  id: string;
  onRemoved: () => void;
  onClose: () => void;
}) {
  const [message] = useLoaded("getCaptured", { id }, 0);
  const [chosen, setChosen] = useState<Part>();
  if (message === undefined)
    return (
      <Dialog title="Captured message" isWide onClose={onClose}>
        <p role="status">Looking…</p>
      </Dialog>
    );
  const part = chosen ?? (message.html === null ? "text" : "html");
  const remove = (): void => {
    call("removeCaptured", { id }).then(() => {
      told("Deleted.");
      onRemoved();
      onClose();
    }, failed);
  };
  const parts = (Object.keys(titles) as Part[]).filter((one) => one !== "html" || message.html !== null);
  return (
    <Dialog
      title={message.subject.trim() === "" ? "(no subject)" : visible(message.subject)}
      isWide
      onClose={onClose}
    >
      <dl class="facts-list">
        <dt>From</dt>
        <dd>{message.from === "" ? "<>" : visible(message.from)}</dd>
        <dt>To</dt>
        <dd>{recipients(message.to)}</dd>
        <dt>Came from</dt>
        <dd>
          {message.application !== null && <strong>{message.application} </strong>}
          {message.source} by {message.connector}
          {message.user === null ? "" : `, as ${message.user}`}
        </dd>
        <dt>Captured</dt>
        <dd>
          {dateTimeText(message.capturedAt)}, {sizeText(message.sizeBytes)}
        </dd>
      </dl>
      {!message.complete && <p class="muted">Only its beginning is shown; Save has all of it.</p>}
      <div class="actions captured-parts" role="group" aria-label="Shown">
        {parts.map((one) => (
          <button key={one} type="button" aria-pressed={one === part} onClick={() => setChosen(one)}>
            {titles[one]}
            {one === "attachments" && ` (${message.attachments.length})`}
          </button>
        ))}
      </div>
      {part === "html" && (
        // It has no rights at all; what it may load is said by the answer's own policy.
        <iframe
          class="captured-html"
          title="HTML of the message"
          sandbox=""
          src={urlOf("getCapturedHtml", { id })}
        />
      )}
      {part === "text" && <Plain text={message.text ?? "(no text)"} label="Text" />}
      {part === "headers" && (
        <Plain
          text={message.headers.map(({ name, value }) => `${name}: ${value}`).join("\n")}
          label="Headers"
        />
      )}
      {part === "source" && <Source id={id} />}
      {part === "attachments" && <Attachments id={id} attachments={message.attachments} />}
      <div class="dialog-foot actions">
        <span class="space" />
        <a class="button" href={urlOf("getCapturedSource", { id })} download={`${id}.eml`}>
          Save .eml
        </a>
        {may("removeCaptured") && (
          <button type="button" class="danger" onClick={remove}>
            Delete
          </button>
        )}
      </div>
    </Dialog>
  );
}

function recipients(to: readonly string[]): string {
  const more = to.length - shownRecipients;
  const shown = to.slice(0, shownRecipients).map(visible).join(", ");
  return more > 0 ? `${shown} and ${more.toLocaleString()} more` : shown;
}

function Plain({ text, label }: { text: string; label: string }) {
  return (
    <pre class="captured-text" tabIndex={0} role="region" aria-label={label}>
      {visible(text)}
    </pre>
  );
}

function Source({ id }: { id: string }) {
  const [text, setText] = useState("Looking…");
  useEffect(() => {
    let current = true;
    octetsOf("getCapturedSource", { id }, shownOctets).then(
      (octets) => {
        const end = octets.length === shownOctets ? "\n…" : "";
        if (current) setText(`${new TextDecoder().decode(octets)}${end}`);
      },
      (error: unknown) => {
        if (current) setText(faultText(error));
      },
    );
    return () => {
      current = false;
    };
  }, [id]);
  return <Plain text={text} label="Source" />;
}
