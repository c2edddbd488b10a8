/** What is answered to who asks for advice: sentences and commands that hold when they are followed to the letter. */
import { expect, test } from "vitest";
import type { Administered } from "../../src/admin/administered.ts";
import { limitAdviceHandlers } from "../../src/admin/handlers/limit-advice.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { UseObserver } from "../../src/core/advice/use-observer.ts";
import { Replay, type ReplayOptions } from "../../src/core/what-if/replay.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { burst, daily, dayMs, daysFrom, firstDayMs, hourMs, recordOf, type Stay } from "./recorded-days.ts";

const days = daysFrom(0, 7);
const file = (more: string, transport = ""): string => `${transport}receiveConnectors:
  - name: In
    bindings: ["0.0.0.0:25"]
    remoteIpRanges: ["10.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxInboundConnectionPercentagePerSource: 100
${more}`;
const usual = [3, 6, 9].flatMap((connections, index) =>
  daily(days, (8 + index) * hourMs, (atMs) => burst(`10.0.0.${index + 1}`, atMs, connections)),
);
const greedy = daily(days, 12 * hourMs, (atMs) => burst("10.0.0.9", atMs, 80));

async function asked(text: string, stays: readonly Stay[], connector?: string) {
  const parsed = parseConfig(text, { file: "/etc/weir/weir.yaml", hostname: "relay.test" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const tell = recordOf(stays);
  const clock = createFakeClock();
  const administered = {
    clock: { ...clock, wall: () => new Date(firstDayMs + 20 * dayMs) },
    relay: {
      settings: parsed.settings,
      trafficUse(period: { fromMs: number; toMs: number }) {
        const observer = new UseObserver(period);
        tell(observer);
        return Promise.resolve({ ...observer.outcome(), damaged: [] });
      },
      replayTraffic(question: ReplayOptions) {
        const replay = new Replay(question);
        tell(replay);
        return Promise.resolve(replay.outcome());
      },
    },
  } as unknown as Administered;
  const { getLimitAdvice } = limitAdviceHandlers(administered);
  const input = connector === undefined ? {} : { connector };
  return getLimitAdvice(input, { signal: new AbortController().signal } as never);
}

test("of one connector alone the rate of all stays as it is, and what it refuses is told", async () => {
  const text = file("    messageRateLimit: 60\n", "transport: { maxConnectionRatePerMinute: 8 }\n");
  const one = await asked(text, usual, "In");
  expect(one.connectionRate).toBeNull();
  expect(one.connectors[0]?.refusals).toMatchObject({ before: 7, after: 7 });
  const all = await asked(text, usual);
  expect(all.connectionRate).toMatchObject({ change: "raise" });
  expect(all.connectors[0]?.refusals).toMatchObject({ before: 7, after: 0 });
});

test("who gets a connector of its own is named where it would be refused, and no command leaves it behind", async () => {
  const { connectors } = await asked(file(""), [...usual, ...greedy]);
  const [advice] = connectors;
  expect(advice?.own).toMatchObject([{ remoteIpRanges: ["10.0.0.9"] }]);
  const perSource = advice?.limits.find(({ limit }) => limit === "maxInboundConnectionPerSource");
  expect(perSource?.reason).toMatch(
    / 10\.0\.0\.9 needs 80: it is right together with a connector of its own for it\.$/,
  );
  const rate = advice?.limits.find(({ limit }) => limit === "messageRateLimit");
  for (const command of [advice?.command, rate?.command])
    expect(command).toBe("weir Get-LimitAdvice -Connector In -Apply");
});

test("a command for a rate that nobody is counted by sets by what they are", async () => {
  const { connectors } = await asked(file("    messageRateSource: None\n"), usual);
  const rate = connectors[0]?.limits.find(({ limit }) => limit === "messageRateLimit");
  expect(rate?.command).toBe(
    "weir Set-ReceiveConnector In -MessageRateLimit 30 -MessageRateSource IPAddress",
  );
});

test("what is learned is put in force by nothing less than all of it", async () => {
  const learning = file(
    '    reportOnly: [maxInboundConnectionPerSource]\n    learnUntil: "2026-12-06T10:00:00Z"\n',
  );
  const { connectors } = await asked(learning, usual);
  expect(connectors[0]?.command).toBe("weir Get-LimitAdvice -Connector In -Apply");
});
