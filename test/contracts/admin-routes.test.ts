import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requestOf } from "../../src/admin/client.ts";
import { operations, type OperationName, routes } from "../../src/admin/contract.ts";
import { openAdminTokens } from "../../src/admin/admin-tokens.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";

let relay: AdministeredRelay;
let url: string;
let port: number;
let administrator: string;
let viewer: string;

beforeAll(async () => {
  port = await freePort();
  url = `http://127.0.0.1:${port}`;
  relay = await startAdministeredRelay(
    `receiveConnectors:\n  - name: A\n    bindings: ["127.0.0.1:0"]\n    remoteIpRanges: ["127.0.0.0/8"]\n    permissionGroups: [AnonymousUsers]\nsendConnectors:\n  - name: Out\n    addressSpaces: ["*"]\n    dropDirectory: drop\nadmin:\n  console: "127.0.0.1:${port}"\n`,
  );
  ({ token: administrator } = await relay.client.call("newAdminToken", {
    name: "Ann",
    role: "administrator",
  }));
  ({ token: viewer } = await relay.client.call("newAdminToken", { name: "Vera" }));
});
afterAll(() => relay.stop());

/** What is asked of each operation that needs more than nothing. Order matters: things are made, changed, removed. */
const cases: Partial<
  Record<OperationName, { readonly input: Readonly<Record<string, unknown>>; readonly status?: number }>
> = {
  newReceiveConnector: {
    input: {
      name: "B",
      settings: { bindings: ["127.0.0.1:0"], remoteIpRanges: ["127.0.0.2"], usage: "custom" },
    },
  },
  getReceiveConnector: { input: { name: "A" } },
  setReceiveConnector: { input: { name: "A", settings: { tarpitInterval: 0 } } },
  enableReceiveConnector: { input: { name: "A" } },
  disableReceiveConnector: { input: { name: "A" } },
  removeReceiveConnector: { input: { name: "B" } },
  newSendConnector: {
    input: { name: "More", settings: { addressSpaces: ["more.test"], dropDirectory: "more" } },
  },
  getSendConnector: { input: { name: "Out" } },
  setSendConnector: { input: { name: "Out", settings: { comment: "Files" } } },
  enableSendConnector: { input: { name: "Out" } },
  disableSendConnector: { input: { name: "Out" } },
  removeSendConnector: { input: { name: "More" } },
  newAcceptedDomain: { input: { domainName: "contoso.com" } },
  setAcceptedDomain: { input: { domainName: "contoso.com", matchSubDomains: true } },
  removeAcceptedDomain: { input: { domainName: "*.contoso.com" } },
  newUser: { input: { name: "erp", password: "secret" } },
  setUser: { input: { name: "erp", newName: "sap" } },
  removeUser: { input: { name: "sap" } },
  newApplication: { input: { name: "ERP", settings: { addresses: ["127.0.0.1"] } } },
  setApplication: { input: { name: "ERP", settings: { owner: "Ann" } } },
  getSenderActivity: { input: { application: "ERP" }, status: 404 },
  removeApplication: { input: { name: "ERP" } },
  setTransportConfig: { input: { settings: { maxReceiveSize: "30MB" } } },
  setTransportService: { input: { settings: { messageRetryInterval: "1m" } } },
  setEventLevel: { input: { category: "SmtpReceive", level: "High" } },
  explainSource: { input: { source: "192.0.2.1" } },
  explainReference: { input: { reference: "ABCD" } },
  resolveNextHop: { input: { domain: "contoso.test" } },
  getMtaStsPolicy: { input: { domain: "contoso.test" } },
  // Of a file there is one version.
  listConfigurationVersions: { input: {}, status: 404 },
  suspendQueue: { input: { identity: "none" }, status: 404 },
  resumeQueue: { input: { identity: "none" }, status: 404 },
  suspendMessages: { input: {}, status: 400 },
  resumeMessages: { input: { identity: "none" }, status: 404 },
  suspendService: { input: {} },
  resumeService: { input: {} },
  stopRelay: { input: {}, status: 400 },
  retryMessages: { input: { identities: ["none"] } },
  redirectMessages: { input: { filter: "Size -gt 0", to: "none" }, status: 404 },
  removeMessages: { input: {}, status: 400 },
  explainMessage: { input: { message: "none" } },
  newAdminToken: { input: { name: "Script", role: "operator" } },
  removeAdminToken: { input: { name: "Script" } },
};

/** Nothing but a name where one is needed; an operation that needs more must say so in its own words. */
function untold(name: OperationName): {
  readonly input: Readonly<Record<string, unknown>>;
  readonly status?: number;
} {
  const keys = [...routes[name].path.matchAll(/\{(\w+)\}/g)].map(([, key = ""]) => key);
  const input = Object.fromEntries(keys.map((key) => [key, "none"]));
  if (!operations[name].input.safeParse(input).success) return { input, status: 400 };
  return keys.length === 0 ? { input } : { input, status: 404 };
}

