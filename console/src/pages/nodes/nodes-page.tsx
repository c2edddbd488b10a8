/** The nodes that share the queue: who lives, what each has, and how one is drained before its maintenance. */
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { call, may } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { Confirm } from "../../components/dialog.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { failed, told } from "../../components/toast.tsx";
import { useLoaded } from "../../load.ts";
import { visible } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";
import { dateTimeText, durationText } from "../../time-text.ts";
import { messagesText } from "../queues/messages-text.ts";

type Node = Output<"listNodes">["nodes"][number];

const refreshMs = 3_000;

const states = {
  Up: { kind: "good", words: "takes mail" },
  Draining: { kind: "warning", words: "suspended; ends what it has" },
  Drained: { kind: "warning", words: "suspended and empty: it may be stopped" },
  NotHeard: { kind: "error", words: "its lease is over; others are about to take over" },
  Down: { kind: "error", words: "others took over what it held" },
  Stopped: { kind: "plain", words: "ended in good order" },
} as const satisfies Readonly<Record<Node["state"], { kind: string; words: string }>>;

export function NodesPage() {
  const [answer, reload] = useLoaded("listNodes", {}, refreshMs);
  const [asked, setAsked] = useState<Node>();
  const nodes = answer?.nodes;
  const set = async ({ name, suspended }: Node): Promise<void> => {
    setAsked(undefined);
    try {
      if (suspended === null) {
        await call("suspendNode", { name });
        told(`${name} is suspended: it takes no new mail. When it is empty it is Drained.`);
      } else {
        const { node } = await call("resumeNode", { name });
        told(`${name} takes mail again${node.endedAt === null ? "" : " when it is started"}.`);
      }
    } catch (error) {
      failed(error);
    }
    reload();
  };
  return (
    <div class="page">
      <header class="page-head">
        <h1>Nodes</h1>
        <a href={linkTo("/audit")}>Who changed what</a>
      </header>
      {nodes !== undefined && (
        <>
          <p class="muted" role="status">
            {nodes.length === 0 ? "" : summary(nodes)}
          </p>
          {answer?.databaseFaults.map(({ text, advice }) => (
            <p key={text}>
              <span class="fault">{sentence(text)}</span> <span class="muted">{sentence(advice)}</span>
            </p>
          ))}
          <Table
            label="Nodes"
            rows={nodes}
            rowKey={({ name }) => name}
            empty={<p>This relay is no node of several: its configuration has no section cluster.</p>}
            columns={[
              {
                title: "Node",
                rowHeader: true,
                wide: true,
                cell: (node) => <Name node={node} />,
              },
              { title: "State", wide: true, cell: (node) => <State node={node} /> },
              { title: "Release", nowrap: true, cell: ({ version }) => version },
              { title: "Configuration", wide: true, cell: (node) => <Configuration node={node} /> },
              { title: "Messages held", numeric: true, cell: ({ messages }) => messages.toLocaleString() },
              { title: "Sessions", numeric: true, cell: ({ connections }) => connections.toLocaleString() },
              { title: "Last seen", nowrap: true, cell: (node) => <Seen node={node} /> },
              ...(may("suspendNode")
                ? [
                    {
                      title: "Actions",
                      cell: (node: Node) => (
                        <button
                          type="button"
                          aria-label={`${verbOf(node)} ${node.name}`}
                          onClick={() => setAsked(node)}
                        >
                          {verbOf(node)}…
                        </button>
                      ),
                    },
                  ]
                : []),
            ]}
          />
        </>
      )}
      {asked !== undefined && (
        <Confirm
          title={`${verbOf(asked)} ${asked.name}?`}
          words={asked.suspended === null ? suspendWords(asked, nodes ?? []) : resumeWords(asked)}
          verb={verbOf(asked)}
          isHarmless={asked.suspended !== null}
          onClose={() => setAsked(undefined)}
          onConfirm={() => void set(asked)}
        />
      )}
    </div>
  );
}

const verbOf = ({ suspended }: Node): "Suspend" | "Resume" => (suspended === null ? "Suspend" : "Resume");

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${visible(text.slice(1))}.`;

function summary(nodes: readonly Node[]): string {
  const up = nodes.filter(({ state }) => state === "Up").length;
  return `${up.toLocaleString()} of ${nodes.length.toLocaleString()} ${nodes.length === 1 ? "node" : "nodes"} ${up === 1 ? "takes" : "take"} mail.`;
}

function suspendWords({ name, messages }: Node, nodes: readonly Node[]): string {
  const isLast = !nodes.some((node) => node.name !== name && node.state === "Up");
  return `It takes no new mail and leaves what waits to the others${messages === 0 ? "" : `; it holds ${messagesText(messages)}`}. It stays suspended over restarts, until it is resumed. ${
    isLast ? "No other node takes mail: until one does, nobody takes any, and what waits stays." : ""
  }`.trim();
}

function resumeWords({ endedAt }: Node): string {
  return endedAt === null
    ? "It takes mail again, and its part of what waits."
    : "It does not run. It takes mail when it is started.";
}

function Name({ node: { name, isThis, address, failedListeners } }: { node: Node }) {
  return (
    <div>
      {name} {isThis && <span class="muted">(this one)</span>}
      <p class="waits muted">{address ?? "not asked by others: it has no admin.cluster"}</p>
      {failedListeners.map((text) => (
        <p key={text} class="waits">
          <span class="fault">Not listening on {visible(text)}</span>
        </p>
      ))}
    </div>
  );
}

function State({ node: { state, suspended } }: { node: Node }) {
  const { kind, words } = states[state];
  return (
    <div>
      <Badge kind={kind} text={state} />
      <p class="waits muted">
        {words}
        {suspended !== null && `, suspended ${dateTimeText(suspended.since)} by ${visible(suspended.by)}`}
      </p>
    </div>
  );
}

/** Which version holds there; where it is not the newest, why. */
function Configuration({ node: { configuration, endedAt } }: { node: Node }) {
  if (configuration === null) return <span class="muted">its own file</span>;
  const { inForce, newest, faults } = configuration;
  return (
    <div>
      {inForce === newest ? newest : `${inForce ?? "none"} of ${newest}`}
      {endedAt === null && faults.length > 0 && (
        <>
          {" "}
          <Badge kind="warning" text="behind" />
        </>
      )}
      {faults.map((fault) => (
        <p key={fault} class="waits">
          <span class="fault">{visible(fault)}</span>
        </p>
      ))}
      {inForce !== newest && faults.length === 0 && (
        <p class="waits muted">
          {endedAt === null ? "it has not told yet what it makes of it" : "it takes it when it is started"}
        </p>
      )}
    </div>
  );
}

/** A node says that it lives a few times within its lease. */
function Seen({ node: { endedAt, leaseMs, leaseLeftMs, startedAt } }: { node: Node }) {
  if (endedAt !== null || leaseLeftMs === null) return <Time at={endedAt ?? startedAt} />;
  return (
    <span title={`since ${dateTimeText(startedAt)}`}>
      {durationText(Math.max(0, leaseMs - leaseLeftMs))} ago
    </span>
  );
}
