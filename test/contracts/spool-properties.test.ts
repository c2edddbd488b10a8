/** The spool of one machine through random lives: ./spool-properties.ts. */
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbSpool } from "../../src/spool/lmdb-spool.ts";
import type { WholeSpool } from "../../src/testing/spool-messages.ts";
import { describeSpoolProperties } from "./spool-properties.ts";

const disk = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

describeSpoolProperties({
  name: "the durable spool",
  numRuns: 15,
  maxSteps: 60,
  keepsReleases: false,
  async open(options) {
    const root = await mkdtemp(join(disk, "weir-properties-"));
    let runs = 0;
    let directory = join(root, "0");
    const open = (): Promise<WholeSpool> =>
      openLmdbSpool({
        directory,
        ...options,
        journal: { segmentBytes: { least: 65_536, most: 65_536 } },
      });
    const first = await open();
    let spool = first;
    return {
      spool: first,
      async restart() {
        await spool.close();
        return (spool = await open());
      },
      async crash() {
        const before = spool;
        // What the disk has at this moment.
        const copy = join(root, String(++runs));
        await cp(directory, copy, { recursive: true, filter: (path) => !/holder\.|reserve/.test(path) });
        directory = copy;
        await before.close();
        return (spool = await open());
      },
      async end() {
        await spool.close();
        await rm(root, { recursive: true, force: true });
      },
    };
  },
});
