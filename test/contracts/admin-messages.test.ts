/** What the admin API does to messages that wait, over its socket, with a real relay whose next hop is down. */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { sendMessage } from "../journeys/send-message.ts";

const count = 12;
const side = "Side;[127.0.0.1]:1";
let relay: AdministeredRelay;
let queue: string;
let configuration: string;

beforeAll(async () => {
  const down = await freePort();
  configuration = `receiveConnectors:
  - name: A
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["127.0.0.1:${down}"]
  - name: Side
    addressSpaces: ["side.invalid"]
    smartHosts: ["127.0.0.1:1"]
`;
  relay = await startAdministeredRelay(configuration);
  queue = `Out;[127.0.0.1]:${down}`;
  const port = relay.relay.listeners()[0]?.port ?? 0;
  for (let i = 0; i < count; i++)
    await sendMessage({
      port,
      from: `app${i % 2}@a.test`,
      to: ["one@b.test", "two@b.test"],
      content: Buffer.from(`Subject: S${i}\r\n\r\n${".".repeat(i)}x\r\n`),
    });
  await vi.waitFor(async () =>
    expect(
      (await relay.client.call("listMessages", { queue, filter: "Status -eq 'Retry'" })).messages,
    ).toHaveLength(count),
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

test("messages of a queue in Retry are in Retry, with its error, its attempts and its next attempt", async () => {
  const { queues } = await relay.client.call("listQueues", { filter: "Status -eq 'Retry'" });
  const [held] = queues;
  expect(held?.identity).toBe(queue);
  const { messages } = await relay.client.call("listMessages", { filter: "Status -eq 'Retry'" });
  expect(messages).toHaveLength(count);
  for (const message of messages) {
    expect(message).toMatchObject({ status: "Retry", queueStatus: "Retry", lastError: held?.lastError });
    expect(message.retryCount).toBeGreaterThan(0);
    expect(Date.parse(message.nextAttemptAt ?? "")).toBeCloseTo(Date.parse(held?.nextRetryAt ?? ""), -2);
    expect(message.recipients.map(({ status }) => status)).toEqual(["Retry", "Retry"]);
  }
  const { waiting } = await relay.client.call("explainMessage", {
    message: messages[0]?.identity.split("\\").at(-1) ?? "",
  });
  expect(waiting).toMatchObject([
    { status: "Retry", lastError: held?.lastError, queueStatus: "Retry" },
    { status: "Retry" },
  ]);
  expect(waiting[0]?.attempts).toBeGreaterThan(0);
});

test("found by any of its recipients", async () => {
  expect(await subjects("Recipient -like '*TWO@b.test' -and Subject -eq 'S1'")).toEqual(["S1"]);
  expect(await subjects("Recipient -eq 'three@b.test'")).toEqual([]);
  expect(await subjects("Recipient -ne 'one@b.test'")).toEqual([]);
});

test("several at once by their identities, those that are gone counted apart", async () => {
  const { messages } = await relay.client.call("listMessages", { limit: 3 });
  const identities = messages.map(({ identity }) => identity);
  const gone = [`${queue}\\1`, "2"];
  const asked = { identities: [...identities, ...gone] };
  expect(await relay.client.call("suspendMessages", asked)).toMatchObject({
    done: 3,
    passed: 2,
    examined: 5,
  });
  expect(await subjects("Status -eq 'Suspended'")).toHaveLength(3);
  expect(await relay.client.call("retryMessages", asked)).toMatchObject({ done: 0, passed: 5 });
  expect(await relay.client.call("resumeMessages", asked)).toMatchObject({ done: 3, passed: 2 });
  await expect(relay.client.call("resumeMessages", { ...asked, filter: "Size -gt 0" })).rejects.toThrow(
    "identities of several",
  );
  expect(events("MessagesResumed").at(-1)).toMatchObject({ count: 3, what: asked.identities.join(", ") });
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
  expect(events("MessagesSuspended").slice(1)).toEqual([
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
    ["Retry", 7],
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

test("messages are tried at once, and moved to another connector, over a restart too", async () => {
  const { messages } = await relay.client.call("listMessages", { limit: 1 });
  const id = messages[0]?.identity.split("\\").at(-1) ?? "";
  expect((await weir("Retry-Message", id)).out).toBe(`message ${id} is tried now\n`);
  expect(events("MessagesRetried")).toMatchObject([{ who: "shell", count: 1, what: id }]);
  expect((await weir("Redirect-Message", id)).code).toBe(2);
  expect((await weir("Redirect-Message", id, "-Connector", "None")).complaints).toContain(
    "there are Out, Side",
  );
  expect((await weir("Suspend-Queue", side)).code).toBe(0);
  await vi.waitFor(async () =>
    expect((await weir("Redirect-Message", id, "-Connector", "side")).out).toBe(`message ${id} is moved\n`),
  );
  const others = await weir("Redirect-Message", "-Queue", queue, "-Server", "127.0.0.1:1");
  expect(others.out).toMatch(/^6 moved/);
  expect(events("MessagesRedirected").at(-1)).toMatchObject({ count: 6, connector: "Side" });
  const { queues } = await relay.client.call("listQueues", { filter: "MessageCount -gt 0" });
  expect(queues.map(({ identity, messages: waiting }) => [identity, waiting])).toEqual([[side, 7]]);
  await relay.halt();
  const directory = dirname(relay.file);
  relay = await startAdministeredRelay(configuration, { directory });
  expect((await relay.client.call("listMessages", { queue: side })).messages).toHaveLength(7);
  expect((await weir("Redirect-Message", "-Queue", side, "-Connector", "Out")).out).toMatch(/^7 moved/);
  expect((await weir("Resume-Queue", side)).code).toBe(0);
});

test("queues are filtered, sorted, chosen by kind, and told in detail", async () => {
  const names = async (...words: string[]) =>
    (JSON.parse((await weir("Get-Queue", "-Json", ...words)).out) as { identity: string }[]).map(
      ({ identity }) => identity,
    );
  // Its messages came back a moment ago, and are tried.
  await expect.poll(() => names("-Filter", "Status -eq 'Retry' -and MessageCount -gt 3")).toEqual([queue]);
  expect(await names("-Exclude", "Empty")).toEqual([queue]);
  expect(await names("-Include", "Internal")).toEqual(["Submission"]);
  expect(await names("-SortOrder:-MessageCount")).toEqual([queue, "Submission", side]);
  expect(await names("-ResultSize", "1")).toEqual(["Submission"]);
  const { out } = await weir("Get-Queue", queue, "-List");
  expect(out).toMatch(/OldestMessage +: \d/);
  expect(out).toMatch(/Velocity +: -?\d/);
  expect((await weir("Get-Queue", "-Filter", "Nonsense -eq 1")).code).not.toBe(0);
});

test("queues are suspended, resumed and retried by a filter, in one request", async () => {
  const fits = "NextHopConnector -eq 'Out'";
  expect((await weir("Suspend-Queue", "-Filter", fits)).out).toBe("1 queue is suspended\n");
  expect((await weir("Suspend-Queue", "-Filter", fits)).out).toBe(
    "no queue fits the filter that could change\n",
  );
  expect((await weir("Retry-Message", "-Filter", "Size -gt 0")).out).toMatch(
    /^0 tried now, \d+ left: .*suspended/,
  );
  expect((await weir("Resume-Queue", "-Filter", "Status -eq 'Suspended'")).out).toBe(
    "1 queue is delivered again\n",
  );
  expect((await weir("Retry-Queue", "-Filter", "MessageCount -gt 0")).out).toMatch(/^1 queue is tried now/);
  expect((await weir("Retry-Queue", "-Filter", "MessageCount -gt 99999")).out).toContain("no queue fits");
  expect((await weir("Suspend-Queue")).code).toBe(2);
  expect((await weir("Suspend-Queue", queue, "-Filter", fits)).code).toBe(2);
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
