import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { openLegacyTlsClients } from "./legacy-clients.ts";

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-legacy-"));
  file = join(directory, "legacy-tls-clients.json");
});
afterEach(() => rm(directory, { recursive: true }));

const printer = {
  connector: "Printers",
  address: "10.1.4.7",
  helloName: "printer3",
  version: "TLSv1",
  cipher: "AES128-SHA",
  user: undefined,
};

test("counted, the latest first, and kept over a restart", async () => {
  const clock = createFakeClock();
  const clients = await openLegacyTlsClients(file, clock);
  clients.met(printer);
  await clock.advance(1_000);
  clients.met({ ...printer, address: "10.1.4.8" });
  await clock.advance(1_000);
  clients.met(printer);
  await clients.close();
  const again = await openLegacyTlsClients(file, clock);
  again.met({ ...printer, version: undefined, cipher: undefined, helloName: "" });
  expect(again.all().map(({ address, version, connections }) => [address, version, connections])).toEqual([
    ["10.1.4.7", undefined, 1],
    ["10.1.4.7", "TLSv1", 2],
    ["10.1.4.8", "TLSv1", 1],
  ]);
  const [, seen] = again.all();
  expect((seen?.lastSeen ?? 0) - (seen?.firstSeen ?? 0)).toBe(2_000);
});

test("written once a minute, however many come", async () => {
  const clock = createFakeClock();
  const clients = await openLegacyTlsClients(file, clock);
  for (let i = 0; i < 100; i++) clients.met(printer);
  await expect(readFile(file)).rejects.toThrow("ENOENT");
  await clock.advance(60_000);
  await expect.poll(() => readFile(file, "utf8").catch(() => "")).toContain('"connections":100');
  await clients.close();
});

test("no more than a thousand; who was not seen for longest is forgotten", async () => {
  const clients = await openLegacyTlsClients(file, createFakeClock());
  for (let i = 0; i < 1_001; i++) clients.met({ ...printer, address: `10.0.${i >> 8}.${i & 255}` });
  expect(clients.all()).toHaveLength(1_000);
  expect(clients.all().at(-1)?.address).toBe("10.0.0.1");
});

test.each(["", "null", "{", '{"clients":[{"connector":1},null]}', "[]"])("%j counts nobody", async (text) => {
  await writeFile(file, text);
  expect((await openLegacyTlsClients(file, createFakeClock())).all()).toEqual([]);
});

test("a disk that takes nothing is no trouble", async () => {
  const clients = await openLegacyTlsClients(join(directory, "none", "file"), createFakeClock());
  clients.met(printer);
  await clients.close();
  expect(clients.all()).toHaveLength(1);
});
