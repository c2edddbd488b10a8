// `npm run build`: the program, the library with its types and the console in dist/. The program is few files: what
// every command needs in one, the rest loaded when it is used. With --no-types it is what runs here, sooner.
import { readdir, readFile, rm, writeFile, mkdir } from "node:fs/promises";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { text as readText } from "node:stream/consumers";
import { rolldown } from "rolldown";
import { build as buildConsole } from "vite";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

const program = {
  program: "src/cli/program.ts",
  index: "src/index.ts",
  testing: "src/testing/index.ts",
  ...(await workers()),
};
/** By itself, in one CommonJS file but for what it seldom needs: it is started for each mail. */
const sendmail = { sendmail: "src/cli/sendmail/program.ts" };

/** What src/ports/start-thread.ts starts, by the names it knows: each `*-worker.ts`. */
async function workers() {
  const files = await readdir(join(root, "src"), { recursive: true });
  const found = files.filter((file) => file.endsWith("-worker.ts"));
  return Object.fromEntries(found.map((file) => [basename(file, ".ts"), join("src", file)]));
}

/** `dependencies` stay outside and are installed beside the package; `devDependencies` that are imported go in. */
const isOutside = (id) => Object.keys(dependencies).some((name) => id === name || id.startsWith(`${name}/`));

/**
 * What nearly every command of the shell loads, in one file: as many small ones take as long to find and read as what is
 * in them to run.
 */
const commands = eagerImports(
  "src/cli/program.ts",
  "src/cli/ask-relay.ts",
  "src/cli/output/print.ts",
  "src/cli/report-fault.ts",
  "src/cli/run/nothing-found.ts",
  "src/cli/run/result-size.ts",
  // What is asked most.
  "src/cli/cmdlets/queues.ts",
  "src/cli/run/queues.ts",
);

/** Paths of what files of the sources load at once. */
function eagerImports(...entries) {
  const files = new Set();
  const follow = (file) => {
    if (files.has(file)) return;
    files.add(file);
    const text = readFileSync(file, "utf8");
    for (const [, specifier] of text.matchAll(
      /^\s*(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s*)?["'](\.[^"']+)["']/gmu,
    ))
      follow(resolve(dirname(file), specifier));
  };
  for (const entry of entries) follow(join(root, entry));
  return files;
}

async function outputOf(input, groups = []) {
  const build = await rolldown({
    input,
    cwd: root,
    platform: "node",
    external: isOutside,
    // A part that one command loads late another has at hand: that is meant.
    checks: { ineffectiveDynamicImport: false },
  });
  const { output } = await build.generate({
    format: "cjs",
    // Compiled code that was kept (bin/parts.js) knows of no import().
    dynamicImportInCjs: false,
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name]-[hash].cjs",
    codeSplitting: { groups },
    sourcemap: true,
    sourcemapExcludeSources: true,
    comments: false,
  });
  await build.close();
  return output;
}

/**
 * Characters beyond ASCII as escapes: of such a file V8 takes the octets as they are, where it else decodes them into twice as
 * many at each start (bin/parts.js).
 */
