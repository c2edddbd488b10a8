/** A mutation of a file, and the choice of which are tried. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Mutation, canBeParsed, differenceOf, mutationPlaces } from "./mutations.ts";
import type { Options } from "./options.ts";

export interface Mutant {
  readonly file: string;
  readonly source: string;
  readonly mutation: Mutation;
}

/** Each place of the code is as likely as any other, and is taken once, by one of its mutations. */
export function sampleMutants(
  tree: string,
  files: readonly string[],
  { only, sample }: Pick<Options, "only" | "sample">,
  random: () => number,
): readonly Mutant[] {
  const places = files
    .filter((file) => file.startsWith("src/") && /(?<!\.test|\.d)\.ts$/.test(file))
    .filter((file) => only.some(({ path }) => file === path || file.startsWith(`${path}/`)))
    .flatMap((file) => {
      const source = readFileSync(join(tree, file), "utf8");
      return mutationPlaces(source).map((mutations) => ({ file, source, mutations }));
    });
  const lines = only.filter(({ line }) => line !== undefined);
  if (lines.length > 0) {
    return places
      .flatMap(({ file, source, mutations }) => mutations.map((mutation) => ({ file, source, mutation })))
      .filter(({ file, source, mutation }) =>
        lines.some(({ path, line }) => path === file && line === differenceOf(source, mutation).line),
      )
      .filter(({ source, mutation }) => canBeParsed(source, mutation));
  }
  const found: Mutant[] = [];
  for (const { file, source, mutations } of shuffled(places, random)) {
    if (found.length === sample) break;
    const possible = mutations.filter((each) => canBeParsed(source, each));
    const mutation = possible[Math.floor(random() * possible.length)];
    if (mutation !== undefined) found.push({ file, source, mutation });
  }
  return found;
}

function shuffled<T>(values: readonly T[], random: () => number): readonly T[] {
  return values
    .map((value) => ({ value, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
