/** Keeps account of messages that carry their own number and checksum: lost, damaged, repeated. */
import { createHash } from "node:crypto";
import { splitTrace } from "../journeys/trace.ts";

export interface TallyResult {
  readonly acknowledged: number;
  /** Arrived, each counted once. */
  readonly arrived: number;
  /** Acknowledged and never arrived. */
  readonly lost: readonly string[];
  /** Arrived with other octets than were sent, or cut. */
  readonly damaged: readonly string[];
  /** Arrivals beyond the first. */
  readonly duplicates: number;
  /** Ids that arrived more than once. */
  readonly repeated: readonly string[];
}

export interface Tally {
  /** A message with a new id; `bodyBytes` of body. */
  compose(bodyBytes: number): { readonly id: string; readonly content: Buffer };
  acknowledge(id: string): void;
  /** How many so far. */
  acknowledged(): number;
  arrive(content: Buffer): void;
  /** How many so far, each counted once. */
  arrived(): number;
  /** How many so far, each as often as it came. */
  deliveries(): number;
  /** True when everything acknowledged has arrived. */
  complete(): boolean;
  result(): TallyResult;
}

const line = "0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ\r\n.dotted\r\n";
const filler = Buffer.from(line.repeat(Math.ceil(4_200_000 / line.length)));

export function createTally(): Tally {
  const acknowledged = new Set<string>();
  const arrivals = new Map<string, number>();
  const damaged: string[] = [];
  let next = 0;
  let deliveries = 0;
  return {
    compose(bodyBytes) {
      const id = `m${++next}`;
      const body = Buffer.concat([
        Buffer.from(`${id}\r\n`),
        ...Array.from({ length: Math.floor(bodyBytes / filler.length) }, () => filler),
        // Never between a CR and its LF: a bare CR would be made a CRLF on the way.
        filler.subarray(
          0,
          filler[bodyBytes % filler.length] === 10
            ? (bodyBytes % filler.length) + 1
            : bodyBytes % filler.length,
        ),
        Buffer.from("\r\nend\r\n"),
      ]);
      const checksum = createHash("sha1").update(body).digest("hex");
      return { id, content: Buffer.concat([Buffer.from(`X-Id: ${id}\r\nX-Sum: ${checksum}\r\n\r\n`), body]) };
    },
    acknowledge(id) {
      acknowledged.add(id);
    },
    acknowledged: () => acknowledged.size,
    arrive(content) {
      let rest: Buffer;
      try {
        ({ rest } = splitTrace(content));
      } catch (error) {
        damaged.push(String(error));
        return;
      }
      const match = /^X-Id: (m\d+)\r\nX-Sum: ([0-9a-f]{40})\r\n\r\n/.exec(
        rest.subarray(0, 200).toString("latin1"),
      );
      const body = rest.subarray(match?.[0].length ?? 0);
      const [, id = "", checksum] = match ?? [];
      if (checksum === undefined || createHash("sha1").update(body).digest("hex") !== checksum) {
        damaged.push(id === "" ? rest.subarray(0, 100).toString("latin1") : id);
        return;
      }
      arrivals.set(id, (arrivals.get(id) ?? 0) + 1);
      deliveries++;
    },
    arrived: () => arrivals.size,
    deliveries: () => deliveries,
    complete: () => [...acknowledged].every((id) => arrivals.has(id)),
    result: () => ({
      acknowledged: acknowledged.size,
      arrived: arrivals.size,
      lost: [...acknowledged].filter((id) => !arrivals.has(id)),
      damaged: [...damaged],
      duplicates: [...arrivals.values()].reduce((sum, count) => sum + count - 1, 0),
      repeated: [...arrivals].filter(([, count]) => count > 1).map(([id]) => id),
    }),
  };
}
