/** What every check looks at. */
import type { AdminClient } from "../../admin/client.ts";
import type { Output as Answer } from "../../admin/contract.ts";
import type { ConfigResult } from "../../config/parse-config.ts";
import type { Settings } from "../../config/settings.ts";
import type { Owner } from "../../ports/as-owner.ts";
import type { Finding } from "./finding.ts";

export interface Patient {
  /** Absolute. */
  readonly configFile: string;
  readonly dataDirectory: string;
  /** The newest; undefined: it is the nodes' common one, and cannot be read. */
  readonly parsed: ConfigResult | undefined;
  /** What `parsed` was read from, for people. */
  readonly place: string;
  /** The text that nodes have in common, where there is one. */
  readonly sharedText: string | undefined;
  /** Of the configuration that holds here; undefined: there is none without faults. */
  readonly settings: Settings | undefined;
  /** Undefined: none answers. */
  readonly relay: { readonly client: AdminClient; readonly about: Answer<"about"> } | undefined;
  /** One runs, or may, and this user may not ask it. */
  readonly isDenied: boolean;
  /** For how long one that runs has not answered, where it was given up. */
  readonly silentMs: number | undefined;
  /** Whom the relay runs as, where root asks: root may read what that user may not. */
  readonly owner: Owner | undefined;
  readonly now: Date;
}

export type Check = (patient: Patient) => Promise<readonly Finding[]>;
