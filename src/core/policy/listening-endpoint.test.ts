import { expect, test } from "vitest";
import { serves } from "./listening-endpoint.ts";

const at = (address: string, port = 25) => ({ address, port });

test.each([
  [at("10.0.0.1"), at("10.0.0.1"), true],
  [at("0.0.0.0"), at("10.0.0.1"), true],
  [at("::"), at("::1"), true],
  [at("::"), at("10.0.0.1"), false],
  [at("0.0.0.0"), at("::1"), false],
  [at("10.0.0.1"), at("0.0.0.0"), false],
  [at("0.0.0.0", 587), at("10.0.0.1"), false],
  [at("0.0.0.0", 0), at("10.0.0.1", 0), false],
])("%j serves %j: %s", (listener, binding, expected) => {
  expect(serves(listener, binding)).toBe(expected);
});
