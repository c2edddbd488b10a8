/** Which findings this node tells, where several nodes know a part of who comes each. */
import type { Finding } from "../core/inventory/findings.ts";
import type { BegunFinding, SeenParty, SharedNotices } from "../ports/shared-notices.ts";

export interface FindingsOfRound {
  readonly nowMs: number;
  /** Who came since the last round; and of all that findings are about. */
  readonly seen: readonly SeenParty[];
  readonly begun: readonly Finding[];
  readonly over: readonly Finding[];
}

interface Pending {
  readonly finding: Finding;
  readonly lastMs: number;
  readonly patienceMs: number;
}

export type ToldOnce = (round: FindingsOfRound) => Promise<Pick<FindingsOfRound, "begun" | "over">>;

/** What could not be told of, while nobody answers. */
const mostUntold = 50_000;

const keyOf = ({ kind, about }: Finding): string => `${kind} ${about}`;

/** Without `shared` all is told. Never rejects. */
export function createToldOnce(shared: SharedNotices | undefined): ToldOnce {
  if (shared === undefined) return (round) => Promise.resolve(round);
  /** Begun here, while others see whose it is. */
  let pending = new Map<string, Pending>();
  const unsaid = new Map<string, SeenParty>();
  return async ({ nowMs, seen, begun, over }) => {
    const lastOf = new Map(seen.map(({ who, lastMs }) => [who, lastMs]));
    for (const one of seen) if (unsaid.has(one.who) || unsaid.size < mostUntold) unsaid.set(one.who, one);
    for (const finding of over) pending.delete(keyOf(finding));
    const asked: Pending[] = [
      ...pending.values(),
      ...begun.map((finding) => {
        const lastMs = lastOf.get(finding.about) ?? finding.sinceMs;
        return { finding, lastMs, patienceMs: nowMs - lastMs };
      }),
    ];
    if (asked.length + over.length + unsaid.size === 0) return { begun: [], over: [] };
    try {
      const told = await shared.findings({
        nowMs,
        seen: [...unsaid.values()],
        begun: asked.map(({ finding, lastMs, patienceMs }): BegunFinding => ({
          key: keyOf(finding),
          kind: finding.kind,
          who: finding.about,
          sinceMs: finding.sinceMs,
          lastMs,
          patienceMs,
        })),
        over: over.map(keyOf),
      });
      unsaid.clear();
      const waiting = asked.filter((_, index) => told.begun[index] === "notYet");
      pending = new Map(waiting.map((one) => [keyOf(one.finding), one]));
      return {
        begun: asked.filter((_, index) => told.begun[index] === "tell").map(({ finding }) => finding),
        over: over.filter((_, index) => told.over[index]),
      };
    } catch {
      // The spool tells of a database that is away.
      return { begun, over };
    }
  };
}
