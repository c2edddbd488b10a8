/** Which entries a search is for: the exact test, and a quick one that the raw line must pass first. */
import { fieldValues, type TextField } from "./index/index-columns.ts";
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

/** One demand on a text field: of the record's values one must pass. */
export interface TextTest {
  readonly field: TextField;
  /** In any case of letters. */
  readonly holds: (value: string) => boolean;
  /**
   * A value in lower case that passes contains one of these; none: any value may pass. A needle with line feeds
   * around it is the whole value, in a list where each value stands between two.
   */
  readonly needles: readonly string[];
}

export function textTests(filter: TrackingFilter): readonly TextTest[] {
  const tests: TextTest[] = [];
  const like = (
    field: TextField,
    patterns: readonly string[] | undefined,
    /** Another reading of a value that is as good. */
    other: (value: string) => string | undefined = () => undefined,
    /** The whole values that a pattern without wildcards stands for. */
    wholes?: (pattern: string) => readonly string[],
  ): void => {
    if (patterns === undefined) return;
    const matchers = patterns.map(textMatcher);
    const needles = patterns.flatMap((pattern) => {
      const lower = pattern.toLowerCase();
      if (wholes !== undefined && !wildcard.test(pattern))
        return wholes(lower).map((whole) => `\n${whole}\n`);
      return [longest(lower.split(unsearchable))];
    });
    tests.push({
      field,
      holds: (value) => {
        const second = other(value);
        return matchers.some((matches) => matches(value) || (second !== undefined && matches(second)));
      },
      needles: needles.includes("") ? [] : needles,
    });
  };
  const one = (pattern: string | undefined) => (pattern === undefined ? undefined : [pattern]);
  const itself = (pattern: string) => [pattern];
  const id = (pattern: string) => [pattern, `<${pattern}>`];
  like("messageId", one(filter.messageId), withoutBrackets, id);
  like("reference", one(filter.reference), withoutBrackets, id);
  like("recipients", filter.recipients, undefined, itself);
  like("sender", one(filter.sender), undefined, itself);
  like("clients", one(filter.clientIp), undefined, itself);
  like("connectorId", one(filter.connector), (value) => value.slice(value.indexOf("\\") + 1));
  like("eventId", filter.eventIds, undefined, itself);
  like("source", one(filter.source), undefined, itself);
  const part = filter.messageSubject?.toLowerCase();
  if (part !== undefined) {
    const needle = longest(part.split(/[\ud800-\udfff]/));
    tests.push({
      field: "messageSubject",
      holds: (value) => value.toLowerCase().includes(part),
      needles: needle === "" ? [] : [needle],
    });
  }
  return tests.toSorted((test, other) => rarity(other) - rarity(test));
}

/** What is likely to pass the fewest values comes first. */
function rarity({ field, needles }: TextTest): number {
  const least = Math.min(...needles.map((needle) => needle.length + (needle.startsWith("\n") ? 1000 : 0)));
  return needles.length === 0 ? 0 : field === "source" || field === "eventId" ? least / 1000 : least;
}

export function trackingMatcher(filter: TrackingFilter): (record: TrackingRecord) => boolean {
  const { internalMessageId } = filter;
  const from = filter.start?.getTime() ?? -Infinity;
  const to = filter.end?.getTime() ?? Infinity;
  const timed = from !== -Infinity || to !== Infinity;
  const tests = textTests(filter);
  return (record) => {
    if (internalMessageId !== undefined && record.internalMessageId !== internalMessageId) return false;
    if (timed) {
      const at = Date.parse(record.at);
      if (at < from || at >= to) return false;
    }
    return tests.every(({ field, holds }) => fieldValues(record, field).some(holds));
  };
}

const wildcard = /[*?]/;
/** What a needle cannot have: wildcards, and halves of characters. */
const unsearchable = /[*?\ud800-\udfff]/;

function longest(texts: readonly string[]): string {
  return texts.reduce((most, text) => (text.length > most.length ? text : most), "");
}

function withoutBrackets(messageId: string): string | undefined {
  return /^<.*>$/.test(messageId) ? messageId.slice(1, -1) : undefined;
}

function textMatcher(pattern: string): (value: string) => boolean {
  const wanted = pattern.toLowerCase();
  if (!wildcard.test(pattern)) return (value) => value.toLowerCase() === wanted;
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
  const needle = longest(texts.flatMap((text) => text?.match(/[!#-&(+\-./0-:<=>@A-~]+/g) ?? []));
  if (needle.length >= 2) return needle;
  if (filter.sender === "") return ",<>,";
  if (eventIds?.length === 1) return `,${eventIds[0]!},`;
  return filter.source === undefined || /[*?]/.test(filter.source) ? undefined : `,${filter.source},`;
}
