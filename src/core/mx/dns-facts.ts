/** What DNS said, as far as the choice of hosts looks at it. The answers of `ports/lookup` are of these shapes. */

interface Denied {
  readonly kind: "nxdomain" | "nodata";
  readonly canonicalName: string;
}

/** Nobody knows; never to be taken for a denial. */
interface NotKnown {
  readonly kind: "bogus" | "servfail" | "refused" | "timeout" | "malformed" | "invalid-name";
  readonly detail: string;
}

export type MxAnswer =
  | {
      readonly kind: "found";
      /** Behind all aliases of the domain. */
      readonly canonicalName: string;
      /** `exchange`: lower case, without the final dot; "" for the root. */
      readonly records: readonly { readonly preference: number; readonly exchange: string }[];
    }
  | Denied
  | NotKnown;

export type AddressAnswer =
  | { readonly kind: "found"; readonly canonicalName: string; readonly records: readonly string[] }
  | Denied
  | NotKnown;

/** Both families of one host. */
export interface AddressAnswers {
  readonly ipv4: AddressAnswer;
  readonly ipv6: AddressAnswer;
}

/** Mail for the domain cannot be delivered: with what its sender is told, or until DNS says something else. */
export interface NoHosts {
  readonly kind: "refused" | "later";
  /** RFC 3463, RFC 7505. */
  readonly status: string;
  /** As a reply reads, code and status in front. */
  readonly text: string;
}

export function refused(code: number, status: string, text: string): NoHosts {
  return { kind: "refused", status, text: `${code} ${status} ${text}` };
}

/** RFC 3463: X.4.3 directory server failure, X.4.4 unable to route, X.7.5 cryptographic failure; RFC 8689: X.7.30. */
export function later(status: "4.4.3" | "4.4.4" | "4.7.5" | "4.7.30", text: string): NoHosts {
  return { kind: "later", status, text: `451 ${status} ${text}` };
}
