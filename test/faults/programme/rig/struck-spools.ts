/** Runs the scenario on prepared directories, with one system call struck, and looks at what the next process finds. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../../random.ts";
import type { PartOptions } from "../part.ts";
import type { FoundInSpool } from "../scenario/spool-reader.ts";
import type { ScenarioKind } from "../scenario/spool-scenario.ts";
import { type CallPoint, callPoints, someOf } from "./call-points.ts";
import {
  type Difference,
  type Ended,
  type Promised,
  type SpoolProcesses,
  compare,
  copyOf,
  notReadText,
  spoolProcesses,
  together,
} from "./spool-processes.ts";

/** Where the scenario begins: with nothing, with a large file to give back at rest, with one to give back at once. */
const starts = ["new", "grown", "grown-empty"] as const;
type Start = (typeof starts)[number];

export interface Place extends CallPoint {
  readonly start: Start;
}

export interface Struck {
  readonly place: Place;
  /** False where the call was one of those that load the programme. */
  readonly begun: boolean;
  /** How the scenario ended. */
  readonly ended: Ended;
  /** Its last word. */
  readonly last: string;
  /** How the next process ended, where it did not come to an answer. */
  readonly notRead: Ended | undefined;
  readonly found: FoundInSpool | undefined;
  readonly difference: Difference;
}

export interface StruckSpools {
  /** Up to `most` of all places, mixed, all kinds of calls among them. */
  readonly places: (most: number) => readonly Place[];
  /** Runs the scenario behind what `under` makes of the place. */
  strike(
    place: Place,
    under: (place: Place, directory: string) => readonly string[],
    kind?: ScenarioKind,
  ): Promise<Struck>;
}

const nothing: Promised = { accepted: new Map(), finishing: new Map(), last: "", refused: 0, begun: true };

export async function struckSpools({
  folder,
  seed,
}: Pick<PartOptions, "folder" | "seed">): Promise<StruckSpools> {
  mkdirSync(folder, { recursive: true });
  const processes: SpoolProcesses = await spoolProcesses(folder);
  const directory = join(folder, "spool");
  const templates = new Map<Start, { readonly path: string; readonly promised: Promised }>();
  const all: Place[] = [];
  for (const start of starts) {
    const path = join(folder, start);
    let promised = nothing;
    if (start === "new") mkdirSync(path);
    else ({ promised } = await processes.scenario(path, start === "grown" ? "grow" : "grow-empty"));
    templates.set(start, { path, promised });
    copyOf(path, directory);
    const points = await callPoints(processes, directory, "usual", folder);
    all.push(...points.map((point) => ({ ...point, start })));
  }
  return {
    places: (most) => someOf(all, most, seededRandom(seed)),
    async strike(place, under, kind = "usual") {
      const template = templates.get(place.start);
      if (template === undefined) throw new Error(`there is no template ${place.start}`);
      copyOf(template.path, directory);
      const { promised, ended } = await processes.scenario(directory, kind, under(place, directory));
      const answer = await processes.read(directory);
      const found = "messages" in answer ? answer : undefined;
      const difference = compare(together(template.promised, promised), found ?? nothingFound);
      return {
        place,
        ended,
        begun: promised.begun,
        last: promised.last,
        found,
        notRead: "messages" in answer ? undefined : answer,
        difference,
      };
    },
  };
}

const nothingFound: FoundInSpool = {
  messages: [],
  damaged: [],
  told: [],
  bodiesAtFirst: 0,
  bodiesAtLast: 0,
  large: 0,
  works: false,
};

export const placeText = ({ start, call, number }: Place): string => `${call} ${number} of a ${start} store`;

/** Killed by what struck it, not by us for want of patience: then the place was not reached. */
export const wasKilled = ({ ended }: Pick<Struck, "ended">): boolean =>
  !ended.timedOut && (ended.signal === "SIGKILL" || ended.code === 137);

/** What is wrong behind a strike, in a few words each; nothing when all is well. */
export function faultsOf({ notRead, found, difference }: Struck): readonly string[] {
  if (found === undefined) return [notRead === undefined ? "does not open again" : notReadText(notRead)];
  const { lost, wrong, again, withoutReport } = difference;
  return [
    ...(lost.length > 0 ? [`${lost.length} lost`] : []),
    ...(wrong.length > 0 ? [`${wrong.length} with other octets`] : []),
    ...(again.length > 0 ? [`${again.length} there again`] : []),
    ...(withoutReport.length > 0 ? [`${withoutReport.length} without their report`] : []),
    ...(found.damaged.length > 0 ? [`${found.damaged.length} damaged`] : []),
    ...(found.bodiesAtFirst !== found.large ? [`${found.bodiesAtFirst - found.large} orphaned bodies`] : []),
    ...(found.bodiesAtLast > 0 ? [`${found.bodiesAtLast} bodies left at the end`] : []),
    ...(found.works ? [] : ["takes no mail afterwards"]),
  ];
}
