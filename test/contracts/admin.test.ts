/** The admin API over its socket, with a real relay behind it. */
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { text as readText } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { AdminError } from "../../src/admin/client.ts";
import {
  operations,
  type Input,
  type OperationName,
  type Output,
  type OctetsName,
  type StreamName,
} from "../../src/admin/contract.ts";

const text = `# Contoso
receiveConnectors:
  # For the ERP
  - name: AppRelay
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    explainRefusals: true
    maxInboundConnectionPerSource: 2   # ask Ann
    tarpitInterval: 0s
sendConnectors:
  - name: Drop
    addressSpaces: ["*"]
    dropDirectory: drop
applications:
  - name: Helpdesk
    owner: Team X
    purpose: tickets
    addresses: [127.0.0.0/30]
`;

let it: AdministeredRelay;
const sockets: Socket[] = [];
beforeEach(async () => {
  it = await startAdministeredRelay(text);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await it.stop();
});

type Call = Exclude<OperationName, StreamName | OctetsName>;
/** Calls, and holds the answer against the contract: nothing missing, nothing beside it. */
async function call<Name extends Call>(name: Name, input: Input<Name>): Promise<Output<Name>> {
  const output = await it.client.call(name, input);
  expect(operations[name].output.parse(output)).toEqual(output);
  return output;
}
async function refusal(promise: Promise<unknown>): Promise<AdminError> {
  const fault = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(fault).toBeInstanceOf(AdminError);
  return fault as AdminError;
}
const port = (): number => it.relay.listeners()[0]?.port ?? 0;
/** Opens a connection and gives the first line it hears. */
function greeting(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port(), "127.0.0.1");
    sockets.push(socket);
    socket.setEncoding("latin1").once("data", (line: string) => resolve(line.trim()));
    socket.once("error", reject);
  });
}

