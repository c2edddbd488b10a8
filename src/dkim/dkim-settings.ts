/** What the configuration says of DKIM. */
import type { Canonicalization } from "../core/dkim/canonical-body.ts";
import type { KeyFacts } from "../core/dkim/choose-keys.ts";
import type { SigningKey } from "./signing-key.ts";

export interface DkimKey extends KeyFacts {
  /** Absolute. */
  readonly keyFile: string;
  readonly key: SigningKey;
}

export interface DkimSettings {
  readonly keys: readonly DkimKey[];
  readonly headerCanonicalization: Canonicalization;
  readonly bodyCanonicalization: Canonicalization;
  readonly oversign: "default" | "fromOnly" | "none";
  /** Milliseconds. */
  readonly signatureLifetime: number;
}
