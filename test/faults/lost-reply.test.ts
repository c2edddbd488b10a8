/** duplicateWindow: the relay is killed between the commit of a message and its 250, and the client sends it again. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";
import { startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { spawnRelay } from "../../src/testing/spawn-relay.ts";

const content = "Message-ID: <1@app.test>\r\nSubject: x\r\n\r\nOnce.\r\n";
const octets = Buffer.from(
  `EHLO app.test\r\nMAIL FROM:<a@s.test>\r\nRCPT TO:<b@d.test>\r\nDATA\r\n${content}.\r\n`,
);

/** Sends the message; resolves with what answers its content. */
async function send(port: number): Promise<string> {
  const client = await connectScriptedClient({ port });
  try {
    await client.expect("220 ");
    client.send(octets);
    for (;;) {
      const { last } = await client.reply();
      if (/^250 2\.6\.0|^[45]/.test(last)) return last;
    }
  } finally {
    client.close();
  }
}

test("kill -9 between commit and reply: the message sent again is the first one, and arrives once", async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-lost-reply-"));
  const [port, nextHopPort] = [await freePort(), await freePort()];
  await writeFile(
    join(directory, "weir.yaml"),
    `hostname: relay.test
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    # The reply waits for the next hop, and that never speaks: so long the message is durable and not acknowledged.
    maxAcknowledgementDelay: 10m
    duplicateWindow: 1h
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["127.0.0.1:${nextHopPort}"]
`,
  );
  const start = async () => {
    const relay = await spawnRelay(["start", "--config", "weir.yaml"], { cwd: directory });
    await relay.said(/Listening on/);
    return relay;
  };
  const sockets: Socket[] = [];
  const mute = createServer((socket) => sockets.push(socket.on("error", () => undefined)));
  mute.listen(nextHopPort, "127.0.0.1");
  await once(mute, "listening");

  const first = await start();
  const unanswered = send(port).then(
    (reply) => reply,
    () => "no reply",
  );
  // Whoever delivers it has it behind its commit.
  await once(mute, "connection");
  first.kill("SIGKILL");
  await first.exited;
  expect(await unanswered).toBe("no reply");
  for (const socket of sockets) socket.destroy();
  mute.close();

  const sink = await startRecordingSink({ port: nextHopPort });
  const second = await start();
  const reply = await send(port);
  expect(reply).toMatch(/^250 2\.6\.0 <1@app\.test> \[InternalId=\d+/);
  const [arrived] = await sink.waitFor(1);
  expect(arrived?.content.toString()).toContain("\r\n\r\nOnce.\r\n");
  expect(await send(port)).toBe(reply);
  second.kill("SIGTERM");
  await second.exited;
  expect(sink.messages).toHaveLength(1);
  await sink.close();
  await rm(directory, { recursive: true });
});
