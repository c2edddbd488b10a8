/**
 * A tracking record as a line of Exchange's MSGTRK files and back. Fields that this relay has nothing to say in are
 * empty. Text from strangers keeps to its field (logs/csv.ts).
 */
import { csvField } from "../logs/csv.ts";
import { version } from "../version.ts";
import {
  trackingEventIds,
  trackingSources,
  type TrackingEventId,
  type TrackingRecord,
  type TrackingSource,
} from "./tracking-record.ts";

/** The columns, in order. Source: Exchange, "Fields in the message tracking log files". */
export const trackingFields =
  "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,tenant-id,original-client-ip,original-server-ip,custom-data,transport-traffic-type,log-id,schema-version";

const fieldCount = trackingFields.split(",").length;
const nullPath = "<>";
const latencyKey = "S:LatencyMs=";
const tlsKey = ";S:Tls=";

/** Stands at the top of each file. */
export function trackingHeader(openedAt: Date): string {
  return [
    "#Software: Weir",
    `#Version: ${version}`,
    "#Log-Type: Message Tracking Log",
    `#Date: ${openedAt.toISOString()}`,
    `#Fields: ${trackingFields}`,
    "",
  ].join("\r\n");
}

/** With its line end. Cost: one string. */
export function trackingLine(record: TrackingRecord): string {
  const sender = record.sender === "" ? nullPath : csvField(record.sender);
  const recipients = record.recipients.length === 1 ? listed(record.recipients[0]!) : joined(record);
  return `${record.at},${record.clientIp},${csvField(record.clientHostname)},,${csvField(record.serverHostname)},${csvField(record.sourceContext)},${csvField(record.connectorId)},${record.source},${record.eventId},${record.internalMessageId},${csvField(record.messageId)},,${csvField(recipients, Infinity)},${csvField(record.recipientStatus)},${record.totalBytes},${record.recipientCount},,${csvField(record.reference)},${csvField(record.messageSubject)},${sender},${sender},${record.arrivedAt},,,${record.originalClientIp},,${latencyKey}${record.latencyMs}${record.tls === undefined ? "" : `${tlsKey}${record.tls}`},Email,,${version}\r\n`;
}

function joined({ recipients }: TrackingRecord): string {
  return recipients.map(listed).join(";");
}

/** Recipients are joined by semicolons; one in a quoted local part is written out. */
function listed(recipient: string): string {
  return recipient.includes(";") ? recipient.replaceAll(";", "\\x3b") : recipient;
}

/** Places of fields in a line. */
export const column = {
  at: 0,
  clientIp: 1,
  connectorId: 6,
  source: 7,
  eventId: 8,
  internalMessageId: 9,
  messageId: 10,
  recipients: 12,
  reference: 17,
  messageSubject: 18,
  sender: 19,
  originalClientIp: 24,
} as const;

/** The fields of a line; undefined when it is no entry: a line of the header, or damage. */
export function entryFields(line: string): readonly string[] | undefined {
  const fields = csvFields(line);
  if (fields.length !== fieldCount || line.startsWith("#")) return undefined;
  if (!isInstant(fields[0]!) || !/^\d{1,16}$/.test(fields[9]!)) return undefined;
  if (!(trackingSources as readonly string[]).includes(fields[7]!)) return undefined;
  return (trackingEventIds as readonly string[]).includes(fields[8]!) ? fields : undefined;
}

export function listedRecipients(field: string): readonly string[] {
  if (field === "") return none;
  const several = field.includes(";") ? field.split(";") : [field];
  return field.includes("\\x3b") ? several.map((one) => one.replaceAll("\\x3b", ";")) : several;
}

export function senderOf(field: string): string {
  return field === nullPath ? "" : field;
}

const none: readonly string[] = [];

/** Undefined: no entry. */
export function parseTrackingLine(line: string): TrackingRecord | undefined {
  const fields = entryFields(line);
  if (fields === undefined) return undefined;
  const text = (index: number): string => fields[index]!;
  const custom = text(26);
  const tlsAt = custom.indexOf(tlsKey);
  return {
    at: text(column.at),
    clientIp: text(column.clientIp),
    clientHostname: text(2),
    serverHostname: text(4),
    sourceContext: text(5),
    connectorId: text(column.connectorId),
    // entryFields knows both.
    source: text(column.source) as TrackingSource,
    eventId: text(column.eventId) as TrackingEventId,
    internalMessageId: Number(text(column.internalMessageId)),
    messageId: text(column.messageId),
    recipients: listedRecipients(text(column.recipients)),
    recipientStatus: text(13),
    totalBytes: Number(text(14)),
    recipientCount: Number(text(15)),
    reference: text(column.reference),
    messageSubject: text(column.messageSubject),
    sender: senderOf(text(column.sender)),
    arrivedAt: text(21),
    originalClientIp: text(column.originalClientIp),
    latencyMs: custom.startsWith(latencyKey) ? Number.parseInt(custom.slice(latencyKey.length), 10) : 0,
    ...(tlsAt < 0 ? undefined : { tls: custom.slice(tlsAt + tlsKey.length) }),
  };
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text));
}

const guarded = /^'\s*[=+\-@＝＋－＠]./u;

function csvFields(line: string): string[] {
  // Most lines have nothing quoted.
  if (!line.includes('"')) return line.includes(",'") ? line.split(",").map(unguarded) : line.split(",");
  const fields: string[] = [];
  let at = 0;
  while (at <= line.length) {
    let value: string;
    if (line[at] === '"') {
      let end = line.indexOf('"', at + 1);
      while (end >= 0 && line[end + 1] === '"') end = line.indexOf('"', end + 2);
      if (end < 0) return [];
      value = line.slice(at + 1, end).replaceAll('""', '"');
      at = end + 2;
    } else {
      const comma = line.indexOf(",", at);
      const end = comma < 0 ? line.length : comma;
      value = line.slice(at, end);
      at = end + 1;
    }
    fields.push(unguarded(value));
  }
  return fields;
}

/** csvField puts the apostrophe in front of what a spreadsheet would take for a formula. */
function unguarded(value: string): string {
  return value.startsWith("'") && guarded.test(value) ? value.slice(1) : value;
}
