/** Against Postfix's smtp-sink, which others wrote. Left out, aloud, where it is not installed. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "../../../testing/free-port.ts";
import { testClaim } from "../../../testing/test-claim.ts";
import { brief, testSmtpCarrier } from "../../../testing/test-smtp-carrier.ts";
import { untilListening } from "../../../testing/until-listening.ts";

const program = "/usr/sbin/smtp-sink";
const present = existsSync(program);
if (!present) console.warn(`${program} is not installed: its tests are skipped`);

let sink: ChildProcess | undefined;
afterEach(() => void sink?.kill());

async function startSink(...options: string[]): Promise<number> {
  const port = await freePort();
  const user = process.getuid?.() === 0 ? ["-u", "root"] : [];
  sink = spawn(program, [...user, ...options, `127.0.0.1:${port}`, "100"], { stdio: "ignore" });
  await untilListening(port);
  return port;
}

describe.skipIf(!present)("smtp-sink", () => {
  it.each([
    ["as it is", []],
    ["without ESMTP", ["-e"]],
    ["without PIPELINING", ["-p"]],
  ])("takes mail %s", async (_, options) => {
    const { carrier } = testSmtpCarrier(await startSink(...options), {
      connector: { maxConcurrentConnections: 5 },
    });
    const claims = Array.from({ length: 200 }, (__, index) =>
      testClaim({
        content: `Subject: ${index}\r\n\r\n.${"x".repeat(index * 50)}\r\n`,
        ...(index % 3 === 0 ? { pieceBytes: 900 } : {}),
      }),
    );
    const results = await Promise.all(claims.map((claim) => carrier.carry(claim)));
    expect(new Set(results.flatMap(brief))).toEqual(new Set(["delivered: 250 2.0.0 Ok"]));
    await carrier.close(1_000);
  });

  it.each([
    ["-r", "RCPT", "transient"],
    ["-q", "RCPT", "transient"],
    ["-f", "RCPT", "permanent"],
    ["-f", "MAIL", "permanent"],
    ["-f", ".", "permanent"],
    ["-r", ".", "transient"],
  ])("%s %s: %s", async (option, command, kind) => {
    const { carrier } = testSmtpCarrier(await startSink(option, command));
    for (let round = 0; round < 3; round++) {
      const result = await carrier.carry(testClaim({ recipients: ["a@b", "c@b"] }));
      expect(result.kind === "attempted" && result.outcomes.map((outcome) => outcome.kind)).toEqual([
        kind,
        kind,
      ]);
    }
    await carrier.close(1_000);
  });
});
