import { expect, test } from "vitest";
import { receiveConnector } from "../../testing/test-settings.ts";
import { ConnectionWatch, watchConnection } from "./connection-watch.ts";

const watched = { values: { maxMessageSize: 1_000, messageRateLimit: 5, maxLogonFailures: 3 } } as never;

test("what a client is told of: the connection's limits, then its message's, each once", () => {
  const watch = new ConnectionWatch(watched, "HTTP");
  watch.wouldRefuseConnection("maxInboundConnectionPerSource");
  for (let n = 0; n < 2; n++) watch.wouldRefuseMessage("maxMessageSize");
  watch.wouldRefuseMessage("messageRateLimit");
  expect(watch.wouldRefuse).toEqual(["maxInboundConnectionPerSource", "maxMessageSize", "messageRateLimit"]);
  watch.nextMessage();
  expect(watch.wouldRefuse).toEqual(["maxInboundConnectionPerSource"]);
});

test.each([
  ["SMTP", undefined, undefined],
  // A request is refused by the rate, and the connection goes on.
  ["HTTP", 5, undefined],
  // A file has no connection.
  ["PICKUP", 5, 1_000],
] as const)(
  "a limit that would have closed a connection of %s sees nothing more of it",
  (door, rate, size) => {
    const watch = new ConnectionWatch(watched, door);
    watch.wouldClose("messageRateLimit");
    watch.wouldClose("maxMessageSize");
    expect([watch.valueOf("messageRateLimit"), watch.valueOf("maxMessageSize")]).toEqual([rate, size]);
  },
);

test("nothing is looked at where no limit is only looked at", () => {
  expect(watchConnection(receiveConnector(), "SMTP")).toBeUndefined();
});
