/** Whether a host is one that an MTA-STS policy names (RFC 8461 §4.1): itself, or by a `*.` that stands for one label. */
export function fitsMxPattern(pattern: string, host: string): boolean {
  const wanted = pattern.toLowerCase();
  const name = host.toLowerCase();
  if (!wanted.startsWith("*.")) return wanted === name;
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === wanted.slice(1);
}