describe("looking", () => {
  test("about", async () => {
    await greeting();
    expect(await call("about", {})).toMatchObject({
      pid: process.pid,
      hostname: "relay.test",
      configFile: it.file,
      dataDirectory: it.dataDirectory,
      listeners: [`127.0.0.1:${port()}`],
      sessions: 1,
      queued: 0,
    });
  });

  test("a receive connector has every setting, with its origin, and its status", async () => {
    await greeting();
    const connector = await call("getReceiveConnector", { name: "relay.test\\APPRELAY" });
    expect(connector.settings).toMatchObject({
      name: "AppRelay",
      bindings: ["127.0.0.1:0"],
      remoteIpRanges: ["127.0.0.0/8"],
      maxInboundConnection: 5000,
      maxInboundConnectionPerSource: 2,
      maxInboundConnectionPercentagePerSource: 2,
      messageRateLimit: "unlimited",
      connectionTimeout: 600_000,
      maxMessageSize: 37_748_736,
      banner: null,
      limitAction: "refuse",
    });
    expect(connector.origins).toMatchObject({
      maxInboundConnectionPerSource: "set",
      maxMessageSize: "default",
    });
    expect(connector.kinds).toMatchObject({ connectionTimeout: "duration", maxMessageSize: "size" });
    expect(Object.keys(connector.origins)).toEqual(Object.keys(connector.settings));
    expect(connector.status).toEqual({
      endpoints: [{ binding: "127.0.0.1:0", listening: true, reason: null }],
      openConnections: 1,
      learning: null,
    });
    expect((await call("listReceiveConnectors", {})).connectors).toEqual([connector]);
  });

  test("send connectors, transport, queues, levels, configuration", async () => {
    const [drop] = (await call("listSendConnectors", {})).connectors;
    expect(drop).toMatchObject({ name: "Drop", kind: "drop", settings: { addressSpaces: ["*"] } });
    expect(await call("getSendConnector", { name: "drop" })).toEqual(drop);
    expect((await call("getTransportService", {})).settings).toMatchObject({
      maxConnectionRatePerMinute: "unlimited",
    });
    await call("listQueues", {});
    expect(await call("retryQueue", {})).toEqual({ queues: expect.any(Number) as number, messages: 0 });
    expect(await call("suspendQueue", { identity: "Submission" })).toEqual({ queues: 1 });
    expect(await call("resumeQueue", { identity: "Submission" })).toEqual({ queues: 1 });
    const walked = { examined: 0, complete: true, next: null };
    expect(await call("listMessages", { filter: "Size -gt 1MB" })).toEqual({ messages: [], ...walked });
    expect(await call("removeMessages", { filter: "Status -eq Retry" })).toEqual({
      done: 0,
      pending: 0,
      unchanged: 0,
      passed: 0,
      ...walked,
    });
    expect(await call("getResourcePressure", {})).toMatchObject({ level: "Low", refuses: "nobody" });
    expect((await refusal(call("retryQueue", { identity: "nowhere" }))).code).toBe("notFound");
    const { levels } = await call("listEventLevels", {});
    expect(levels).toContainEqual({
      identity: "MSExchangeTransport\\SmtpReceive",
      category: "SmtpReceive",
      level: "Lowest",
    });
    expect(await call("getConfiguration", {})).toEqual({ file: it.file, text: await it.text() });
    expect(await call("checkConfiguration", {})).toMatchObject({ ok: true, faults: [] });
    const checked = await call("checkConfiguration", { text: "receiveConnectors: [{name: A, foo: 1}]" });
    expect(checked.ok).toBe(false);
    expect(checked.faults.map(({ path }) => path)).toContain("receiveConnectors[0].foo");
  });

  test("open connections, by source against the limits, with the application's name", async () => {
    await greeting();
    const application = { name: "Helpdesk", owner: "Team X", purpose: "tickets" };
    const { connections, total } = await call("listConnections", {
      connector: "apprelay",
      source: "127.0.0.1",
    });
    expect(total).toBe(1);
    expect(connections).toMatchObject([
      { connector: "AppRelay", address: "127.0.0.1", application, state: "greeted", tls: null, messages: 0 },
    ]);
    expect(await call("listConnections", { source: "10.0.0.1" })).toEqual({ connections: [], total: 0 });
    expect((await call("listConnectionSources", {})).sources).toEqual([
      {
        connector: "AppRelay",
        source: "127.0.0.1",
        application,
        open: 1,
        allowed: 2,
        maxInboundConnectionPerSource: 2,
        maxInboundConnectionPercentagePerSource: 2,
        discredited: false,
      },
    ]);
  });

  test("connectivity", async () => {
    const { results } = await call("testConnectivity", {});
    expect(results).toMatchObject([
      { connector: "AppRelay", endpoint: `127.0.0.1:${port()}`, statusCode: "Success" },
    ]);
    await greeting();
    await greeting();
    await expect
      .poll(async () => (await call("testConnectivity", { timeoutMs: 1000 })).results[0]?.statusCode)
      .toBe("Transient error");
    await call("disableReceiveConnector", { name: "AppRelay" });
    expect((await call("testConnectivity", {})).results[0]?.statusCode).toBe("Unable to connect");
  });
});

