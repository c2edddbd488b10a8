/** The one error of the SMTP client: why a connection could not be had, or was lost. */
import type { Hold } from "../../../../core/policy/reply-policy.ts";
import type { TlsFault } from "../../../../core/tls-policy/tls-result.ts";
import type { Verdict } from "../../delivery.ts";
import { failureWords } from "./failure-words.ts";
import { localVerdict } from "./peer-verdict.ts";

export type ClientErrorCode =
  | "resolve"
  | "connect"
  | "lost"
  | "timeout"
  /** What came is not SMTP. */
  | "garbage"
  /** The peer refused to go on: greeting, EHLO, 421. */
  | "refused"
  | "tls"
  | "authentication"
  /** `close()` ended it. */
  | "aborted";

const statuses: Readonly<Record<ClientErrorCode, string>> = {
  resolve: "4.4.3",
  connect: "4.4.1",
  lost: "4.4.2",
  timeout: "4.4.2",
  garbage: "4.5.0",
  refused: "4.3.2",
  tls: "4.7.5",
  authentication: "4.7.8",
  aborted: "4.3.2",
};

export class SmtpClientError extends Error {
  override readonly name = "SmtpClientError";
  readonly code: ClientErrorCode;
  readonly temporary = true;
  readonly verdict: Verdict;
  /** Whose mail is to wait because of it; no other address of the next hop is asked then. */
  readonly hold: Hold | undefined;
  /** A log-on was refused that a new token may be good for. */
  readonly tokenRefused: boolean;
  /** What TLS failed by, where that is known. */
  readonly tlsFault: TlsFault | undefined;

  /** `verdict` only where the peer said something; else one is made from code and message. */
  constructor(
    code: ClientErrorCode,
    message: string,
    options?: {
      cause?: unknown;
      verdict?: Verdict;
      hold?: Hold | undefined;
      tokenRefused?: boolean;
      tlsFault?: TlsFault | undefined;
    },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hold = options?.hold;
    this.tokenRefused = options?.tokenRefused === true;
    this.tlsFault = options?.tlsFault;
    this.verdict = options?.verdict ?? localVerdict(statuses[code], message);
  }
}

/** Whatever was thrown while a connection was opened. */
export function asClientError(error: unknown): SmtpClientError {
  return error instanceof SmtpClientError
    ? error
    : new SmtpClientError("connect", failureWords(error), { cause: error });
}
