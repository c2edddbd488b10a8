/** Places where a configuration stands; the one in PostgreSQL is in postgres.test.ts. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileStore } from "../../src/config/file-store.ts";
import { sharedStore } from "../../src/config/shared-store.ts";
import { memoryDocuments } from "../../src/testing/memory-documents.ts";
import { describeConfigurationStore, ownText, sharedText } from "./configuration-store-contract.ts";

const by = { name: "other", from: "socket", doing: "a test" };

async function inFolder(text: string) {
  const folder = await mkdtemp(join(tmpdir(), "weir-store-"));
  const file = join(folder, "weir.yaml");
  await writeFile(file, text);
  return { file, end: () => rm(folder, { recursive: true, force: true }) };
}

describeConfigurationStore("the configuration in a file", async () => {
  const { file, end } = await inFolder(ownText + sharedText);
  return { store: fileStore(file), write: (text) => writeFile(file, text), end };
});

describeConfigurationStore("the configuration that nodes share", async () => {
  const { file, end } = await inFolder(ownText);
  const documents = memoryDocuments();
  const other = documents.of("b");
  await other.add(0, sharedText, by);
  return {
    store: sharedStore(file, documents.of("a"), 20),
    async write(text) {
      const head = await other.head();
      await other.add(head?.version ?? 0, text, by);
    },
    end,
  };
});

test("while the database is away what holds goes on, and what was made of a version is told later", async () => {
  const { file, end } = await inFolder(ownText);
  const documents = memoryDocuments();
  const own = documents.of("a");
  await own.add(0, sharedText, by);
  const store = sharedStore(file, own, 10);
  const written = await store.read();
  documents.away(true);
  let looks = 0;
  const watch = store.watch(() => {
    looks++;
    return Promise.resolve();
  });
  try {
    await store.tell(written, []);
    await expect(store.read()).rejects.toMatchObject({ name: "ConfigurationFileError" });
    await expect(store.replace(written, "x", by)).rejects.toThrow(/cannot be reached: no database/);
    documents.away(false);
    await expect.poll(() => own.applied()).toMatchObject([{ node: "a", version: 1 }]);
    // Its own file is looked at once when the watch has begun.
    await expect.poll(() => looks).toBe(1);
  } finally {
    watch.close();
    await end();
  }
});