describe("from the refusal to the fix", () => {
  test("usage, events, the source, the reference, the command", async () => {
    await greeting();
    await greeting();
    const reply = await greeting();
    expect(reply).toMatch(
      /^421 4\.3\.2 .* \(AppRelay: maxInboundConnectionPerSource 2, source 127\.0\.0\.1, event 1021, ref \w+\)$/,
    );
    const reference = /ref (\w+)/.exec(reply)?.[1] ?? "";

    const usage = await call("getLimitUsage", { connector: "AppRelay" });
    const row = usage.connectors[0]?.limits.find(({ limit }) => limit === "maxInboundConnectionPerSource");
    expect(row).toMatchObject({ configured: 2, inUse: 2, highestLastHour: 2, refusedLastHour: 1 });
    expect(row?.topSources).toMatchObject([{ source: "127.0.0.1", application: { name: "Helpdesk" } }]);

    const { events } = await call("queryEvents", { eventIds: [1021], source: "127.0.0.1" });
    expect(events).toMatchObject([{ id: 1021, count: 1, fields: { reference, connector: "AppRelay" } }]);

    expect(await call("explainReference", { reference: reference.toLowerCase() })).toMatchObject({
      source: "127.0.0.1",
      connector: "AppRelay",
      limit: "maxInboundConnectionPerSource",
      application: { name: "Helpdesk" },
    });
    const explained = await call("explainSource", { source: "::ffff:127.0.0.1" });
    expect(explained).toMatchObject({
      source: "127.0.0.1",
      wouldReach: [{ binding: "127.0.0.1:0", connector: "AppRelay" }],
    });
    expect(explained.connectors[0]?.refusals).toMatchObject([
      { limit: "maxInboundConnectionPerSource", lastHour: 1, last: { seen: 2, reference }, reply },
    ]);
    const [advice] = explained.connectors[0]?.advice ?? [];
    expect(advice?.command).toBe("Set-ReceiveConnector AppRelay -MaxInboundConnectionPerSource 4");

    const change = await call("setReceiveConnector", {
      name: "AppRelay",
      settings: { maxInboundConnectionPerSource: 4 },
    });
    expect(change).toMatchObject({
      applied: true,
      changes: [{ setting: "maxInboundConnectionPerSource", before: 2, after: 4 }],
    });
    expect(await greeting()).toMatch(/^220 /);
    expect((await call("explainSource", { source: "127.0.0.1" })).connectors[0]?.advice).toEqual([]);
  });

  test("what a restart forgets, the stored events still tell", async () => {
    await greeting();
    await greeting();
    const reply = await greeting();
    for (const socket of sockets.splice(0)) socket.destroy();
    await it.halt();
    it = await startAdministeredRelay(text, { directory: it.file.replace(/\/weir\.yaml$/, "") });
    const [connector] = (await call("explainSource", { source: "127.0.0.1" })).connectors;
    expect(connector?.refusals).toMatchObject([
      { limit: "maxInboundConnectionPerSource", lastDay: 1, reply },
    ]);
    expect(connector?.advice[0]?.command).toBe(
      "Set-ReceiveConnector AppRelay -MaxInboundConnectionPerSource 4",
    );
  });

  test("a connector that is disabled by now is not taken for one that would not refuse", async () => {
    for (let i = 0; i < 3; i++) await greeting();
    await call("setReceiveConnector", { name: "AppRelay", settings: { enabled: false } });
    const { connectors, remedies } = await call("explainSource", { source: "127.0.0.1" });
    expect(connectors[0]?.refusals).toMatchObject([{ over: false }]);
    expect(remedies.map(({ commands }) => commands[0]?.command)).toEqual([
      "Enable-ReceiveConnector AppRelay",
    ]);
  });

  test("a source and a reference that nobody knows", async () => {
    expect(await call("explainSource", { source: "192.0.2.1" })).toMatchObject({
      application: null,
      wouldReach: [{ connector: null }],
      connectors: [],
      events: [],
    });
    expect(await call("explainReference", { reference: "ZZZ" })).toMatchObject({ events: [], source: null });
  });

  test("events as they come, until the relay stops", async () => {
    const seen: string[] = [];
    const followed = vi.spyOn(it.relay.eventStore, "follow");
    const following = (async () => {
      for await (const event of it.client.stream("followEvents", { eventIds: [1021] })) {
        seen.push(event.name);
        expect(operations.followEvents.output.parse(event)).toEqual(event);
      }
    })();
    // Of like events the first of a minute is told: it is not to be missed.
    await expect.poll(() => followed.mock.calls.length).toBe(1);
    for (let i = 0; i < 3; i++) await greeting();
    await expect.poll(() => seen.length).toBeGreaterThan(0);
    expect(new Set(seen)).toEqual(new Set(["SmtpReceiveMaxConnectionPerSourceReached"]));
    await it.admin.close();
    await following;
  });
});

