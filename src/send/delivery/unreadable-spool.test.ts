/** The spool cannot be read for a while, as on a disk that was made read-only: what waits is not forgotten. */
import { expect, test, vi } from "vitest";
import { SpoolError } from "../../spool/spool.ts";
import {
  answered,
  dropConnector,
  ok,
  openScriptedDelivery,
  refused,
} from "../../testing/scripted-delivery.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { spoolKinds } from "../../testing/tested-spool.ts";

test.each(spoolKinds)("what rests is tried when it can be read again, on the %s spool", async (kind) => {
  const delivery = await openScriptedDelivery(kind, schedulerSettings(dropConnector("Out", "")));
  try {
    const { spool, clock } = delivery.tested;
    delivery.carry = () => refused;
    await delivery.submit(["a@x.test"]);
    await clock.advance(1_000);
    const unreadable = vi.spyOn(spool, "queues").mockImplementation(() => {
      throw new SpoolError("failed", "the data file cannot be opened");
    });
    await clock.advance(600_000);
    unreadable.mockRestore();
    delivery.carry = (claim) => answered(claim, ok);
    await clock.advance(3_600_000);
    expect(spool.size).toBe(0);
  } finally {
    await delivery.close();
  }
});
