/** The certificates a send connector names: its own, and those it trusts. */
import type { SmtpSendConnector } from "../core/policy/send-connector.ts";
import type { Findings, Path } from "./fault.ts";
import { certificatesOf, keyPairOf, type SecretSources } from "./secret-sources.ts";
import type { GivenSendConnector } from "./send-connector-schema.ts";

export function readSendTls(
  { tlsCertificateFile, tlsKeyFile, tlsCaFile }: GivenSendConnector,
  path: Path,
  from: SecretSources,
  findings: Findings,
): Pick<SmtpSendConnector, "tlsClient" | "tlsCa"> {
  const pair = keyPairOf(
    { certificateFile: tlsCertificateFile, keyFile: tlsKeyFile },
    ["tlsCertificateFile", "tlsKeyFile"],
    path,
    from,
    findings,
  );
  const certificates =
    tlsCaFile === undefined ? undefined : certificatesOf(tlsCaFile, [...path, "tlsCaFile"], from, findings);
  return {
    tlsClient:
      pair === undefined || tlsCertificateFile === undefined || tlsKeyFile === undefined
        ? undefined
        : {
            tlsCertificateFile,
            tlsKeyFile,
            certificate: pair.certificate,
            privateKey: pair.privateKey,
            expiresAt: pair.expiresAt,
          },
    tlsCa: tlsCaFile === undefined || certificates === undefined ? undefined : { tlsCaFile, certificates },
  };
}
