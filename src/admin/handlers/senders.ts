/** The inventory of senders: who uses the relay, how much, and what is remarkable about it. */
import { Readable } from "node:stream";
import type { Finding } from "../../core/inventory/findings.ts";
import { knownOf, namingCommand, type Known } from "../../core/inventory/known.ts";
import { partyKey, partyName, type Party } from "../../core/inventory/parties.ts";
import type { Sender } from "../../core/inventory/sender.ts";
import { dayMs, hourMs, mergedVolume, type VolumeRow } from "../../core/inventory/volume.ts";
import { csvField } from "../../logs/csv.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";
import { shownLimit } from "./shown-values.ts";

type ShownSender = Output<"listSenders">["senders"][number];
type ShownKnown = Output<"getSenderActivity">["known"];
type Activity = Output<"getSenderActivity">;

const usualPeriodMs = 7 * dayMs;
const mostSources = 20;

/** Findings by what they are about. */
export type FindingsAbout = ReadonlyMap<string, readonly Finding[]>;

export function findingsByAbout({ relay }: Pick<Administered, "relay">): FindingsAbout {
  const found = new Map<string, Finding[]>();
  for (const finding of relay.inventory.findings())
    found.set(finding.about, [...(found.get(finding.about) ?? []), finding]);
  return found;
}

export function shownFinding({
  kind,
  who,
  source,
  application,
  sinceMs,
  text,
}: Finding): ShownKnown["findings"][number] {
  return { kind, who, source, application: application ?? null, since: instant(sinceMs), text };
}

/** What is known of one party, from an instant on. */
export function shownKnown(party: Party, findings: FindingsAbout, fromMs: number, nowMs: number): ShownKnown {
  const { firstMs, lastMs, lastMessageMs, usualPerDay, sources, ...known }: Known = knownOf(
    party,
    fromMs,
    nowMs,
  );
  const about = [partyKey(party), ...sources.slice(0, mostSources).map((source) => `source ${source}`)];
  return {
    firstSeen: firstMs === undefined ? null : instant(firstMs),
    lastSeen: lastMs === undefined ? null : instant(lastMs),
    lastMessage: lastMessageMs === undefined ? null : instant(lastMessageMs),
    connections: known.connections,
    messages: known.messages,
    recipients: known.recipients,
    octets: known.octets,
    refusals: known.refusals,
    usualPerDay: usualPerDay ?? null,
    doors: [...known.doors],
    tls: [...known.tls],
    mechanisms: [...known.mechanisms],
    heloNames: [...known.heloNames],
    connectors: [...known.connectors],
    sources: sources.slice(0, mostSources),
    sourceCount: sources.length,
    findings: about.flatMap((one) => findings.get(one) ?? []).map(shownFinding),
  };
}

/** Throws AdminRefusal for what lies ahead. */
export function periodStart(from: string | undefined, nowMs: number): number {
  const fromMs = from === undefined ? nowMs - usualPeriodMs : Date.parse(from);
  if (fromMs > nowMs) throw new AdminRefusal("invalidInput", "the period begins in the future");
  return fromMs;
}

type Names = "listSenders" | "exportSenders" | "getSenderActivity";

