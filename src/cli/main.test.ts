import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "./main.ts";

let folder: string;
let file: string;
let out: string;
let complaints: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "weir-cli-"));
  file = join(folder, "weir.yaml");
  out = complaints = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((complaints += String(text)), true));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe("weir", () => {
  it("teaches with examples", async () => {
    expect(await main(["--help"])).toBe(0);
    expect(out).toContain("weir check --config");
    expect(await main(["--version"])).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+$/m);
  });

  it("refuses wrong usage with 2", async () => {
    expect(await main([])).toBe(2);
    expect(await main(["chekc"])).toBe(2);
    expect(complaints).toContain("Did you mean check?");
    expect(await main(["start", "--log-format", "xml"])).toBe(2);
    expect(await main(["check", "--nothing"])).toBe(2);
  });
});

describe("weir init and check", () => {
  it("write a file once, and find it fine", async () => {
    expect(await main(["init", "--config", file])).toBe(0);
    const text = await readFile(file, "utf8");
    expect(await main(["init", "--config", file])).toBe(1);
    expect(complaints).toContain("left alone");
    expect(await readFile(file, "utf8")).toBe(text);
    vi.stubEnv("WEIR_CONFIG", file);
    expect(await main(["check"])).toBe(0);
    expect(out).toContain(`${file}: fine, 1 receive connector, 1 send connector\n`);
  });

  it("tell faults with 1, for people and for scripts", async () => {
    await writeFile(file, "receiveConnectors: []\nfoo: 1\n");
    expect(await main(["check", "-c", file])).toBe(1);
    expect(out).toBe(`${file}:2:1 foo: unknown setting\n${file}: 1 fault\n`);
    out = "";
    expect(await main(["check", "-c", file, "--json"])).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, faults: [{ path: "foo", line: 2, column: 1 }] });
  });

  it("show warnings", async () => {
    await writeFile(file, "receiveConnectors: []\n");
    expect(await main(["check", "-c", file])).toBe(0);
    expect(out).toMatch(/1:20 receiveConnectors: no receive connector is enabled.* \(warning\)\n/);
    expect(out).toMatch(/fine, 0 receive connectors, 0 send connectors, 2 warnings\n$/);
  });

  it("say when there is no file", async () => {
    expect(await main(["check", "-c", file])).toBe(1);
    expect(complaints).toContain(`there is no ${file}`);
    complaints = "";
    expect(await main(["check", "-c", folder])).toBe(1);
    expect(complaints).toContain("EISDIR");
  });
});

it("weir schema prints JSON", async () => {
  expect(await main(["schema"])).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ title: "Weir configuration" });
});
