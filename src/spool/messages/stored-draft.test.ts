import { describe, expect, test } from "vitest";
import type { BodyWriter } from "../bodies/body-writer.ts";
import { comingIn } from "./coming-in.ts";
import { headRoomBytes } from "./record.ts";
import { StoredDraft } from "./stored-draft.ts";

/** A draft whose records take ten octets. */
function begun(writable = true) {
  const said: string[] = [];
  const body: BodyWriter = {
    write(octets) {
      said.push(`body ${octets.toString()}`);
      return writable;
    },
    whenWritable: () => Promise.resolve(void said.push("waited")),
    finish: () => Promise.resolve(0),
    takeKept: () => undefined,
    discard: () => Promise.resolve(void said.push("body discarded")),
  };
  const draft = new StoredDraft<BodyWriter>(7, {
    inlineLimitBytes: 10,
    beginBody: () => body,
    onBody: () => void said.push("large"),
    onTaken: () => void said.push("large taken"),
    onDiscarded: () => void said.push("discarded"),
  });
  const write = (text: string, behindBytes?: number): boolean => draft.write(Buffer.from(text), behindBytes);
  const taken = () => {
    const content = draft.takeContent();
    const inRoom = content.room?.subarray(headRoomBytes).toString();
    return { text: Buffer.concat(content.chunks).toString(), large: content.body !== undefined, inRoom };
  };
  return { draft, write, said, taken };
}

test("what fits in a record stays in memory, a copy of what was given", () => {
  const { draft, write, said, taken } = begun();
  const octets = Buffer.from("01234");
  draft.write(octets);
  octets.fill("x");
  expect([write("56789"), draft.sizeBytes]).toEqual([true, 10]);
  expect([taken(), said]).toEqual([{ text: "0123456789", large: false, inRoom: undefined }, []]);
});

test.each([
  ["together", [["0", 6] as const, ["123", 3] as const, ["456", 0] as const], "0123456"],
  ["later", [["0123", 0] as const, ["456", 0] as const], undefined],
  ["in smaller number", [["0", 9] as const, ["123", 0] as const, ["456", 0] as const], "0123456"],
  ["in larger number", [["0", 3] as const, ["123456", 0] as const], undefined],
  [
    "in larger number, and less again",
    [["01", 2] as const, ["234", 0] as const, ["56", 0] as const],
    undefined,
  ],
  ["behind nothing", [["", 0] as const, ["0123456", 0] as const], "0123456"],
])("octets that come %s are whole, and have room for a head if they are together", (_, writes, inRoom) => {
  const { write, taken } = begun();
  for (const [text, behindBytes] of writes) write(text, behindBytes);
  expect(taken()).toEqual({ text: "0123456", large: false, inRoom });
});

test.each([true, false])("what does not goes to a file from its first octet on; writable: %s", (writable) => {
  const { draft, write, said, taken } = begun(writable);
  expect([write("01234"), write("567890"), write("a")]).toEqual([true, writable, writable]);
  expect(said).toEqual(["large", "body 01234", "body 567890", "body a"]);
  expect(draft.sizeBytes).toBe(12);
  expect(taken()).toEqual({ text: "", large: true, inRoom: undefined });
  expect(said.at(-1)).toBe("large taken");
});

test("waits for its file only", async () => {
  const { draft, write, said } = begun(false);
  await draft.whenWritable();
  expect(said).toEqual([]);
  write("01234567890");
  await draft.whenWritable();
  expect(said.at(-1)).toBe("waited");
});

describe("a draft that has ended", () => {
  test("by its discard takes nothing, and cannot be taken", () => {
    const { draft, write, said } = begun();
    write("01234567890");
    said.length = 0;
    draft.discard();
    draft.discard();
    expect(said).toEqual(["discarded", "body discarded"]);
    expect([write("x"), draft.sizeBytes]).toEqual([true, 11]);
    expect(() => draft.takeContent()).toThrow("draft 7 has ended");
  });

  test("by being taken is not discarded any more", () => {
    const { draft, write, said } = begun();
    write("0");
    draft.takeContent();
    draft.discard();
    expect([write("1"), draft.sizeBytes, said]).toEqual([true, 1, []]);
  });
});

test("ids on their way in", () => {
  const coming = comingIn(5);
  expect(coming.last).toBe(5);
  const [a, b, c] = [coming.begin(0), coming.begin(0), coming.begin(0)];
  expect([a > 5, coming.last === c, coming.has(b)]).toEqual([true, true, true]);
  expect(coming.between(a, b)).toEqual([b]);
  expect(coming.between(0, c)).toEqual([a, b, c]);
  coming.end(b);
  expect([coming.has(b), coming.between(0, c)]).toEqual([false, [a, c]]);
});
