/** What comments and the map call by a file's name is there: a reader who follows it does not end nowhere. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const comment = /\/\*\*[^]*?\*\/|^[ \t]*\/\/.*$/gm;
/** Not behind a `*`, which stands for several. */
const named = /(?<![\w*.-])(?:[\w-]+\/)*[\w-]+\.ts\b/g;

test("files that are named in src and ARCHITECTURE.md are there", async () => {
  const root = join(import.meta.dirname, "..", "..");
  const below = async (folder: string): Promise<readonly string[]> =>
    (await readdir(join(root, folder), { recursive: true }))
      .filter((path) => path.endsWith(".ts"))
      .map((path) => `/${folder}/${path.replaceAll("\\", "/")}`);
  const sources = await below("src");
  const others = await Promise.all(["test", "scripts", "packaging", "bench"].map(below));
  /** Each file by all that it may be called: `spool.ts`, `spool/spool.ts`, `src/spool/spool.ts`. */
  const known = new Set(
    [...sources, ...others.flat()].flatMap((path) =>
      path.split("/").map((_, n, parts) => parts.slice(n).join("/")),
    ),
  );
  const texts = await Promise.all(sources.map((path) => readFile(join(root, path), "utf8")));
  const missing = sources.flatMap((path, n) => {
    const comments = (texts[n]?.match(comment) ?? []).join("\n");
    return (comments.match(named) ?? []).flatMap((name) => (known.has(name) ? [] : `${path}: ${name}`));
  });
  const map = await readFile(join(root, "ARCHITECTURE.md"), "utf8");
  const unmapped = (map.match(named) ?? []).filter((name) => !known.has(name));
  expect([...missing, ...unmapped]).toEqual([]);
});