export function senderHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay, clock } = administered;
  const nowMs = (): number => clock.wall().getTime();

  const shownSender = (
    sender: Sender,
    { application }: Pick<Party, "application">,
    findings: FindingsAbout,
    fromMs: number,
  ): ShownSender => ({
    source: sender.source,
    user: sender.user,
    application: application?.name ?? null,
    owner: application?.owner ?? null,
    command: application === undefined ? namingCommand(sender) : null,
    ...shownKnown({ application: undefined, senders: [sender] }, findings, fromMs, nowMs()),
  });

  const seen = (fromMs: number, isUnknown: boolean): { readonly sender: Sender; readonly party: Party }[] =>
    relay.inventory
      .parties()
      .filter(({ application }) => !isUnknown || application === undefined)
      .flatMap((party) =>
        party.senders.filter(({ lastMs }) => lastMs >= fromMs).map((sender) => ({ sender, party })),
      )
      .toSorted((one, other) => other.sender.messages - one.sender.messages);

  return {
    async listSenders({ from, unknown, limit }) {
      await relay.inventory.settled();
      const fromMs = periodStart(from, nowMs());
      const found = seen(fromMs, unknown);
      const findings = findingsByAbout(administered);
      const { sinceMs } = relay.inventory;
      return {
        since: sinceMs === undefined ? null : instant(sinceMs),
        senders: found
          .slice(0, limit)
          .map(({ sender, party }) => shownSender(sender, party, findings, fromMs)),
        total: found.length,
        findings: relay.inventory.findings().map(shownFinding),
      };
    },

    async exportSenders({ from }) {
      await relay.inventory.settled();
      const fromMs = periodStart(from, nowMs());
      const findings = findingsByAbout(administered);
      const found = seen(fromMs, false);
      const lines = function* (): Generator<Buffer> {
        yield Buffer.from(`${csvColumns.map(([header]) => header).join(",")}\r\n`);
        for (const { sender, party } of found) {
          const row = shownSender(sender, party, findings, fromMs);
          const fields = csvColumns.map(([, value]) => csvField(String(value(row, party)), Infinity));
          yield Buffer.from(`${fields.join(",")}\r\n`);
        }
      };
      return { fileName: "senders.csv", chunks: Readable.from(lines()) };
    },

    async getSenderActivity({ application, source, user }) {
      await relay.inventory.settled();
      const wanted = application?.trim().toLowerCase();
      const party = relay.inventory
        .parties()
        .find((one) =>
          wanted === undefined
            ? one.application === undefined &&
              one.senders.some((sender) => sender.source === source && sender.user === user)
            : one.application?.name.toLowerCase() === wanted,
        );
      if (party === undefined)
        throw new AdminRefusal(
          "notFound",
          wanted === undefined
            ? `nobody without a name came from ${source ?? "there"}${user === "" ? "" : ` as ${user}`}`
            : `there is no application ${application ?? ""}`,
        );
      const findings = findingsByAbout(administered);
      const fromMs = nowMs() - usualPeriodMs;
      const known = shownKnown(party, findings, fromMs, nowMs());
      const rows = (volume: "hours" | "days", unitMs: number): Activity["hours"] =>
        mergedVolume(party.senders.map((one) => one[volume]))
          .rows()
          .map((row) => shownRow(row, unitMs));
      return {
        name: partyName(party),
        known,
        expectedPerDay: party.application?.expectedVolumePerDay ?? null,
        expectedHours: (party.application?.expectedHours ?? []).map(({ text }) => text),
        limits: limitsOf(party, known),
        hours: rows("hours", hourMs),
        days: rows("days", dayMs),
        senders: party.senders
          .toSorted((one, other) => other.lastMs - one.lastMs)
          .slice(0, 100)
          .map((sender) => shownSender(sender, party, findings, fromMs)),
      };
    },
  };

  /** Of its connectors, and its own. */
  function limitsOf({ application }: Party, known: ShownKnown): Activity["limits"] {
    const { receiveConnectors } = relay.settings;
    const limits: Activity["limits"] = [];
    for (const { name, maxInboundConnectionPerSource, messageRateLimit } of receiveConnectors) {
      if (!known.connectors.includes(name)) continue;
      const of = `receive connector ${name}`;
      limits.push(
        {
          setting: "maxInboundConnectionPerSource",
          value: shownLimit(maxInboundConnectionPerSource),
          of,
          limits: "highestOpen",
        },
        { setting: "messageRateLimit", value: shownLimit(messageRateLimit), of, limits: "highestMinute" },
      );
    }
    if (application === undefined) return limits;
    const of = `application ${application.name}`;
    const { messageRateLimit, recipientRateLimit } = application;
    if (messageRateLimit !== undefined)
      limits.push({
        setting: "messageRateLimit",
        value: shownLimit(messageRateLimit),
        of,
        limits: "highestMinute",
      });
    if (recipientRateLimit !== undefined)
      limits.push({
        setting: "recipientRateLimit",
        value: shownLimit(recipientRateLimit),
        of,
        limits: "recipients",
      });
    return limits;
  }
}

const csvColumns: readonly (readonly [
  header: string,
  value: (row: ShownSender, party: Party) => string | number,
])[] = [
  ["Application", ({ application }) => application ?? ""],
  ["Owner", ({ owner }) => owner ?? ""],
  ["Contact", (_, { application }) => application?.contact ?? ""],
  ["Purpose", (_, { application }) => application?.purpose ?? ""],
  ["Source", ({ source }) => source],
  ["User", ({ user }) => user],
  ["FirstSeen", ({ firstSeen }) => firstSeen ?? ""],
  ["LastSeen", ({ lastSeen }) => lastSeen ?? ""],
  ["LastMessage", ({ lastMessage }) => lastMessage ?? ""],
  ["Connections", ({ connections }) => connections],
  ["Messages", ({ messages }) => messages],
  ["Recipients", ({ recipients }) => recipients],
  ["Octets", ({ octets }) => octets],
  ["Refusals", ({ refusals }) => refusals],
  ["Doors", ({ doors }) => doors.join(" ")],
  ["Connectors", ({ connectors }) => connectors.join("; ")],
  ["Tls", ({ tls }) => tls.join(" ")],
  ["Mechanisms", ({ mechanisms }) => mechanisms.join(" ")],
  ["HeloNames", ({ heloNames }) => heloNames.join(" ")],
  ["Findings", ({ findings }) => findings.map(({ text }) => text).join("; ")],
];

function shownRow(row: VolumeRow, unitMs: number): Activity["hours"][number] {
  const { bucket, connections, messages, recipients, octets, refusals, highestOpen, highestMinute } = row;
  const at = instant(bucket * unitMs);
  return { at, connections, messages, recipients, octets, refusals, highestOpen, highestMinute };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
