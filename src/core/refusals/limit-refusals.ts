/** From what a limit decided to what the client is refused. */
import { pressureWaitMs, type PressureVerdict } from "../policy/back-pressure.ts";
import { thresholdSettings } from "../policy/back-pressure-thresholds.ts";
import { ownerKey, ownerText, type RightsOwner } from "../policy/client-rights.ts";
import type { ConnectionRefusal } from "../policy/connection-limits.ts";
import { formatBesideLimit } from "../units/byte-size.ts";
import type { SpokenKind } from "./catalogue.ts";
import { refused, type Refused } from "./refusal.ts";

const connectionKinds: Readonly<Record<ConnectionRefusal["limit"], SpokenKind>> = {
  maxInboundConnection: "connectionLimit",
  maxInboundConnectionPerSource: "connectionLimitPerSource",
  maxInboundConnectionPercentagePerSource: "connectionPercentagePerSource",
};

/** `likelyMs`: until a place is likely to come free. */
export function refusedConnection(
  { limit, configured, allowed, seen }: ConnectionRefusal,
  likelyMs?: number,
): Refused {
  const retryAfterSeconds = likelyMs === undefined ? undefined : secondsOf(likelyMs);
  return refused(connectionKinds[limit], { configured, allowed, seen, retryAfterSeconds });
}

export function refusedMessageRate(
  owner: Owner,
  limit: number,
  seen: number,
  retryAfterSeconds?: number,
): Refused {
  return refusedClientRate("messageRateLimit", owner, limit, seen, retryAfterSeconds);
}

export function refusedRecipientRate(over: {
  readonly owner: Owner;
  readonly limit: number;
  readonly used: number;
  /** Infinity: never so many at once. */
  readonly freeInMs: number;
}): Refused {
  const { owner, limit, used, freeInMs } = over;
  return refusedClientRate("recipientRateLimit", owner, limit, used, secondsOf(freeInMs));
}

/** Whole ones, and never "at once". */
function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

type Owner = Pick<RightsOwner, "kind" | "name">;

/** A rate of a user, an application or a key, whatever the connector's are. */
function refusedClientRate(
  setting: "messageRateLimit" | "recipientRateLimit",
  owner: Owner,
  configured: number,
  seen: number,
  retryAfterSeconds: number | undefined,
): Refused {
  return refused(setting === "messageRateLimit" ? "clientMessageRate" : "clientRecipientRate", {
    setting,
    configured,
    seen,
    retryAfterSeconds,
    about: ownerKey(owner),
    detail: `of ${ownerText(owner)}`,
  });
}

/** The resource pressed hardest is named. */
export function refusedByPressure(verdict: PressureVerdict): Refused {
  const [hardest] = verdict.resources;
  if (hardest === undefined) return refused("insufficientResources");
  const { resource, level, current, thresholds } = hardest;
  const high = level === "High";
  const seen = rounded(current);
  return refused("insufficientResources", {
    setting: thresholdSettings[resource][high ? "high" : "medium"],
    configured: rounded(high ? thresholds.mediumToHigh : thresholds.lowToMedium),
    seen,
    retryAfterSeconds: secondsOf(pressureWaitMs(verdict)),
    detail: `${resource} is at ${seen}`,
  });
}

/** Percents are no whole numbers. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

export function refusedDeclaredSize(declaredBytes: number, maxBytes: number): Refused {
  return refused("declaredTooLarge", {
    configured: maxBytes,
    seen: declaredBytes,
    detail: `the client announced ${formatBesideLimit(declaredBytes, maxBytes)}`,
  });
}

/** `isWhole`: the client has sent all of it. */
export function refusedSize(
  kind: "messageTooLarge" | "headerTooLarge",
  sizeBytes: number,
  maxBytes: number,
  isWhole: boolean,
): Refused {
  const what = kind === "messageTooLarge" ? "message" : "header";
  const figure = formatBesideLimit(sizeBytes, maxBytes);
  return refused(kind, {
    configured: maxBytes,
    seen: sizeBytes,
    detail: isWhole ? `the ${what} has ${figure}` : `the ${what} had ${figure} and went on`,
  });
}

export function refusedHopCount(receivedCount: number, maxHopCount: number): Refused {
  return refused("hopCountExceeded", {
    configured: maxHopCount,
    seen: receivedCount,
    detail: `the header has ${receivedCount} Received fields`,
  });
}
