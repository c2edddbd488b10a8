/** Who uses the relay otherwise than it did: new and silent senders, ten times the usual, hidden applications, lost mail. */
import { findingKinds, type Finding, type FindingKind } from "../../core/inventory/findings.ts";
import { counted, mostOfAKind, type Headline } from "./headline.ts";

const severities: Readonly<Record<FindingKind, Headline["severity"]>> = {
  newSender: "information",
  silentSender: "warning",
  unusualVolume: "warning",
  hiddenApplications: "information",
  silentLoss: "warning",
};
const called: Readonly<Record<FindingKind, string>> = {
  newSender: "new sender",
  silentSender: "silent sender",
  unusualVolume: "sender with ten times the usual",
  hiddenApplications: "address that hides several applications",
  silentLoss: "sender that was refused and never came back",
};
const plurals: Readonly<Record<FindingKind, string>> = {
  newSender: "new senders",
  silentSender: "silent senders",
  unusualVolume: "senders with ten times the usual",
  hiddenApplications: "addresses that hide several applications",
  silentLoss: "senders that were refused and never came back",
};

/** The latest of each kind, the rest in one. */
export function senderHeadlines(findings: readonly Finding[]): Headline[] {
  return findingKinds.flatMap((kind) => {
    const all = findings.filter((finding) => finding.kind === kind);
    const rest = all.length - mostOfAKind;
    return [
      ...all.slice(0, mostOfAKind).map((finding): Headline => {
        const { who, source, application, sinceMs, text, owner } = finding;
        return {
          subject: "sender",
          severity: severities[kind],
          text: `${who} ${text}.${kind === "silentLoss" && owner !== undefined ? ` ${owner} answers for it.` : ""}`,
          source,
          ...(application === undefined ? undefined : { application }),
          since: new Date(sinceMs).toISOString(),
        };
      }),
      ...(rest > 0
        ? [
            {
              subject: "sender" as const,
              severity: severities[kind],
              text: `${counted(rest, `more ${called[kind]}`, `more ${plurals[kind]}`)}; weir Get-Application -Findings lists them.`,
              count: rest,
            },
          ]
        : []),
    ];
  });
}
