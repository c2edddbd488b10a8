/**
 * ISO 8601 in UTC, with milliseconds, of one instant after the other; many entries of a log share theirs. Cost of an
 * instant that is the last one's: a comparison.
 */
export function instantTexts(): (atMs: number) => string {
  let lastMs = Number.NaN;
  let last = "";
  return (atMs) => {
    if (atMs !== lastMs) {
      last = new Date(atMs).toISOString();
      lastMs = atMs;
    }
    return last;
  };
}
