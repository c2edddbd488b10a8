import { expect, it } from "vitest";
import { readInstant } from "./instant.ts";

const now = new Date(2026, 10, 28, 14, 30, 15);

it.each([
  ["2026-11-24T06:00", new Date(2026, 10, 24, 6)],
  ["11/24/2026 6:00 PM", new Date(2026, 10, 24, 18)],
  ["'11/24/2026'", new Date(2026, 10, 24)],
  ["[datetime]'2026-11-24T06:00Z'", new Date("2026-11-24T06:00Z")],
  ["(Get-Date)", now],
  ["Get-Date", now],
  ["(Get-Date).AddHours(-1)", new Date(2026, 10, 28, 13, 30, 15)],
  ["(get-date).adddays(-7)", new Date(now.getTime() - 7 * 86_400_000)],
  ["(Get-Date).Date.AddMinutes(90)", new Date(2026, 10, 28, 1, 30)],
  ["[DateTime]::Now.AddSeconds(-15)", new Date(2026, 10, 28, 14, 30)],
  ["today", new Date(2026, 10, 28)],
  ["Yesterday", new Date(2026, 10, 27)],
])("%s", (text, at) => {
  expect(readInstant(text, now)).toEqual(at);
});

it.each(["soon", "", "(Get-Date).AddMoons(1)", "(Get-Date).AddHours(x)"])("%j is none", (text) => {
  expect(readInstant(text, now)).toBeUndefined();
});
