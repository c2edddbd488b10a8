/** Pickup and Replay directories of a real relay: set by command, taken from, and given back what was exported. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { leaveForReplay } from "../../src/cli/sendmail/leave-for-replay.ts";
import { startAdministeredRelay, type AdministeredRelay } from "../../src/testing/administered-relay.ts";
import { startRecordingSink, type RecordingSink } from "../../src/testing/recording-sink.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { sendMessage } from "./send-message.ts";

let sink: RecordingSink;
let it: AdministeredRelay;
let pickup: string;
let replay: string;
let held: string;

beforeAll(async () => {
  sink = await startRecordingSink();
  it = await startAdministeredRelay(`receiveConnectors:
  - name: Files
    bindings: ["127.0.0.1:0"]
    httpBindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
sendConnectors:
  - name: Out
    addressSpaces: ["dest.test"]
    smartHosts: ["127.0.0.1:${sink.port}"]
  - name: Held
    addressSpaces: ["held.test"]
    smartHosts: ["127.0.0.1:${sink.port}"]
  - name: Drop
    addressSpaces: ["drop.test"]
    dropDirectory: drop
`);
  held = `Held;[127.0.0.1]:${sink.port}`;
  pickup = join(it.dataDirectory, "pickup");
  replay = join(it.dataDirectory, "replay");
  await mkdir(pickup);
  await mkdir(replay, { mode: 0o770 });
  expect(await weir("Set-TransportService", "-PickupDirectoryPath", "pickup")).toMatchObject({
    code: 1,
    said: expect.stringContaining("transport.pickupConnector"),
  });
  expect(
    await weir(
      "Set-TransportService",
      "-PickupDirectoryPath",
      "pickup",
      "-ReplayDirectoryPath",
      "replay",
      "-PickupConnector",
      "files",
      "-PickupDirectoryMaxMessagesPerMinute",
      "20000",
    ),
  ).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await it.stop();
  await sink.close();
});

async function weir(...words: string[]): Promise<{ code: number; out: string; said: string }> {
  const output = recordingOutput();
  const code = await main([...words, "--config", it.file], output);
  return { code, out: output.out(), said: output.complaints() };
}

const arrived = (recipient: string) =>
  vi.waitUntil(() =>
    sink.messages.find(({ recipients }) => recipients.some(({ path }) => path === recipient)),
  );

test.concurrent("a file of the Pickup directory goes out; one that is none is badmail, and told", async () => {
  await writeFile(
    join(pickup, "a.eml"),
    "From: a@s.test\nTo: one@dest.test\nBcc: two@dest.test\nSubject: s\n\nbody\n",
  );
  await writeFile(join(pickup, "b.eml"), "not a message");
  const { reversePath, recipients, content } = await arrived("one@dest.test");
  expect([reversePath, recipients.map(({ path }) => path)]).toEqual([
    "a@s.test",
    ["one@dest.test", "two@dest.test"],
  ]);
  expect(content.toString()).toMatch(
    /^Received: from localhost [^\n]*\n with Pickup id (?![\s\S]*Bcc)[\s\S]*\r\n\r\nbody\r\n$/,
  );
  await vi.waitUntil(() => it.events.some(({ name }) => name === "PickupMessageBad"));
  expect(await readdir(pickup)).toEqual(["b.bad"]);
});

test.concurrent("an exported message is, out of the Replay directory, the same message octet for octet", async () => {
  await it.relay.suspendQueue(held, true);
  await writeFile(
    join(replay, "first.eml"),
    "X-Sender: <a@s.test> BODY=8BITMIME RET=HDRS ENVID=E+2B1\r\nX-Receiver: <r@held.test> NOTIFY=FAILURE ORcpt=rfc822;x@y\r\nX-EndOfInjectedXHeaders: 1\r\nX-Receiver: <no@dest.test>\r\nSubject: \u00fc\r\n\r\n.\r\n..x",
  );
  const waiting = async () => (await it.relay.messages.list(held, 10)).messages;
  await vi.waitUntil(async () => (await waiting()).length === 1);
  const [first] = await waiting();
  const file = join(it.dataDirectory, "exported.eml");
  const id = String(first?.message.id);
  expect((await weir("Export-Message", id, "-Replay", "-Path", file)).code).toBe(0);
  const content = await weir("Export-Message", id);
  expect(content.out).toBe("X-Receiver: <no@dest.test>\r\nSubject: \xc3\xbc\r\n\r\n.\r\n..x");
  expect((await weir("Remove-Message", id, "-WithNDR", "false")).code).toBe(0);
  await writeFile(join(replay, "second.eml"), await readFile(file));
  await vi.waitUntil(async () => (await waiting()).some(({ message }) => String(message.id) !== id));
  const [second] = (await waiting()).filter(({ message }) => String(message.id) !== id);
  expect(second?.message.envelope).toEqual(first?.message.envelope);
  expect((await weir("Export-Message", String(second?.message.id))).out).toBe(content.out);
  await it.relay.suspendQueue(held, false);
  expect((await arrived("r@held.test")).content.toString("latin1")).toBe(content.out);
});

test.concurrent("what a drop directory has, and what sendmail left, is replayed", async () => {
  const message = { notify: undefined, ret: undefined, envid: undefined, requireTls: false };
  leaveForReplay(replay, {
    ...message,
    sender: "",
    recipients: ["d@drop.test"],
    content: Buffer.from("Subject: d\r\n\r\nx\r\n"),
  });
  const drop = join(it.dataDirectory, "drop");
  const dropped = await vi.waitUntil(async () =>
    (await readdir(drop).catch(() => [])).find((name) => name.endsWith(".eml") && !name.startsWith(".")),
  );
  const text = await readFile(join(drop, dropped), "latin1");
  await writeFile(join(replay, dropped), text.replace("<d@drop.test>", "<d@dest.test>"), "latin1");
  const { reversePath, content } = await arrived("d@dest.test");
  expect(reversePath).toBe("");
  expect(content.toString()).toBe("Subject: d\r\n\r\nx\r\n");
  // One of another test's may be there by now.
  const bad = it.events.filter(({ name }) => name === "PickupMessageBad").map(({ fields }) => fields["file"]);
  expect(bad.filter((file) => file !== "b.eml")).toEqual([]);
});

test("one message by SMTP, HTTP, sendmail, Pickup and Replay arrives the same, octet for octet behind what Received says", async () => {
  const content = [
    "From: App <a@app.example>",
    "To: <same@dest.test>",
    "Subject: The same,",
    "\tfolded",
    "Date: Sun, 29 Nov 2026 03:00:00 +0000",
    "Message-ID: <same@app.example>",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=UTF-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    ".a dot, and two",
    "..",
    "trailing blanks  ",
    "\u00fc",
    "x".repeat(990),
    "",
    "",
  ].join("\r\n");
  const [endpoint] = it.relay.listeners();
  const port = endpoint?.port ?? 0;
  const doors: readonly (readonly [string, () => Promise<unknown>])[] = [
    [
      "SMTP",
      () =>
        sendMessage({ port, from: "a@app.example", to: ["same@dest.test"], content: Buffer.from(content) }),
    ],
    [
      "HTTP",
      async () => {
        const byHttp = it.relay.bindings().find(({ endpoint: { door } }) => door === "HTTP");
        const answer = await fetch(`http://127.0.0.1:${byHttp?.bound.port}/v1/emails/raw`, {
          method: "POST",
          body: content,
          headers: {
            "content-type": "message/rfc822",
            "mail-from": "<a@app.example>",
            "rcpt-to": "<same@dest.test>",
          },
        });
        expect(answer.status).toBe(202);
      },
    ],
    [
      "sendmail",
      async () => {
        const link = join(it.dataDirectory, "sendmail");
        await symlink(resolve(import.meta.dirname, "../../bin/weir.js"), link);
        const child = spawn(link, ["-i", "-f", "a@app.example", "same@dest.test"], {
          env: { ...process.env, WEIR_SMTP: `127.0.0.1:${port}` },
          stdio: ["pipe", "inherit", "inherit"],
        });
        child.stdin.end(content.replaceAll("\r\n", "\n"));
        expect(await once(child, "close")).toEqual([0, null]);
      },
    ],
    ["Pickup", () => writeFile(join(pickup, "same.eml"), content)],
    [
      "Replay",
      () =>
        writeFile(
          join(replay, "same.eml"),
          `X-Sender: <a@app.example>\r\nX-Receiver: <same@dest.test>\r\nX-EndOfInjectedXHeaders: ${Buffer.byteLength(content)}\r\n${content}`,
        ),
    ],
  ];
  for (const [door, handIn] of doors) {
    sink.clear();
    await handIn();
    const [message] = await sink.waitFor(1);
    const { reversePath, recipients } = message ?? {};
    expect([reversePath, recipients?.map(({ path }) => path)], door).toEqual([
      "a@app.example",
      ["same@dest.test"],
    ]);
    // Replay's was written by a relay already.
    const received = /^(?:Received:[^\r]*\r\n(?:[ \t][^\r]*\r\n)*)*/;
    const text = message?.content.toString() ?? "";
    expect(received.exec(text)?.[0] === "", door).toBe(door === "Replay");
    expect(text.replace(received, ""), door).toBe(content);
  }
});
