/** What the admin API and the shell say of messages, recipients, queues and connectors when a next hop refuses. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { sendMessage } from "../journeys/send-message.ts";

let relay: AdministeredRelay;
let sink: RecordingSink;
let picky: string;

beforeAll(async () => {
  sink = await startRecordingSink({
    behave: ({ at, line }) => {
      if (at !== "RCPT") return undefined;
      if (line.includes("gone@")) return { reply: "550 5.1.1 No such user" };
      return line.includes("grey@") ? { reply: "450 4.2.0 Greylisted" } : undefined;
    },
  });
  const down = await freePort();
  relay = await startAdministeredRelay(`receiveConnectors:
  - name: A
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
sendConnectors:
  - name: Picky
    addressSpaces: ["*"]
    smartHosts: ["127.0.0.1:${sink.port}"]
  - name: Down
    addressSpaces: ["down.test"]
    smartHosts: ["127.0.0.1:${down}"]
`);
  picky = `Picky;[127.0.0.1]:${sink.port}`;
});
afterAll(async () => {
  await relay.stop();
  await sink.close();
});

const send = (...to: string[]) =>
  sendMessage({
    port: relay.relay.listeners()[0]?.port ?? 0,
    from: "app@a.test",
    to,
    content: Buffer.from("Subject: S\r\n\r\nx\r\n"),
  });
const weir = async (...words: string[]) => {
  const output = recordingOutput();
  await main([...words, "--config", relay.file], output);
  return output.out();
};
const queueOf = async (identity: string) =>
  (await relay.client.call("listQueues", {})).queues.find((queue) => queue.identity === identity);
const connectorOf = async (name: string) => (await relay.client.call("getSendConnector", { name })).status;

test("each recipient has a state of its own: delivered, refused, put off", async () => {
  await send("kept@b.test", "gone@b.test", "grey@b.test");
  await vi.waitFor(async () =>
    expect((await relay.client.call("listMessages", { filter: "RetryCount -gt 0" })).messages).toHaveLength(
      1,
    ),
  );
  const { messages } = await relay.client.call("listMessages", { filter: "FromAddress -eq 'app@a.test'" });
  expect(messages).toMatchObject([{ status: "Retry", recipientCount: 1 }]);
  expect(messages[0]?.lastError).toContain("450 4.2.0 Greylisted");
  const { message } = await relay.client.call("getMessage", { identity: messages[0]?.identity ?? "" });
  const states = message.recipients.map(({ address, status, lastError }) => [address, status, lastError]);
  expect(states).toEqual([
    ["kept@b.test", "Complete", null],
    ["gone@b.test", "Failed", expect.stringContaining("550 5.1.1 No such user")],
    ["grey@b.test", "Retry", expect.stringContaining("450 4.2.0 Greylisted")],
  ]);
  expect(await weir("Get-Message", messages[0]?.identity ?? "", "-List")).toMatch(
    /gone@b\.test +Failed +550 5\.1\.1/,
  );
  // The report on it is taken, which is told of the connector too.
  await sink.until(() => sink.messages.some(({ reversePath }) => reversePath === ""));
});

test("a recipient that was removed, and one of whom the log tells nothing more", async () => {
  await send("grey@b.test", "down@down.test");
  const filter = "Recipient -eq 'down@down.test'";
  await vi.waitFor(async () =>
    expect((await relay.client.call("listMessages", { filter })).messages).toHaveLength(1),
  );
  const [waiting] = (await relay.client.call("listMessages", { filter })).messages;
  const id = waiting?.identity.split("\\").at(-1) ?? "";
  await relay.client.call("removeMessages", { filter, withNdr: false });
  await vi.waitFor(async () => {
    const { message } = await relay.client.call("getMessage", { identity: id });
    expect(message.recipients.map(({ status }) => status)).toEqual(["Retry", "Removed"]);
  });
  const search = vi.spyOn(relay.relay.tracking, "search").mockResolvedValue([]);
  const { message } = await relay.client.call("getMessage", { identity: id });
  search.mockRestore();
  expect(message.recipients.map(({ status }) => status)).toEqual(["Retry", "Unknown"]);
});

test("a queue whose messages are all put off shows why; its connector says so until one is taken", async () => {
  await expect
    .poll(() => queueOf(picky))
    .toMatchObject({
      status: "Ready",
      lastError: expect.stringContaining("450 4.2.0 Greylisted") as string,
    });
  await expect
    .poll(() => connectorOf("Picky"))
    .toMatchObject({
      state: "PutOff",
      lastError: expect.stringContaining("Greylisted") as string,
    });
  expect(await weir("Get-SendConnector")).toMatch(/^Picky .*Put off .*Greylisted/m);
  await send("kept@b.test");
  await expect.poll(async () => (await connectorOf("Picky")).state).toBe("Ready");
  await expect.poll(async () => (await queueOf(picky))?.lastError).toBeNull();
});

test("a connector whose next hops do not answer cannot reach, with the error; its messages are in Retry", async () => {
  await send("x@down.test");
  await expect.poll(async () => (await connectorOf("Down")).state).toBe("CannotReach");
  expect((await connectorOf("Down")).lastError).toMatch(/refused|ECONNREFUSED/i);
  expect(await weir("Get-SendConnector", "Down")).toMatch(/^State +: Cannot reach$/m);
  const { messages } = await relay.client.call("listMessages", { filter: "Recipient -like '*@down.test'" });
  expect(messages).toMatchObject([{ status: "Retry", lastError: (await connectorOf("Down")).lastError }]);
  const story = await weir("explain", messages[0]?.identity.split("\\").at(-1) ?? "");
  expect(story).toMatch(/Now: x@down\.test is Retry in queue Down;.*tried \d time/);
  expect(story).not.toContain("not tried yet");
});
