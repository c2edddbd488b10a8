import { describe, expect, it } from "vitest";
import type { ShownObject } from "../objects/shown-object.ts";
import { compareValues } from "./compare-values.ts";
import { parseCondition, parseSimpleCondition } from "./condition.ts";

const object: ShownObject = {
  json: {
    name: "App Relay",
    enabled: true,
    maxMessageSize: 37_748_736,
    connectionTimeout: 600_000,
    messageRateLimit: "unlimited",
    remoteIpRanges: ["10.0.0.0/8", "192.168.7.12"],
    lastError: null,
    at: "2026-11-28T10:00:00.000Z",
    status: { openConnections: 3 },
  },
  texts: new Map<string, string | number>([
    ["MessageCount", 12],
    ["Size", "36 MB (37,748,736 bytes)"],
  ]),
};

describe("where", () => {
  it.each([
    ["$_.Name -eq 'app relay'", true],
    ['$_.name -ne "App Relay"', false],
    ["$_.Name -like 'App*' -and $_.Enabled", true],
    ["$_.Enabled -eq $true", true],
    ["$_.Enabled -eq $false", false],
    ["-not $_.Enabled", false],
    ["!($_.Name -eq 'x') -and !$_.lastError", true],
    ["$_.Name -eq 'x' -or $_.MessageCount -gt 10", true],
    ["($_.Name -eq 'x' -or $_.MessageCount -gt 10) -and $_.Name -eq 'y'", false],
    ["$_.Name -eq 'x' -and $_.Name -eq 'y' -or $_.Enabled", true],
    ["$_.MaxMessageSize -gt 10MB", true],
    ["$_.MaxMessageSize -le '36MB'", true],
    ["$_.Size -lt 36MB", false],
    ["$_.ConnectionTimeout -ge '00:10:00'", true],
    ["$_.ConnectionTimeout -lt 10m", false],
    ["$_.MessageRateLimit -gt 1000000", true],
    ["$_.MessageRateLimit -eq 'Unlimited'", true],
    ["$_.RemoteIPRanges -contains '192.168.7.12'", true],
    ["$_.RemoteIPRanges -notcontains '192.168.7.13'", true],
    ["$_.RemoteIPRanges -like '10.*'", true],
    ["'App Relay' -in 'x','app relay'", true],
    ["$_.Name -in 'x', 'y'", false],
    ["$_.Name -notin 'x'", true],
    ["$_.Name -match '^app\\s'", true],
    ["$_.Name -notmatch 'relay'", false],
    ["$_.Name -notlike '*relay'", false],
    ["$_.Name -ceq 'App Relay'", true],
    ["$_.LastError -eq $null", true],
    ["$_.LastError -eq ''", true],
    ["$_.LastError -ne $null", false],
    ["$null -ne $_.Name", true],
    ["$_.at -gt '2026-11-27'", true],
    ["$_.at -gt (Get-Date).AddYears(1)", undefined],
    ["$_.at -lt (Get-Date).AddDays(9999)", true],
    ["$_.Status.OpenConnections -eq 3", true],
    ["$_.MaxMessageSize.Value -gt 1MB", true],
    ["$PSItem.Name", true],
  ])("%s: %s", (text, expected) => {
    const parsed = parseCondition(text);
    expect(parsed.ok ? parsed.condition(object) : undefined).toBe(expected);
  });

  it.each([
    [["MessageCount", "-gt", "10"], true],
    [["Name", "-eq", "App Relay"], true],
    [["$_.Name", "-like", "app*"], true],
    [["-Property", "Name", "-EQ", "-Value", "it's"], false],
    [["Enabled"], true],
    [["Enabled", "-eq", "$true"], true],
    [["Name", "-in", "x", "App Relay"], true],
  ])("%j: %s", (words, expected) => {
    const parsed = parseSimpleCondition(words);
    expect(parsed.ok && parsed.condition(object)).toBe(expected);
  });

  it.each([
    ["$_.Name -is 'x'", "-is is no operator"],
    ["$_.Name -eq", "a value is missing"],
    ["$_.Name -eq 'x' 'y'", "y is not expected"],
    ["($_.Name -eq 'x'", "a ) is missing"],
    ["$_.Name -eq $x", "no variables"],
    ["$_.Name -eq 'x", "not understood: 'x"],
    ["", "a value is missing"],
  ])("%s is refused: %s", (text, message) => {
    expect(parseCondition(text)).toMatchObject({ ok: false, message: expect.stringContaining(message) });
  });
});

it.each([
  [1, 2, -1],
  ["10", 9, 1],
  ["b", "A", 1],
  [null, "", 0],
  [null, 0, -1],
  ["2MB", 1_048_576, 1],
  ["00:00:30", 40_000, -1],
  [true, "false", 1],
  ["10.0.0.10", "10.0.0.9", -1],
  ["2026-11-28T10:00:00Z", "11/29/2026 8:00 PM", -1],
])("%j against %j is %i", (a, b, order) => {
  expect(Math.sign(compareValues(a, b))).toBe(order);
});
