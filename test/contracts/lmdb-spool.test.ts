import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLmdbSpool } from "../../src/spool/lmdb-spool.ts";
import { describeSpool } from "./spool-contract.ts";

describeSpool("lmdb-spool", async (options) => {
  const directory = await mkdtemp(join(tmpdir(), "weir-spool-"));
  let spool = await openLmdbSpool({ directory, ...options });
  return {
    spool,
    reopen: async (clock = options.clock) => {
      await spool.close();
      spool = await openLmdbSpool({ directory, ...options, clock });
      return spool;
    },
    end: async () => {
      await spool.close();
      await rm(directory, { recursive: true });
    },
  };
});
