/**
 * Steps of a message as Postfix logs them, so that eyes and programs that know its log (pflogsumm) read them: by the part
 * that takes the step, and the message's id in front.
 */
import { escapeControls } from "../core/units/escape-controls.ts";
import type { TrackingEntry } from "./tracking-entry.ts";

export interface MessageStep {
  readonly part: string;
  readonly text: string;
}

/** `latencyMs`: since it came in. Cost: a string or two, and one for each recipient of an outcome. */
export function messageSteps(entry: TrackingEntry, latencyMs: number): readonly MessageStep[] {
  const { eventId, message } = entry;
  const id = `${message.id}: `;
  switch (eventId) {
    case "RECEIVE":
      return received(entry, id);
    case "DUPLICATE":
      return [{ part: "qmgr", text: `${id}duplicate: ${plain(entry.status ?? entry.context)}` }];
    case "DSN":
      return [
        {
          part: "bounce",
          text: `${id}sender ${notifications[entry.context ?? ""] ?? "delivery status"} notification: ${escapeControls(entry.reference ?? "")}`,
        },
      ];
    case "SEND":
    case "DEFER":
    case "TRANSFER":
    case "FAIL":
    case "EXPIRE":
    case "DROP":
      return outcomes(entry, id, latencyMs);
  }
}

function received({ source, message }: TrackingEntry, id: string): readonly MessageStep[] {
  const { origin, content, envelope } = message;
  const sender = plain(envelope?.reversePath);
  const first: MessageStep =
    source === "PICKUP"
      ? { part: "pickup", text: `${id}sender=<${sender}>` }
      : {
          part: "smtpd",
          text: `${id}client=${plain(origin?.helloName) || "unknown"}[${origin?.sourceAddress ?? "unknown"}], message-id=${escapeControls(content?.messageId ?? "<>")}`,
        };
  const size = content?.sizeBytes ?? 0;
  const count = envelope?.recipients.length ?? 0;
  return [
    first,
    { part: "qmgr", text: `${id}from=<${sender}>, size=${size}, nrcpt=${count} (queue active)` },
  ];
}

const statuses = {
  SEND: "sent",
  DEFER: "deferred",
  TRANSFER: "rerouted",
  FAIL: "bounced",
  EXPIRE: "bounced",
  DROP: "dropped",
} as const;
/** RFC 3463 §3.1: where a reply has no status code of its own. */
const usualCodes = {
  SEND: "2.0.0",
  DEFER: "4.0.0",
  TRANSFER: "4.0.0",
  FAIL: "5.0.0",
  EXPIRE: "4.4.7",
  DROP: "5.0.0",
} as const;

function outcomes(entry: TrackingEntry, id: string, latencyMs: number): readonly MessageStep[] {
  const eventId = entry.eventId as keyof typeof statuses;
  const { message, host } = entry;
  const recipients =
    entry.recipients ?? message.envelope?.recipients.map(({ forwardPath }) => forwardPath) ?? [];
  const status = plain(entry.status ?? entry.context);
  const code = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(status)?.[1] ?? usualCodes[eventId];
  const relay = host === undefined || host === "" ? "none" : plain(host).replaceAll(",", "");
  const delay = (Math.max(0, latencyMs) / 1000).toFixed(2);
  // What ends it must not end the field.
  const reason = status.replaceAll("(", "[").replaceAll(")", "]");
  const behind = `relay=${relay}, delay=${delay}, dsn=${code}, status=${statuses[eventId]} (${reason})`;
  return recipients.map((recipient) => ({ part: "smtp", text: `${id}to=<${plain(recipient)}>, ${behind}` }));
}

/** By the kind of report. */
const notifications: Readonly<Record<string, string>> = { failed: "non-delivery", delayed: "delay" };

function plain(text: string | undefined): string {
  return text === undefined ? "" : escapeControls(text).replaceAll(/[<>]/g, "");
}
