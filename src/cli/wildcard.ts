/** Names by PowerShell's wildcards. */

/** Undefined: `pattern` has none and means one name. Case does not matter. */
export function wildcard(pattern: string): ((name: string) => boolean) | undefined {
  if (!/[*?]/.test(pattern)) return undefined;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const expression = new RegExp(`^${source}$`, "isu");
  return (name) => expression.test(name);
}