const ask = (path: string, init: RequestInit = {}, token = administrator): Promise<Response> =>
  fetch(`${url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string> | undefined) },
  });

test.each(Object.keys(routes) as OperationName[])("%s is answered over the console", async (name) => {
  const route = routes[name];
  const { input, status } = cases[name] ?? untold(name);
  const { method, path, body } = requestOf(route, input);
  const left = new AbortController();
  const response = await ask(path, { method, signal: left.signal, ...(body === undefined ? {} : { body }) });
  expect(response.headers.get("content-type")).toContain(
    "stream" in route
      ? "text/event-stream"
      : response.ok && "octets" in route
        ? route.octets
        : "application/json",
  );
  if ("stream" in route) left.abort();
  else if (response.ok && "octets" in route) expect(await response.text()).not.toBe("");
  else {
    const answer: unknown = await response.json();
    expect([response.status, answer]).toEqual([status ?? 200, expect.anything()]);
    if (response.status === 200) expect(operations[name].output.safeParse(answer).error).toBeUndefined();
  }
});

describe("the console's door", () => {
  test("leaves a trace of who did what, and who was refused", async () => {
    const refused = await ask("/v1/queues/retry", { method: "POST" }, viewer);
    expect(refused.status).toBe(403);
    await relay.client.call("retryQueue", {});
    const told = relay.events.filter(({ name }) => name === "AdminAction").map(({ fields }) => fields);
    expect(told).toContainEqual({
      who: "Vera",
      from: "127.0.0.1",
      outcome: "was refused",
      operation: "retryQueue",
      target: "",
    });
    expect(told).toContainEqual(
      expect.objectContaining({ who: "shell", from: "socket", operation: "retryQueue", outcome: "did" }),
    );
    expect(told).toContainEqual(
      expect.objectContaining({ who: "Ann", operation: "setReceiveConnector", target: "A" }),
    );
    expect(JSON.stringify(told)).not.toContain("weir_");
  });

  test("shows the API to a viewer, and its pages to everybody", async () => {
    const document = (await (await ask("/v1/openapi.json", {}, viewer)).json()) as { openapi: string };
    expect(document.openapi).toBe("3.1.0");
    expect((await fetch(`${url}/`)).headers.get("content-type")).toContain("text/html");
    expect((await fetch(`${url}/v1/about`)).status).toBe(401);
  });

  test("a stream ends when the token is removed", async () => {
    const { token } = await relay.client.call("newAdminToken", { name: "Leaver" });
    const response = await ask("/v1/events/stream", {}, token);
    expect(response.status).toBe(200);
    await relay.client.call("removeAdminToken", { name: "Leaver" });
    // Ends: else this waits for ever.
    expect(await response.text()).toContain(":");
    expect((await ask("/v1/about", {}, token)).status).toBe(401);
  });

  test.each(["/v1/events/stream", "/v1/overview/stream", "/v1/tracking", "/metrics"])(
    "shows nothing of %s to who is not signed in",
    async (path) => {
      for (const headers of [{}, { authorization: "Bearer x" }, { cookie: "weir_session=x" }]) {
        const response = await fetch(`${url}${path}`, { headers });
        expect(response.status).toBe(401);
        expect(await response.json()).toMatchObject({ error: { code: "unauthenticated" } });
      }
    },
  );

  test.each([
    '{"settings":{"__proto__":{"polluted":true}}}',
    '{"settings":{"constructor":{"prototype":{"polluted":true}}}}',
    '{"__proto__":{"polluted":true},"settings":{}}',
    '{"settings":{"toString":"x","hasOwnProperty":"y"}}',
  ])("%s changes no prototype and no setting", async (body) => {
    const before = await relay.text();
    await ask("/v1/receive-connectors/A", { method: "PATCH", body });
    await ask("/v1/receive-connectors/__proto__", { method: "PATCH", body });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(await relay.text()).toBe(before);
    expect((await ask("/v1/about")).status).toBe(200);
  });

  test.each(["A\r\nSet-Cookie: x=1", "A\0", "A\u2028B", "<script>"])(
    "the name %j of a token starts no header and is kept as it is or refused",
    async (name) => {
      const made = await ask("/v1/admin-tokens", { method: "POST", body: JSON.stringify({ name }) });
      const path = `/v1/receive-connectors/${encodeURIComponent(name)}`;
      for (const response of [made, await ask(path), await ask(`/%0d%0aSet-Cookie:%20x=1`)])
        expect([...response.headers.keys()]).not.toContain("set-cookie");
      if (made.status === 200)
        expect((await ask(`/v1/admin-tokens/${encodeURIComponent(name)}`, { method: "DELETE" })).status).toBe(
          200,
        );
      else expect(made.status).toBe(400);
    },
  );

  test("refuses what is too large, told beforehand or not", async () => {
    const large = "x".repeat(5 * 1024 * 1024);
    const body = JSON.stringify({ text: large });
    expect((await ask("/v1/configuration/check", { method: "POST", body })).status).toBe(413);
    const stream = new Blob([body]).stream();
    const init = { method: "POST", body: stream, duplex: "half" } as RequestInit;
    expect((await ask("/v1/configuration/check", init)).status).toBe(413);
  });

  test.each([
    ["EHLO client.test\r\nMAIL FROM:<a@example.com>\r\n", /^HTTP\/1\.1 400 /],
    ["GET /..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", /text\/html/],
    ["GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", /text\/html/],
    ["GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 403 /],
    ["GET / HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 4\d\d /],
  ])("answers %j", async (request, answer) => {
    const text = await spoken(request);
    expect(text).toMatch(answer);
    expect(text).not.toContain("root:");
  });

  test("whose port is taken is told, and the relay goes on", async () => {
    const other = await startAdministeredRelay(
      `receiveConnectors: []\nadmin: { console: "127.0.0.1:${port}" }\n`,
    );
    expect(other.admin.console).toBeUndefined();
    expect(other.events.map(({ name }) => name)).toContain("ConsoleFault");
    expect((await other.client.call("about", {})).version).not.toBe("");
    // No token is made for a console that is not there.
    expect((await openAdminTokens(other.dataDirectory)).list()).toEqual([]);
    await other.stop();
  });
});

function spoken(request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}
