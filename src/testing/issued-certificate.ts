/** Certificates for tests as an authority gives them: several names, wildcards, RSA or ECDSA, made by openssl in no time. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface IssuedCertificate {
  readonly tlsCertificateFile: string;
  readonly tlsKeyFile: string;
}

/** Writes `<file>.pem` and `<file>.key` into `directory`. The first name is the common name as well. */
export async function issueCertificate(
  directory: string,
  file: string,
  names: readonly string[],
  kind: "rsa" | "ec" = "ec",
  days = 90,
): Promise<IssuedCertificate> {
  const [tlsCertificateFile, tlsKeyFile] = [join(directory, `${file}.pem`), join(directory, `${file}.key`)];
  const key = kind === "rsa" ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  await run("openssl", [
    "req",
    "-x509",
    "-nodes",
    "-newkey",
    ...key,
    "-keyout",
    tlsKeyFile,
    "-out",
    tlsCertificateFile,
    "-days",
    String(days),
    "-subj",
    `/CN=${names[0] ?? "none"}`,
    "-addext",
    `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`,
  ]);
  return { tlsCertificateFile, tlsKeyFile };
}
