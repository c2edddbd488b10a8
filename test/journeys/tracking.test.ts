/** The message tracking log of a real relay. */
import { afterEach, expect, test } from "vitest";
import { trackingHandlers } from "../../src/admin/handlers/tracking.ts";
import { shell } from "../../src/admin/caller.ts";
import type { Administered } from "../../src/admin/administered.ts";
import { startRecordingSink } from "../../src/testing/recording-sink.ts";
import { startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";
import { createSystemPorts } from "../../src/ports/system-ports.ts";
import { explainedMessage } from "../../src/cli/run/message-tracking.ts";
import { plain } from "./mail-samples.ts";
import { sendMessage } from "./send-message.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test("tells receipt, delivery, failure and report", async () => {
  const sink = await startRecordingSink();
  ends.push(() => sink.close());
  sink.configure({
    behave: ({ at, line }) =>
      at === "RCPT" && line.includes("gone@") ? { reply: "550 5.1.1 User unknown" } : undefined,
  });
  const relay = await startTemporaryRelay({ sendConnectors: [smartHostConnector(sink.port)] });
  ends.push(() => relay.stop());
  await sendMessage({
    port: relay.port,
    content: plain.content,
    to: ["a@dest.example", "gone@dest.example"],
  });
  await sink.waitFor(2);
  const clock = createSystemPorts().clock;
  const handlers = trackingHandlers({ relay: relay.relay, clock } as unknown as Administered);
  const asked = { caller: shell, signal: new AbortController().signal };
  const search = async () =>
    (await handlers.searchMessageTracking({ resultSize: 100 }, asked)).entries
      .map(({ eventId, recipients, recipientStatus }) => `${eventId} ${recipients.join()} ${recipientStatus}`)
      .toSorted();
  await expect.poll(async () => (await search()).length).toBe(5);
  expect(await search()).toEqual([
    expect.stringMatching(/^DSN gone@dest\.example 550 5\.1\.1 User unknown/),
    expect.stringMatching(/^FAIL gone@dest\.example 550 5\.1\.1 User unknown/),
    "RECEIVE a@dest.example,gone@dest.example ",
    expect.stringMatching(/^SEND \S+ 250 /),
    expect.stringMatching(/^SEND \S+ 250 /),
  ]);
  const { entries } = await handlers.searchMessageTracking({ eventIds: ["FAIL"], resultSize: 1 }, asked);
  const story = await handlers.explainMessage({ message: String(entries[0]?.internalMessageId) }, asked);
  expect(story.entries.map(({ eventId }) => eventId)[0]).toBe("RECEIVE");
  expect(story.entries).toHaveLength(5);
  expect(explainedMessage(story)).toHaveLength(7);
  expect(explainedMessage(story).at(-1)).toBe("Now: finished; nothing of it waits here.");
});

test("tells where a message waits, and exports what was searched for", async () => {
  const sink = await startRecordingSink();
  ends.push(() => sink.close());
  sink.configure({ behave: ({ at }) => (at === "RCPT" ? { reply: "451 4.7.1 Later" } : undefined) });
  const relay = await startTemporaryRelay({ sendConnectors: [smartHostConnector(sink.port)] });
  ends.push(() => relay.stop());
  await sendMessage({ port: relay.port, content: plain.content, to: ["a@dest.example"] });
  const asked = { caller: shell, signal: new AbortController().signal };
  const clock = createSystemPorts().clock;
  const handlers = trackingHandlers({ relay: relay.relay, clock } as unknown as Administered);
  const deferred = async () =>
    (await handlers.searchMessageTracking({ eventIds: ["DEFER"], resultSize: 9 }, asked)).entries;
  await expect.poll(async () => (await deferred()).length).toBeGreaterThan(0);
  const message = String((await deferred())[0]?.internalMessageId);
  const story = await handlers.explainMessage({ message }, asked);
  expect(story.waiting).toEqual([
    expect.objectContaining({
      recipient: "a@dest.example",
      lastError: expect.stringContaining("451 4.7.1"),
    }),
  ]);
  expect(story.waiting[0]?.attempts).toBeGreaterThan(0);
  expect(explainedMessage(story).at(-1)).toMatch(
    /^Now: a@dest\.example is \w+ in queue .*; tried \d+ times?; /,
  );
  const exported: string[] = [];
  const file = await handlers.exportMessageTracking({ recipients: ["*@dest.example"] }, asked);
  for await (const piece of file.chunks) exported.push(Buffer.from(piece).toString());
  const lines = exported.join("").split("\r\n");
  expect(lines[0]).toBe("#Software: Weir");
  expect(lines.filter((line) => line.includes(message)).map((line) => line.split(",")[8])).toEqual(
    expect.arrayContaining(["RECEIVE", "DEFER"]),
  );
});
