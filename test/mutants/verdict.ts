/** What became of a mutant. */
export const verdicts = [
  "killed",
  "timeout",
  "survived",
  "no test",
  "refused",
  "equivalent",
  "no time",
] as const;
export type Verdict = (typeof verdicts)[number];

/** Percent of the mutants that count, rounded down; undefined where none counts. */
export function killedPercent(found: readonly Verdict[]): number | undefined {
  const count = (...asked: readonly Verdict[]): number =>
    found.filter((verdict) => asked.includes(verdict)).length;
  const counted = count("killed", "timeout", "survived", "no test");
  return counted === 0 ? undefined : Math.floor((100 * count("killed", "timeout")) / counted);
}
