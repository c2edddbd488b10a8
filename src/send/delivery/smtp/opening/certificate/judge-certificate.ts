/** Whether a server is the one that mail is for: its certificate, and what is demanded of it. */
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from "node:tls";
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { CertificateDemand } from "../../../../../core/tls-policy/tls-demand.ts";
import type { TlsFault } from "../../../../../core/tls-policy/tls-result.ts";
import { SmtpClientError } from "../../wire/client-error.ts";
import { failureWords } from "../../wire/failure-words.ts";
import { tlsaMismatch } from "./match-tlsa.ts";
import { presentedChain } from "./presented-chain.ts";

export interface CertificateFault {
  readonly fault: TlsFault;
  /** In words. */
  readonly detail: string;
}

/**
 * What it does not fulfil; undefined: nothing. `socket`: its handshake is done, without a judgement. `at`: by the wall clock,
 * milliseconds.
 */
export function certificateFault(
  socket: TLSSocket,
  { isTrusted, names, byAlternativeName, tlsa }: CertificateDemand,
  at: number,
): CertificateFault | undefined {
  if (tlsa !== undefined) {
    const detail = tlsaMismatch(presentedChain(socket), tlsa, at);
    if (detail !== undefined) return { fault: "validation-failure", detail };
  }
  if (isTrusted && !socket.authorized) {
    const code = authorizationCode(socket);
    return {
      fault: code === "CERT_HAS_EXPIRED" ? "certificate-expired" : "certificate-not-trusted",
      detail: failureWords(Object.assign(new Error(code), { code })),
    };
  }
  const certificate = names.length === 0 ? undefined : socket.getPeerCertificate();
  if (byAlternativeName && certificate !== undefined && !hasAlternativeName(certificate))
    return { fault: "certificate-host-mismatch", detail: "the certificate has no name in subjectAltName" };
  for (const name of names) {
    const mismatch = certificate && checkServerIdentity(identityOf(name), certificate);
    if (mismatch !== undefined) return { fault: "certificate-host-mismatch", detail: failureWords(mismatch) };
  }
  return undefined;
}

/**
 * The domains that a certificate is for that fits TLSA records and is not for the host itself; undefined: it is for the host, or
 * records do not ask. `socket`, `at`: as above.
 */
export function domainsInsteadOfHost(
  socket: TLSSocket,
  { tlsa }: CertificateDemand,
  at: number,
): readonly string[] | undefined {
  if (tlsa === undefined) return undefined;
  const chain = presentedChain(socket);
  const fits = (names: readonly string[]): boolean =>
    tlsaMismatch(chain, { ...tlsa, names }, at) === undefined;
  return fits(tlsa.hostNames) ? undefined : tlsa.names.filter((name) => fits([name]));
}

/** Without one Node looks at the common name. */
function hasAlternativeName({ subjectaltname = "" }: PeerCertificate): boolean {
  return /(?:^|, )DNS:/.test(subjectaltname);
}

/** Node gives the code alone, whatever its types say. */
function authorizationCode({ authorizationError }: TLSSocket): string {
  const reason: unknown = authorizationError;
  if (reason instanceof Error) return reason.message;
  return typeof reason === "string" ? reason : "no reason is given";
}

/**
 * One spelling for a name before it is compared: A-labels, lower case, without the root's dot. Throws SmtpClientError (`tls`).
 */
export function identityOf(name: string): string {
  if (isIP(name) !== 0) return name;
  const ascii = domainToASCII(name.replace(/\.$/, "")).toLowerCase();
  if (ascii === "" || ascii.includes("\0"))
    throw new SmtpClientError("tls", `not a host name: ${JSON.stringify(name)}`);
  return ascii;
}
