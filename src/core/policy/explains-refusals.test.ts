import { expect, test } from "vitest";
import { parseAddress } from "../units/ip-address.ts";
import { explainsRefusals } from "./explains-refusals.ts";

test.each([
  [undefined, "10.0.0.1", true],
  [undefined, "8.8.8.8", false],
  [undefined, "", false],
  [{ explainRefusals: undefined }, "10.0.0.1", true],
  [{ explainRefusals: undefined }, "8.8.8.8", false],
  [{ explainRefusals: false }, "10.0.0.1", false],
  [{ explainRefusals: true }, "8.8.8.8", true],
])("with %j to %s: %s", (connector, address, explains) => {
  expect(explainsRefusals(connector, parseAddress(address))).toBe(explains);
});
