/** Which keys sign a message, by the domain of its author. */

/** `published`: DNS has it, nothing is signed with it yet. `retired`: nothing is signed any more, DNS keeps it for mail on its way. */
export type KeyState = "published" | "active" | "retired";

export interface KeyFacts {
  /** `selector._domainkey.domain`: where DNS has it. */
  readonly name: string;
  /** Lower case, A-labels. It signs for its subdomains too. */
  readonly domain: string;
  readonly selector: string;
  readonly state: KeyState;
}

/** The parts of a key's name; undefined when it is none. Lower case. */
export function partsOfKeyName(
  name: string,
): { readonly selector: string; readonly domain: string } | undefined {
  const [, selector, domain] = /^([a-z0-9.-]+)\._domainkey\.([a-z0-9_.-]+)$/u.exec(name.toLowerCase()) ?? [];
  return selector === undefined || domain === undefined ? undefined : { selector, domain };
}

/** The active keys of the nearest domain that has any: the author's own, else a parent. In the order of the file. */
export function keysFor<Key extends KeyFacts>(keys: readonly Key[], authorDomain: string): readonly Key[] {
  let domain = authorDomain;
  for (;;) {
    const own = keys.filter((key) => key.state === "active" && key.domain === domain);
    if (own.length > 0) return own;
    const parent = domain.indexOf(".");
    if (parent === -1) return [];
    domain = domain.slice(parent + 1);
  }
}
