/** Which entries a search is for: the exact test, and a quick one that the raw line must pass first. */
import type { TrackingRecord } from "./tracking-record.ts";

/** All that are given must hold. Texts without regard to case; `*` and `?` as wildcards but in `messageSubject`. */
export interface TrackingFilter {
  /** Inclusive. */
  readonly start?: Date | undefined;
  /** Exclusive. */
  readonly end?: Date | undefined;
  /** Empty: the null reverse-path. */
  readonly sender?: string | undefined;
  /** One of them is enough. */
  readonly recipients?: readonly string[] | undefined;
  /** With or without angle brackets. */
  readonly messageId?: string | undefined;
  readonly internalMessageId?: number | undefined;
  readonly eventIds?: readonly string[] | undefined;
  readonly source?: string | undefined;
  /** With or without the server in front. */
  readonly connector?: string | undefined;
  /** Where the message came from, on whatever entry. */
  readonly clientIp?: string | undefined;
  /** A part is enough. */
  readonly messageSubject?: string | undefined;
  readonly reference?: string | undefined;
  /** At most so many entries, the newest. */
  readonly resultSize: number;
}

export function trackingMatcher(filter: TrackingFilter): (record: TrackingRecord) => boolean {
  const tests: ((record: TrackingRecord) => boolean)[] = [];
  const { start, end, recipients, internalMessageId, eventIds, messageSubject } = filter;
  if (start !== undefined) {
    const from = start.toISOString();
    tests.push(({ at }) => at >= from);
  }
  if (end !== undefined) {
    const to = end.toISOString();
    tests.push(({ at }) => at < to);
  }
  if (internalMessageId !== undefined) tests.push((record) => record.internalMessageId === internalMessageId);
  if (eventIds !== undefined) {
    const wanted = new Set(eventIds.map((one) => one.toUpperCase()));
    tests.push(({ eventId }) => wanted.has(eventId));
  }
  const like = (pattern: string | undefined, values: (record: TrackingRecord) => readonly string[]): void => {
    if (pattern === undefined) return;
    const matches = textMatcher(pattern);
    tests.push((record) => values(record).some(matches));
  };
  like(filter.source, ({ source }) => [source]);
  like(filter.sender, ({ sender }) => [sender]);
  like(filter.messageId, ({ messageId }) => [messageId, withoutBrackets(messageId)]);
  like(filter.reference, ({ reference }) => [reference, withoutBrackets(reference)]);
  like(filter.connector, ({ connectorId }) => [
    connectorId,
    connectorId.slice(connectorId.indexOf("\\") + 1),
  ]);
  like(filter.clientIp, ({ clientIp, originalClientIp }) => [clientIp, originalClientIp]);
  if (recipients !== undefined) {
    const matchers = recipients.map(textMatcher);
    tests.push((record) => matchers.some((matches) => record.recipients.some(matches)));
  }
  if (messageSubject !== undefined) {
    const part = messageSubject.toLowerCase();
    tests.push((record) => record.messageSubject.toLowerCase().includes(part));
  }
  return (record) => tests.every((holds) => holds(record));
}

function withoutBrackets(messageId: string): string {
  return messageId.startsWith("<") ? messageId.slice(1, -1) : messageId;
}

function textMatcher(pattern: string): (value: string) => boolean {
  const wanted = pattern.toLowerCase();
  if (!/[*?]/.test(pattern)) return (value) => value.toLowerCase() === wanted;
  return (value) => wildcardMatches(wanted, value.toLowerCase());
}

/** `*` any text, `?` one character. Linear for each star: no expression that a pattern could blow up. */
function wildcardMatches(pattern: string, value: string): boolean {
  let at = 0;
  let p = 0;
  let star = -1;
  let resume = 0;
  while (at < value.length) {
    if (p < pattern.length && pattern[p] === "*") {
      star = p++;
      resume = at;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === value[at])) {
      p++;
      at++;
    } else if (star >= 0) {
      p = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/**
 * A text that every line looked for contains, whatever the case of its letters; undefined when there is none. Only
 * characters that stand in the file as they are.
 */
export function rawNeedle(filter: TrackingFilter): string | undefined {
  if (filter.internalMessageId !== undefined) return `,${filter.internalMessageId},`;
  const { recipients, eventIds } = filter;
  const texts = [
    filter.messageId,
    filter.reference,
    recipients?.length === 1 ? recipients[0] : undefined,
    filter.sender,
    filter.messageSubject?.replace(/[*?]/g, "\0"),
    filter.clientIp,
    filter.connector,
  ];
  let longest = "";
  for (const text of texts) {
    for (const run of text?.match(/[!#-&(+\-./0-:<=>@A-~]+/g) ?? []) {
      if (run.length > longest.length) longest = run;
    }
  }
  if (longest.length >= 2) return longest;
  if (filter.sender === "") return ",<>,<>,";
  if (eventIds?.length === 1) return `,${eventIds[0] ?? ""},`;
  return filter.source === undefined || /[*?]/.test(filter.source) ? undefined : `,${filter.source},`;
}
