import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { readProxySource, type ProxySource } from "./proxy-source.ts";

function reading() {
  const stream = new PassThrough();
  const clock = createFakeClock();
  let source: ProxySource | undefined;
  void readProxySource(stream as unknown as Socket, clock).then((found) => (source = found));
  return { stream, clock, source: () => source };
}

const line = "PROXY TCP4 192.168.1.7 10.0.0.1 56324 25\r\n";

test.each<[string, string[], ProxySource, string]>([
  ["at once", [`${line}EHLO x`], { kind: "source", address: "192.168.1.7" }, "EHLO x"],
  ["in pieces", ["PROXY TCP4 192.168", line.slice(18)], { kind: "source", address: "192.168.1.7" }, ""],
  ["of the balancer", ["PROXY UNKNOWN\r\nQUIT"], { kind: "balancer" }, "QUIT"],
  ["that is none", ["EHLO x\r\n"], { kind: "invalid" }, ""],
])("a header %s", async (_, pieces, expected, rest) => {
  const { stream, clock, source } = reading();
  for (const piece of pieces) {
    stream.write(piece);
    await clock.settle();
  }
  expect(source()).toEqual(expected);
  expect([stream.isPaused(), clock.pendingTimers]).toEqual([true, 0]);
  stream.end();
  expect((await stream.toArray()).join("")).toBe(rest);
});

test("five seconds are given to it", async () => {
  const { stream, clock, source } = reading();
  stream.write("PROXY TCP4");
  await clock.advance(4_999);
  expect(source()).toBeUndefined();
  await clock.advance(1);
  expect([source(), clock.pendingTimers]).toEqual([{ kind: "invalid" }, 0]);
});

test.each<[string, (stream: PassThrough) => unknown, ProxySource["kind"]]>([
  ["an end without a word", (stream) => stream.end(), "left"],
  ["a death without a word", (stream) => stream.destroy(), "left"],
  ["an end within it", (stream) => stream.end("PROXY"), "invalid"],
])("%s", async (_, end, kind) => {
  const { stream, clock, source } = reading();
  end(stream);
  await clock.settle();
  expect([source()?.kind, clock.pendingTimers]).toEqual([kind, 0]);
});
