/** Who stands at the door: the connector that answers, and whom its limits count. */
import type { ListeningDoor } from "../../core/policy/door.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { ConnectionWatch } from "./connection-watch.ts";

export interface Client {
  readonly connector: ReceiveConnectorSettings;
  /** Canonical. */
  readonly address: string;
  /** What limits count it under. */
  readonly source: string;
  /** What it speaks; SMTP where it is not given. */
  readonly door?: ListeningDoor | undefined;
  /** Of one that came in, where limits are only looked at. */
  readonly watch?: ConnectionWatch | undefined;
}
