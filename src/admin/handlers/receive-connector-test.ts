/** Test-ReceiveConnector: other settings, tried on the recorded traffic. */
import { plainReceiveConnector, settingChanges } from "../../config/plain-settings.ts";
import type { Settings } from "../../config/settings.ts";
import type { ListeningDoor } from "../../core/policy/door.ts";
import { bindingsOf, type ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { RefusedClients } from "../../core/what-if/scenario.ts";
import { totalOf, type ConnectorOutcome, type Peak } from "../../core/what-if/tally.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Json } from "../contract/values.ts";
import type { Output, ReadInput } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";
import { coverage, coverageNotes, withAllRecords } from "./all-records.ts";
import { periodOf } from "./period.ts";
import { changeOf, configurationOf, settled } from "./change.ts";
import { elsewhereText } from "./elsewhere-text.ts";
import { answerInTurn, replayedOwners, scenarioOf } from "./replayed-settings.ts";
import { shownApplication } from "./shown-values.ts";
import { toldProgress, type Progress } from "./told-progress.ts";

type Tested = Output<"testReceiveConnector">;
type Tried = NonNullable<Tested["present"]>;
type Variant = Readonly<Record<string, Json>>;
type Answer = Awaited<ReturnType<Administered["relay"]["replayTraffic"]>>;

const dayMs = 86_400_000;
const usualPeriodMs = 7 * dayMs;
/** Sources, of all variants together: an answer is made on the mail's thread. */
const mostTold = 50_000;

export function receiveConnectorTestHandlers(
  administered: Administered,
): Pick<Handlers, "testReceiveConnector" | "followReceiveConnectorTest"> {
  const { relay, clock } = administered;

  /** The settings as they would be; throws AdminRefusal with what is wrong with them. */
  const withVariant = async (
    name: string,
    known: ReceiveConnectorSettings | undefined,
    variant: Variant,
  ): Promise<Settings> => {
    const isNew = known === undefined;
    if (Object.keys(variant).length === 0 && !isNew) return relay.settings;
    const configuration = configurationOf(administered);
    const settings = isNew
      ? { ...allBindings(relay.settings), ...variant }
      : { ...variant, ...enforcing(known, variant) };
    const edit = { kind: isNew ? "add" : "set", section: "receiveConnectors", name, settings } as const;
    return changeOf(configuration, await settled(configuration.edit(edit, true))).after.settings;
  };

  const tested = async (
    input: ReadInput<"testReceiveConnector">,
    progress: Pick<Progress, "signal"> & Partial<Progress>,
  ): Promise<Tested> => {
    const { variants, sources } = input;
    const present = relay.settings;
    const known = named(present, input.name);
    const name = known?.name ?? input.name;
    if (known === undefined && variants.some(({ remoteIpRanges }) => remoteIpRanges === undefined))
      throw new AdminRefusal(
        "notFound",
        `there is no receive connector ${name}; to try a new one, say whom it would serve: remoteIpRanges`,
      );
    if (variants.some((variant) => "name" in variant))
      throw new AdminRefusal("invalidInput", "another name changes no limit: leave it out");
    const tried: Settings[] = [];
    for (const variant of variants) tried.push(await withVariant(name, known, variant));
    const told = Math.min(sources, Math.floor(mostTold / (1 + tried.length)));
    const period = periodOf(input, usualPeriodMs, clock.wall().getTime());
    const question = {
      present: scenarioOf(present).connectors,
      scenarios: [present, ...tried].map(scenarioOf),
      refusedClients: refusedClientsOf(input),
      toldSources: told,
      ...replayedOwners(present),
      ...period,
    };
    const { answer, records } = await withAllRecords(
      progress,
      period,
      async ({ signal, onPart, onAhead, records: of }) => ({
        answer: await answerInTurn(
          relay.replayTraffic(question, { signal, onPart, onAhead, others: of.others }),
        ),
        records: of,
      }),
    );
    const [now = [], ...then] = answer.worlds;
    const show = (world: readonly ConnectorOutcome[]): Tried => shownOutcome(present, world, name);
    const before = known === undefined ? {} : plainReceiveConnector(known);
    return {
      connector: name,
      isNew: known === undefined,
      recorded: recordedOf(answer, name),
      present: known === undefined ? null : show(now),
      variants: then.map((world, index) => {
        const after = named(tried[index] ?? present, name);
        const changes = settingChanges(before, after === undefined ? {} : plainReceiveConnector(after));
        return {
          changes: changes
            .filter(({ setting }) => known !== undefined || setting in (variants[index] ?? {}))
            .map((change) => ({
              setting: change.setting,
              before: (change.before ?? null) as Json,
              after: (change.after ?? null) as Json,
            })),
          outcome: show(world),
        };
      }),
      notes: [...coverageNotes(records), ...notesOf(answer, input)],
      ...coverage(records),
    };
  };

  return {
    testReceiveConnector: (input, asked) => tested(input, asked),
    followReceiveConnectorTest: toldProgress(tested),
  };
}

/** A limit that is tried is enforced, though it is only looked at now. */
function enforcing({ reportOnly = [] }: ReceiveConnectorSettings, variant: Variant): Variant {
  const left = reportOnly.filter((limit) => !(limit in variant));
  return left.length === reportOnly.length ? {} : { reportOnly: left };
}

function named(
  { receiveConnectors }: Settings,
  name: string,
): Settings["receiveConnectors"][number] | undefined {
  const wanted = name.trim().toLowerCase();
  return receiveConnectors.find((connector) => connector.name.toLowerCase() === wanted);
}

/** Where the new one would listen unless it says otherwise: where others do. */
function allBindings({ receiveConnectors }: Settings): Record<"bindings" | "httpBindings", string[]> {
  const listening = (door: ListeningDoor): string[] => [
    ...new Set(receiveConnectors.flatMap((connector) => bindingsOf(connector, door).map(formatEndpoint))),
  ];
  return { bindings: listening("SMTP"), httpBindings: listening("HTTP") };
}

function refusedClientsOf({
  refusedClients: kind,
  retryAfterMs: afterMs,
  tries,
}: ReadInput<"testReceiveConnector">): RefusedClients {
  return kind === "gone" ? { kind } : { kind, afterMs, tries };
}

function recordedOf(answer: Answer, name: string): Tested["recorded"] {
  const total = (of: (one: Answer["recorded"][number]) => number): number =>
    answer.recorded.reduce((sum, one) => sum + of(one), 0);
  return {
    from: instant(answer.first),
    to: instant(answer.last),
    connections: total(({ connections }) => connections),
    messages: total(({ messages }) => messages),
    refused: { ...answer.recorded.find(({ connector }) => connector === name)?.refused },
  };
}

function shownOutcome(settings: Settings, world: readonly ConnectorOutcome[], name: string): Tried {
  const outcome = world.find(({ connector }) => connector === name) ?? nothing;
  const {
    sources,
    sourceCount,
    hours,
    waits,
    refused,
    connections,
    messages,
    lostConnections,
    lostMessages,
  } = outcome;
  const unserved = world.filter(({ refused: by }) => by.remoteIpRanges !== undefined);
  return {
    connections,
    messages,
    lostConnections,
    lostMessages,
    refused: { ...refused },
    waits: { ...waits },
    highestOpen: shownPeak(outcome.highestOpen),
    highestOpenFromSource: shownPeak(outcome.highestOpenFromSource),
    highestMessages: shownPeak(outcome.highestMessages),
    sources: sources.map((one) => ({
      ...one,
      application: shownApplication(settings, one.source),
      refused: { ...one.refused },
      firstRefused: instant(one.firstRefused),
      lastRefused: instant(one.lastRefused),
      highestOpen: shownPeak(one.highestOpen),
      highestMessages: shownPeak(one.highestMessages),
    })),
    sourceCount,
    hours: hours.map(([at, count]) => ({ at: new Date(at).toISOString(), refused: count })),
    notServed: unserved.reduce((sum, { refused: by }) => sum + (by.remoteIpRanges ?? 0), 0),
  };
}

const noPeak: Peak = { value: 0, at: 0, source: "" };
const nothing: ConnectorOutcome = {
  connector: "",
  connections: 0,
  messages: 0,
  refused: {},
  lostConnections: 0,
  lostMessages: 0,
  waits: { connections: 0, messages: 0, totalMs: 0, longestMs: 0 },
  highestOpen: noPeak,
  highestOpenFromSource: noPeak,
  highestMessages: noPeak,
  sources: [],
  sourceCount: 0,
  hours: [],
};

function shownPeak({ value, at, source }: Peak): Tried["highestOpen"] {
  return { value, at: value === 0 ? null : instant(at), source: source === "" ? null : source };
}

function instant(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}

function notesOf(answer: Answer, input: ReadInput<"testReceiveConnector">): string[] {
  const { refusedClients, retryAfterMs, tries } = input;
  const notes = [
    refusedClients === "gone"
      ? "A client that is refused is taken to be gone, and what it would have sent with it."
      : `A client that is refused is taken to come again ${retryAfterMs / 1000} s later, ${tries} times at most.`,
  ];
  const refusedThen = answer.recorded.reduce((sum, one) => sum + totalOf(doorRefusals(one.refused)), 0);
  if (refusedThen > 0)
    notes.push(
      `${refusedThen} connections were refused then: nothing is known of what they would have sent, and they are taken to last as long as others of their source.`,
    );
  for (const { connector, elsewhere } of answer.recorded)
    for (const [now, count] of elsewhere)
      notes.push(elsewhereText({ before: connector, now, connections: count }));
  if (answer.gaps > 1)
    notes.push(`${answer.gaps - 1} parts of the time are not recorded; connections of then are not known.`);
  for (const { file, what } of answer.damaged.slice(0, 3))
    notes.push(`Part of the record is damaged (${file}: ${what}); the rest was read.`);
  return notes;
}

function doorRefusals(refused: Readonly<Record<string, number>>): Record<string, number> {
  const door = /^(maxInboundConnection|maxConnectionRatePerMinute)/;
  return Object.fromEntries(Object.entries(refused).filter(([setting]) => door.test(setting)));
}
