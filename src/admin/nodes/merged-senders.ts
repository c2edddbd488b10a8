/** Who uses the relay, over several nodes: each has counted who came to it, so what is counted is added up. */
import type { Output } from "../contract.ts";
import type { OneAnswer } from "./node-answers.ts";

type Senders = Output<"listSenders">;
type Sender = Senders["senders"][number];
type Finding = Senders["findings"][number];
type Known = Output<"getSenderActivity">["known"];
type Activity = Output<"getSenderActivity">;
type Row = Activity["hours"][number];

const mostSources = 20;

const union = (lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())];

function joinedFindings(lists: readonly (readonly Finding[])[]): Finding[] {
  const told = new Map<string, Finding>();
  for (const finding of lists.flat()) {
    const key = `${finding.kind} ${finding.who}`;
    const before = told.get(key);
    if (before === undefined || finding.since < before.since) told.set(key, finding);
  }
  return [...told.values()].toSorted((one, other) => other.since.localeCompare(one.since));
}

/** A node finds a sender silent that another has seen since. */
const cameSince = ({ kind, since }: Finding, lastSeen: string | null): boolean =>
  kind === "silentSender" && lastSeen !== null && lastSeen > since;

function joinedKnown(all: readonly Known[]): Known {
  const sum = (of: (known: Known) => number): number => all.reduce((total, known) => total + of(known), 0);
  const instants = (of: (known: Known) => string | null): string[] =>
    all.flatMap((known) => of(known) ?? []).toSorted();
  const usual = all.flatMap(({ usualPerDay }) => usualPerDay ?? []);
  const sources = union(all.map((known) => known.sources));
  const last = instants(({ lastSeen }) => lastSeen).at(-1) ?? null;
  return {
    firstSeen: instants(({ firstSeen }) => firstSeen)[0] ?? null,
    lastSeen: last,
    lastMessage: instants(({ lastMessage }) => lastMessage).at(-1) ?? null,
    connections: sum(({ connections }) => connections),
    messages: sum(({ messages }) => messages),
    recipients: sum(({ recipients }) => recipients),
    octets: sum(({ octets }) => octets),
    refusals: sum(({ refusals }) => refusals),
    usualPerDay: usual.length === 0 ? null : usual.reduce((total, one) => total + one, 0),
    doors: union(all.map(({ doors }) => doors)),
    tls: union(all.map(({ tls }) => tls)),
    mechanisms: union(all.map(({ mechanisms }) => mechanisms)),
    heloNames: union(all.map(({ heloNames }) => heloNames)),
    connectors: union(all.map(({ connectors }) => connectors)),
    sources: sources.slice(0, mostSources),
    // Of those beyond 20 it is not known which are the same.
    sourceCount: Math.max(sources.length, ...all.map(({ sourceCount }) => sourceCount)),
    findings: joinedFindings(all.map(({ findings }) => findings)).filter((one) => !cameSince(one, last)),
  };
}

function joinedRows(rows: readonly Sender[]): Sender[] {
  const parties = new Map<string, Sender[]>();
  for (const row of rows) {
    const key = `${row.source} ${row.user}`;
    parties.set(key, [...(parties.get(key) ?? []), row]);
  }
  return Array.from(parties.values(), (of) => ({ ...of[0]!, ...joinedKnown(of) })).toSorted(
    (one, other) => other.messages - one.messages,
  );
}

export function joinedSenders(answers: readonly OneAnswer<Senders>[], limit: number): Senders {
  const all = answers.flatMap(({ output }) => output.senders);
  const rows = joinedRows(all);
  const lastOf = new Map(rows.map(({ source, user, lastSeen }) => [`${source} ${user}`, lastSeen]));
  const came = new Set(
    all.flatMap(({ source, user, findings }) =>
      findings
        .filter((finding) => cameSince(finding, lastOf.get(`${source} ${user}`) ?? null))
        .map(({ kind, who }) => `${kind} ${who}`),
    ),
  );
  return {
    since: answers.flatMap(({ output: { since } }) => since ?? []).toSorted()[0] ?? null,
    senders: rows.slice(0, limit),
    total: Math.max(rows.length, ...answers.map(({ output: { total } }) => total)),
    findings: joinedFindings(answers.map(({ output: { findings } }) => findings)).filter(
      ({ kind, who }) => !came.has(`${kind} ${who}`),
    ),
  };
}

export function joinedApplications(
  answers: readonly OneAnswer<Output<"listApplications">>[],
): Output<"listApplications"> {
  const first = answers[0]!.output;
  return {
    applications: first.applications.map((application) => {
      const same = answers.flatMap(({ output }) =>
        output.applications.filter(({ name }) => name === application.name),
      );
      return {
        ...application,
        status: {
          ...application.status,
          openConnections: same.reduce((sum, { status }) => sum + status.openConnections, 0),
          // Each says what it knows of all.
          recipientsLastDay: Math.max(...same.map(({ status }) => status.recipientsLastDay)),
        },
        known: joinedKnown(same.map(({ known }) => known)),
      };
    }),
  };
}

export function joinedActivity(answers: readonly OneAnswer<Activity>[]): Activity {
  const all = answers.map(({ output }) => output);
  const first = all[0]!;
  return {
    ...first,
    known: joinedKnown(all.map(({ known }) => known)),
    hours: joinedVolume(all.map(({ hours }) => hours)),
    days: joinedVolume(all.map(({ days }) => days)),
    senders: joinedRows(all.flatMap(({ senders }) => senders)).slice(0, 100),
  };
}

/** Peaks of the nodes need not have been at the same moment: their sum is the most it may have been. */
function joinedVolume(lists: readonly (readonly Row[])[]): Row[] {
  const rows = new Map<string, Row>();
  for (const row of lists.flat()) {
    const before = rows.get(row.at);
    rows.set(
      row.at,
      before === undefined
        ? row
        : {
            at: row.at,
            connections: before.connections + row.connections,
            messages: before.messages + row.messages,
            recipients: before.recipients + row.recipients,
            octets: before.octets + row.octets,
            refusals: before.refusals + row.refusals,
            highestOpen: before.highestOpen + row.highestOpen,
            highestMinute: before.highestMinute + row.highestMinute,
          },
    );
  }
  return [...rows.values()].toSorted((one, other) => one.at.localeCompare(other.at));
}
