/** The overview of all nodes: numbers of a second added up, times the worst of them, sentences with whose they are. */
import type { Output } from "../contract.ts";
import { rowsOf, type Follower, type OneAnswer } from "./node-answers.ts";

type Overview = Output<"getOverview">;
type Point = Overview["points"][number];

const secondOf = ({ at }: Point): number => Math.floor(Date.parse(at) / 1000);
/** So long a second waits for those who are late. */
const patienceMs = 1_500;

/** Queued mail is the same at all. */
function joinedPoint(points: readonly [Point, ...Point[]]): Point {
  const sum = (of: (point: Point) => number): number => points.reduce((total, point) => total + of(point), 0);
  const most = (of: (point: Point) => number): number => Math.max(...points.map(of));
  return {
    at: points[0].at,
    connections: sum(({ connections }) => connections),
    received: sum(({ received }) => received),
    delivered: sum(({ delivered }) => delivered),
    receivedBytes: sum(({ receivedBytes }) => receivedBytes),
    refused: sum(({ refused }) => refused),
    queued: most(({ queued }) => queued),
    timeTo250P50Ms: most(({ timeTo250P50Ms }) => timeTo250P50Ms),
    timeTo250P99Ms: most(({ timeTo250P99Ms }) => timeTo250P99Ms),
    eventLoopLagP99Ms: most(({ eventLoopLagP99Ms }) => eventLoopLagP99Ms),
  };
}

const severities = ["error", "warning", "information"];

export function joinedOverviews(answers: readonly OneAnswer<Overview>[]): Overview {
  const seconds = new Map<number, Point[]>();
  for (const { output } of answers)
    for (const point of output.points)
      seconds.set(secondOf(point), [...(seconds.get(secondOf(point)) ?? []), point]);
  const points = [...seconds]
    .toSorted(([one], [other]) => one - other)
    .map(([, of]) => joinedPoint(of as [Point, ...Point[]]));
  const told = new Map<string, Overview["headlines"][number]>();
  for (const headline of rowsOf(answers, ({ headlines }) => headlines)) {
    const before = told.get(headline.text);
    // What is said by several is said of all.
    if (before === undefined) told.set(headline.text, headline);
    else delete before.server;
  }
  const all = [...told.values()];
  // Nothing is wrong there: not worth a sentence where something is elsewhere.
  const pressing = all.filter(({ severity }) => severity !== "information");
  const rank = ({ severity }: { readonly severity: string }): number => severities.indexOf(severity);
  return {
    points: points.slice(-600),
    headlines: (pressing.length > 0
      ? all.filter(
          ({ server, severity }) =>
            severity !== "information" || server === undefined || server === answers[0]?.server,
        )
      : all
    ).toSorted((one, other) => rank(one) - rank(other)),
    refusals: answers
      .flatMap(({ output }) => output.refusals)
      .toSorted((one, other) => Number(one.reportOnly) - Number(other.reportOnly) || other.count - one.count)
      .slice(0, 200),
  };
}

/** A point a second out of the nodes' points, when all have told theirs or time is up. */
export function overviewFollower(push: (item: unknown) => void, servers: readonly string[]): Follower {
  const last = new Map<string, Point>();
  let timer: NodeJS.Timeout | undefined;
  let isNew = new Set<string>();
  const tell = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const points = [...isNew].flatMap((server) => last.get(server) ?? []);
    isNew = new Set();
    const [first] = points;
    if (first !== undefined) push(joinedPoint([first, ...points.slice(1)]));
  };
  return {
    hear(server, item) {
      // A second of it has come already: those who have not told theirs are late.
      if (isNew.has(server)) tell();
      last.set(server, item as Point);
      isNew.add(server);
      if (isNew.size >= servers.length) tell();
      else timer ??= setTimeout(tell, patienceMs).unref();
    },
    end: () => clearTimeout(timer),
  };
}
