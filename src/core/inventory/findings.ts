/** What is remarkable about who uses the relay. Each finding is a fact about now: it is told when it begins and when it is over. */
import { isRefusalKind, refusalCatalogue } from "../refusals/catalogue.ts";
import { largestOf, leastOf } from "../units/extremes.ts";
import { hiddenApplications } from "./hidden-applications.ts";
import { excessOf } from "./excess.ts";
import { partyKey, partyName, type Party } from "./parties.ts";
import { learningHours, missedHours, silenceOf, type Outage, type Presence } from "./rhythm.ts";
import type { Sender } from "./sender.ts";
import { namesOf } from "./traits.ts";
import { dayMs, hourMs, mergedVolume, type VolumeRow } from "./volume.ts";

export const findingKinds = [
  "newSender",
  "silentSender",
  "unusualVolume",
  "hiddenApplications",
  "silentLoss",
] as const;
export type FindingKind = (typeof findingKinds)[number];

export interface Finding {
  readonly kind: FindingKind;
  /** Whose: `partyKey`, or `source ADDRESS`. */
  readonly about: string;
  /** For people. */
  readonly who: string;
  readonly source: string;
  readonly application?: string | undefined;
  /** Who answers for it. */
  readonly owner?: string | undefined;
  /** Began then, as far as it is known. */
  readonly sinceMs: number;
  /** What there is to say behind `who`: a sentence without its subject, and what to do. */
  readonly text: string;
}

export interface JudgedAt {
  readonly nowMs: number;
  /** The inventory's knowledge begins then. */
  readonly sinceMs: number;
  readonly outages: readonly Outage[];
  /** What the clock on the wall is ahead of UTC at an instant. */
  readonly localOffsetMs: (atMs: number) => number;
}

const newForMs = 7 * dayMs;
const leastRefusals = 3;

/** Cost: some 20 µs, and a pass over the rows of its senders. */
export function findingsOf(party: Party, at: JudgedAt): Finding[] {
  const { application, senders } = party;
  const [first] = senders;
  if (first === undefined) return [];
  const { nowMs } = at;
  const days = mergedVolume(senders.map((one) => one.days)).rows(Math.floor(nowMs / dayMs) - 35);
  const about = partyKey(party);
  const who = partyName(party);
  const finding = (kind: FindingKind, sinceMs: number, text: string, source = first.source): Finding => ({
    kind,
    about,
    who,
    source,
    application: application?.name,
    owner: application?.owner,
    sinceMs,
    text,
  });
  const found: Finding[] = [];
  const fresh = application === undefined ? newSender(first, at) : undefined;
  if (fresh !== undefined) found.push(finding("newSender", first.firstMs, fresh));
  const silent = silence(party, days, at);
  if (silent !== undefined) found.push(finding("silentSender", silent.sinceMs, silent.text));
  const volume = unusual(party, days, at);
  if (volume !== undefined) found.push(finding("unusualVolume", Math.floor(nowMs / hourMs) * hourMs, volume));
  const lost = senders.filter((one) => one.lost !== undefined);
  const attempts = lost.reduce((sum, one) => sum + (one.lost?.attempts ?? 0), 0);
  const [loser] = lost;
  if (loser?.lost !== undefined) {
    const from = leastOf(lost, (one) => one.lost?.firstMs ?? Infinity);
    const to = largestOf(lost, (one) => one.lost?.lastMs ?? 0);
    found.push(
      finding(
        "silentLoss",
        from,
        `was refused at least ${attempts === 1 ? "once" : `${attempts} times`} (${refusedBy(loser.lost.kind)}) that it never came back from, ${period(from, to)}: these messages were probably lost at the client`,
        loser.source,
      ),
    );
  }
  return found;
}

/** The setting, as administrators know it; the kind where it was none. */
function refusedBy(kind: string): string {
  const known = isRefusalKind(kind) ? refusalCatalogue[kind] : undefined;
  return known !== undefined && "setting" in known && known.setting !== undefined ? known.setting : kind;
}

function newSender(sender: Sender, { nowMs, sinceMs }: JudgedAt): string | undefined {
  const { firstMs, messages, refusals, traits } = sender;
  const isNew = firstMs - sinceMs >= learningHours * hourMs && nowMs - firstMs < newForMs;
  if (!isNew || (messages === 0 && refusals < leastRefusals)) return undefined;
  const [heloName] = namesOf(traits, "heloName");
  const called = heloName === undefined ? "" : `, calls itself ${heloName}`;
  return `is new here and belongs to no application${called}: ${messages} messages, ${refusals} refusals`;
}

