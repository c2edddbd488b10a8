/** kill -9 while the traffic record is written: what was written is there, in order and without a hole, and no damage. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { hearTraffic } from "../../src/testing/heard-traffic.ts";
import { readTraffic } from "../../src/traffic/read-traffic.ts";
import { trafficFamily } from "../../src/traffic/traffic-files.ts";
import { bundleInto } from "../setup/bundle-into.ts";

test("three kills on one record", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "weir-traffic-kill-"));
  try {
    const writer = await bundleInto(scratch, join(import.meta.dirname, "traffic-writer.ts"));
    const written: number[] = [];
    for (const killAt of [50, 1_000, 2_500]) {
      const child = spawn(process.execPath, [writer, scratch], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let last = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        last = Number(line);
        if (last === killAt) child.kill("SIGKILL");
      }
      written.push(last);
    }
    const { listener, heard } = hearTraffic();
    expect(await readTraffic(trafficFamily(scratch), 0, listener)).toEqual([]);
    const runs: number[][] = [];
    for (const [name, , connection, , more] of heard) {
      if (name === "began") runs.push([]);
      if (name === "kept") {
        expect(more).toBe(connection);
        runs.at(-1)?.push(connection as number);
      }
    }
    expect(heard.filter(([name]) => name === "began").map(([, , , cause]) => cause)).toEqual([
      "start",
      "start",
      "start",
    ]);
    for (const [n, run] of runs.entries()) {
      expect(run).toEqual(Array.from(run, (_, i) => i + 1));
      expect(run.length).toBeGreaterThanOrEqual(written[n] ?? Infinity);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
});
