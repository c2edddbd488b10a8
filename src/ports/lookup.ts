/** What a question to the DNS comes to: never an exception, and each way to fail by its name. */

/** What is asked for: address, mail exchanger, text, TLSA and alias records. */
export type RecordType = "A" | "AAAA" | "CNAME" | "MX" | "TXT" | "TLSA";

export interface MxRecord {
  readonly preference: number;
  /** Lower case, without the final dot; "" for the root (null MX, RFC 7505). */
  readonly exchange: string;
}

/** RFC 6698 §2.1. */
export interface TlsaRecord {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly data: Buffer;
}

/** What a record of each type holds. A TXT record's strings are joined (RFC 7208 §3.3). */
export interface RecordOf {
  readonly A: string;
  readonly AAAA: string;
  readonly CNAME: string;
  readonly MX: MxRecord;
  readonly TXT: string;
  readonly TLSA: TlsaRecord;
}

interface Told {
  /** The name behind all aliases; the name asked for when there are none. */
  readonly canonicalName: string;
  /** A resolver that is trusted to validate says that all of it is signed (the AD bit, RFC 4035 §3.2.3). */
  readonly isAuthenticated: boolean;
  /** Milliseconds for which this may be kept. */
  readonly keepMs: number;
}

export interface Found<Type extends RecordType = RecordType> extends Told {
  readonly kind: "found";
  /** As they came, at least one. */
  readonly records: readonly RecordOf[Type][];
}

/** `nxdomain`: no such name. `nodata`: the name has no record of that type. */
export interface NotThere extends Told {
  readonly kind: "nxdomain" | "nodata";
}

/**
 * Nobody knows. `bogus`: the resolver says that signatures do not fit (RFC 8914). `servfail`: it could not find out.
 * `refused`: it does not want to. `timeout`: no server answered. `malformed`: what came is no answer, or an alias loop.
 * `invalid-name`: no name that could be asked for; nothing was sent.
 */
export interface Unknown {
  readonly kind: "bogus" | "servfail" | "refused" | "timeout" | "malformed" | "invalid-name";
  /** In words, for the administrator. */
  readonly detail: string;
  readonly keepMs: number;
}

export type Lookup<Type extends RecordType = RecordType> = Found<Type> | NotThere | Unknown;

export const isUnknown = (lookup: Lookup): lookup is Unknown =>
  lookup.kind !== "found" && lookup.kind !== "nxdomain" && lookup.kind !== "nodata";

/** `off`: its word that data is signed is not to be relied on, and why. */
export type DnssecStanding = { readonly kind: "on" } | { readonly kind: "off"; readonly reason: string };

export interface Resolver {
  /**
   * Asks for records of `type`, behind aliases. Never rejects: see `Lookup` for the ways to fail. Kept answers cost a map's
   * look-up; all that ask for the same thing at one time share one question.
   */
  lookUp<Type extends RecordType>(name: string, type: Type): Promise<Lookup<Type>>;
  /** Forgets what is kept of a name, or all. */
  forget(name?: string): void;
  /** Left out: it may be relied on wherever it says so. Never rejects. Cost: what is known already a promise. */
  dnssec?(): Promise<DnssecStanding>;
  /**
   * Another number when other servers are asked, or are trusted otherwise: what was made of answers before counts no more. Left
   * out: that never happens. Cost: a comparison.
   */
  generation?(): number;
}

/** Of who has no way to ask. */
export const ignorantResolver: Resolver = {
  lookUp: () => Promise.resolve({ kind: "timeout", detail: "there is nobody to ask", keepMs: 10_000 }),
  forget: () => {},
};
