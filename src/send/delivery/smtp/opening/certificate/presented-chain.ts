/** The certificates that a server presents, its own first. */
import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";

const mostCertificates = 10;

/**
 * Each issued by the next, as far as it is known. By getPeerCertificate, for getPeerX509Certificate empties the chain of a
 * client's socket, and whoever asks next sees none. Cost: parsing each.
 */
export function presentedChain(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  // A self-signed one is its own issuer.
  let at: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (at?.raw !== undefined && !seen.has(at.fingerprint256) && chain.length < mostCertificates) {
    seen.add(at.fingerprint256);
    chain.push(new X509Certificate(at.raw));
    at = at.issuerCertificate;
  }
  return chain;
}