describe("changing", () => {
  const values = async (): Promise<Record<string, unknown>> =>
    (parse(await it.text()) as { receiveConnectors: Record<string, unknown>[] }).receiveConnectors[0] ?? {};
  const set = (settings: Input<"setReceiveConnector">["settings"], whatIf = false) =>
    call("setReceiveConnector", { name: "AppRelay", settings, whatIf });

  test("stands in the file with its comments, is applied once, holds for the next connection only", async () => {
    const open = await connectScriptedClient({ port: port() });
    await open.expect(220);
    const change = await set({ maxMessageSize: "1MB", maxInboundConnectionPerSource: 1 });
    expect(change.diff).toBe(`@@ -9,6 +9,7 @@
     permissionGroups: [AnonymousUsers]
     explainRefusals: true
-    maxInboundConnectionPerSource: 2   # ask Ann
+    maxInboundConnectionPerSource: 1   # ask Ann
     tarpitInterval: 0s
+    maxMessageSize: 1MB
 sendConnectors:
   - name: Drop
`);
    expect(await it.text()).toContain("maxInboundConnectionPerSource: 1   # ask Ann");
    expect((await open.command("EHLO c.example")).lines).toContain("SIZE 37748736");
    expect(await greeting()).toMatch(/^421 4\.3\.2/);
    await set({ maxInboundConnectionPerSource: null });
    expect(await greeting()).toMatch(/^220/);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(it.events.filter(({ name }) => name === "ConfigurationApplied")).toHaveLength(2);
    open.close();
  });

  test("whatIf changes nothing and tells all", async () => {
    const before = await it.text();
    const change = await set({ tarpitInterval: "00:00:07" }, true);
    expect(change).toMatchObject({
      applied: false,
      whatIf: true,
      changes: [{ setting: "tarpitInterval", before: 0, after: 7000 }],
    });
    expect(change.diff).toContain("+    tarpitInterval: 00:00:07");
    expect(await it.text()).toBe(before);
    expect(it.relay.settings.receiveConnectors[0]?.tarpitInterval).toBe(0);
    expect((await refusal(set({ tarpitInterval: 7 }, true))).code).toBe("configurationRefused");
    for (const each of [
      await call("removeReceiveConnector", { name: "AppRelay", whatIf: true }),
      await call("newSendConnector", {
        name: "X",
        settings: { addressSpaces: ["x.example"], dropDirectory: "x" },
        whatIf: true,
      }),
      await call("setEventLevel", { category: "all", level: "Expert", whatIf: true }),
      await call("setTransportService", { settings: { maxConnectionRatePerMinute: 5 }, whatIf: true }),
    ]) {
      expect(each).toMatchObject({ applied: false });
      expect(each.diff).not.toBe("");
      expect(each.changes).not.toEqual([]);
    }
    expect(await it.text()).toBe(before);
  });

  test("bad values are refused with every fault, and nothing changes", async () => {
    const before = await it.text();
    const fault = await refusal(
      set({ maxInboundConnectionPerSource: 0, maxMesageSize: "1MB", bindings: ["x"] }),
    );
    expect(fault.code).toBe("configurationRefused");
    expect(fault.faults.map(({ path }) => path).sort()).toEqual([
      "receiveConnectors[0].bindings[0]",
      "receiveConnectors[0].maxInboundConnectionPerSource",
      "receiveConnectors[0].maxMesageSize",
    ]);
    expect(fault.faults.find(({ suggestion }) => suggestion === "maxMessageSize")).toBeDefined();
    expect(await it.text()).toBe(before);
  });

  test("the same value again writes nothing", async () => {
    const change = await set({ maxInboundConnectionPerSource: 2 });
    expect(change).toMatchObject({ applied: false, changes: [], diff: "" });
    expect(it.events.some(({ name }) => name === "ConfigurationApplied")).toBe(false);
  });

  test("a new connector tells of its limits, of an open relay, of a taken name", async () => {
    const made = await call("newReceiveConnector", {
      name: "Second",
      usage: "internet",
      settings: { bindings: ["127.0.0.2:0"], anonymousRelay: true },
    });
    expect(made.notices.join()).toMatch(/20 connections per source and 2 % of what remains/);
    expect(made.warnings.map(({ message }) => message).join()).toMatch(/whole Internet/);
    expect(made.changes).toContainEqual({ setting: "anonymousRelay", before: null, after: true });
    expect((await call("listReceiveConnectors", {})).connectors.map(({ name }) => name)).toEqual([
      "AppRelay",
      "Second",
    ]);
    expect((await refusal(call("newReceiveConnector", { name: "second" }))).code).toBe("alreadyExists");
    const removed = await call("removeReceiveConnector", { name: "SECOND" });
    expect(removed.changes).toContainEqual({ setting: "anonymousRelay", before: true, after: null });
    expect((await refusal(call("getReceiveConnector", { name: "Second" }))).code).toBe("notFound");
    expect(await it.text()).toBe(`hostname: relay.test\ndataDirectory: data\n${text}`);
  });

  test("a connector is disabled and enabled, renamed", async () => {
    await call("disableReceiveConnector", { name: "AppRelay" });
    expect(await values()).toMatchObject({ enabled: false });
    expect(it.relay.listeners()).toEqual([]);
    await call("enableReceiveConnector", { name: "AppRelay" });
    expect(it.relay.listeners()).toHaveLength(1);
    expect((await call("enableReceiveConnector", { name: "AppRelay" })).applied).toBe(false);
    const renamed = await set({ name: "ERP" });
    expect(renamed.changes).toEqual([{ setting: "name", before: "AppRelay", after: "ERP" }]);
    expect((await refusal(call("getReceiveConnector", { name: "AppRelay" }))).message).toMatch(
      /there (is no|are)/,
    );
  });

  test("a listener that cannot be opened is told", async () => {
    const change = await set({ bindings: ["127.0.0.1:0", "192.0.2.1:2525"] });
    expect(change.applied).toBe(true);
    expect(change.notices.join()).toMatch(/Cannot listen on 192\.0\.2\.1:2525/);
    const { status } = await call("getReceiveConnector", { name: "AppRelay" });
    const reason = expect.stringContaining("this machine has no such address");
    expect(change.notListening).toEqual([{ binding: "192.0.2.1:2525", reason }]);
    expect(status.endpoints[1]).toEqual({ binding: "192.0.2.1:2525", listening: false, reason });
    expect(status.endpoints[0]).toMatchObject({ listening: true, reason: null });
    expect((await it.relay.readiness()).warnings.join()).toContain("not listening on 192.0.2.1:2525");
  });

  test("levels change at once, one and all, and go back", async () => {
    await call("setEventLevel", { category: "MSExchangeTransport\\SmtpReceive", level: "Expert" });
    expect(it.relay.events.wants("MessageReceived")).toBe(true);
    await call("setEventLevel", { category: "all", level: "Low" });
    expect((await call("listEventLevels", {})).levels.every(({ level }) => level === "Low")).toBe(true);
    await call("setEventLevel", { category: "all", level: "Lowest" });
    expect(parse(await it.text())).toMatchObject({ diagnostics: { levels: {} } });
    expect((await refusal(call("setEventLevel", { category: "SmtpRecieve", level: "Low" }))).message).toMatch(
      /SmtpReceive/,
    );
  });

  test("many at once lose nothing", async () => {
    const settings = ["maxHopCount", "maxProtocolErrors", "maxRecipientsPerMessage", "maxLogonFailures"];
    await Promise.all(settings.map((name, index) => set({ [name]: index + 3 })));
    expect(await values()).toMatchObject({
      maxHopCount: 3,
      maxProtocolErrors: 4,
      maxRecipientsPerMessage: 5,
      maxLogonFailures: 6,
    });
  });
});

