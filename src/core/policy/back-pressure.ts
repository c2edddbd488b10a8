/**
 * Back pressure: what the relay still takes when a resource runs short. Levels with hysteresis, a tarpit at MAIL
 * that grows, then refusal. Exchange: "Understanding back pressure"; `Tarpit for '0.00:00:55' due to 'Back Pressure'`.
 */
import type { PressureResource, ResourceThresholds } from "./back-pressure-thresholds.ts";

export type PressureLevel = "Low" | "Medium" | "High";

export interface ResourcePressure {
  readonly resource: PressureResource;
  readonly level: PressureLevel;
  /** In the unit of its thresholds: percent, messages, milliseconds. */
  readonly current: number;
  readonly thresholds: ResourceThresholds;
  /** Polls in a row that found it at Medium or High. */
  readonly pollsPressed: number;
}

/** What a MAIL command meets. Anonymous: neither logged on nor externally secured. */
export interface PressureVerdict {
  readonly level: "Medium" | "High";
  /** Those not at Low, the hardest pressed first; never empty. */
  readonly resources: readonly ResourcePressure[];
  /** How long the reply to an anonymous client's MAIL is held back; 0 where it is refused. */
  readonly mailTarpitMs: number;
  readonly refuse: "nobody" | "anonymous" | "everyone";
}

export interface BackPressure {
  readonly level: PressureLevel;
  readonly resources: readonly ResourcePressure[];
  /** Undefined: all is Low, nothing is asked of anybody. */
  readonly verdict: PressureVerdict | undefined;
}

export interface ResourceReading {
  readonly resource: PressureResource;
  readonly current: number;
  readonly thresholds: ResourceThresholds;
}

export const noPressure: BackPressure = { level: "Low", resources: [], verdict: undefined };

/** Time between two looks. Exchange: ResourceMeteringInterval. */
export const pressurePollMs = 2_000;

/**
 * Polls at Medium after which anonymous clients are refused and not held back any more: Exchange's history depths;
 * that of the disk is Weir's own, Exchange refuses at once.
 */
export const historyPolls: Readonly<Record<PressureResource, number>> = {
  UsedDiskSpace: 30,
  PrivateBytes: 30,
  "QueueLength[SubmissionQueue]": 300,
  EventLoopLag: 300,
};

const firstTarpitMs = 10_000;
const tarpitStepMs = 5_000;
const longestTarpitMs = 55_000;

const rank: Readonly<Record<PressureLevel, number>> = { Low: 0, Medium: 1, High: 2 };

const longestWaitMs = 5 * 60_000;

/**
 * When who is refused should come again, milliseconds. Nobody knows when the pressure ends: it is taken to go on for as long as
 * it has lasted, and is looked at only with each poll.
 */
export function pressureWaitMs({ resources }: PressureVerdict): number {
  const polls = Math.max(1, ...resources.map(({ pollsPressed }) => pollsPressed));
  return Math.min(longestWaitMs, polls * pressurePollMs);
}

/** Upwards at the threshold, downwards only below the one for the way back; both ways over a level in between. */
export function nextLevel(
  level: PressureLevel,
  current: number,
  { lowToMedium, mediumToHigh, highToMedium, mediumToLow }: ResourceThresholds,
): PressureLevel {
  if (current >= mediumToHigh) return "High";
  if (level === "High" && current >= highToMedium) return "High";
  if (current >= lowToMedium) return "Medium";
  return level === "Low" || current < mediumToLow ? "Low" : "Medium";
}

/** The state after one more poll. */
export function pressAgain(before: BackPressure, readings: readonly ResourceReading[]): BackPressure {
  const resources = readings.map(({ resource, current, thresholds }): ResourcePressure => {
    const last = before.resources.find((known) => known.resource === resource);
    const level = nextLevel(last?.level ?? "Low", current, thresholds);
    const pollsPressed = level === "Low" ? 0 : (last?.pollsPressed ?? 0) + 1;
    return { resource, level, current, thresholds, pollsPressed };
  });
  const verdict = verdictOf(resources);
  return { level: verdict?.level ?? "Low", resources, verdict };
}

function verdictOf(resources: readonly ResourcePressure[]): PressureVerdict | undefined {
  const pressed = resources
    .filter(({ level }) => level !== "Low")
    .sort((a, b) => rank[b.level] - rank[a.level] || b.pollsPressed - a.pollsPressed);
  const [hardest] = pressed;
  if (hardest === undefined) return undefined;
  if (hardest.level === "High")
    return { level: "High", resources: pressed, mailTarpitMs: 0, refuse: "everyone" };
  if (pressed.some(({ resource, pollsPressed }) => pollsPressed > historyPolls[resource]))
    return { level: "Medium", resources: pressed, mailTarpitMs: 0, refuse: "anonymous" };
  const polls = Math.max(...pressed.map(({ pollsPressed }) => pollsPressed));
  const mailTarpitMs = Math.min(longestTarpitMs, firstTarpitMs + tarpitStepMs * (polls - 1));
  return { level: "Medium", resources: pressed, mailTarpitMs, refuse: "nobody" };
}
