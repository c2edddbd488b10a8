/** TLS and logging on, as smtpd offers them. */
import { receiveConnectorSchema } from "../../receive-connector-schema.ts";
import { carry, type Carried, tell } from "../carried.ts";
import type { MainCf } from "./main-cf.ts";
import { wordsOf } from "./tables.ts";
import { isYes } from "./values.ts";

const { shape } = receiveConnectorSchema;

/** `logsOn`: clients that logged on may relay. */
export function carryTls(
  carried: Carried,
  main: MainCf,
  logsOn: boolean,
  isReadable: (path: string) => boolean,
): void {
  const level =
    main.value("smtpd_tls_security_level") ??
    (isYes(main.value("smtpd_enforce_tls"))
      ? "encrypt"
      : isYes(main.value("smtpd_use_tls"))
        ? "may"
        : "none");
  const offersTls = !["none", ""].includes(level);
  const needsTls = offersTls && (isYes(main.value("smtpd_tls_auth_only")) || level === "encrypt");
  const mechanisms = [
    ...(offersTls ? ["Tls"] : []),
    ...(logsOn ? ["BasicAuth"] : []),
    ...(logsOn && needsTls ? ["BasicAuthRequireTLS"] : []),
  ];
  carry(carried, shape, "authMechanism", mechanisms.length === 0 ? ["None"] : mechanisms, {
    property: "smtpd_tls_security_level",
    given: level,
  });
  if (level === "encrypt")
    carry(carried, shape, "requireTls", true, { property: "smtpd_tls_security_level", given: level });
  if (offersTls) certificate(carried, main, isReadable);
}

function certificate(carried: Carried, main: MainCf, isReadable: (path: string) => boolean): void {
  const [chain] = wordsOf(main.value("smtpd_tls_chain_files"));
  const certificateFile = main.value("smtpd_tls_cert_file") ?? chain;
  if (certificateFile === undefined || certificateFile === "") return;
  const keyFile = main.value("smtpd_tls_key_file") ?? certificateFile;
  const property = "smtpd_tls_cert_file";
  if (/snakeoil/.test(certificateFile))
    tell(
      carried,
      property,
      certificateFile,
      "differs",
      "a self-signed certificate; this relay makes its own",
    );
  else if (![certificateFile, keyFile].every(isReadable))
    tell(
      carried,
      property,
      certificateFile,
      "leftOut",
      "it cannot be read here; bring the files, then -TlsCertificateFile and -TlsKeyFile",
    );
  else {
    carry(carried, shape, "tlsCertificateFile", certificateFile, { property, given: certificateFile });
    carry(carried, shape, "tlsKeyFile", keyFile, { property: "smtpd_tls_key_file", given: keyFile });
  }
}
