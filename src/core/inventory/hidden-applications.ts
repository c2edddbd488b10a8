/**
 * One address that hides several applications: a router (NAT), a load balancer without PROXY header, a server with many
 * programs. Limits of a source hit all of them together.
 */
import type { Sender } from "./sender.ts";

export interface HiddenApplications {
  /** Accounts, where there are several; else HELO names. */
  readonly by: "users" | "heloNames";
  readonly names: readonly string[];
}

/** So often, over so long: a test, or a machine that was renamed, is no application. */
const leastMessages = 10;
const leastSpanMs = 24 * 3_600_000;
const recentMs = 7 * 24 * 3_600_000;

/** `senders`: all of one source. */
export function hiddenApplications(
  senders: readonly Sender[],
  nowMs: number,
): HiddenApplications | undefined {
  const isSteady = (one: { readonly firstMs: number; readonly lastMs: number }, count: number): boolean =>
    count >= leastMessages && one.lastMs - one.firstMs >= leastSpanMs && nowMs - one.lastMs < recentMs;
  const users = senders.filter(
    ({ user, firstMs, lastMessageMs, messages }) =>
      user !== "" && isSteady({ firstMs, lastMs: lastMessageMs }, messages),
  );
  if (users.length > 1) return { by: "users", names: users.map(({ user }) => user).toSorted() };
  const steady = new Set<string>();
  let known = 0;
  for (const { traits } of senders)
    for (const one of traits) {
      if (one.kind !== "heloName") continue;
      known++;
      if (isSteady(one, one.count)) steady.add(one.name.toLowerCase());
    }
  // Who calls itself something else each time tells nothing by it.
  return steady.size > 1 && steady.size * 4 >= known
    ? { by: "heloNames", names: [...steady].toSorted() }
    : undefined;
}
