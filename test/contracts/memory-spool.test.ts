import { createMemorySpool } from "../../src/testing/memory-spool.ts";
import { describeSpool } from "./spool-contract.ts";

describeSpool("memory-spool", async (options) => {
  const spool = createMemorySpool(options);
  return { spool, end: () => spool.close() };
});
