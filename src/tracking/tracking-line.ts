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
  const recipients = record.recipients.length === 1 ? listed(record.recipients[0] ?? "") : joined(record);
  return `${record.at},${record.clientIp},${csvField(record.clientHostname)},,${csvField(record.serverHostname)},${csvField(record.sourceContext)},${csvField(record.connectorId)},${record.source},${record.eventId},${record.internalMessageId},${csvField(record.messageId)},,${csvField(recipients, Infinity)},${csvField(record.recipientStatus)},${record.totalBytes},${record.recipientCount},,${csvField(record.reference)},${csvField(record.messageSubject)},${sender},${sender},${record.arrivedAt},,,${record.originalClientIp},,${latencyKey}${record.latencyMs},Email,,${version}\r\n`;
}

function joined({ recipients }: TrackingRecord): string {
  return recipients.map(listed).join(";");
}

/** Recipients are joined by semicolons; one in a quoted local part is written out. */
function listed(recipient: string): string {
  return recipient.includes(";") ? recipient.replaceAll(";", "\\x3b") : recipient;
}

/** Undefined: no entry (a line of the header, or damage). */
export function parseTrackingLine(line: string): TrackingRecord | undefined {
  const fields = csvFields(line);
  if (fields.length !== fieldCount || line.startsWith("#")) return undefined;
  const text = (index: number): string => fields[index] ?? "";
  const source = trackingSources.find((known): known is TrackingSource => known === text(7));
  const eventId = trackingEventIds.find((known): known is TrackingEventId => known === text(8));
  if (source === undefined || eventId === undefined) return undefined;
  const sender = text(19);
  const custom = text(26);
  return {
    at: text(0),
    clientIp: text(1),
    clientHostname: text(2),
    serverHostname: text(4),
    sourceContext: text(5),
    connectorId: text(6),
    source,
    eventId,
    internalMessageId: Number(text(9)),
    messageId: text(10),
    recipients:
      text(12) === ""
        ? []
        : text(12)
            .split(";")
            .map((one) => one.replaceAll("\\x3b", ";")),
    recipientStatus: text(13),
    totalBytes: Number(text(14)),
    recipientCount: Number(text(15)),
    reference: text(17),
    messageSubject: text(18),
    sender: sender === nullPath ? "" : sender,
    arrivedAt: text(21),
    originalClientIp: text(24),
    latencyMs: custom.startsWith(latencyKey) ? Number(custom.slice(latencyKey.length)) : 0,
  };
}

const guarded = /^'\s*[=+\-@＝＋－＠]./u;

function csvFields(line: string): string[] {
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
    // csvField puts the apostrophe in front of what a spreadsheet would take for a formula.
    fields.push(guarded.test(value) ? value.slice(1) : value);
  }
  return fields;
}
