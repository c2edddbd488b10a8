/** What became of TLS while a connection was opened, for those who count it. */
import type { TlsDemand, TlsLevel } from "../../../../core/tls-policy/tls-demand.ts";
import type { TlsaFact } from "../../../../core/tls-policy/tls-facts.ts";
import type { TlsFault, TlsOutcome } from "../../../../core/tls-policy/tls-result.ts";

/** A handshake that was tried, or a host that was left out. There is none of a connection that is used again. */
export interface TlsAttempt {
  readonly connector: string;
  /** The recipient domain whose mail it was made for; empty for smart hosts, and for reports on TLS, which nobody reports on. */
  readonly domain: string;
  readonly host: string;
  /** Empty where the host was left out. */
  readonly address: string;
  /** Empty where it is not known. */
  readonly localAddress: string;
  /** What was demanded. */
  readonly level: TlsLevel;
  /** It is open, within TLS. */
  readonly isSecured: boolean;
  /** The host's TLSA records, usable or not; absent where there are none. */
  readonly tlsa?: readonly TlsaFact[];
  /** One for each policy of the domain. */
  readonly outcomes: readonly TlsOutcome[];
}

export type OnTlsAttempt = (attempt: TlsAttempt) => void;

/** TLS did not come about: no policy was kept to. */
export function failedOutcomes(
  { watched }: TlsDemand,
  fault: TlsFault,
  detail: string,
): readonly TlsOutcome[] {
  return watched.map((one) =>
    one.fault === undefined
      ? { policy: one.policy, fault, detail }
      : { policy: one.policy, fault: one.fault, detail: one.detail },
  );
}

/** TLS is up. `judge`: what the certificate lacks for each. */
export function securedOutcomes(
  { watched }: TlsDemand,
  judge: (
    one: TlsDemand["watched"][number],
  ) => { readonly fault: TlsFault; readonly detail: string } | undefined,
): readonly TlsOutcome[] {
  return watched.map((one) => {
    const { policy } = one;
    if (one.fault !== undefined) return { policy, fault: one.fault, detail: one.detail };
    const found = judge(one);
    return { policy, fault: found?.fault, detail: found?.detail ?? "" };
  });
}
