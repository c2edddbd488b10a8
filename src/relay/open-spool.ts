/** Where the relay's mail is kept: in its own data directory, or in the database that it shares with other nodes. */
import { join } from "node:path";
import type { ClusterNode, NodeSurroundings } from "../cluster/open-node.ts";
import type { Settings } from "../config/settings.ts";
import type { ClusterSettings } from "../core/policy/cluster-settings.ts";
import { timeOffText } from "../core/policy/mail-age.ts";
import type { EventLog } from "../events/event-log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Clock } from "../ports/ports.ts";
import { openLmdbSpool, type LmdbSpool } from "../spool/lmdb-spool.ts";
import type { Spool } from "../spool/spool.ts";
import type { SpoolInspection } from "../spool/spool-inspection.ts";
import { version } from "../version.ts";

export interface OpenedSpool {
  readonly spool: Spool & SpoolInspection;
  /** Undefined: it is the only relay. */
  readonly node: ClusterNode | undefined;
  /** Undefined: it is in a database. */
  readonly lmdb: LmdbSpool | undefined;
  /** What stands on this machine's disk of it. */
  readonly directory: string;
  /** Of a node, it leaves the others behind that. */
  close(): Promise<void>;
}

/** Rejects with SpoolError when it cannot be opened, or the node cannot join. */
export async function openSpool(
  { cluster, dataDirectory }: Settings,
  around: Omit<NodeSurroundings, "version" | "onCommit" | "dataDirectory"> & {
    readonly events: EventLog;
    readonly metrics: Metrics;
  },
): Promise<OpenedSpool> {
  const { clock, events, metrics } = around;
  if (cluster !== undefined) {
    const node = await joinNodes(cluster, { ...around, dataDirectory });
    const close = async (): Promise<void> => {
      await node.spool.close();
      await node.leave();
    };
    return { spool: node.spool, node, lmdb: undefined, directory: node.directory, close };
  }
  const directory = spoolDirectory(dataDirectory);
  const lmdb = await openOwnSpool(dataDirectory, clock, events, metrics);
  return { spool: lmdb, node: undefined, lmdb, directory, close: () => lmdb.close() };
}

const spoolDirectory = (dataDirectory: string): string => join(dataDirectory, "spool");

/** Loaded where it is configured, and pg with it. */
async function joinNodes(
  cluster: ClusterSettings,
  around: Omit<NodeSurroundings, "version" | "onCommit"> & { readonly metrics: Metrics },
): Promise<ClusterNode> {
  const { metrics, ...rest } = around;
  const { openClusterNode } = await import("../cluster/open-node.ts");
  return openClusterNode(cluster, {
    ...rest,
    version,
    onCommit: (writes, elapsedMs) => metrics.committed(writes, elapsedMs),
  });
}

function openOwnSpool(
  dataDirectory: string,
  clock: Clock,
  events: EventLog,
  metrics: Metrics,
): Promise<LmdbSpool> {
  const directory = spoolDirectory(dataDirectory);
  return openLmdbSpool({
    directory,
    clock,
    earlierRunsFile: join(dataDirectory, "earlier-runs.json"),
    onTimeOff: (offMs, messages) => events.emit("QueueAgeHeld", { off: timeOffText(offMs), messages }),
    onFault: (fault) => events.emit("SpoolFault", { error: fault.message }),
    onJournalFault: ({ kind, what }) => events.emit(journalEvents[kind], { what }),
    onReserveGivenUp: (at) => events.emit("StartReserveGivenUp", { directory: at }),
    onMisplaced(error) {
      if (error === undefined) events.emit("SpoolInPlaceAgain", { directory });
      else events.emit("SpoolMisplaced", { error });
    },
    onCommit: (writes, elapsedMs) => metrics.committed(writes, elapsedMs),
    onAnswersCrowded: (kept) => events.emit("AnswersForgottenEarly", { kept }),
  });
}

const journalEvents = {
  damaged: "JournalDamaged",
  cutOff: "JournalCutOff",
  givenUp: "JournalGivenUp",
} as const;
