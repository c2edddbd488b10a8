import { expect, test } from "vitest";
import { askedBehaviour, askedStatus } from "./captured-address.ts";

test.each([
  ["refuse-550@x.test", { kind: "refuse", at: "recipient", code: 550 }],
  ["REFUSE-451@x.test", { kind: "refuse", at: "recipient", code: 451 }],
  ["refuse-data-554@x.test", { kind: "refuse", at: "content", code: 554 }],
  ["slow-10s@x.test", { kind: "slow", delayMs: 10_000 }],
  ["greylist-5m@x.test", { kind: "greylist", delayMs: 300_000 }],
  ["refuse-250@x.test", undefined],
  ["refuse-999@x.test", undefined],
  ["refuse-55@x.test", undefined],
  ["refuse-550x@x.test", undefined],
  ["please-refuse-550@x.test", undefined],
  ["slow-1d@x.test", undefined],
  ["slow-@x.test", undefined],
  ["someone@refuse-550.test", undefined],
  ["refuse-550", undefined],
  ["", undefined],
])("%s", (address, behaviour) => {
  expect(askedBehaviour(address)).toEqual(behaviour);
});

test.each([421, 450, 451, 452, 454, 455, 550, 551, 552, 553, 554, 555])(
  "the status of %i is of its class",
  (code) => {
    expect(askedStatus(code)).toMatch(new RegExp(`^${String(code)[0] ?? ""}\\.\\d\\.\\d$`));
  },
);

test("replies that refuse a recipient or content (RFC 5321 §4.2.2) can be asked for, and no others", () => {
  const asked = Array.from({ length: 1000 }, (_, code) => code).filter(
    (code) => askedBehaviour(`refuse-${String(code).padStart(3, "0")}@x.test`) !== undefined,
  );
  expect(asked).toEqual([421, 450, 451, 452, 454, 455, 550, 551, 552, 553, 554, 555]);
});
