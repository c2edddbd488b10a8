/** Whether a chain of certificates fits TLSA records (RFC 7671, RFC 7672 §3). */
import { createHash, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { TlsaDemand } from "../../../../../core/tls-policy/tls-demand.ts";
import type { TlsaFact } from "../../../../../core/tls-policy/tls-facts.ts";
import { domainIssued } from "../../../../../core/tls-policy/tlsa-records.ts";
import { publicKeyInfo } from "./certificate-fields.ts";
import { constraintsFault } from "./chain-constraints.ts";

/**
 * Why it fits none, in words; undefined: it fits one. `chain`: the server's own certificate first. `at`: milliseconds since the
 * epoch, by the wall clock.
 */
export function tlsaMismatch(
  chain: readonly X509Certificate[],
  { baseDomain, records, names }: TlsaDemand,
  at: number,
): string | undefined {
  const [leaf] = chain;
  if (leaf === undefined) return "the server presents no certificate";
  let reason: string | undefined;
  for (const record of records) {
    // The server's own: names, dates and issuers mean nothing (RFC 7672 §3.1.1).
    const fault =
      record.usage === domainIssued
        ? fits(leaf, record)
          ? undefined
          : "not matched"
        : anchorFault(chain, record, names, at);
    if (fault === undefined) return undefined;
    if (fault !== "not matched") reason ??= fault;
  }
  return reason ?? `the certificate fits none of the TLSA records of ${baseDomain}`;
}

/** A certificate that issued the server's, as presented or as the record itself is (RFC 7671 §5.2). */
function anchorFault(
  chain: readonly X509Certificate[],
  record: TlsaFact,
  names: readonly string[],
  at: number,
): string | undefined {
  const anchor = anchorAt(chain, record);
  if (anchor === undefined) return "not matched";
  const { depth, own } = anchor;
  for (const [index, certificate] of chain.slice(0, depth + 1).entries()) {
    if (Date.parse(certificate.validTo) < at) return "a certificate of the chain has expired";
    if (Date.parse(certificate.validFrom) > at) return "a certificate of the chain is not valid yet";
    const issuer = index < depth ? chain[index + 1] : undefined;
    if (issuer !== undefined && !hasIssued(issuer, certificate))
      return "the chain to the certificate of the TLSA record is broken";
  }
  const leaf = chain[0];
  const name = names.find((one) => leaf?.checkHost(one, { partialWildcards: false }) !== undefined);
  if (name === undefined) return `the certificate is for none of ${names.join(", ")}`;
  return constraintsFault([...chain.slice(0, depth + 1), ...own], name);
}

/**
 * Up to where the chain is to be followed: the certificate that fits, or the one that the record's own has issued. `own`: that one,
 * where the record holds all of it.
 */
function anchorAt(
  chain: readonly X509Certificate[],
  record: TlsaFact,
): { readonly depth: number; readonly own: readonly X509Certificate[] } | undefined {
  const presented = chain.findIndex((certificate, depth) => depth > 0 && fits(certificate, record));
  if (presented > 0) return { depth: presented, own: [] };
  if (record.matchingType !== 0) return undefined;
  const anchor = anchorOf(record);
  const depth = anchor === undefined ? -1 : chain.findIndex((certificate) => isIssuedBy(certificate, anchor));
  return depth < 0 ? undefined : { depth, own: anchor instanceof X509Certificate ? [anchor] : [] };
}

/** What a record holds in full: a certificate, or a bare key. */
function anchorOf({ selector, data }: TlsaFact): X509Certificate | KeyObject | undefined {
  try {
    const der = Buffer.from(data);
    return selector === 0
      ? new X509Certificate(der)
      : createPublicKey({ key: der, format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

function isIssuedBy(certificate: X509Certificate, anchor: X509Certificate | KeyObject): boolean {
  if (anchor instanceof X509Certificate) return hasIssued(anchor, certificate);
  return isSignedBy(certificate, anchor);
}

function hasIssued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && isSignedBy(certificate, issuer.publicKey);
}

function isSignedBy(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.verify(key);
  } catch {
    // A key of another kind than the signature's.
    return false;
  }
}

const digests: Readonly<Record<number, string>> = { 1: "sha256", 2: "sha512" };

function fits({ raw }: X509Certificate, { selector, matchingType, data }: TlsaFact): boolean {
  const selected = selector === 0 ? raw : publicKeyInfo(raw);
  if (selected === undefined) return false;
  const digest = digests[matchingType];
  return (digest === undefined ? selected : createHash(digest).update(selected).digest()).equals(data);
}
