/** What the admin API does to messages that wait, over its socket, with a real relay whose next hop is down. */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { sendMessage } from "../journeys/send-message.ts";

const count = 12;
let relay: AdministeredRelay;
let queue: string;

beforeAll(async () => {
  const down = await freePort();
  relay = await startAdministeredRelay(`receiveConnectors:
  - name: A
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["127.0.0.1:${down}"]
`);
  queue = `Out;[127.0.0.1]:${down}`;
  const port = relay.relay.listeners()[0]?.port ?? 0;
  for (let i = 0; i < count; i++)
    await sendMessage({
      port,
      from: `app${i % 2}@a.test`,
      to: ["one@b.test", "two@b.test"],
      content: Buffer.from(`Subject: S${i}\r\n\r\n${".".repeat(i)}x\r\n`),
    });
  await vi.waitFor(
    async () => expect((await relay.client.call("listMessages", { queue })).messages).toHaveLength(count),
    { timeout: 10_000 },
  );
});
afterAll(() => relay.stop());

const weir = async (...words: string[]) => {
  const output = recordingOutput();
  const code = await main([...words, "--config", relay.file], output);
  return { code, out: output.out(), complaints: output.complaints(), told: output.told() };
};
const subjects = async (filter: string) =>
  (await relay.client.call("listMessages", { filter })).messages
    .map(({ subject }) => String(subject))
    .toSorted();
const events = (name: string) =>
  relay.events.filter((event) => event.name === name).map(({ fields }) => fields);

test("lists page by page, and sorts as asked", async () => {
  const met: (string | null)[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof relay.client.call<"listMessages">>> = await relay.client.call(
      "listMessages",
      { limit: 5, ...(after === null ? {} : { after }) },
    );
    met.push(...page.messages.map(({ subject }) => subject));
    after = page.next;
    expect(page.complete).toBe(after === null);
  } while (after !== null);
  expect(met).toEqual(Array.from({ length: count }, (_, i) => `S${i}`));
  const sorted = await relay.client.call("listMessages", { sortOrder: "+FromAddress,-Size", limit: 2 });
  expect(sorted.messages.map(({ subject }) => subject)).toEqual(["S10", "S8"]);
  expect([sorted.complete, sorted.next, sorted.examined]).toEqual([false, null, count]);
  const part = await relay.client.call("listMessages", { filter: "Subject -eq 'S11'", maxExamined: 4 });
  expect([part.messages.length, part.examined, part.complete]).toEqual([0, 4, false]);
});

test("one message: seen with its recipients, exported octet for octet, suspended and resumed", async () => {
  const { messages } = await relay.client.call("listMessages", { filter: "Subject -eq 'S3'" });
  const identity = messages[0]?.identity ?? "";
  const id = identity.split("\\").at(-1) ?? "";
  expect((await weir("Suspend-Message", identity)).out).toBe(`message ${identity} is suspended\n`);
  const { message } = await relay.client.call("getMessage", { identity: id });
  expect(message).toMatchObject({ identity, status: "Suspended", nextAttemptAt: null, recipientCount: 2 });
  expect(message.recipients.map(({ address, status }) => [address, status])).toEqual([
    ["one@b.test", "Suspended"],
    ["two@b.test", "Suspended"],
  ]);
  expect(await subjects("Status -eq 'Suspended'")).toEqual(["S3"]);

  const octets = await buffer(Readable.from(await relay.client.octets("exportMessage", { identity })));
  expect(octets.toString()).toMatch(/^Received: [\s\S]*\r\nSubject: S3\r\n\r\n\.\.\.x\r\n$/);
  expect((await weir("Export-Message", identity)).out).toBe(octets.toString());
  // `weir Export-Message … | head`: the reader has left.
  const unread = {
    ...recordingOutput(),
    octets: () => Promise.reject(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })),
  };
  expect(await main(["Export-Message", identity, "--config", relay.file], unread)).toBe(0);
  expect(unread.complaints()).toBe("");
  const directory = await mkdtemp(join(tmpdir(), "weir-export-"));
  const path = join(directory, "message.eml");
  expect((await weir("Export-Message", identity, "-Path", path)).code).toBe(0);
  expect(await readFile(path)).toEqual(octets);
  expect(await weir("Export-Message", identity, "-Path", path)).toMatchObject({ code: 1 });
  await rm(directory, { recursive: true });

  expect((await weir("Resume-Message", id)).out).toBe(`message ${id} is resumed\n`);
  expect((await weir("Resume-Message", id)).out).toBe(`message ${id} is not suspended\n`);
  expect(await subjects("Status -eq 'Suspended'")).toEqual([]);
  expect(events("MessageExported")).toHaveLength(5);
  expect(events("MessagesSuspended")).toEqual([
    { who: "shell", from: "socket", count: 1, pending: 0, what: identity },
  ]);
});