function silence(
  { application, senders }: Party,
  days: readonly VolumeRow[],
  { nowMs, sinceMs, outages, localOffsetMs }: JudgedAt,
): { readonly sinceMs: number; readonly text: string } | undefined {
  const presence: readonly Presence[] = days.map(({ bucket: day, hours }) => ({ day, hours }));
  const nowHour = Math.floor(nowMs / hourMs);
  const firstMs = leastOf(senders, (one) => one.firstMs);
  const expected = application?.expectedHours ?? [];
  const isAway = outages.some(({ toHour }) => nowHour - toHour < 24);
  const found =
    expected.length > 0
      ? isAway || nowMs - Math.max(firstMs, sinceMs) < dayMs
        ? undefined
        : missedHours(expected, presence, nowMs, localOffsetMs)
      : silenceOf(presence, Math.ceil(Math.max(firstMs, sinceMs) / hourMs), nowHour, outages);
  if (found === undefined) return undefined;
  const last = `the last came ${hourText(found.lastHour * hourMs)}`;
  const why = {
    rhythm: `${last}, by its rhythm it was expected from ${hourText(found.missedFrom * hourMs)} on`,
    pause: `${last}, and it never paused for half as long`,
    hours: `nothing came in its expected hours (${expected.map(({ text }) => text).join("; ")}); ${last}`,
  }[found.by];
  return { sinceMs: found.missedFrom * hourMs, text: `sends no mail any more: ${why}` };
}

function unusual(
  { application, senders }: Party,
  days: readonly VolumeRow[],
  at: JudgedAt,
): string | undefined {
  const { nowMs, sinceMs } = at;
  const hour = Math.floor(nowMs / hourMs);
  const ofHour = (bucket: number): number =>
    senders.reduce((sum, one) => sum + one.hours.value(bucket, "messages"), 0);
  const firstMs = leastOf(senders, (one) => one.firstMs);
  const excess = excessOf(
    days,
    {
      day: Math.floor(nowMs / dayMs),
      sinceDay: Math.ceil(Math.max(firstMs, sinceMs) / dayMs),
      hourMessages: Math.max(ofHour(hour), ofHour(hour - 1)),
    },
    application?.expectedVolumePerDay,
  );
  if (excess === undefined) return undefined;
  const { messages, per, usual, isSet } = excess;
  return `sends ten times the usual: ${messages} messages ${per === "day" ? "today" : "within an hour"}, ${usual} are ${isSet ? "expected" : "usual"} ${per === "day" ? "a day" : "in its busiest hour"}`;
}

/** `senders`: all of one source. */
export function findingsOfSource(source: string, senders: readonly Sender[], { nowMs }: JudgedAt): Finding[] {
  const hidden = hiddenApplications(senders, nowMs);
  if (hidden === undefined) return [];
  const { by, names } = hidden;
  const shown = names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");
  return [
    {
      kind: "hiddenApplications",
      about: `source ${source}`,
      who: source,
      source,
      sinceMs: leastOf(senders, ({ firstMs }) => firstMs),
      text: `hides ${names.length} applications behind one address, by their ${by === "users" ? "accounts" : "HELO names"} (${shown}): per-source limits hit all of them together`,
    },
  ];
}

function hourText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function period(fromMs: number, toMs: number): string {
  const [from, to] = [hourText(fromMs), hourText(toMs)];
  return from === to ? from : `${from} to ${to}`;
}

/** Which findings there are, and which of them were told already. */
export class OpenFindings {
  readonly #open: Map<string, Finding>;

  constructor(open: readonly Finding[] = []) {
    this.#open = new Map(open.map((finding) => [keyOf(finding), finding]));
  }

  all(): readonly Finding[] {
    return [...this.#open.values()];
  }

  about(about: string): readonly Finding[] {
    return this.all().filter((finding) => finding.about === about);
  }

  /** What is found of one party, or one source, now: what is new of it, and what is over. */
  judged(about: string, found: readonly Finding[]): { readonly begun: Finding[]; readonly over: Finding[] } {
    const begun: Finding[] = [];
    const over: Finding[] = [];
    for (const finding of found) {
      const key = keyOf(finding);
      const known = this.#open.get(key);
      if (known === undefined) begun.push(finding);
      this.#open.set(key, known === undefined ? finding : { ...finding, sinceMs: known.sinceMs });
    }
    for (const kind of findingKinds) {
      const key = `${kind} ${about}`;
      const known = this.#open.get(key);
      if (known === undefined || found.some((finding) => finding.kind === kind)) continue;
      this.#open.delete(key);
      over.push(known);
    }
    return { begun, over };
  }

  /** Those of parties and sources that are no more are over. */
  retain(isThere: (about: string) => boolean): Finding[] {
    const over = this.all().filter(({ about }) => !isThere(about));
    for (const finding of over) this.#open.delete(keyOf(finding));
    return over;
  }
}

function keyOf({ kind, about }: Finding): string {
  return `${kind} ${about}`;
}
