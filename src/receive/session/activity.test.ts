import { expect, test } from "vitest";
import { activityOf, type SessionActivity } from "./activity.ts";
import type { Place } from "./phase.ts";
import type { SessionState } from "./state.ts";

const state = (hello: string | undefined, recipients?: number): SessionState =>
  ({
    hello,
    transaction: recipients === undefined ? undefined : { recipients: Array.from({ length: recipients }) },
  }) as unknown as SessionState;

test.each<[Place, SessionState, SessionActivity]>([
  ["reading", state(undefined), "greeted"],
  ["reading", state("app"), "idle"],
  ["reading", state("app", 0), "mail"],
  ["reading", state("app", 1), "rcpt"],
  ["content", state("app", 1), "content"],
  ["blocked", state("app", 1), "content"],
  ["working", state("app"), "working"],
  ["storing", state("app", 1), "working"],
  ["tarpit", state("app"), "tarpit"],
  ["handshake", state("app"), "handshake"],
  ["closing", state("app", 1), "closing"],
  ["closed", state("app"), "closing"],
])("%s %# is %s", (place, session, activity) => {
  expect(activityOf(place, session)).toBe(activity);
});
