import { expect, test } from "vitest";
import { type BackPressure, noPressure, type PressureVerdict } from "../../core/policy/back-pressure.ts";
import type { PressureResource } from "../../core/policy/back-pressure-thresholds.ts";
import { certificateHeadlines, pressureHeadlines } from "./resources.ts";

const thresholds = { lowToMedium: 89, mediumToHigh: 95, highToMedium: 90, mediumToLow: 80 };
const pressed = (
  resource: PressureResource,
  level: "Medium" | "High",
  current: number,
  what: Pick<PressureVerdict, "refuse" | "mailTarpitMs">,
): BackPressure => {
  const resources = [{ resource, level, current, thresholds, pollsPressed: 1 }];
  return { level, resources, verdict: { level, resources, ...what } };
};

test.each([
  [
    pressed("UsedDiskSpace", "High", 97.13, { refuse: "everyone", mailTarpitMs: 0 }),
    "error",
    "Back pressure is High: the disk is used to 97.1 % (High from 95 %). All new messages are refused with 452 4.3.1. Delivery goes on.",
  ],
  [
    pressed("PrivateBytes", "Medium", 90, { refuse: "anonymous", mailTarpitMs: 0 }),
    "error",
    "Back pressure is Medium: memory is used to 90 % (Medium from 89 %). New messages of anonymous clients are refused with 452 4.3.1. Delivery goes on.",
  ],
  [
    pressed("QueueLength[SubmissionQueue]", "Medium", 1_200_000, { refuse: "nobody", mailTarpitMs: 10_000 }),
    "warning",
    "Back pressure is Medium: messages queued are 1,200,000 (Medium from 89). Anonymous clients wait 10 s at MAIL; nobody is refused yet. Delivery goes on.",
  ],
])("%#: pressure", (pressure, severity, text) => {
  expect(pressureHeadlines(pressure)).toEqual([{ subject: "resources", severity, text }]);
});

test("without pressure nothing is said", () => {
  expect(pressureHeadlines(noPressure)).toEqual([]);
});

test("certificates near their end are named, the nearest first", () => {
  const now = Date.UTC(2026, 5, 1, 12);
  const day = 24 * 60 * 60_000;
  const certificate = (file: string, days: number) => ({
    file,
    subject: `CN=${file}`,
    validTo: now + days * day,
  });
  const said = certificateHeadlines(
    [
      certificate("later", 21),
      certificate("a", 9.9),
      certificate("b", -1),
      certificate("c", 0.5),
      certificate("d", 1),
    ],
    now,
  );
  expect(said.map(({ severity, text }) => [severity, text.split(". ")[0]])).toEqual([
    ["error", "Certificate b (CN=b) expired on 2026-05-31"],
    ["warning", "Certificate c (CN=c) expires within a day, on 2026-06-02"],
    ["warning", "Certificate d (CN=d) expires in 1 day, on 2026-06-02"],
    ["warning", "Certificate a (CN=a) expires in 9 days, on 2026-06-11"],
  ]);
});
