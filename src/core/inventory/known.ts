/** What is known of a party, as people are shown it. */
import { commandWord } from "../units/command-word.ts";
import { largestOf, leastOf } from "../units/extremes.ts";
import { usualDay } from "./excess.ts";
import type { Party } from "./parties.ts";
import type { Sender } from "./sender.ts";
import { mergedTraits, namesOf } from "./traits.ts";
import { dayMs, hourMs, mergedVolume, type VolumeRow } from "./volume.ts";

export interface CountedVolume {
  readonly connections: number;
  readonly messages: number;
  readonly recipients: number;
  readonly octets: number;
  readonly refusals: number;
}

export interface Known extends CountedVolume {
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
  readonly lastMessageMs: number | undefined;
  readonly usualPerDay: number | undefined;
  readonly doors: readonly string[];
  readonly tls: readonly string[];
  readonly mechanisms: readonly string[];
  readonly heloNames: readonly string[];
  readonly connectors: readonly string[];
  /** The busiest first. */
  readonly sources: readonly string[];
}

/** Counted from the hour of `fromMs` on, or, where hours are not kept any more, from its day. */
export function knownOf({ senders }: Party, fromMs: number, nowMs: number): Known {
  const traits = mergedTraits(senders.map((one) => one.traits));
  const days = mergedVolume(senders.map((one) => one.days)).rows();
  const volume = sumOf(senders.flatMap((one) => rowsFrom(one, fromMs, nowMs)));
  const first = leastOf(senders, ({ firstMs }) => firstMs);
  const last = largestOf(senders, ({ lastMs }) => lastMs);
  const lastMessage = largestOf(senders, ({ lastMessageMs }) => lastMessageMs, 0);
  const busiest = senders.toSorted((one, other) => other.messages - one.messages);
  return {
    firstMs: senders.length === 0 ? undefined : first,
    lastMs: senders.length === 0 ? undefined : last,
    lastMessageMs: lastMessage === 0 ? undefined : lastMessage,
    ...volume,
    usualPerDay: usualDay(days, Math.floor(nowMs / dayMs)),
    doors: namesOf(traits, "door"),
    tls: namesOf(traits, "tls"),
    mechanisms: namesOf(traits, "mechanism"),
    heloNames: namesOf(traits, "heloName"),
    connectors: namesOf(traits, "connector"),
    sources: [...new Set(busiest.map(({ source }) => source))],
  };
}

const hoursKeptMs = 8 * dayMs;

function rowsFrom({ hours, days }: Sender, fromMs: number, nowMs: number): readonly VolumeRow[] {
  return nowMs - fromMs < hoursKeptMs
    ? hours.rows(Math.floor(fromMs / hourMs))
    : days.rows(Math.floor(fromMs / dayMs));
}

function sumOf(rows: readonly VolumeRow[]): CountedVolume {
  const sum = { connections: 0, messages: 0, recipients: 0, octets: 0, refusals: 0 };
  for (const row of rows) {
    sum.connections += row.connections;
    sum.messages += row.messages;
    sum.recipients += row.recipients;
    sum.octets += row.octets;
    sum.refusals += row.refusals;
  }
  return sum;
}

/** `-Addresses 10.0.0.7`, with a name for it: what it calls itself, or its account. */
export function namingCommand({ source, user, traits }: Pick<Sender, "source" | "user" | "traits">): string {
  const [heloName = ""] = namesOf(traits, "heloName");
  const called =
    user === "" ? (/^[A-Za-z][\w-]*/.exec(heloName)?.[0] ?? "NAME") : user.replace(/[^\w.-]/g, "-");
  const whose = user === "" ? `-Addresses ${source}` : `-Users ${commandWord(user)}`;
  return user.startsWith("API key ")
    ? `weir New-Application ${called.slice("API-key-".length)} -Addresses ${source}`
    : `weir New-Application ${called} ${whose}`;
}
