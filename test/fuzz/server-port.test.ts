/**
 * Broken conversations against the server's port, for a few seconds: nothing crashes, every reply is well-formed,
 * every session ends, and the relay serves the next client. WEIR_FUZZ_SECONDS makes it longer, WEIR_TEST_SEED repeats it.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { type TemporaryRelay, startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector, smartHostConnector } from "../../src/testing/test-settings.ts";
import { seededRandom } from "../faults/random.ts";
import { conversations, converse, streamFault } from "./conversations.ts";
import { mutate, pieces } from "./mutate.ts";

const seconds = Number(process.env["WEIR_FUZZ_SECONDS"] ?? 1.5);
const firstSeed = Number(process.env["WEIR_TEST_SEED"] ?? Date.now() % 1_000_000);

let relay: TemporaryRelay;
let sink: RecordingSink;
beforeAll(async () => {
  sink = await startRecordingSink({ keepContent: false });
  relay = await startTemporaryRelay({
    receiveConnectors: [
      receiveConnector({ name: "Usual", maxMessageSize: 100_000 }),
      receiveConnector({
        name: "Patient",
        maxProtocolErrors: Infinity,
        maxMessageSize: 100_000,
        maxHeaderSize: 10_000,
        authMechanism: ["Tls", "BasicAuth"],
        permissionGroups: ["AnonymousUsers", "ExchangeUsers"],
      }),
      receiveConnector({
        name: "Strict",
        bareLinefeedRejectionEnabled: true,
        bareCarriageReturnRejectionEnabled: true,
        maxRecipientsPerMessage: 2,
      }),
    ],
    sendConnectors: [smartHostConnector(sink.port)],
  });
});
afterAll(async () => {
  await relay.stop();
  await sink.close();
});

describe("mutated conversations", () => {
  test(
    `from seed ${firstSeed} for ${seconds} s`,
    async () => {
      const end = performance.now() + seconds * 1000;
      /** So many at least, however little of that time this process is given. */
      const fewest = 21;
      let seed = firstSeed;
      let sessions = 0;
      const worker = async (): Promise<void> => {
        while (performance.now() < end || sessions < fewest) {
          const mine = seed++;
          const random = seededRandom(mine);
          let octets = conversations[Math.floor(random() * conversations.length)] as Buffer;
          for (let i = 1 + Math.floor(random() * 6); i > 0; i--) octets = mutate(octets, random);
          const connector = (["Usual", "Patient", "Strict"] as const)[mine % 3] ?? "Usual";
          const heard = await converse(relay.portOf(connector), pieces(octets, random));
          sessions++;
          const fault = streamFault(heard);
          if (fault !== undefined)
            throw new Error(
              `seed ${mine} on ${connector}: ${fault}\nsent ${JSON.stringify(octets.toString("latin1"))}\nheard ${JSON.stringify(heard.toString("latin1"))}`,
            );
        }
      };
      await Promise.all(Array.from({ length: 8 }, worker));
      expect(sessions).toBeGreaterThanOrEqual(fewest);
      const faults = relay.events.filter(({ name }) => name === "RelayFault");
      expect(faults.map(({ fields }) => fields)).toEqual([]);
      await expect.poll(() => relay.relay.sessions).toBe(0);
      expect(streamFault(await converse(relay.port, [Buffer.from("EHLO c\r\nQUIT\r\n")]))).toBeUndefined();
    },
    300_000 + seconds * 1000,
  );
});

test.each(["(", '"', "\\", ",", ":", "<", "@", ".", "%", "+", "=", " ", "[", "\xff"])(
  "64 KB of %j in every place of a command",
  async (character) => {
    const filling = character.repeat(65_536);
    for (const line of [
      filling,
      `EHLO ${filling}`,
      `MAIL FROM:${filling}`,
      `MAIL FROM:<${filling}>`,
      `MAIL FROM:<a@b> ${filling}`,
      `RCPT TO:<${filling}@b.example>`,
      `AUTH ${filling}`,
      `BDAT ${filling}`,
    ]) {
      const heard = await converse(relay.portOf("Patient"), [
        Buffer.from(`EHLO c\r\n${line}\r\nQUIT\r\n`, "latin1"),
      ]);
      expect(streamFault(heard)).toBeUndefined();
      expect(heard.toString("latin1")).toMatch(/\r\n5\d\d /);
    }
  },
);
