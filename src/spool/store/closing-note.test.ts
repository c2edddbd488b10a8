import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { decodeClosingNote, encodeClosingNote } from "./closing-note.ts";
import { journalBlockBytes, nonceBytes } from "./journal-frame.ts";
import { openJournaledStore, type Store } from "./journaled-store.ts";
import type { Write } from "./store.ts";

let folder: string;
let directory: string;
const open: Store[] = [];
const told: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weir-closing-"));
  directory = join(folder, "spool");
  mkdirSync(directory);
  told.length = 0;
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()));
  rmSync(folder, { recursive: true });
});

async function openIn(at = directory, journal?: false): Promise<Store> {
  const store = await openJournaledStore(at, {
    clock: createFakeClock(),
    onFault: ({ message }) => void told.push(message),
    onJournalFault: ({ what }) => void told.push(what),
    ...(journal === undefined ? {} : { journal }),
  });
  open.push(store);
  return store;
}
async function close(store: Store, note?: string): Promise<void> {
  open.splice(open.indexOf(store), 1);
  await store.close(note === undefined ? undefined : Buffer.from(note));
}
const put = (key: string): Write => ({ table: "queue", key: Buffer.from(key), value: Buffer.alloc(1) });
const keys = ({ tables }: Store) => [...tables.queue.getKeys({ start: Buffer.of(0) })].map(String);
const noteOf = ({ closingNote }: Store) => closingNote?.toString();

test("what a close leaves is there until something else is committed", async () => {
  const first = await openIn();
  expect(noteOf(first)).toBeUndefined();
  await first.commit([put("a")], false);
  await close(first, "one a");

  // Looked at alone.
  const second = await openIn();
  expect([noteOf(second), keys(second)]).toEqual(["one a", ["a"]]);
  await close(second);
  const third = await openIn();
  expect(noteOf(third)).toBeUndefined();
  await close(third, "still one");

  const fourth = await openIn();
  expect(noteOf(fourth)).toBe("still one");
  await fourth.commit([put("b")], false);
  // As a loss of power leaves it: the frame stands in the journal alone.
  const copy = join(folder, "copy");
  cpSync(directory, copy, { recursive: true });
  const after = await openIn(copy);
  expect([noteOf(after), keys(after)]).toEqual([undefined, ["a", "b"]]);
  await close(fourth, "two");
  expect([noteOf(await openIn()), told]).toEqual(["two", []]);
});

test("commits that pass the journal by end it too", async () => {
  const first = await openIn();
  await close(first, "nothing");
  const second = await openIn(directory, false);
  expect(noteOf(second)).toBe("nothing");
  await second.commit([put("a")], false);
  await close(second, "without a journal none is left");
  const third = await openIn();
  expect([noteOf(third), keys(third)]).toEqual([undefined, ["a"]]);
});

test("what the journal holds of a use that is over is not read", async () => {
  const first = await openIn();
  await first.commit([put("a")], false);
  await close(first, "one");
  const path = join(directory, "journal", "0");
  writeFileSync(path, readFileSync(path).fill(7, journalBlockBytes));
  const second = await openIn();
  expect([noteOf(second), keys(second), told]).toEqual(["one", ["a"], []]);
});

test("another form of it is none", () => {
  const nonces = [Buffer.alloc(nonceBytes, 1), Buffer.alloc(nonceBytes, 2)];
  const octets = encodeClosingNote({ nonces, note: Buffer.from("note") });
  expect(decodeClosingNote(octets)).toEqual({ nonces, note: Buffer.from("note") });
  for (let bytes = 0; bytes <= 2 * nonceBytes; bytes++)
    expect(decodeClosingNote(octets.subarray(0, bytes)), `${bytes}`).toBeUndefined();
});
