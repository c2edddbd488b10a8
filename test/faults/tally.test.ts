/** The account that fault tests rely on must itself notice what they look for. */
import { expect, test } from "vitest";
import { createTally } from "./tally.ts";

const trace = Buffer.from("Received: from a by b;\r\n\tdate\r\n");
const relayed = (content: Buffer): Buffer => Buffer.concat([trace, content]);

test("a message that arrives once is neither lost nor damaged nor repeated", () => {
  const tally = createTally();
  const { id, content } = tally.compose(1000);
  tally.acknowledge(id);
  expect(tally.complete()).toBe(false);
  tally.arrive(relayed(content));
  expect(tally.complete()).toBe(true);
  expect(tally.result()).toEqual({
    acknowledged: 1,
    arrived: 1,
    lost: [],
    damaged: [],
    duplicates: 0,
    repeated: [],
  });
});

test("a lost one, a cut one, a changed one and a repeated one are noticed", () => {
  const tally = createTally();
  const [lost, cut, changed, repeated] = [1, 2, 3, 4].map(() => tally.compose(500));
  if (!lost || !cut || !changed || !repeated) throw new Error("no messages");
  for (const { id } of [lost, cut, changed, repeated]) tally.acknowledge(id);
  tally.arrive(relayed(cut.content.subarray(0, -1)));
  const wrong = Buffer.from(changed.content);
  wrong[wrong.length - 3] = 0x58;
  tally.arrive(relayed(wrong));
  tally.arrive(relayed(repeated.content));
  tally.arrive(relayed(repeated.content));
  tally.arrive(Buffer.from("no trace header\r\n"));
  const result = tally.result();
  expect(result.lost).toEqual([lost.id, cut.id, changed.id]);
  expect(result.damaged).toHaveLength(3);
  expect(result.duplicates).toBe(1);
  expect(result.repeated).toEqual([repeated.id]);
});
