import { expect, test } from "vitest";
import { AdminError } from "../admin/client.ts";
import type { Output } from "./output/output.ts";
import { reportFault } from "./report-fault.ts";

test.each([
  ["learnMs", 0, "  -Learn: is wrong"],
  ["maxMessageSizeBytes", 0, "  -MaxMessageSize: is wrong"],
  ["connector", 0, "  -Connector: is wrong"],
  ["unheardOfMs", 0, "  unheardOfMs: is wrong"],
  // A setting of the file is called as it stands there.
  ["connector", 7, "  connector: is wrong (line 7)"],
])("a fault of %s at line %i is told as %j", (path, line, expected) => {
  let told = "";
  const output = { complain: (text: string) => (told += text) } as unknown as Output;
  const fault = new AdminError({
    code: "invalidInput",
    message: "not understood",
    faults: [{ path, line, column: 0, message: "is wrong" }],
  });
  const parameters = ["Learn", "MaxMessageSize", "Connector"];
  expect(reportFault(fault, output, { json: false, config: undefined, parameters })).toBe(2);
  expect(told.split("\n")[1]).toBe(expected);
});
