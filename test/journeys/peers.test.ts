/** Other people's SMTP clients send through the relay; what they hand over arrives octet for octet. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type RecordedMessage,
  type RecordingSink,
  startRecordingSink,
} from "../../src/testing/recording-sink.ts";
import { type TemporaryRelay, startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";
import { type Sample, attachment, dotted, plain, utf8 } from "./mail-samples.ts";
import { type Peer, peers, run, smtpSource } from "./peers.ts";
import { firstDifference, splitTrace } from "./trace.ts";

let sink: RecordingSink;
let relay: TemporaryRelay;
let directory: string;
let number = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-peers-"));
  sink = await startRecordingSink();
  relay = await startTemporaryRelay({
    sendConnectors: [smartHostConnector(sink.port, { maxRecipientsPerTransaction: 500 })],
  });
});
afterAll(async () => {
  await relay.stop();
  await sink.close();
  await rm(directory, { recursive: true, force: true });
});

async function through(peer: Peer, content: Buffer, to: readonly string[]): Promise<RecordedMessage> {
  const from = `n${++number}@app.example`;
  const crlfFile = join(directory, `${number}.crlf`);
  const lfFile = join(directory, `${number}.lf`);
  await writeFile(crlfFile, content);
  await writeFile(lfFile, content.toString("latin1").replaceAll("\r\n", "\n"), "latin1");
  await peer.send({ port: relay.port, from, to, crlfFile, lfFile, directory });
  const mine = (): RecordedMessage[] => sink.messages.filter((message) => message.reversePath === from);
  await sink.until(() => mine().reduce((sum, { recipients }) => sum + recipients.length, 0) >= to.length);
  expect(mine()).toHaveLength(1);
  return mine()[0] as RecordedMessage;
}

const samples: readonly Sample[] = [plain, utf8, attachment, dotted];
const body = (content: Buffer): string => content.subarray(content.indexOf("\r\n\r\n") + 4).toString("utf8");

for (const peer of peers) {
  const missing = peer.missing();
  if (missing !== undefined) console.log(`skipped: ${peer.name}: ${missing} not installed`);
  describe.skipIf(missing !== undefined)(peer.name, () => {
    const able = samples.filter((sample) => !(peer.wellFormedOnly === true && sample === dotted));
    test.each(able.map((sample): [string, Sample] => [sample.name, sample]))("%s", async (_, { content }) => {
      const arrived = await through(peer, content, ["someone@dest.example"]);
      const { rest } = splitTrace(arrived.content);
      if (peer.verbatim)
        expect(
          firstDifference(rest, Buffer.concat([content, Buffer.from(peer.appends ?? "")])),
        ).toBeUndefined();
      else if (peer.name === "Jakarta Mail") expect(body(rest)).toBe(body(content));
      else expect(rest.length).toBeGreaterThan(content.length / 2);
    });

    test("500 recipients", async () => {
      const to = Array.from({ length: 500 }, (_, i) => `r${i}@dest.example`);
      const arrived = await through(peer, plain.content, to);
      expect(arrived.recipients.map(({ path }) => path)).toEqual(to);
    });
  });
}

const source = existsSync(smtpSource);
if (!source) console.log("skipped: smtp-source not installed");
describe.skipIf(!source)("smtp-source", () => {
  test.each([
    ["connections reused", ["-d"]],
    ["a connection per message", []],
  ])("200 messages in 10 sessions, %s", async (_, options) => {
    sink.clear();
    await run(smtpSource, [
      ...options,
      "-s",
      "10",
      "-m",
      "200",
      "-l",
      "4096",
      "-f",
      "source@app.example",
      "-t",
      "sink@dest.example",
      `inet:127.0.0.1:${relay.port}`,
    ]);
    await sink.waitFor(200);
    expect(sink.messages).toHaveLength(200);
    const sizes = new Set(sink.messages.map(({ content }) => splitTrace(content).rest.length));
    expect(sizes.size).toBeLessThanOrEqual(3);
    for (const size of sizes) expect(size).toBeGreaterThanOrEqual(4096);
  });
});
