/** A report that cannot be delivered: the smallest form of it once, else word to the administrator. */
import { describe, expect, test } from "vitest";
import { reportConnector } from "../../core/message/envelope.ts";
import type { Claim } from "../../spool/spool.ts";
import { testClaim } from "../../testing/test-claim.ts";
import type { ReportWriter, ShrunkReport } from "../dsn/report-writer.ts";
import type { Decision } from "./decisions.ts";
import { lossOf, replaceReport } from "./lost-report.ts";

const finding = { status: "5.2.0", text: "554 5.2.0 no", fromPeer: true };
const failed = { kind: "failed", finding, report: false, expired: false, unconfirmed: 0 } as const;

function reportClaim(reversePath = "", connector = reportConnector): Claim {
  const claim = testClaim({ recipients: ["app@a.test"], envelope: { reversePath } });
  return { ...claim, message: { ...claim.message, origin: { ...claim.message.origin, connector } } };
}
const decision = (changes: Partial<Decision> = {}): Decision => ({
  state: { index: 0, attempts: 0, delayReported: false },
  step: failed,
  finding,
  host: "mx",
  queue: "Out",
  attempted: 1,
  ...changes,
});

describe("it is lost", () => {
  const kept = {
    step: { kind: "keep", dueAt: 0, unconfirmed: 0, delayReport: false, delayReported: false },
  } as const;
  test.each<[string, Claim, Decision, boolean]>([
    ["when it is refused", reportClaim(), decision(), true],
    ["not while it waits", reportClaim(), decision(kept), false],
    ["not when an administrator removes it", reportClaim(), decision({ removed: true }), false],
    ["and no other mail is", reportClaim("app@a.test"), decision(), false],
    ["nor a report that came from elsewhere", reportClaim("", "AppRelay"), decision(), false],
  ])("%s", (_, claim, one, isLost) => expect(lossOf(claim, [one])).toBe(isLost ? one : undefined));
});

describe("in its place", () => {
  const smaller = { envelope: {}, content: Buffer.alloc(0), origin: {} } as ShrunkReport["report"];
  async function replaced(one: Decision, report: ShrunkReport["report"]) {
    const told: [string, object][] = [];
    const writer = {
      shrink: () =>
        Promise.resolve({ report, messageId: "<small@relay>", about: " It was the report on x." }),
    } as unknown as ReportWriter;
    const claim = reportClaim();
    const made = await replaceReport(claim, one, writer, {
      wants: () => true,
      emit: (name, fields) => void told.push([name, fields]),
    });
    const about = { id: claim.message.id, recipient: "app@a.test", error: finding.text };
    return { made, told, about };
  }

  test("goes the smallest form", async () => {
    const { made, told, about } = await replaced(decision(), smaller);
    expect(made).toEqual([smaller]);
    expect(told).toEqual([["DsnRetried", { ...about, reportId: "<small@relay>" }]]);
  });

  test.each<[string, Decision, ShrunkReport["report"]]>([
    ["when that was it", decision(), undefined],
    [
      "when the address itself is refused",
      decision({ step: { ...failed, finding: { ...finding, status: "5.1.1" } } }),
      smaller,
    ],
    [
      "when it expired and nobody ever answered",
      decision({ attempted: 0, step: { ...failed, expired: true } }),
      smaller,
    ],
  ])("nothing goes %s: it is told what it was about", async (_, one, report) => {
    const { made, told, about } = await replaced(one, report);
    expect(made).toEqual([]);
    expect(told).toEqual([["DsnSuppressed", { ...about, about: " It was the report on x." }]]);
  });

  test.each([
    ["at this attempt", 1, 0],
    ["at one before", 0, 1],
  ] as const)(
    "the smallest form goes for one that expired and was answered %s",
    async (_, attempted, attempts) => {
      const state = { index: 0, attempts, delayReported: false };
      const { made } = await replaced(
        decision({ attempted, state, step: { ...failed, expired: true } }),
        smaller,
      );
      expect(made).toEqual([smaller]);
    },
  );
});
