import { expect, it } from "vitest";
import { faultOf } from "./database-fault.ts";

it.each([
  ["23505", "refused", "23505"],
  ["WR001", "refused", "WR001"],
  ["XX001", "refused", "XX001"],
  ["25006", "unreachable", "25006"],
  ["57P01", "lost", "57P01"],
  ["08006", "lost", "08006"],
  // The socket's, of which one has five letters, too.
  ["EPIPE", "lost", undefined],
  ["ECONNRESET", "lost", undefined],
  [undefined, "lost", undefined],
])("a fault with the code %s is %s", (code, kind, told) => {
  expect(faultOf(Object.assign(new Error("no"), { code }))).toMatchObject({ kind, code: told });
});
