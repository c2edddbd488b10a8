/** "Is 20 right for us?", as an administrator asks it, on two weeks of recorded traffic. */
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { burst, daily, daysFrom, hourMs, writeRecord } from "../contracts/recorded-days.ts";

const days = daysFrom(0, 14);
const stays = [
  ...[3, 6, 30].flatMap((connections, index) =>
    daily(days, (8 + index) * hourMs, (atMs) =>
      burst(`10.0.0.${index + 1}`, atMs, connections, { heloName: `app${index + 1}.test` }),
    ),
  ),
  // Never closed, on the last days.
  ...daily([12, 13], 9 * hourMs, (atMs) =>
    Array.from({ length: 60 }, (_, index) => ({
      source: "10.0.0.1",
      atMs: atMs + index * 20_000,
      lastsMs: hourMs,
      messages: [40],
      heloName: "app1.test",
    })),
  ),
];

let relay: AdministeredRelay;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-advice-"));
  await mkdir(join(directory, "data"));
  await writeRecord(join(directory, "data"), stays);
  relay = await startAdministeredRelay(
    `receiveConnectors:
  - name: In # the applications
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["10.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
sendConnectors:
  - name: Drop
    addressSpaces: ["*"]
    dropDirectory: drop
applications:
  - name: Billing
    addresses: ["10.0.0.3"]
`,
    { directory },
  );
});
afterAll(() => relay.stop());

const period = ["-Start", "2026-10-19T00:00Z", "-End", "2026-11-10T00:00Z"];

async function weir(...words: string[]) {
  const output = recordingOutput();
  const code = await main([...words, "--config", relay.file], output);
  return { code, out: output.out(), complaints: output.complaints() };
}

it("is found by who never saw Weir: by help alone, from the question to the answer", async () => {
  // `Get-`, `Test-` and the like say nothing to them; the question does.
  const help = async (word: string): Promise<string> => {
    const output = recordingOutput();
    expect(await main(["help", word], output)).toBe(0);
    return output.out();
  };
  const found = await help("right");
  const [command = ""] = /\bGet-\w+(?= .*limits)/.exec(found) ?? [];
  const explained = await help(command);
  const [, words = ""] = /weir (Get-\w+ \w+)\n? +Is 20 right for us\?/.exec(explained) ?? [];
  const { out: connectors } = await weir("Get-ReceiveConnector");
  expect(connectors).toMatch(/^In +/m);
  const { code, out } = await weir(...words.replace("AppRelay", "In").split(" "), ...period);
  expect(code).toBe(0);
  expect(out).toMatch(/\nIn +MaxInboundConnectionPerSource +20 +20 /);
  expect(out).toMatch(/MaxInboundConnectionPerSource: 20 is right\. /);
});

it("says which values are right, why, what they would have refused, and what they cost", async () => {
  const { code, out, complaints } = await weir("Get-LimitAdvice", "in", ...period);
  expect([code, complaints]).toEqual([0, ""]);
  expect(out).toMatch(/\nIn +MaxInboundConnectionPerSource +20 +20 +6 +6 +233 %/);
  expect(out).toMatch(/\nIn +MessageRateLimit +unlimited +30 +6 +6/);
  expect(out).toContain(
    "A connector of its own: Billing for 10.0.0.3\n    It needs 30 connections at once, the 2 other sources 6 at most: one limit for both",
  );
  expect(out).toMatch(
    /left out: 10\.0\.0\.1: 60 connections at once on 2026-10-31, and the like on 2 days, 3 at most on the 12 other days; \d\d % of the time they were open nothing was sent, and they lasted 57 minutes/,
  );
  expect(out).toContain("Refusals of sources that do their work: 140 → 0; of those left out: 80 → 80.");
  expect(out).toMatch(/If all 5000 were open: 5000 descriptors, some 100 MB of memory\./);
  expect(out).toContain("Recorded from 2026-10-19 08:00 to 2026-11-01 10:00; days are those of UTC.");
  expect(out).toContain(
    "To do all of it: weir Get-LimitAdvice -Connector in -Start 2026-10-19T00:00Z -End 2026-11-10T00:00Z -Apply",
  );
});

it("does it as one change, in which comments stay", async () => {
  const { code, out } = await weir("Get-LimitAdvice", "In", ...period, "-Apply");
  expect([code, out]).toEqual([0, expect.stringContaining("in force now")]);
  const text = await relay.text();
  expect(text).toContain("name: In # the applications");
  expect(text).toMatch(
    /messageRateLimit: 30\n[^]*- name: Billing\n[^]*remoteIpRanges:\n? *\[?-? ?"?10\.0\.0\.3/,
  );
  const { connectors } = await relay.client.call("listReceiveConnectors", {});
  expect(connectors[1]).toMatchObject({
    name: "Billing",
    settings: { anonymousRelay: true, maxInboundConnectionPerSource: 40, remoteIpRanges: ["10.0.0.3"] },
  });
});

it("says so where there is no such connector", async () => {
  const { code, complaints } = await weir("Get-LimitAdvice", "Inn");
  expect([code, complaints]).toEqual([1, expect.stringContaining("did you mean In?")]);
});

it("tells instants by the clock of who asks, as all commands do", async () => {
  vi.stubEnv("TZ", "Australia/Sydney");
  try {
    const { out } = await weir("Get-LimitAdvice", "In", ...period);
    expect(out).toContain("Recorded from 2026-10-19 19:00 to ");
    const { out: tested } = await weir(
      "Test-ReceiveConnector",
      "In",
      "-MaxInboundConnectionPerSource",
      "2",
      ...period,
    );
    expect(tested).toMatch(/10\.0\.0\.2: \d+ by .*, from 2026-10-19 20:00 to /);
  } finally {
    vi.unstubAllEnvs();
  }
});
