/** The Pickup and Replay directories, as the settings name them (Exchange: Set-TransportService). */
import type { MessageId } from "../../core/message/envelope.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Events } from "../../events/events.ts";
import type { Submissions } from "../submission/submissions.ts";
import {
  createPickupDirectory,
  type PickupDirectory,
  type PickupDirectorySettings,
} from "./pickup-directory.ts";

export interface PickupSettings {
  /** Undefined: there is none. */
  readonly pickupDirectoryPath: string | undefined;
  readonly replayDirectoryPath: string | undefined;
  readonly pickupDirectoryMaxMessagesPerMinute: number;
  /** Octets. */
  readonly pickupDirectoryMaxHeaderSize: number;
  readonly pickupDirectoryMaxRecipientsPerMessage: number;
  /** The name of the receive connector whose limits and rights hold for what lies there. */
  readonly pickupConnector: string | undefined;
  readonly receiveConnectors: readonly ReceiveConnectorSettings[];
  readonly hostname: string;
}

export interface Pickup {
  /** Decides on what an earlier run left. Before anybody delivers. */
  recover(): Promise<void>;
  start(): void;
  /** A directory that is new is taken from, one that is named no more is left alone. */
  reconfigure(settings: PickupSettings): Promise<void>;
  stop(): Promise<void>;
}

const ownAddress = "127.0.0.1";

export function createPickup(
  initial: PickupSettings,
  around: {
    readonly submissions: Submissions;
    readonly clock: Clock;
    readonly events: Events;
    readonly isKept: (id: MessageId) => Promise<boolean>;
  },
): Pickup {
  let settings = initial;
  let running = false;

  const open = (wanted: PickupDirectorySettings): PickupDirectory =>
    createPickupDirectory(wanted, {
      ...around,
      submitter() {
        const connector = connectorOf(settings);
        if (connector === undefined)
          throw new Error("no receive connector is named for it (pickupConnector)");
        return around.submissions.submitter({
          door: "PICKUP",
          connector,
          peer: { address: ownAddress, port: 0, source: ownAddress },
          receivedProtocol: wanted.kind,
          helloName: "localhost",
        });
      },
    });
  let directories = wantedDirectories(settings).map(open);

  return {
    async recover() {
      for (const directory of directories) await directory.recover();
    },
    start() {
      running = true;
      for (const directory of directories) directory.start();
    },
    async reconfigure(next) {
      settings = next;
      const wanted = wantedDirectories(next).map((one) => ({ one, key: JSON.stringify(one) }));
      const kept = directories.filter(({ settings: own }) =>
        wanted.some(({ key }) => key === JSON.stringify(own)),
      );
      const gone = directories.filter((directory) => !kept.includes(directory));
      await Promise.all(gone.map((directory) => directory.stop()));
      const known = new Set(kept.map((directory) => JSON.stringify(directory.settings)));
      const added = wanted.filter(({ key }) => !known.has(key)).map(({ one }) => open(one));
      directories = [...kept, ...added];
      for (const directory of running ? added : []) directory.start();
    },
    async stop() {
      running = false;
      await Promise.all(directories.map((directory) => directory.stop()));
    },
  };
}

function connectorOf({
  receiveConnectors,
  pickupConnector,
}: PickupSettings): ReceiveConnectorSettings | undefined {
  return receiveConnectors.find(({ name }) => name.toLowerCase() === pickupConnector?.toLowerCase());
}

function wantedDirectories(settings: PickupSettings): PickupDirectorySettings[] {
  const { pickupDirectoryPath, replayDirectoryPath, hostname } = settings;
  const common = {
    maxMessagesPerMinute: settings.pickupDirectoryMaxMessagesPerMinute,
    limits: {
      maxHeaderBytes: settings.pickupDirectoryMaxHeaderSize,
      maxRecipients: settings.pickupDirectoryMaxRecipientsPerMessage,
      hostname,
    },
  };
  return [
    ...(pickupDirectoryPath === undefined
      ? []
      : [{ kind: "Pickup", directory: pickupDirectoryPath, ...common } as const]),
    ...(replayDirectoryPath === undefined
      ? []
      : [{ kind: "Replay", directory: replayDirectoryPath, ...common } as const]),
  ];
}