test("many: what if, suspended, resumed, removed, with progress and a trace", async () => {
  const filter = "FromAddress -eq 'app1@a.test'";
  expect((await weir("Suspend-Message", "-Filter", filter, "-WhatIf")).out).toContain("6 messages fit");
  expect(await subjects("Status -eq 'Suspended'")).toEqual([]);
  const suspended = await weir("Suspend-Message", "-Filter", filter);
  expect(suspended.out).toBe("6 suspended\n");
  expect(suspended.told).toContain("6 suspended; 12 of 12 looked at");
  expect((await weir("Resume-Message", "-Filter", "Subject -eq 'S1'")).out).toBe("1 resumed\n");
  expect(await weir("Remove-Message", "-Filter", "Status -eq 'Suspended'")).toMatchObject({
    code: 2,
    complaints: expect.stringContaining("5 messages fit") as string,
  });
  // Neither is looked at for the other.
  for (const [status, examined] of [
    ["Suspended", 5],
    ["Ready", 7],
  ] as const) {
    const page = await relay.client.call("listMessages", { filter: `Status -eq '${status}'` });
    expect(page.examined).toBe(examined);
  }
  const words = ["-Filter", "Status -eq 'Suspended'", "-WithNDR", "false", "-Confirm:$false"];
  expect((await weir("Remove-Message", ...words)).out).toBe("5 removed\n");
  expect(await subjects("")).toHaveLength(count - 5);
  expect(events("MessagesRemoved")).toEqual([
    {
      who: "shell",
      from: "socket",
      count: 5,
      pending: 0,
      reports: "without reports",
      what: "Status -eq 'Suspended'",
    },
  ]);
  const { entries } = await relay.client.call("searchMessageTracking", { eventIds: ["DROP"] });
  expect(entries).toHaveLength(10);
  expect(new Set(entries.map(({ source }) => source))).toEqual(new Set(["ADMIN"]));
});

test("queues are filtered, sorted, chosen by kind, and told in detail", async () => {
  const names = async (...words: string[]) =>
    (JSON.parse((await weir("Get-Queue", "-Json", ...words)).out) as { identity: string }[]).map(
      ({ identity }) => identity,
    );
  expect(await names("-Exclude", "Empty")).toEqual([queue]);
  expect(await names("-Include", "Internal")).toEqual(["Submission"]);
  expect(await names("-SortOrder:-MessageCount")).toEqual([queue, "Submission"]);
  expect(await names("-Filter", "Status -eq 'Retry' -and MessageCount -gt 3")).toEqual([queue]);
  expect(await names("-ResultSize", "1")).toEqual(["Submission"]);
  const { out } = await weir("Get-Queue", queue, "-List");
  expect(out).toMatch(/OldestMessage +: \d/);
  expect(out).toMatch(/Velocity +: -?\d/);
  expect((await weir("Get-Queue", "-Filter", "Nonsense -eq 1")).code).not.toBe(0);
});

test("a file that cannot be written is told as that, and nothing was changed", async () => {
  const file = join(relay.relay.settings.dataDirectory, "suspended-queues.json");
  await rm(file, { force: true });
  await mkdir(file);
  const { code, complaints } = await weir("Suspend-Queue", queue);
  await rm(file, { recursive: true });
  expect(code).toBe(1);
  expect(complaints).toContain(`${file} cannot be written: `);
  expect(complaints).not.toContain("fault in the relay");
  expect(relay.relay.queues().find((it) => it.queue === queue)?.status).not.toBe("Suspended");
  expect(events("RelayFault")).toEqual([]);
});
