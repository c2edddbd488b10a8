/** A stop that comes while new settings are being applied: nothing that the change opens is left behind. */
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { RelayStoppingError } from "../../src/config/relay-stopping.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";

let temporary: TemporaryRelay | undefined;
afterEach(() => temporary?.stop());

/** Some turns of the event loop: a change reads files and opens sockets, and is met at any of its steps. */
const turnsBefore = [0, 1, 2, 3, 5, 8, 13, 21, 34];

test.each(turnsBefore)("%i turns after the change began", async (turns) => {
  const clock = createFakeClock();
  temporary = await startTemporaryRelay({ ports: { clock } });
  const { relay, settings } = temporary;
  const [smtp, monitoring] = [await freePort(), await freePort()];
  let followed = 0;
  relay.onReconfigured(() => Promise.resolve(void followed++));
  const change = relay
    .reconfigure({
      ...settings,
      receiveConnectors: [receiveConnector({ bindings: [{ address: "127.0.0.1", port: smtp }] })],
      metrics: { ...settings.metrics, listen: [{ address: "127.0.0.1", port: monitoring }] },
    })
    .catch((fault: unknown) => fault);
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  await relay.stop("asked to", 0);

  const outcome = await change;
  expect(outcome === undefined || outcome instanceof RelayStoppingError).toBe(true);
  expect(clock.pendingTimers).toBe(0);
  expect(await listens(smtp)).toBe(false);
  expect(await listens(monitoring)).toBe(false);
  // Later ones change nothing.
  const before = followed;
  await expect(relay.reconfigure(settings)).rejects.toThrow(RelayStoppingError);
  expect(followed).toBe(before);
});

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
