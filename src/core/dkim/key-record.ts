/** The TXT record that publishes a key (RFC 6376 §3.6.1, RFC 8463 §4), in the forms in which DNS is kept. */

/** `publicKey`: base64; of RSA the SPKI, of Ed25519 the 32 octets of the key itself. Empty: the key is revoked. */
export function keyRecord(kind: "rsa" | "ed25519", publicKey: string): string {
  return `v=DKIM1; k=${kind}; p=${publicKey}`;
}

/** A line of a zone file. A string of a TXT record holds 255 octets (RFC 1035 §3.3.14), so a long key takes several. */
export function zoneFileLine(selector: string, domain: string, record: string): string {
  const strings = record.match(/.{1,255}/gu) ?? [];
  return `${selector}._domainkey.${domain}. IN TXT ( ${strings.map((one) => `"${one}"`).join(" ")} )`;
}

export interface ReadKeyRecord {
  readonly kind: string;
  /** Base64 without white space; "" when it is revoked. */
  readonly publicKey: string;
}

/** A published record; undefined when it is none, so that verifiers pass it over (§3.6.1: `v` first, `p` required). */
export function readKeyRecord(text: string): ReadKeyRecord | undefined {
  const tags = new Map<string, string>();
  for (const part of text.split(";")) {
    const [, name, value] = /^\s*([A-Za-z][\w]*)\s*=([\s\S]*)$/u.exec(part) ?? [];
    if (name === undefined || value === undefined) {
      if (part.trim() !== "") return undefined;
      continue;
    }
    if (tags.has(name) || (name === "v" && (tags.size > 0 || value.trim() !== "DKIM1"))) return undefined;
    tags.set(name, value);
  }
  const publicKey = tags.get("p")?.replaceAll(/\s/gu, "");
  return publicKey === undefined ? undefined : { kind: tags.get("k")?.trim() ?? "rsa", publicKey };
}
