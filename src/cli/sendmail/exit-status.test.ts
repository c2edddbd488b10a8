import { expect, test } from "vitest";
import { statusOfReply } from "./exit-status.ts";

test.each([
  ["mail", 451, "4.3.0 local error", 75],
  ["mail", 550, "5.7.60 not as this sender", 77],
  ["mail", 530, "authenticate first", 77],
  ["mail", 552, "5.3.4 too large", 65],
  ["mail", 554, "5.0.0 no", 69],
  ["recipient", 450, "4.2.0 later", 75],
  ["recipient", 452, "4.5.3 too many recipients", 69],
  ["recipient", 550, "5.1.1 no such user", 67],
  ["recipient", 550, "no such user", 67],
  ["recipient", 550, "5.7.54 unable to relay", 77],
  ["recipient", 553, "5.0.0 no", 69],
  ["content", 554, "no", 65],
  ["content", 452, "4.3.1 no room", 75],
  ["content", 550, "5.6.0 NUL", 65],
] as const)("%s %d %s is %d", (step, code, text, status) => {
  expect(statusOfReply(step, code, text)).toBe(status);
});
