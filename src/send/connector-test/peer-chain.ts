/** The chain a peer presents, and how it stands to what a connector demands of it. */
import { checkServerIdentity, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { TestedCertificate } from "../../core/policy/connector-test/test-step.ts";
import { identityOf } from "../delivery/smtp/opening/certificate/judge-certificate.ts";
import { failureWords } from "../delivery/smtp/wire/failure-words.ts";

export interface PeerChain {
  readonly certificates: readonly TestedCertificate[];
  readonly details: readonly string[];
}

const mostCertificates = 10;

/** `socket`: its handshake is done, with whatever tlsAuthLevel. */
export function peerChain(socket: TLSSocket, host: string, connector: SmtpSendConnector): PeerChain {
  const peer = socket.getPeerCertificate(true);
  const certificates = chainFrom(peer);
  const { tlsAuthLevel: level, tlsDomain } = connector;
  const name = tlsDomain ?? host;
  const mismatch = certificates.length === 0 ? undefined : checkServerIdentity(identityOf(name), peer);
  const trusted = socket.authorized;
  const isSatisfied =
    level === "EncryptionOnly" || (trusted && (level === "CertificateValidation" || mismatch === undefined));
  return {
    certificates,
    details: [
      `${socket.getProtocol() ?? "TLS"}, ${socket.getCipher().standardName}`,
      ...certificates.map(certificateText),
      trusted
        ? "the chain ends at a trusted root"
        : `the chain is not trusted: ${failureWords(reasonOf(socket))}`,
      mismatch === undefined ? `the certificate is for ${name}` : failureWords(mismatch),
      `tlsAuthLevel ${level} is ${isSatisfied ? "" : "not "}satisfied`,
    ],
  };
}

/** Node gives the code alone, whatever its types say. */
function reasonOf({ authorizationError }: TLSSocket): Error {
  const reason: unknown = authorizationError;
  if (reason instanceof Error) return reason;
  const code = typeof reason === "string" ? reason : "no reason is given";
  return Object.assign(new Error(code), { code });
}

function chainFrom(first: DetailedPeerCertificate): readonly TestedCertificate[] {
  const chain: TestedCertificate[] = [];
  const seen = new Set<string>();
  for (let at = first; at !== undefined && at.raw !== undefined; at = at.issuerCertificate) {
    if (seen.has(at.fingerprint256) || chain.length === mostCertificates) break;
    seen.add(at.fingerprint256);
    chain.push({
      subject: distinguishedName(at.subject),
      issuer: distinguishedName(at.issuer),
      names: at.subjectaltname?.split(", ") ?? [],
      validFrom: instant(at.valid_from),
      validTo: instant(at.valid_to),
    });
  }
  return chain;
}

function certificateText({ subject, issuer, names, validFrom, validTo }: TestedCertificate): string {
  const alternatives = names.length === 0 ? "" : `, for ${names.join(", ")}`;
  return `certificate ${subject}${alternatives}; issued by ${issuer}; valid ${validFrom.slice(0, 10)} to ${validTo.slice(0, 10)}`;
}

function distinguishedName(name: DetailedPeerCertificate["subject"] | undefined): string {
  return Object.entries(name ?? {})
    .map(([key, value]) => `${key}=${[value].flat().join("+")}`)
    .join(", ");
}

function instant(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : new Date(ms).toISOString();
}
