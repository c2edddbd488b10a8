/** What is asked of the traffic record: of this node's alone, or of those of all nodes. */
import type { Unanswered } from "../contract/across-nodes.ts";
import type { GatheredRecords } from "../records-of-nodes.ts";
import type { Progress } from "./told-progress.ts";

export interface OfRecords extends Progress {
  readonly records: GatheredRecords;
}

/** Of the work, asking the others for what they have. */
const askingPart = 0.3;
const ownAlone: GatheredRecords = { others: [], servers: [], unanswered: [] };

/** `work` with the records of all nodes, where the asked one gathers them. */
export function withAllRecords<Answer>(
  {
    signal,
    onPart = () => undefined,
    onAhead = () => undefined,
    recordsOfNodes,
  }: Pick<Progress, "signal"> & Partial<Progress>,
  period: { readonly fromMs: number; readonly toMs: number },
  work: (of: OfRecords) => Promise<Answer>,
): Promise<Answer> {
  if (recordsOfNodes === undefined) return work({ signal, onPart, onAhead, records: ownAlone });
  return recordsOfNodes.with(period, { signal, onPart: (part) => onPart(part * askingPart) }, (records) =>
    work({ signal, onAhead, onPart: (part) => onPart(askingPart + part * (1 - askingPart)), records }),
  );
}

/** In the answer: left out where there is one relay. */
export function coverage({ servers, unanswered }: GatheredRecords): {
  readonly servers?: string[];
  readonly unanswered?: Unanswered;
} {
  return {
    ...(servers.length === 0 ? {} : { servers: [...servers] }),
    ...(unanswered.length === 0 ? {} : { unanswered }),
  };
}

/** For people. */
export function coverageNotes({ servers, unanswered }: GatheredRecords): string[] {
  if (servers.length === 0) return [];
  return [
    `It is about what came to ${listed(servers)}, taken together as the limits are.`,
    ...unanswered.map(
      ({ server, reason }) =>
        `${server} did not answer (${reason}): what came to it is missing here, and a limit may seem larger than is needed.`,
    ),
  ];
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
