/** What "Is this the right value?" asks the relay to try. */
import { expect, test } from "vitest";
import {
  settingsFor,
  triedLimits,
  variantsOf,
} from "../../console/src/pages/receive-connectors/right-value/tried-values.ts";

type Advice = Parameters<typeof triedLimits>[0];

const advice = {
  limits: [
    { limit: "maxInboundConnectionPerSource", current: 20, value: 20, highest: 10 },
    { limit: "messageRateLimit", current: "unlimited", value: 30, highest: 12 },
  ],
  use: [{ highestOpen: 10, highestMessages: 12 }],
  edits: [
    {
      kind: "set",
      section: "receiveConnectors",
      name: "In",
      settings: { messageRateLimit: 30, messageRateSource: "IPAddress" },
    },
  ],
} as unknown as Advice;

test("each limit is tried by itself, with what makes it hold", () => {
  const tried = triedLimits(advice);
  const variants = variantsOf(tried, advice);
  expect(variants).toHaveLength(tried.reduce((sum, { values }) => sum + values.length, 0));
  expect(variants).toContainEqual({
    maxInboundConnection: "unlimited",
    maxInboundConnectionPerSource: 20,
    maxInboundConnectionPercentagePerSource: 100,
    messageRateLimit: "unlimited",
  });
  expect(variants).toContainEqual({
    maxInboundConnection: "unlimited",
    maxInboundConnectionPerSource: "unlimited",
    maxInboundConnectionPercentagePerSource: 100,
    messageRateLimit: 30,
    messageRateSource: "IPAddress",
  });
  expect(settingsFor("maxInboundConnectionPerSource", 20, advice)).toEqual({
    maxInboundConnectionPerSource: 20,
  });
});
