/** kill -9 while senders are counted and their counts written: each recorded message is counted once. At random: npm run faults. */
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bundleInto } from "../setup/bundle-into.ts";
import type { FoundInInventory } from "./programme/scenario/inventory-processes.ts";

/** Some twenty times a second. */
const writtenOften = "20000";

test("two kills on one inventory", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "weir-inventory-kill-"));
  try {
    const program = await bundleInto(
      scratch,
      join(import.meta.dirname, "programme/scenario/inventory-processes.ts"),
    );
    await symlink(join(import.meta.dirname, "../../node_modules"), join(scratch, "node_modules"));
    const data = join(scratch, "data");
    await mkdir(data);
    let told = 0;
    for (const killAt of [50, 3_000]) {
      const child = spawn(process.execPath, [program, "write", data, writtenOften], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let last = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        last = Number(line);
        if (last === killAt) child.kill("SIGKILL");
      }
      told += last;
    }
    const { stdout } = await promisify(execFile)(process.execPath, [program, "read", data]);
    const { recorded, counted, faults } = JSON.parse(stdout) as FoundInInventory;
    expect(faults).toEqual([]);
    expect(counted).toEqual(recorded);
    const total = Object.values(recorded).reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThanOrEqual(told);
    expect(told).toBeGreaterThan(3_000);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
});
