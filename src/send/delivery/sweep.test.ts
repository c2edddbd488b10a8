import { expect, test } from "vitest";
import type { Claim, OldMessages } from "../../spool/spool.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { createSweep } from "./sweep.ts";

const transport = {
  ...schedulerSettings().transport,
  messageExpirationTimeout: 1_000,
  delayNotificationTimeout: 100,
};

/** Walks are numbered as they are begun; each gives what `gives` has for it, then nothing. */
function over(gives: Readonly<Record<number, Claim[][]>> = {}, size = 1) {
  const said: string[] = [];
  let walks = 0;
  let stops = false;
  let release: (() => void) | undefined;
  const spool = {
    size,
    walkOld: (): OldMessages => {
      const walk = ++walks;
      return {
        claim: (arrivedBefore, limit) => {
          said.push(`walk ${walk} before ${arrivedBefore}, ${limit}`);
          return Promise.resolve(gives[walk]?.shift() ?? []);
        },
      };
    },
  };
  const sweep = createSweep({
    spool,
    claimsAtOnce: 7,
    look: ({ message }) => void said.push(`look ${message.envelope.reversePath}`),
    leaves: () => false,
    settled: () => new Promise((resolve) => (release = resolve)),
    stopped: () => stops,
  });
  return {
    sweep,
    said: () => said.splice(0),
    settled: () => release?.(),
    stop: () => (stops = true),
    run: () => sweep.run(5_000, transport),
  };
}
const claim = (reversePath: string): Claim => testClaim({ envelope: { reversePath } });
const turns = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("both walks go on until they give nothing more, the first portion settled before the next", async () => {
  const { run, said, settled } = over({ 1: [[claim("a"), claim("b")]] });
  const running = run();
  await turns();
  expect(said()).toEqual(["walk 1 before 4001, 7", "look a", "look b"]);
  settled();
  await running;
  expect(said()).toEqual(["walk 1 before 4001, 7", "walk 2 before 4901, 7"]);
  await run();
  expect(said()).toEqual(["walk 1 before 4001, 7", "walk 2 before 4901, 7"]);
});

test("one at a time, and none over an empty spool", async () => {
  const { run, said, settled } = over({ 1: [[claim("a")]] });
  const running = run();
  await run();
  expect(said()).toEqual(["walk 1 before 4001, 7", "look a"]);
  settled();
  await running;
  const empty = over({}, 0);
  await empty.run();
  expect(empty.said()).toEqual([]);
});

test("a restart ends the walks under way, and new ones begin with the oldest", async () => {
  const { run, sweep, said, settled } = over({ 1: [[claim("a")], [claim("b")]] });
  const running = run();
  await turns();
  sweep.restart();
  settled();
  await running;
  expect(said()).not.toContain("look b");
  await run();
  expect(said()).toEqual(["walk 3 before 4001, 7", "walk 4 before 4901, 7"]);
});

test("nothing is claimed when it is to stop, and a fault is no end of it", async () => {
  const { run, stop, said } = over();
  stop();
  await run();
  expect(said()).toEqual([]);

  let fails = true;
  const sweep = createSweep({
    spool: {
      size: 1,
      walkOld: () => ({ claim: () => (fails ? Promise.reject(new Error("no disk")) : Promise.resolve([])) }),
    },
    claimsAtOnce: 1,
    look: () => undefined,
    leaves: () => false,
    settled: () => Promise.resolve(),
    stopped: () => false,
  });
  await expect(sweep.run(0, transport)).rejects.toThrow("no disk");
  fails = false;
  await sweep.run(0, transport);
});
