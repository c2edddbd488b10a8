/** How a configuration names a client certificate: `sha256:…` of the whole, or its subject. */
import { type Parsed, parsed, quoted, unparsable } from "../units/parsed.ts";

export type CertificateName =
  | {
      readonly kind: "fingerprint";
      readonly text: string;
      /** Hexadecimal, lower case. */ readonly sha256: string;
    }
  | { readonly kind: "subject"; readonly text: string; /** As `subjectKey` has it. */ readonly key: string };

/** A client's certificate whose chain was verified. */
export interface ClientCertificate {
  /** Hexadecimal, lower case. */
  readonly sha256: string;
  /** As Node has it: one attribute on a line. */
  readonly subject: string;
}

const fingerprint = /^sha-?256[:=]\s*((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})$/i;

export function parseCertificateName(input: string): Parsed<CertificateName> {
  const text = input.trim();
  const [, digits] = fingerprint.exec(text) ?? [];
  if (digits !== undefined)
    return parsed({ kind: "fingerprint", text, sha256: digits.replaceAll(":", "").toLowerCase() });
  const attributes = text.split(/(?<!\\),/).map((one) => one.trim());
  if (attributes.every((one) => /^[A-Za-z][A-Za-z0-9.-]*=./.test(one)))
    return parsed({
      kind: "subject",
      text,
      key: subjectKey(attributes.map((one) => one.replaceAll("\\,", ","))),
    });
  return unparsable(
    `${quoted(text)} names no certificate; write sha256:… (openssl x509 -noout -fingerprint -sha256) or its whole subject, "CN=printer-7,O=Contoso"`,
  );
}

/** Whether the name is the certificate's. A subject has to be the whole of it, in whatever order. */
export function isNamed(name: CertificateName, { sha256, subject }: ClientCertificate): boolean {
  return name.kind === "fingerprint" ? name.sha256 === sha256 : name.key === subjectKey(subject.split("\n"));
}

function subjectKey(attributes: readonly string[]): string {
  return JSON.stringify(
    attributes
      .map((one) => {
        const [type = "", ...value] = one.split("=");
        return [type.trim().toUpperCase(), value.join("=").trim()];
      })
      .map((pair) => pair.join("="))
      .sort(),
  );
}
