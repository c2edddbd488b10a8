/** Makes the reports (DSNs) that a settle brings along: content from the core's builder, envelope from RFC 3461. */
import { isAscii } from "../../core/dsn/text.ts";
import { buildReport } from "../../core/dsn/report.ts";
import type { ReportKind, ReportRecipient } from "../../core/dsn/report-input.ts";
import type { Clock, Random } from "../../ports/ports.ts";
import type { Claim, Report } from "../../spool/spool.ts";
import { readOriginal } from "./original.ts";

export interface ReportSettings {
  readonly hostname: string;
  readonly externalPostmasterAddress: string;
  readonly dsnMaxMessageAttachSize: number;
}

export interface WrittenReport {
  readonly report: Report;
  /** The report's Message-ID. */
  readonly messageId: string;
}

export interface ReportWriter {
  /**
   * One report of a kind about some recipients of a claim's message, for its reverse-path (never called for the
   * null one). Throws SpoolError when the original cannot be read. Memory: one large original at a time.
   */
  write(claim: Claim, kind: ReportKind, recipients: readonly ReportRecipient[]): Promise<WrittenReport>;
}

/** Originals above this are read one after another. */
const largeBytes = 256 * 1024;

export function createReportWriter(
  settings: ReportSettings,
  { clock, random }: { clock: Clock; random: Random },
): ReportWriter {
  let turn: Promise<unknown> = Promise.resolve();

  const write: ReportWriter["write"] = async (claim, kind, recipients) => {
    const { message } = claim;
    const { envelope, origin } = message;
    const date = clock.wall();
    const messageId = `<${message.id}.${kind}.${clock.now().toString(36)}.${Math.floor(random() * 2 ** 48).toString(36)}@${settings.hostname}>`;
    const original = await readOriginal(claim, wantsFull(claim, kind, settings));
    const built = buildReport({
      kind,
      hostname: settings.hostname,
      from: settings.externalPostmasterAddress,
      to: envelope.reversePath,
      date,
      messageId,
      envid: envelope.envid,
      arrivalDate: new Date(date.getTime() - Math.max(0, clock.now() - message.arrivedAt)),
      receivedFrom: receivedFrom(origin.helloName, origin.sourceAddress),
      recipients,
      original,
      smtpUtf8: envelope.smtpUtf8,
    });
    const report: Report = {
      envelope: {
        reversePath: "",
        // RFC 3461 §6.1: a report never causes another.
        recipients: [{ forwardPath: envelope.reversePath, notify: never }],
        body: built.eightBit ? "8BITMIME" : "7BIT",
        smtpUtf8: built.smtpUtf8,
      },
      content: built.content,
      origin: {
        connector: "DSN",
        sourceAddress: origin.sourceAddress,
        helloName: settings.hostname,
        sessionId: origin.sessionId,
      },
    };
    return { report, messageId };
  };

  return {
    write(claim, kind, recipients) {
      if (claim.message.content.sizeBytes <= largeBytes) return write(claim, kind, recipients);
      const mine = turn.then(() => write(claim, kind, recipients));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}

const never = { never: true, success: false, failure: false, delay: false } as const;

/** RFC 3461 §4.3: RET speaks of failures only; other reports carry the header. */
function wantsFull({ message }: Claim, kind: ReportKind, settings: ReportSettings): boolean {
  return (
    kind === "failed" &&
    message.envelope.ret !== "HDRS" &&
    message.content.sizeBytes <= settings.dsnMaxMessageAttachSize
  );
}

function receivedFrom(helloName: string, address: string): string | undefined {
  if (helloName === "") return address === "" ? undefined : `[${address}]`;
  return isAscii(helloName) && address !== "" ? `${helloName} ([${address}])` : helloName;
}
