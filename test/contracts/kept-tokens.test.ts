/** Tokens of administrators in a file; those in PostgreSQL are in postgres.test.ts. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tokenFile } from "../../src/admin/token-file.ts";
import { describeKeptTokens } from "./kept-tokens-contract.ts";

describeKeptTokens("tokens in a file", async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-tokens-"));
  return {
    kept: tokenFile(directory),
    again: () => tokenFile(directory),
    end: () => rm(directory, { recursive: true, force: true }),
  };
});
