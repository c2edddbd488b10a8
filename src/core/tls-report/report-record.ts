/** The TXT record at `_smtp._tls.DOMAIN`: whether the domain wants reports, and where (RFC 8460 §3). */

export type ReportTarget =
  | { readonly kind: "mailto"; readonly address: string }
  | { readonly kind: "https"; readonly url: string };

const versionInFront = "v=TLSRPTv1;";
/** A domain that names more gets its reports at the first ones. */
const mostTargets = 5;

/** Empty: none, or none that can be understood. `texts`: the strings of each TXT record, joined. Of several records none counts. */
export function readReportTargets(texts: readonly string[]): readonly ReportTarget[] {
  const records = texts.filter((text) => text.startsWith(versionInFront));
  const [record] = records;
  if (record === undefined || records.length > 1) return [];
  const rua = record
    .slice(versionInFront.length)
    .split(";")
    .map((field) => field.trim())
    .find((field) => /^rua[ \t]*=/.test(field));
  if (rua === undefined) return [];
  return rua
    .slice(rua.indexOf("=") + 1)
    .split(",")
    .flatMap((uri) => targetOf(uri.trim()) ?? [])
    .slice(0, mostTargets);
}

/** A host at HTTPS's own port, nobody's name and password: a stranger says whom this relay connects to, and with what. */
const httpsTarget = /^https:\/\/[a-z0-9.-]{1,253}(?::443)?(?:[/?][\x21-\x7e]{0,2000})?$/i;

function targetOf(uri: string): ReportTarget | undefined {
  if (httpsTarget.test(uri)) return { kind: "https", url: uri };
  const [, encoded] = /^mailto:([^?\s]{3,320})(?:\?.*)?$/i.exec(uri) ?? [];
  const address = encoded === undefined ? undefined : decoded(encoded);
  // More is for the parser of addresses; what stands here goes into a header as well.
  return address !== undefined && /^[\x21-\x7e]+@[A-Za-z0-9.-]+$/.test(address) && !/[<>",;]/.test(address)
    ? { kind: "mailto", address }
    : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
