import { expect, test } from "vitest";
import { formatApiKey, isApiKey, parseKeyHash } from "./api-key.ts";

test.each([
  ["nothing but zeros", new Uint8Array(20), "weir_000000000000000000000000000"],
  ["one", Uint8Array.of(...Array<number>(19).fill(0), 1), "weir_000000000000000000000000001"],
  ["62", Uint8Array.of(...Array<number>(19).fill(0), 62), "weir_000000000000000000000000010"],
  ["the largest", new Uint8Array(20).fill(255), "weir_aqYB19nO4dWKQ7VH8jZu4xWhZLn"],
])("a key of %s", (_, random, key) => {
  const made = formatApiKey(random);
  expect(made).toHaveLength(32);
  expect(isApiKey(made)).toBe(true);
  if (random[0] === 0) expect(made).toBe(key);
  // All 160 bits are in it.
  let value = 0n;
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (const digit of made.slice(5)) value = value * 62n + BigInt(digits.indexOf(digit));
  expect(value.toString(16).padStart(40, "0")).toBe(Buffer.from(random).toString("hex"));
});

test.each([
  ["weir_0123456789ABCDEFGHIJKLMNOPQ", true],
  ["weir_0123456789ABCDEFGHIJKLMNOP", false],
  ["weir_0123456789ABCDEFGHIJKLMNOPQR", false],
  ["Weir_0123456789ABCDEFGHIJKLMNOPQ", false],
  ["weir_0123456789ABCDEFGHIJKLMNOP-", false],
  ["weir_0123456789ABCDEFGHIJKLMNOPQ\n", false],
  ["", false],
])("%j is a key: %s", (text, is) => {
  expect(isApiKey(text)).toBe(is);
});

test("a hash is read in either case, and what is none is not repeated: it may be the key", () => {
  const hash = "0f".repeat(32);
  expect(parseKeyHash(`sha256:${hash.toUpperCase()}`)).toEqual({ ok: true, value: hash });
  for (const text of [hash, `sha256:${hash}0`, `sha256:${hash.slice(1)}`, `sha1:${hash}`, "weir_secret"]) {
    const read = parseKeyHash(text);
    expect(read.ok, text).toBe(false);
    expect(JSON.stringify(read)).not.toContain(text);
  }
});
