/** Tells findings as events: each once, and again when it is over; where very many begin at once, the rest in one. */
import type { Finding, FindingKind } from "../core/inventory/findings.ts";
import type { EventName } from "../events/catalogue.ts";
import type { Events } from "../events/events.ts";

const begins = {
  newSender: "SenderNew",
  silentSender: "SenderSilent",
  unusualVolume: "SenderVolumeUnusual",
  hiddenApplications: "AddressHidesApplications",
  silentLoss: "MessagesProbablyLost",
} as const satisfies Record<FindingKind, EventName>;

const ends: Readonly<Record<FindingKind, string>> = {
  newSender: "is new no more: it was named, or a week went by",
  silentSender: "sends again, or was not waited for any longer",
  unusualVolume: "sends no more than usual again",
  hiddenApplications: "hides no several applications any more",
  silentLoss: "hands in its mail again without being refused, or a week went by",
};

/** Of one kind, within an hour. */
const mostSingly = 20;
const hourMs = 3_600_000;

export interface FindingTeller {
  begun(findings: readonly Finding[], nowMs: number): void;
  over(findings: readonly Finding[], nowMs: number): void;
}

export function createFindingTeller(events: Events): FindingTeller {
  const told = new Map<string, { sinceMs: number; count: number }>();
  /** False: there were too many of late. */
  const mayTell = (what: string, nowMs: number): boolean => {
    const before = told.get(what);
    const isOver = before === undefined || Math.abs(nowMs - before.sinceMs) >= hourMs;
    const hour = isOver ? { sinceMs: nowMs, count: 0 } : before;
    told.set(what, hour);
    return ++hour.count <= mostSingly;
  };
  const fieldsOf = ({ who, source, application = "", owner = "nobody is named", text }: Finding) => ({
    who,
    source,
    application,
    owner,
    what: text,
  });
  const tellAll = (
    findings: readonly Finding[],
    nowMs: number,
    phase: string,
    tellOne: (finding: Finding) => void,
  ): void => {
    const unsaid = new Map<FindingKind, number>();
    for (const finding of findings)
      if (mayTell(`${phase} ${finding.kind}`, nowMs)) tellOne(finding);
      else unsaid.set(finding.kind, (unsaid.get(finding.kind) ?? 0) + 1);
    for (const [kind, count] of unsaid)
      events.emit("SenderFindingsMore", {
        count,
        event: phase === "begun" ? begins[kind] : "SenderFindingOver",
      });
  };
  return {
    begun: (findings, nowMs) =>
      tellAll(findings, nowMs, "begun", (finding) => events.emit(begins[finding.kind], fieldsOf(finding))),
    over: (findings, nowMs) =>
      tellAll(findings, nowMs, "over", (finding) =>
        events.emit("SenderFindingOver", {
          ...fieldsOf(finding),
          event: begins[finding.kind],
          what: ends[finding.kind],
        }),
      ),
  };
}
