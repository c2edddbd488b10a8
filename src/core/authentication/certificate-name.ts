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

const fingerprint = /^sha-?256(?:[ ]fingerprint)?[:=]\s*((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})$/i;

export function parseCertificateName(input: string): Parsed<CertificateName> {
  const text = input.trim();
  const [, digits] = fingerprint.exec(text) ?? [];
  if (digits !== undefined)
    return parsed({ kind: "fingerprint", text, sha256: digits.replaceAll(":", "").toLowerCase() });
  const attributes = /^sha-?256\b/i.test(text)
    ? undefined
    : attributesOf(text.replace(/^subject\s*[=:]\s*/i, ""));
  if (attributes !== undefined) return parsed({ kind: "subject", text, key: subjectKey(attributes) });
  return unparsable(
    `${quoted(text)} names no certificate; write sha256:… (openssl x509 -noout -fingerprint -sha256) or its whole subject, "CN=printer-7,O=Contoso"`,
  );
}

/** Whether the name is the certificate's. A subject has to be the whole of it, in whatever order. */
export function isNamed(name: CertificateName, { sha256, subject }: ClientCertificate): boolean {
  if (name.kind === "fingerprint") return name.sha256 === sha256;
  const attributes = attributesOf(subject);
  return attributes !== undefined && name.key === subjectKey(attributes);
}

type Attribute = readonly [type: string, value: string];

function subjectKey(attributes: readonly Attribute[]): string {
  return JSON.stringify(
    attributes.map(([type, value]) => JSON.stringify([type.toUpperCase(), value])).toSorted(),
  );
}

/** Behind an attribute: another of the same RDN, the next RDN, as OpenSSL and as Node write them. */
const separator = /^[ ]*[,+\n][ ]*/;
const type = /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)[ ]*=[ ]*/;
const quotedValue = /^"((?:[^"\\\n]|\\.)*)"/;
const plainValue = /^(?:[^"\\,+\n]|\\.)+/;

/**
 * The attributes of a name as RFC 4514 writes them, which OpenSSL and Node do with blanks, quotes and lines of their own;
 * escapes are taken out. Undefined: it is none. Linear.
 */
function attributesOf(text: string): readonly Attribute[] | undefined {
  const attributes: Attribute[] = [];
  for (let rest = text; ;) {
    const [head] = type.exec(rest) ?? [];
    if (head === undefined) return undefined;
    rest = rest.slice(head.length);
    const [whole, within] = quotedValue.exec(rest) ?? plainValue.exec(rest) ?? [];
    if (whole === undefined) return undefined;
    const value = unescaped(within ?? whole.replace(/(?<!\\)[ ]+$/, ""));
    if (value === "") return undefined;
    attributes.push([head.replace(/[ ]*=[ ]*$/, ""), value]);
    rest = rest.slice(whole.length);
    if (rest === "") return attributes;
    const [between] = separator.exec(rest) ?? [];
    if (between === undefined) return undefined;
    rest = rest.slice(between.length);
  }
}

/** `\,` stands for a comma, `\C3\BC` for octets of UTF-8. */
function unescaped(value: string): string {
  return value.replaceAll(
    /((?:\\[0-9A-Fa-f]{2})+)|\\(.)/gsu,
    (_whole, octets: string | undefined, character: string | undefined) =>
      octets === undefined
        ? (character ?? "")
        : Buffer.from(octets.replaceAll("\\", ""), "hex").toString("utf8"),
  );
}
