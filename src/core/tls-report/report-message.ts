/** A TLS report as mail (RFC 8460 §5.3): multipart/report, with the JSON compressed. */
import { rfc5322Date } from "../dsn/report-input.ts";
import { reportId, type ReportSubject } from "./report.ts";

/** Where a message came from that the relay made itself; restrictions of send connectors see it so. */
export const tlsReportConnector = "TLS reports";

/** No client sent it, whatever its receive connector is called. */
export const isTlsReport = ({
  connector,
  sourceAddress,
}: {
  readonly connector: string;
  readonly sourceAddress: string;
}): boolean => connector === tlsReportConnector && sourceAddress === "";

export interface ReportMessage {
  readonly subject: ReportSubject;
  readonly from: string;
  readonly to: string;
  readonly date: Date;
  /** gzip of the JSON. */
  readonly compressed: Buffer;
}

/** RFC 8460 §5.1: submitter, domain, begin and end of the day. */
export function reportFileName({ hostname, domain, date }: ReportSubject): string {
  const begin = Date.parse(`${date}T00:00:00Z`) / 1000;
  return `${hostname}!${domain}!${begin}!${begin + 86_399}.json.gz`;
}

/**
 * 7-bit, lines end in CRLF. `TLS-Required: No` (RFC 8689 §5): a report on TLS that fails must not fail by TLS. All values are host
 * names and addresses that were checked.
 */
export function reportMessage({ subject, from, to, date, compressed }: ReportMessage): Buffer {
  const { hostname, domain } = subject;
  const id = reportId(subject);
  const boundary = `=_tlsrpt_${Math.floor(date.getTime() / 1000).toString(36)}`;
  const name = reportFileName(subject);
  const base64 = compressed.toString("base64").match(/.{1,76}/g) ?? [];
  const lines = [
    `From: <${from}>`,
    `To: <${to}>`,
    `Subject: Report Domain: ${domain}`,
    ` Submitter: ${hostname}`,
    ` Report-ID: <${id}>`,
    `Date: ${rfc5322Date(date)}`,
    `Message-ID: <${id}>`,
    `TLS-Report-Domain: ${domain}`,
    `TLS-Report-Submitter: ${hostname}`,
    "TLS-Required: No",
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    'Content-Type: multipart/report; report-type="tlsrpt";',
    ` boundary="${boundary}"`,
    "",
    "This is a report on TLS in MIME format.",
    "",
    `--${boundary}`,
    "Content-Type: text/plain; charset=us-ascii",
    "",
    `This is a TLS report (RFC 8460) of ${hostname} on its connections`,
    `to mail hosts of ${domain} on ${subject.date}.`,
    "",
    `--${boundary}`,
    "Content-Type: application/tlsrpt+gzip",
    "Content-Transfer-Encoding: base64",
    "Content-Disposition: attachment;",
    ` filename="${name}"`,
    "",
    ...base64,
    "",
    `--${boundary}--`,
    "",
  ];
  return Buffer.from(lines.join("\r\n"), "ascii");
}
