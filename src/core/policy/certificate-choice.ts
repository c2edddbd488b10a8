/** Which certificates a handshake presents: by the name the client asks for (SNI, RFC 6066 §3), one for each kind of key. */

/** What of a certificate decides. */
export interface ChoosableCertificate {
  /** DNS names of the certificate, lower case: `mail.contoso.com`, `*.contoso.com`. */
  readonly names: readonly string[];
  /** Of the keys that stand behind it: `rsa`, `ec`, … */
  readonly keyKinds: readonly string[];
}

/**
 * Indexes of those to present together, in the order given: of each kind of key the first whose names hold
 * `serverName` as it is, else the first with a wildcard for it. None holds it, or the client named none: the same for
 * `defaultName` (the connector's fqdn); else the first of all, with those of other kinds of key for the same names.
 * Empty only where there are no certificates. Cost: a look at each name.
 */
export function chooseCertificates(
  certificates: readonly ChoosableCertificate[],
  serverName: string | undefined,
  defaultName: string,
): readonly number[] {
  for (const name of [serverName, defaultName]) {
    if (name === undefined) continue;
    const chosen = forName(certificates, name.toLowerCase().replace(/\.$/, ""));
    if (chosen.length > 0) return chosen;
  }
  const [first] = certificates;
  if (first === undefined) return [];
  const name = first.names[0];
  const beside = name === undefined ? [] : forName(certificates, name);
  const others = beside.filter(
    (index) => index !== 0 && !certificates[index]!.keyKinds.some((kind) => first.keyKinds.includes(kind)),
  );
  return [0, ...others];
}

function forName(certificates: readonly ChoosableCertificate[], name: string): readonly number[] {
  const chosen: number[] = [];
  const taken = new Set<string>();
  for (const holds of [isExactly, isWildcardFor]) {
    for (const [index, { names, keyKinds }] of certificates.entries()) {
      if (keyKinds.every((kind) => taken.has(kind)) || !names.some((one) => holds(one, name))) continue;
      chosen.push(index);
      for (const kind of keyKinds) taken.add(kind);
    }
  }
  return chosen.toSorted((one, other) => one - other);
}

const isExactly = (presented: string, name: string): boolean => presented === name;

/** RFC 9525 §6.3: a wildcard is the whole of the leftmost label, and stands for one label. */
function isWildcardFor(presented: string, name: string): boolean {
  if (!presented.startsWith("*.")) return false;
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === presented.slice(1);
}
