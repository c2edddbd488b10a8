/** Programs that read mail servers' logs, on what a relay writes of its messages. */
import { execFileSync, spawnSync } from "node:child_process";
import { afterAll, expect, test } from "vitest";
import { lineFormat } from "../../src/events/sinks/line-formats.ts";
import { createRelay } from "../../src/relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { receiveConnector, smartHostConnector, testSettings } from "../../src/testing/test-settings.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where Debian has it; not in everybody's PATH. */
const program = "/usr/sbin/pflogsumm";
const hasReader = spawnSync(program, ["--version"]).error === undefined;
if (!hasReader) console.log("SKIPPED: reading the log as Postfix's needs pflogsumm");
const directory = await mkdtemp(join(tmpdir(), "weir-log-readers-"));
afterAll(() => rm(directory, { recursive: true }));

test.skipIf(!hasReader)("pflogsumm counts what came, went, waits and was refused", async () => {
  const hop = await startRecordingSink({
    behave: ({ at, line }) =>
      at === "RCPT" && line.includes("<busy@")
        ? { reply: "451 4.2.1 busy" }
        : at === "RCPT" && line.includes("<nobody@")
          ? { reply: "550 5.1.1 no such user" }
          : undefined,
  });
  const port = await freePort();
  const settings = testSettings({
    dataDirectory: directory,
    receiveConnectors: [receiveConnector({ bindings: [{ address: "127.0.0.1", port }] })],
    sendConnectors: [smartHostConnector(hop.port)],
  });
  const format = lineFormat("text", { hostname: "relay", colour: false });
  const lines: string[] = [];
  const relay = await createRelay(
    settings,
    {},
    {
      messageLog: {
        wantsMessages: true,
        message: (step) => lines.push(format({ kind: "message", ...step })),
      },
    },
  );
  await relay.start();
  try {
    const client = await connectScriptedClient({ port });
    await client.expect("220");
    await client.command("EHLO app.test");
    for (const to of ["one@b.test", "two@b.test", "busy@b.test", "nobody@b.test"]) {
      await client.command("MAIL FROM:<app@a.test>");
      await client.command(`RCPT TO:<${to}>`);
      await client.command("DATA");
      expect((await client.command("Subject: x\r\nMessage-ID: <m@a.test>\r\n\r\nx\r\n.")).code).toBe(250);
    }
    client.close();
    // Two that were taken, and a report.
    await hop.waitFor(3);
    const said = (status: string) => lines.some((line) => line.includes(`status=${status}`));
    while (!said("deferred") || !said("bounced")) await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    await relay.stop("the test is over", 500);
    await hop.close();
  }
  const summary = execFileSync(program, ["--syslog-name=weir", "--problems-first"], {
    input: lines.join(""),
    encoding: "utf8",
  });
  const total = (what: string) => Number(new RegExp(`^ +(\\d+) +${what}`, "m").exec(summary)?.[1]);
  expect(["received", "deferred", "bounced"].map(total), lines.join("") + summary).toEqual([4, 1, 1]);
  // The report is delivered, and was not received.
  expect(total("delivered")).toBe(3);
  expect(summary).toContain("4.2.1 busy");
  expect(summary).toContain("5.1.1 no such user");
  expect(summary).toMatch(/4 .* a\.test/);
});
