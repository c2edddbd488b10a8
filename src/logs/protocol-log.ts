/**
 * What was said on SMTP connections, in Exchange's RECV and SEND format: CSV, one line for each line on the wire.
 * A session that is not logged has no ProtocolSession and pays nothing. Source: Exchange protocol logging.
 */
import { join } from "node:path";
import type { Clock } from "../ports/ports.ts";
import { version } from "../version.ts";
import { csvField } from "./csv.ts";
import type { LogLimits } from "./log-files.ts";
import { createRollingLog } from "./rolling-log.ts";

/** Connected, disconnected, sent, received, information. */
export type ProtocolEvent = "+" | "-" | ">" | "<" | "*";

export interface ProtocolSession {
  /**
   * Logs one line; `data` without its CRLF. Credentials are the caller's to mask (`protocol-credentials.ts`). Never
   * throws, never waits. Cost: one string.
   */
  line(event: ProtocolEvent, data: string, context?: string): void;
}

export interface ProtocolSessionFacts {
  /** `SERVER\Connector name`. */
  readonly connectorId: string;
  readonly sessionId: string;
  /** `address:port`. */
  readonly localEndpoint: string;
  readonly remoteEndpoint: string;
}

export interface ProtocolLog {
  session(facts: ProtocolSessionFacts): ProtocolSession;
  /** Resolves when all lines so far are in the file, or could not be put there. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Exchange's ReceiveProtocolLogMaxAge, -MaxFileSize, -MaxDirectorySize, and the same for Send. */
export const defaultProtocolLogLimits: LogLimits = {
  maxAgeMs: 30 * 86_400_000,
  maxFileSizeBytes: 10 * 1024 * 1024,
  maxDirectorySizeBytes: 250 * 1024 * 1024,
};

type ProtocolLogLimit = "MaxAge" | "MaxDirectorySize" | "MaxFileSize";
type ProtocolLogSettings = Readonly<Record<`${ProtocolDirection}ProtocolLog${ProtocolLogLimit}`, number>>;

/** As they stand in the settings at each look. */
export function protocolLogLimits(
  direction: ProtocolDirection,
  settings: () => ProtocolLogSettings,
): LogLimits {
  return {
    get maxAgeMs() {
      return settings()[`${direction}ProtocolLogMaxAge`];
    },
    get maxDirectorySizeBytes() {
      return settings()[`${direction}ProtocolLogMaxDirectorySize`];
    },
    get maxFileSizeBytes() {
      return settings()[`${direction}ProtocolLogMaxFileSize`];
    },
  };
}

const directions = {
  receive: { folder: "SmtpReceive", prefix: "RECV", type: "SMTP Receive Protocol Log" },
  send: { folder: "SmtpSend", prefix: "SEND", type: "SMTP Send Protocol Log" },
} as const;
export type ProtocolDirection = keyof typeof directions;

/** `<dataDirectory>/logs/SmtpReceive` or `…/SmtpSend`. */
export function protocolLogDirectory(dataDirectory: string, direction: ProtocolDirection): string {
  return join(dataDirectory, "logs", directions[direction].folder);
}

/** Opens no file before the first line. */
export function openProtocolLog(options: {
  readonly directory: string;
  /** The data directory, which must be there. Default: folders are made as needed. */
  readonly within?: string;
  readonly direction: ProtocolDirection;
  readonly clock: Clock;
  readonly limits?: LogLimits;
  /** The time by which files are too old. Default: the clock on the wall. */
  readonly agedBy?: () => number;
  /** Told once when the log begins to fail. */
  readonly onFault?: (error: Error) => void;
}): ProtocolLog {
  const { directory, direction, clock, limits = defaultProtocolLogLimits, onFault } = options;
  const { prefix, type } = directions[direction];
  const log = createRollingLog({
    directory,
    ...(options.within === undefined ? {} : { within: options.within }),
    prefix,
    extension: "log",
    clock,
    limits,
    agedBy: options.agedBy,
    header: (openedAt) => header(type, openedAt),
    lostLine: (count, reason) => `#Lost: ${count} lines: ${csvField(reason)}\r\n`,
    ...(onFault && { onFault }),
  });
  return {
    session({ connectorId, sessionId, localEndpoint, remoteEndpoint }) {
      const who = `${csvField(connectorId)},${csvField(sessionId)}`;
      const where = `${csvField(localEndpoint)},${csvField(remoteEndpoint)}`;
      let sequence = 0;
      return {
        line(event, data, context = "") {
          const at = clock.wall().toISOString();
          log.write(
            `${at},${who},${sequence++},${where},${event},${csvField(data)},${csvField(context)}\r\n`,
          );
        },
      };
    },
    flush: () => log.flush(),
    close: () => log.close(),
  };
}

function header(type: string, openedAt: Date): string {
  return [
    "#Software: Weir",
    `#Version: ${version}`,
    `#Log-Type: ${type}`,
    `#Date: ${openedAt.toISOString()}`,
    "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context",
    "",
  ].join("\r\n");
}
