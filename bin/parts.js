// Loads files of dist/, and the packages they need, with what V8 has compiled of them already (dist/compiled, made by
// compile.js). V8 checks that it is of this very version and these flags, and compiles anew what is not. Compiling is most
// of what a command or a start costs otherwise.
const { readFileSync, statSync } = require("node:fs");
const path = require("node:path");
const { Script } = require("node:vm");

const dist = path.join(__dirname, "../dist");
const [head, tail] = ["(function (exports, require, module, __filename, __dirname) {", "\n})"];
/** Of the packages beside dist/; made with the first, which few commands need. */
let outside;
const loaded = new Map();
/** For compile.js: what was compiled, by its name in dist/compiled. */
const scripts = new Map();

/** V8 refuses what was compiled under other flags: each set of flags has a folder. */
const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ""]
  .join(" ")
  .trim()
  .replace(/[^\w.-]+/g, "_");
const compiled = path.join(dist, "compiled", `${process.version}-${process.arch}${flags && `-${flags}`}`);

/** A file of dist/, by its name. Throws ENOENT where there is none. */
function load(name) {
  return loadFile(path.join(dist, name), name, requirePart);
}

function requirePart(id) {
  if (id.startsWith("./")) return load(id.slice(2));
  if (id.startsWith("node:")) return require(id);
  outside ??= requireFrom(path.join(dist, "program.cjs"));
  return outside(id);
}

/** As Node's own of a file, but that files of JavaScript come by here. */
function requireFrom(filename) {
  const ofNode = require("node:module").createRequire(filename);
  const requireHere = (id) => {
    const file = ofNode.resolve(id);
    if (!/\.c?js$/.test(file)) return ofNode(id);
    const name = file.slice(Math.max(file.lastIndexOf("node_modules"), 0)).replace(/[^\w.-]+/g, "_");
    return loadFile(file, name, undefined);
  };
  requireHere.resolve = ofNode.resolve;
  return requireHere;
}

function loadFile(filename, name, requireOfPart) {
  const known = loaded.get(filename);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  // Parts are in ASCII, and read sooner so.
  const encoding = requireOfPart === requirePart ? "latin1" : "utf8";
  const run = compile(readFileSync(filename, encoding), filename, name);
  loaded.set(filename, module);
  try {
    run.call(
      module.exports,
      module.exports,
      requireOfPart ?? requireFrom(filename),
      module,
      filename,
      path.dirname(filename),
    );
  } catch (error) {
    loaded.delete(filename);
    throw error;
  }
  return module.exports;
}

function compile(content, filename, name) {
  const key = keyOf(name, filename);
  const script = new Script(head + content.replace(/^#!/, "//") + tail, {
    filename,
    columnOffset: -head.length,
    cachedData: readCompiled(key),
  });
  scripts.set(key, script);
  return script.runInThisContext();
}

/** V8 compares no more of a source than its length. The names of parts carry a hash; of other files the time is asked. */
function keyOf(name, filename) {
  if (/-[\w-]{8}\.cjs$/.test(name)) return name;
  const { size, mtimeMs } = statSync(filename);
  return `${name}.${size}.${mtimeMs}`;
}

function readCompiled(key) {
  try {
    return readFileSync(path.join(compiled, key));
  } catch {
    return undefined;
  }
}

module.exports = { load, scripts, compiled };
