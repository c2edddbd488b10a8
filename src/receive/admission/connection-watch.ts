/** One connection, as limits see it that are only looked at. */
import type { Door } from "../../core/policy/door.ts";
import type { ReceiveConnectorSettings, WatchedLimits } from "../../core/policy/receive-connector.ts";
import type { ReportableLimit } from "../../core/policy/reportable-limits.ts";

/**
 * A limit that would have closed the connection sees nothing more of it: its messages would never have come. Each limit for
 * itself.
 */
export class ConnectionWatch {
  readonly #limits: WatchedLimits;
  readonly #door: Door;
  #closedBy: Set<ReportableLimit> | undefined;
  /** Settings that would have refused the connection, then those that would have refused its message. */
  #ofConnection: readonly string[] = [];
  #ofMessage: readonly string[] = [];

  constructor(limits: WatchedLimits, door: Door) {
    this.#limits = limits;
    this.#door = door;
  }

  /** The value that is looked at; undefined: none is, or the connection would not be there any more. Cost: a look-up. */
  valueOf(limit: ReportableLimit): number | undefined {
    return this.#closedBy?.has(limit) === true ? undefined : this.#limits.values[limit];
  }

  /** What would have refused the connection, or its message: doors that can tell their client do. */
  get wouldRefuse(): readonly string[] {
    return [...this.#ofConnection, ...this.#ofMessage];
  }

  wouldRefuseConnection(setting: string): void {
    this.#ofConnection = [...this.#ofConnection, setting];
  }

  wouldRefuseMessage(setting: string): void {
    if (!this.#ofMessage.includes(setting)) this.#ofMessage = [...this.#ofMessage, setting];
  }

  /** Another message begins. */
  nextMessage(): void {
    this.#ofMessage = [];
  }

  /** It would have refused what the connection did, and closed it. */
  wouldClose(limit: ReportableLimit): void {
    // A file is refused by itself, and a request of HTTP by this limit as well.
    if (this.#door === "PICKUP" || (this.#door === "HTTP" && limit === "messageRateLimit")) return;
    (this.#closedBy ??= new Set()).add(limit);
  }
}

/** Undefined: no limit of the connector is only looked at. */
export function watchConnection(
  { watched }: Pick<ReceiveConnectorSettings, "watched">,
  door: Door,
): ConnectionWatch | undefined {
  return watched && new ConnectionWatch(watched, door);
}
