/** The nodes that share the queue: seen, drained, let go on. */
import { nearest } from "../../core/units/nearest-name.ts";
import type { Administered, Asked, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";

type View = NonNullable<Administered["relay"]["node"]>;
type Listed = Awaited<ReturnType<View["list"]>>[number];
type Shown = Output<"listNodes">["nodes"][number];

export function nodeHandlers({
  relay,
}: Administered): Pick<Handlers, "listNodes" | "suspendNode" | "resumeNode" | "removeNode"> {
  /** Throws AdminRefusal where this is the only relay. */
  const viewed = (): View => {
    if (relay.node === undefined)
      throw new AdminRefusal(
        "notFound",
        "this relay is no node of several: its configuration has no section cluster (docs/several-nodes.md)",
      );
    return relay.node;
  };

  const all = async (view: View): Promise<readonly Shown[]> =>
    (await asked(() => view.list())).map((node) => shownNode(node, view.name));

  const known = (name: string, nodes: readonly Shown[]): Shown => {
    const wanted = nodes.find((node) => node.name.toLowerCase() === name.trim().toLowerCase());
    if (wanted === undefined) throw unknownNode(name, nodes);
    return wanted;
  };

  const set = async (name: string, by: string | undefined): Promise<Output<"suspendNode">> => {
    const view = viewed();
    const wanted = known(name, await all(view));
    const changed = await asked(() => view.suspend(wanted.name, by));
    const nodes = await all(view);
    return {
      changed,
      node: nodes.find((node) => node.name === wanted.name) ?? wanted,
      others: nodes.filter((node) => node.name !== wanted.name && node.state === "Up").length,
    };
  };

  return {
    listNodes: async () => ({
      nodes: relay.node === undefined ? [] : [...(await all(relay.node))],
      databaseFaults: (relay.node?.databaseFaults ?? []).map(({ text, advice }) => ({ text, advice })),
    }),
    suspendNode: ({ name }, { caller }: Asked) => set(name, `${caller.name} (${caller.from})`),
    resumeNode: ({ name }) => set(name, undefined),
    async removeNode({ name }) {
      const view = viewed();
      const wanted = known(name, await all(view));
      if (!(await asked(() => view.remove(wanted.name))))
        throw new AdminRefusal(
          "invalidInput",
          `${wanted.name} runs; only a node that is gone is removed. To take one out for good: Suspend-Node, stop it, then remove it`,
        );
      return { name: wanted.name };
    },
  };
}

export function unknownNode(name: string, known: readonly { readonly name: string }[]): AdminRefusal {
  const names = known.map((node) => node.name);
  const near = nearest(name, names);
  return new AdminRefusal(
    "notFound",
    `there is no node ${name}; ${near === undefined ? `there are ${names.join(", ")}` : `did you mean ${near}?`}`,
  );
}

async function asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    throw new AdminRefusal(
      "databaseAway",
      `the database does not answer: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function shownNode(node: Listed, own: string): Shown {
  return {
    name: node.name,
    isThis: node.name === own,
    state: node.state,
    number: node.number,
    version: node.version,
    startedAt: node.startedAt.toISOString(),
    endedAt: node.endedAt?.toISOString() ?? null,
    leaseMs: node.leaseMs,
    leaseLeftMs: node.endedAt === undefined ? Math.round(node.leftMs) : null,
    messages: node.holds,
    connections: node.connections,
    address: node.address ?? null,
    failedListeners: [...node.failedListeners],
    isChores: node.isChores,
    suspended:
      node.suspended === undefined
        ? null
        : { since: node.suspended.since.toISOString(), by: node.suspended.by },
    configuration:
      node.configuration === undefined
        ? null
        : {
            inForce: node.configuration.inForce ?? null,
            newest: node.configuration.newest,
            faults: [...node.configuration.faults],
          },
  };
}
