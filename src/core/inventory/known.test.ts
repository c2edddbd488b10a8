import { expect, test } from "vitest";
import { namingCommand } from "./known.ts";

const seen = (heloName: string) => [
  { kind: "heloName", name: heloName, firstMs: 0, lastMs: 0, count: 1 } as const,
];

test.each([
  ["", seen("erp-1.corp.test"), "weir New-Application erp-1 -Addresses 10.0.0.7"],
  ["", seen("[10.0.0.7]"), "weir New-Application NAME -Addresses 10.0.0.7"],
  ["", [], "weir New-Application NAME -Addresses 10.0.0.7"],
  ["o'brien", seen("x"), `weir New-Application o-brien -Users "o'brien"`],
  // No form that all shells read: that of sh.
  ["CORP\\scan o'er", seen("x"), "weir New-Application CORP-scan-o-er -Users 'CORP\\scan o'\\''er'"],
  ["CORP\\scan", seen("x"), "weir New-Application CORP-scan -Users 'CORP\\scan'"],
  ["API key shop.2", seen("x"), "weir New-Application shop.2 -Addresses 10.0.0.7"],
])("the command that names %j", (user, traits, command) => {
  expect(namingCommand({ source: "10.0.0.7", user, traits: [...traits] })).toBe(command);
});