function inAscii(code) {
  for (const [text] of code.matchAll(/\bString\.raw\s*`[^`]*`|\\[^\0-\x7f]/g))
    if (/[^\0-\x7f]/.test(text)) throw new Error(`an escape would not mean the same: ${text}`);
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * What every command loads is the program's file itself, with what rolldown needs at run time in it: to find and read two small
 * files takes as long as a tenth of it. Others find it under the name they know.
 */
function inOneFile(files) {
  const name = [...files.keys()].find((file) => /^commands-[\w-]{8}\.cjs$/.test(file));
  const inner = (_, runtime) => {
    // In one line, so that the source map holds.
    const lines = files.get(runtime).split("\n");
    return `((exports) => { ${lines.filter((line) => !line.startsWith("//")).join(" ")} return exports; })({})`;
  };
  const text = files
    .get(name)
    .replace(/require\("\.\/(rolldown-runtime-[\w-]{8}\.cjs)"\)/, inner)
    .replace(`sourceMappingURL=${name}`, "sourceMappingURL=program.cjs");
  files.set("program.cjs", text);
  files.set("program.cjs.map", files.get(`${name}.map`));
  files.set(name, `module.exports = require("./program.cjs");\n`);
  files.delete(`${name}.map`);
}

async function bundle() {
  const parts = await Promise.all([
    outputOf(program, [{ name: "commands", test: (id) => commands.has(id) }]),
    outputOf(sendmail),
  ]);
  const output = parts.flat();
  const files = new Map(
    output.map((file) => [file.fileName, file.type === "chunk" ? inAscii(file.code) : file.source]),
  );
  inOneFile(files);
  const modules = output.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
  for (const [door, types] of Object.entries({ index: "index", testing: "testing/index" })) {
    files.set(`${door}.js`, `export * from "./${door}.cjs";\n`);
    files.set(`${door}.d.mts`, `export * from "./types/${types}.js";\n`);
  }
  files.set("THIRD-PARTY-LICENSES.txt", await licences(modules));
  await mkdir(dist, { recursive: true });
  let changed = false;
  for (const [name, content] of files) changed = (await writeChanged(join(dist, name), content)) || changed;
  // Last, and only what is of no build any more: a program that runs from here may load a part yet.
  for (const { name } of await readdir(dist, { withFileTypes: true }))
    if (!files.has(name) && !["compiled", "console", "types"].includes(name))
      await rm(join(dist, name), { recursive: true });
  if (changed) await rm(join(dist, "compiled"), { recursive: true, force: true });
  for (const flags of [[], ["--max-semi-space-size=32"]]) await keepCompiled(flags);
}

/** What is as it was keeps its time. */
async function writeChanged(file, content) {
  const before = await readFile(file).catch(() => undefined);
  if (before?.equals(Buffer.from(content))) return false;
  await writeFile(file, content);
  return true;
}

/** Where there is nothing of this Node and these flags; without it the program only starts later. */
async function keepCompiled(flags) {
  const script = join(root, "bin/compile.js");
  const child = spawn(process.execPath, [...flags, script, "--missing"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise((done) => child.once("close", done));
  const text = await readText(child.stderr);
  if ((await ended) !== 0) console.error(text);
}

/** Of every package that has code in the bundle: name, version and the text of its licence. */
async function licences(modules) {
  /** @type {Set<string>} */
  const folders = new Set();
  for (const id of modules) {
    const [, folder] =
      /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(id.replace(/^\0/, "")) ?? [];
    if (folder !== undefined) folders.add(folder);
  }
  const texts = await Promise.all(
    [...folders].toSorted().map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
      const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
      const text = file === undefined ? "" : (await readFile(join(folder, file), "utf8")).trim();
      return `${name} ${version} (${license})\n\n${text}\n`;
    }),
  );
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

/**
 * What the public types need, and nothing of the rest: dist/types. A program that takes the package has its dependencies beside it
 * and no other package, whose types would be faults in every project that checks its libraries.
 */
async function declarations() {
  await compile();
  const needed = new Set();
  const follow = async (file) => {
    if (needed.has(file)) return;
    needed.add(file);
    const text = await readFile(file, "utf8");
    for (const [, specifier] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g))
      await follow(resolve(dirname(file), specifier.replace(/\.[jt]s$/, ".d.ts")));
    for (const [, specifier] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["']([^."'][^"']*)["']/g))
      if (!specifier.startsWith("node:") && !isOutside(specifier))
        throw new Error(
          `${file}: the public types need ${specifier}, which is not installed with the package`,
        );
  };
  // As the files they tell of: what `require` gets are these themselves, what `import` gets passes them on.
  await writeFile(join(dist, "types", "package.json"), `{ "type": "commonjs" }\n`);
  for (const entry of ["index", "testing/index"]) await follow(join(dist, "types", `${entry}.d.ts`));
  for (const name of await readdir(join(dist, "types"), { recursive: true }))
    if (name.endsWith(".d.ts") && !needed.has(join(dist, "types", name))) await rm(join(dist, "types", name));
}

function compile() {
  return new Promise((done, reject) => {
    const child = spawn("npx", ["--no-install", "tsc", "-p", "tsconfig.build.json"], {
      cwd: root,
      stdio: "inherit",
    });
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? done() : reject(new Error(`tsc ended with ${code}`))));
  });
}

try {
  await Promise.all([
    bundle(),
    buildConsole({ configFile: join(root, "console/vite.config.ts"), logLevel: "warn" }),
    ...(process.argv.includes("--no-types") ? [] : [declarations()]),
  ]);
} catch (fault) {
  console.error(`build: ${fault.stack ?? fault}`);
  process.exitCode = 1;
}