describe("requests that are none", () => {
  const raw = (
    method: string,
    path: string,
    chunks: readonly string[],
  ): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const asked = request({ socketPath: it.client.socket, method, path, agent: false }, (response) => {
        readText(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      });
      asked.once("error", reject);
      // Written before its end: the length is not told.
      for (const chunk of chunks) asked.write(chunk);
      asked.end();
    });

  test.each<[string, string, string, readonly string[], number, RegExp]>([
    ["a body in chunks is read", "POST", "/v1/queues/retry", ["{", "}"], 200, /queues/],
    [
      "one that does not end is cut off",
      "POST",
      "/v1/queues/retry",
      Array(80).fill("x".repeat(65_536)),
      413,
      /tooLarge/,
    ],
    ["no JSON", "PATCH", "/v1/receive-connectors/AppRelay", ["{"], 400, /not JSON/],
    ["a list", "PATCH", "/v1/receive-connectors/AppRelay", ["[]"], 400, /not a JSON object/],
    ["nothing there", "GET", "/v2/about", [], 404, /there is no GET \/v2\/about/],
    ["another method", "PUT", "/v1/about", [], 404, /there is no PUT/],
  ])("%s", async (_, method, path, chunks, status, body) => {
    const answer = await raw(method, path, chunks);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(body);
    if (status !== 200)
      expect(JSON.parse(answer.body)).toMatchObject({ error: { code: expect.any(String) as string } });
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ["an unknown input", () => call("listQueues", { foo: 1 } as never), "invalidInput"],
    ["a wrong type", () => call("queryEvents", { limit: -1 }), "invalidInput"],
    ["a body too large", () => call("checkConfiguration", { text: "x".repeat(5_000_000) }), "tooLarge"],
    ["an unknown connector", () => call("getReceiveConnector", { name: "Ap/p Relay?" }), "notFound"],
  ])("%s", async (_, ask, code) => {
    expect((await refusal(ask())).code).toBe(code);
    expect((await call("about", {})).hostname).toBe("relay.test");
  });
});
