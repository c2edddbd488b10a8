/** The certificate a client showed in its handshake, if OpenSSL found that its chain ends at a CA of the connector. */
import type { TLSSocket } from "node:tls";
import type { ClientCertificate } from "../../core/authentication/certificate-name.ts";

/**
 * What OpenSSL says of the peer's chain. `authorized` is set by tls.Server only, which asks this, too; there is no public
 * way to it for a socket that began in clear text.
 */
interface VerifyingHandle {
  verifyError?: () => Error | null;
}

/** Undefined: the client showed none, or one that cannot be trusted. Where it cannot be told, it is not trusted. */
export function verifiedCertificate(socket: TLSSocket): ClientCertificate | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: VerifyingHandle | null };
  if (typeof handle?.verifyError !== "function" || handle.verifyError() !== null) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return (
    certificate && {
      sha256: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
      subject: certificate.subject,
    }
  );
}
