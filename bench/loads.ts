/** The loads of the comparison, by name. */
import type { Load } from "./load.ts";

export type LoadShape = Omit<Load, "messages"> & {
  /** Of the messages asked for; the heavy loads take fewer. */
  readonly share: number;
};

const usual = { sizeBytes: 4096, sessions: 20, reuse: true, recipients: 1, share: 1 };

const shapes: readonly LoadShape[] = [
  { ...usual, name: "reuse" },
  { ...usual, name: "connect", reuse: false },
  { ...usual, name: "sessions1", sessions: 1, share: 0.2 },
  { ...usual, name: "sessions100", sessions: 100 },
  { ...usual, name: "1k", sizeBytes: 1024 },
  { ...usual, name: "64k", sizeBytes: 65_536, share: 0.2 },
  { ...usual, name: "1m", sizeBytes: 1_048_576, share: 0.04 },
  { ...usual, name: "recipients10", recipients: 10, share: 0.4 },
  { ...usual, name: "starttls", startTls: true, share: 0.5 },
  { ...usual, name: "http", http: true },
  { ...usual, name: "slowsink", sinkDelayMs: 50, nextHopConnections: 20, share: 0.1 },
  { ...usual, name: "destinations", destinations: 2_500, sites: 100, share: 1 },
];

export const loadNames: readonly string[] = shapes.map(({ name }) => name);

/** `messages` is what a light load sends; `overrides` come from the command line. */
export function loadOf(
  name: string,
  messages: number,
  overrides: Partial<Pick<Load, "sizeBytes" | "sessions">> = {},
): Load {
  const shape = shapes.find((each) => each.name === name);
  if (shape === undefined) throw new Error(`there is no load ${name}; there are ${loadNames.join(", ")}`);
  const { share, ...load } = shape;
  return { ...load, ...overrides, messages: Math.max(20, Math.round(messages * share)) };
}

export function describeLoad(load: Load): string {
  const parts = [
    `${load.messages} messages of ${load.sizeBytes} octets`,
    `${load.sessions} session${load.sessions === 1 ? "" : "s"}`,
    load.reuse ? "connections reused" : "a connection per message",
  ];
  if (load.recipients > 1) parts.push(`${load.recipients} recipients`);
  if (load.startTls === true) parts.push("STARTTLS in");
  if (load.http === true) parts.push("by HTTP where the peer speaks it");
  if (load.sinkDelayMs !== undefined) parts.push(`the sink answers after ${load.sinkDelayMs} ms`);
  if (load.destinations !== undefined)
    parts.push(`${load.destinations} domains by MX record, ${load.sites ?? 1} sites`);
  return parts.join(", ");
}
