/** Settings of a webhook: which events are told where, how, and how often. */
import type { EventChoice } from "./event-choice.ts";

export const webhookFormats = ["weir", "slack", "teams"] as const;
/** `weir`: JSON as docs/webhooks.md has it. `slack`: a text, as chat services take it. `teams`: an adaptive card. */
export type WebhookFormat = (typeof webhookFormats)[number];

export interface WebhookSettings {
  readonly name: string;
  readonly enabled: boolean;
  /** `https`, or `http` to this machine. It may be a secret by itself. */
  readonly url: string;
  readonly events: readonly EventChoice[];
  readonly format: WebhookFormat;
  /** Keys of the signature, the newest first; none: it is not signed. */
  readonly secrets: readonly Uint8Array[];
  /** Value of the header Authorization. */
  readonly authorization: string | undefined;
  /** PEM, each; undefined: the CAs that Node.js brings. */
  readonly ca: readonly string[] | undefined;
  /** `http://proxy:3128`, by CONNECT. */
  readonly proxy: string | undefined;
  /** Milliseconds, as are all below: from the beginning to the whole answer. */
  readonly timeout: number;
  /** How long the first events wait for others that belong together. */
  readonly groupWait: number;
  /** At least so long between two requests that tell events. */
  readonly groupInterval: number;
  /** How long events are kept that nobody takes. */
  readonly expirationTimeout: number;
  /** As the file gives them. */
  readonly given: {
    readonly url: string | undefined;
    readonly urlFile: string | undefined;
    readonly secretFile: string | undefined;
    readonly authorizationFile: string | undefined;
    readonly caFile: string | undefined;
  };
}
