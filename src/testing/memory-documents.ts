/** The shared configuration of nodes of one process: the specification of ConfigurationDocuments in executable form. */
import { randomUUID } from "node:crypto";
import type {
  AppliedVersion,
  ConfigurationDocument,
  ConfigurationDocuments,
} from "../ports/configuration-documents.ts";

export interface MemoryDocuments {
  /** As the node of that name has them. */
  of(node: string): ConfigurationDocuments;
  /** While it is, calls reject. */
  away(is: boolean): void;
}

export function memoryDocuments(): MemoryDocuments {
  const all: ConfigurationDocument[] = [];
  const applied = new Map<string, AppliedVersion>();
  let isAway = false;
  const asked = <Answer>(answer: () => Answer): Promise<Answer> =>
    isAway ? Promise.reject(new Error("no database")) : Promise.resolve(answer());
  return {
    away(is) {
      isAway = is;
    },
    of: (node) => ({
      head: () => asked(() => all.at(-1)),
      headId: () => asked(() => all.at(-1)?.changeId),
      version: (version) => asked(() => all[version - 1]),
      versions: (limit) => asked(() => all.toReversed().slice(0, limit)),
      add: (expected, text, by) =>
        asked(() => {
          if (expected !== all.length) return undefined;
          const made = { version: expected + 1, at: new Date(), by, node, changeId: randomUUID(), text };
          all.push(made);
          return made;
        }),
      tell: (version, faults, inForce = applied.get(node)?.inForce) =>
        asked(() => void applied.set(node, { node, version, inForce, faults, at: new Date() })),
      applied: () => asked(() => [...applied.values()].toSorted((a, b) => (a.node < b.node ? -1 : 1))),
      close: () => undefined,
    }),
  };
}
