import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { createFakeClock } from "../../../../testing/fake-clock.ts";
import { withDeadline } from "./with-deadline.ts";

const started = () => {
  const clock = createFakeClock();
  const stop = new AbortController();
  let seen: AbortSignal | undefined;
  let end: (result: string) => void = () => {};
  const result = withDeadline({ clock }, 30_000, stop.signal, "the greeting", (signal) => {
    seen = signal;
    return new Promise<string>((resolve) => (end = resolve));
  });
  result.catch(() => {});
  return { clock, stop, result, end: (text: string) => end(text), signal: () => seen };
};
/** A connection's signal lives for all its messages: what each leaves there would add up. */
const nothingLeft = ({ clock, stop }: ReturnType<typeof started>): void => {
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
};

describe("leaves no timer and no listener behind", () => {
  test("when it ends in time", async () => {
    const one = started();
    one.end("220");
    expect(await one.result).toBe("220");
    nothingLeft(one);
    one.stop.abort();
    expect(one.signal()?.aborted).toBe(false);
  });

  test("when it does not: the text says how long it waited", async () => {
    const one = started();
    await one.clock.advance(29_999);
    expect(one.signal()?.aborted).toBe(false);
    await one.clock.advance(1);
    await expect(one.result).rejects.toMatchObject({
      code: "timeout",
      message: "the greeting took longer than 30 s",
    });
    expect(one.signal()?.aborted).toBe(true);
    nothingLeft(one);
  });

  test("when the relay stops", async () => {
    const one = started();
    one.stop.abort();
    await expect(one.result).rejects.toMatchObject({ code: "aborted" });
    expect(one.signal()?.aborted).toBe(true);
    nothingLeft(one);
  });
});

test("stopped before: ended before it waits", async () => {
  const stop = new AbortController();
  stop.abort();
  const clock = createFakeClock();
  const never = withDeadline({ clock }, 1, stop.signal, "x", () => new Promise(() => {}));
  await expect(never).rejects.toMatchObject({ code: "aborted" });
});
