/** Makes the reports (DSNs) that a settle brings along: content from the core's builder, envelope from RFC 3461. */
import { isAscii } from "../../core/dsn/text.ts";
import { reportConnector, type MessageId } from "../../core/message/envelope.ts";
import { originalExtent } from "../../core/dsn/original-extent.ts";
import { reportedWords, smallestReport } from "../../core/dsn/smallest-report.ts";
import { buildReport } from "../../core/dsn/report.ts";
import type { ReportKind, ReportRecipient } from "../../core/dsn/report-input.ts";
import type { Clock, Random } from "../../ports/ports.ts";
import type { Claim, ContentReader, Report } from "../../spool/spool.ts";
import { asciiMailbox } from "./ascii-mailbox.ts";
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

export interface ShrunkReport {
  /** Undefined when it had that form already. */
  readonly report: Report | undefined;
  readonly messageId: string;
  /** What it was to tell. */
  readonly about: string;
}

export interface ReportWriter {
  /**
   * One report of a kind about some recipients of a claim's message, for its reverse-path (never called for the
   * null one). Throws SpoolError when the original cannot be read. Memory: one large original at a time.
   */
  write(claim: Claim, kind: ReportKind, recipients: readonly ReportRecipient[]): Promise<WrittenReport>;
  /** For a claim of a report that was refused: its smallest form, and words on it. Throws as `write` does. */
  shrink(claim: Claim): Promise<ShrunkReport>;
}

const largeBytes = 256 * 1024;

export function createReportWriter(
  settings: ReportSettings,
  { clock, random }: { clock: Clock; random: Random },
): ReportWriter {
  let turn: Promise<unknown> = Promise.resolve();

  const newMessageId = (id: MessageId, kind: string): string =>
    `<${id}.${kind}.${clock.now().toString(36)}.${Math.floor(random() * 2 ** 48).toString(36)}@${settings.hostname}>`;

  const write: ReportWriter["write"] = async (claim, kind, recipients) => {
    const { message } = claim;
    const { envelope, origin } = message;
    const date = clock.wall();
    const to = asciiMailbox(envelope.reversePath) ?? envelope.reversePath;
    const messageId = newMessageId(message.id, kind);
    const original = await readOriginal(claim, wantsFull(claim, kind, recipients, settings));
    const built = buildReport({
      kind,
      hostname: settings.hostname,
      from:
        asciiMailbox(settings.externalPostmasterAddress) ??
        (isAscii(to) ? `postmaster@${settings.hostname}` : settings.externalPostmasterAddress),
      to,
      date,
      messageId,
      envid: envelope.envid,
      arrivalDate: new Date(
        date.getTime() - Math.max(0, clock.now() - message.arrivedAt + (message.timeOffMs ?? 0)),
      ),
      receivedFrom: receivedFrom(origin.helloName, origin.sourceAddress),
      recipients,
      original,
    });
    const { sourceAddress, sessionId, application } = origin;
    const report: Report = {
      envelope: {
        reversePath: "",
        // RFC 3461 §6.1: a report never causes another.
        recipients: [{ forwardPath: to, notify: never }],
        body: built.smtpUtf8 ? "8BITMIME" : "7BIT",
        smtpUtf8: built.smtpUtf8,
        ...(envelope.tls === "required" ? { tls: envelope.tls } : {}),
      },
      content: built.content,
      origin: {
        connector: reportConnector,
        sourceAddress,
        helloName: settings.hostname,
        ...(origin.captured === undefined ? {} : { captured: origin.captured }),
        sessionId,
        ...(application === undefined ? undefined : { application }),
      },
    };
    return { report, messageId };
  };

  const shrink: ReportWriter["shrink"] = async ({ message, content }) => {
    const octets = content.inMemory ?? (await wholeOf(content));
    const messageId = newMessageId(message.id, "smallest");
    const smallest = smallestReport(octets, messageId);
    const { envelope, origin } = message;
    const report = smallest === undefined ? undefined : { envelope, content: smallest, origin };
    return { report, messageId, about: reportedWords(octets) };
  };

  /** Large originals are read one after another. */
  const inTurn = <T>(claim: Claim, make: () => Promise<T>): Promise<T> => {
    if (claim.message.content.sizeBytes <= largeBytes) return make();
    const mine = turn.then(make);
    turn = mine.catch(() => undefined);
    return mine;
  };

  return {
    write: (claim, kind, recipients) => inTurn(claim, () => write(claim, kind, recipients)),
    shrink: (claim) => inTurn(claim, () => shrink(claim)),
  };
}

/** A claim of a report made here: nobody is told of it in turn. */
export function isReport({ message }: Claim): boolean {
  return message.envelope.reversePath === "" && message.origin.connector === reportConnector;
}

const never = { never: true, success: false, failure: false, delay: false } as const;

function wantsFull(
  { message }: Claim,
  kind: ReportKind,
  recipients: readonly ReportRecipient[],
  { dsnMaxMessageAttachSize }: ReportSettings,
): boolean {
  // RFC 8689 §4.1: what was to be protected is not to come back by ways that are not.
  const ret = message.envelope.tls === "required" ? "HDRS" : message.envelope.ret;
  const original = { ret, sizeBytes: message.content.sizeBytes };
  return originalExtent(kind, recipients, original, dsnMaxMessageAttachSize) === "full";
}

async function wholeOf(content: ContentReader): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of content.stream()) pieces.push(piece);
  return Buffer.concat(pieces);
}

function receivedFrom(helloName: string, address: string): string | undefined {
  if (helloName === "") return address === "" ? undefined : `[${address}]`;
  return isAscii(helloName) && address !== "" ? `${helloName} ([${address}])` : helloName;
}
