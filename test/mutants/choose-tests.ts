/** Which test files a mutant meets, and in which order. */

/** Start processes or browsers, mount disks, load for seconds: not for each mutant. */
const slow =
  /^test\/(journeys\/(peers|program|shell)|console|borders\/borders|fuzz|bench|soak|mutants)|^test\/faults\/(kill|programme|spool-crash|.*-disk)/;

export const isTest = (file: string): boolean => file.endsWith(".test.ts") && !slow.test(file);

export interface Choice {
  /** Of the mutated file to each that reaches it. */
  readonly distances: ReadonlyMap<string, number>;
  readonly atMost: number;
  readonly mutatedFile: string;
}

/** The nearest tests by steps of imports; among those as near, the ones named and placed most like the file. */
export function chooseTests({ distances, atMost, mutatedFile }: Choice): readonly string[] {
  return Array.from(distances)
    .filter(([file]) => isTest(file))
    .map(([file, distance]) => ({ file, distance, kinship: kinship(file, mutatedFile) }))
    .toSorted((a, b) => a.distance - b.distance || b.kinship - a.kinship || (a.file < b.file ? -1 : 1))
    .slice(0, atMost)
    .map(({ file }) => file);
}

/** How many words of their paths two files share. */
function kinship(a: string, b: string): number {
  const words = new Set(b.split(/[/.-]/));
  return a.split(/[/.-]/).filter((word) => words.has(word)).length;
}
