import { expect, test } from "vitest";
import { inBoth } from "./open-at-once.ts";

/** As the kernel lists them: of port 587 unless said otherwise. */
const listed = (...lines: string[]): string =>
  [
    "  sl  local_address rem_address   st",
    ...lines.map((line, n) => `  ${n}: ${line} 00000000:00000000`),
  ].join("\n");
const open = (peer: string): string => `0100007F:024B 0100007F:${peer} 01`;

test.for([
  { what: "one", lists: [listed(open("9680")), listed(open("9680"))], count: 1 },
  {
    what: "one that is listed twice",
    lists: [listed(open("9680"), open("9680")), listed(open("9680"), open("9680"))],
    count: 1,
  },
  {
    what: "one that went while the first was read, and the one that came for it",
    lists: [listed(open("9680"), open("9681")), listed(open("9681"))],
    count: 1,
  },
  {
    what: "one that came between",
    lists: [listed(open("9680")), listed(open("9680"), open("9681"))],
    count: 1,
  },
  {
    what: "one whose other end is closed",
    lists: [listed("0100007F:024B 0100007F:9680 08"), listed("0100007F:024B 0100007F:9680 08")],
    count: 0,
  },
  {
    what: "the other end of one",
    lists: [listed("0100007F:9680 0100007F:024B 01"), listed("0100007F:9680 0100007F:024B 01")],
    count: 0,
  },
])("$what", ({ lists: [before = "", after = ""], count }) => {
  expect(inBoth(before, after, 587)).toBe(count);
});
