/**
 * Refusals, gathered: the first of an event, connector, source, kind and setting within a minute is written at
 * once, and when the minute is over one more entry tells how many there were. At Expert each is written as well, up
 * to a bound. The cost of one more refusal is a look-up; what is written does not grow with their number.
 */
import type { Clock, Timer } from "../../ports/ports.ts";
import { catalogue } from "../catalogue.ts";
import type { EventRecord } from "../events.ts";
import type { Tally } from "./stored-event.ts";

interface Hit {
  readonly first: EventRecord;
  /** Of the entry written for the first. */
  readonly sequence: number;
  /** Stands for the sources beyond those told apart. */
  readonly together: boolean;
  last: EventRecord;
  count: number;
}

export interface LimitHits {
  add(record: EventRecord): void;
  /** What is known so far of the minute that an entry opened; undefined when it is over. */
  tallyOf(sequence: number): Tally | undefined;
  /** Writes what is open, as at the end of its minute. */
  finish(): void;
}

export interface LimitHitSettings {
  /** Keys told apart within a minute; the rest is counted together, as "other sources". */
  readonly maxKeys: number;
  /** Refusals written one by one within a second, where they are wanted. */
  readonly maxSinglesPerSecond: number;
  /** IPv6 addresses that share so many bits are one key; rounded up to the 16 bits of a group. */
  readonly ipv6SourcePrefixLength: number;
}

export const defaultLimitHitSettings: LimitHitSettings = {
  maxKeys: 5_000,
  maxSinglesPerSecond: 100,
  ipv6SourcePrefixLength: 64,
};

const minuteMs = 60_000;
const secondMs = 1_000;
/** Closing entries written in one go; rendering thousands at once would hold up the mail. */
const closingSlice = 200;
const closingPauseMs = 20;

export function createLimitHits(options: {
  readonly clock: Clock;
  readonly settings: LimitHitSettings;
  /** Writes an entry, returns its sequence. */
  readonly write: (record: EventRecord, tally?: Tally) => number;
  /** Whether this event's category is at Expert. */
  readonly wantsSingles: (record: EventRecord) => boolean;
}): LimitHits {
  const { clock, settings, write, wantsSingles } = options;
  const ipv6Groups = Math.ceil(settings.ipv6SourcePrefixLength / 16);
  let open = new Map<string, Hit>();
  let openBySequence = new Map<number, Hit>();
  let toldApart = 0;
  const closing: Hit[] = [];
  let minuteEnd: Timer | undefined;
  let closingTimer: Timer | undefined;
  let singles = 0;
  let unwritten: { count: number; last: EventRecord } | undefined;
  let secondEnd: Timer | undefined;

  const begin = (key: string, record: EventRecord, together: boolean): void => {
    const at = record.at.toISOString();
    const shown = together ? ofOtherSources(record) : record;
    const sequence = write(shown, { count: 1, firstAt: at, lastAt: at });
    const hit: Hit = { first: record, sequence, together, last: record, count: 1 };
    open.set(key, hit);
    openBySequence.set(sequence, hit);
    // Minutes are those of the wall clock, so that people can line them up with other logs.
    minuteEnd ??= clock.after(minuteMs - (clock.wall().getTime() % minuteMs), endMinute);
  };

  const add = (record: EventRecord): void => {
    const { name, fields } = record;
    const connector = fields["connector"];
    const key = `${name}\n${connector}\n${sourceOf(fields["source"], ipv6Groups)}\n${fields["refusal"]}\n${fields["setting"]}`;
    const room = toldApart < settings.maxKeys;
    const hit = open.get(key) ?? (room ? undefined : open.get(`${name}\n${connector}`));
    if (hit !== undefined) {
      hit.count++;
      hit.last = record;
    } else if (room) {
      toldApart++;
      begin(key, record, false);
    } else {
      begin(`${name}\n${connector}`, record, true);
    }
    if (wantsSingles(record)) writeSingly(record);
  };

  const writeSingly = (record: EventRecord): void => {
    secondEnd ??= clock.after(secondMs, endSecond);
    if (singles < settings.maxSinglesPerSecond) {
      singles++;
      write(record);
    } else {
      unwritten ??= { count: 0, last: record };
      unwritten.count++;
      unwritten.last = record;
    }
  };

  const endSecond = (): void => {
    secondEnd?.cancel();
    secondEnd = undefined;
    singles = 0;
    if (unwritten === undefined) return;
    const { count, last } = unwritten;
    unwritten = undefined;
    const definition = catalogue.LimitHitsNotWrittenSingly;
    write({ name: "LimitHitsNotWrittenSingly", definition, at: last.at, fields: { count } });
  };

  const endMinute = (): void => {
    minuteEnd?.cancel();
    minuteEnd = undefined;
    for (const hit of open.values()) if (hit.count > 1) closing.push(hit);
    open = new Map();
    toldApart = 0;
    writeClosing(closingSlice);
  };

  const writeClosing = (most: number): void => {
    closingTimer?.cancel();
    closingTimer = undefined;
    for (const hit of closing.splice(0, most)) write(totalOf(hit), tallyOf(hit, hit.sequence));
    if (closing.length > 0) closingTimer = clock.after(closingPauseMs, () => writeClosing(closingSlice));
    else openBySequence = new Map([...open.values()].map((hit) => [hit.sequence, hit]));
  };

  return {
    add,
    tallyOf(sequence) {
      const hit = openBySequence.get(sequence);
      return hit && tallyOf(hit);
    },
    finish() {
      endSecond();
      endMinute();
      writeClosing(closing.length);
    },
  };
}

/** The last refusal of the minute with the reference of the first, so that any between them is found. */
function totalOf({ first, last, together }: Hit): EventRecord {
  const firstReference = first.fields["reference"];
  const total = firstReference === undefined ? last : { ...last, fields: { ...last.fields, firstReference } };
  return together ? ofOtherSources(total) : total;
}

function ofOtherSources(record: EventRecord): EventRecord {
  return { ...record, fields: { ...record.fields, source: "other sources" } };
}

function tallyOf({ first, last, count }: Hit, replaces?: number): Tally {
  const tally = { count, firstAt: first.at.toISOString(), lastAt: last.at.toISOString() };
  return replaces === undefined ? tally : { ...tally, replaces };
}

/** IPv6 addresses of one network are one key (core/policy/source.ts), told from the text: parsing it takes far longer. */
function sourceOf(source: string | number | undefined, ipv6Groups: number): string | number | undefined {
  if (typeof source !== "string" || !source.includes(":")) return source;
  const [before = "", after] = source.split("::", 2);
  const head = before === "" ? [] : before.split(":");
  if (after !== undefined && head.length < ipv6Groups) {
    const tail = after === "" ? [] : after.split(":");
    while (head.length + tail.length < 8) head.push("0");
    head.push(...tail);
  }
  return head.slice(0, ipv6Groups).join(":");
}
