import { describe, expect, test } from "vitest";
import { listFaults, mostFaultsRead } from "./list-faults.ts";

const many = (length: number): string[] => Array.from({ length }, () => "a@b.test");
const faultsOf = (value: object, isAddress = false): string[] =>
  listFaults(value, () => isAddress).map(({ path, message }) => `${path} ${message}`);
/** `envelope.rcpt_to` of a value. */
const at = (path: string, value: unknown): object =>
  path.split(".").reduceRight<unknown>((within, name) => ({ [name]: within }), value) as object;

describe("lists that are too long", () => {
  test.each<[string, number]>([
    ["to", 20_000],
    ["cc", 20_000],
    ["bcc", 20_000],
    ["reply_to", 20_000],
    ["envelope.rcpt_to", 20_000],
    ["attachments", 500],
    ["dsn.notify", 4],
    ["tags", 10],
  ])("%s: more than %i", (path, most) => {
    expect(faultsOf(at(path, many(most)))).toEqual([]);
    expect(faultsOf(at(path, many(most + 1)))).toEqual([`${path} has more than ${most} entries`]);
  });

  test.each<[string, number]>([
    ["headers", 1_000],
    ["metadata", 10],
  ])("%s, an object of them: more than %i", (path, most) => {
    const object = (length: number) => Object.fromEntries(Array.from({ length }, (_, n) => [`n${n}`, "x"]));
    expect(faultsOf({ [path]: object(most) })).toEqual([]);
    expect(faultsOf({ [path]: object(most + 1) })).toEqual([`${path} has more than ${most} entries`]);
  });

  test("all of them are told, and nothing else then", () => {
    expect(faultsOf({ tags: many(11), metadata: {}, dsn: { notify: many(5) }, to: [7] })).toEqual([
      "dsn.notify has more than 4 entries",
      "tags has more than 10 entries",
    ]);
  });
});

test("of faults within a list one more is looked for than are told", () => {
  const to = Array.from({ length: 100 }, () => "");
  expect(listFaults({ to }, () => false)).toHaveLength(mostFaultsRead + 1);
  expect(faultsOf({ to: many(3), cc: "a@b.test", bcc: undefined })).toEqual([]);
  expect(faultsOf({ to: ["a@b.test", {}] }, true)).toEqual([]);
  expect(faultsOf({ to: ["a@b.test", "a".repeat(1_000)] })).toEqual([]);
  for (const name of ["to", "cc", "bcc", "reply_to"])
    for (const odd of ["", 7, "a".repeat(1_001)]) {
      const found = faultsOf({ [name]: ["a@b.test", odd] });
      expect(found).toHaveLength(1);
      expect(found[0]).toContain(name);
      expect(found[0]).toContain("1");
    }
});
