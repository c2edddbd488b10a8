/** Changes to what is not a connector: accepted domains, users, applications. */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AdminError } from "../../src/admin/client.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";

const text = `receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    tarpitInterval: 0s
    authTarpitInterval: 0s
sendConnectors:
  - name: Out
    addressSpaces: [contoso.com]
    dropDirectory: drop
acceptedDomains:
  - contoso.com   # ours
`;
let it: AdministeredRelay;
beforeEach(async () => {
  it = await startAdministeredRelay(text);
});
afterEach(() => it.stop());

async function refusal(promise: Promise<unknown>): Promise<AdminError> {
  const fault: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (fault instanceof AdminError) return fault;
  throw new Error("was not refused");
}

async function answerTo(recipient: string): Promise<string> {
  const [endpoint] = it.relay.listeners();
  const client = await connectScriptedClient({ port: endpoint?.port ?? 0 });
  await client.expect(220);
  await client.command("EHLO a.example");
  await client.command("MAIL FROM:<a@a.example>");
  const { code } = await client.command(`RCPT TO:<${recipient}>`);
  client.close();
  return String(code);
}

describe("accepted domains", () => {
  test("one is added, widened and removed, and holds at once", async () => {
    expect(await answerTo("b@fabrikam.com")).toBe("550");
    const added = await it.client.call("newAcceptedDomain", { domainName: "Fabrikam.com." });
    expect(added).toMatchObject({
      applied: true,
      changes: [
        { setting: "acceptedDomains", before: ["contoso.com"], after: ["contoso.com", "fabrikam.com"] },
      ],
    });
    expect(added.notices.join()).toMatch(/No send connector takes mail for fabrikam\.com/);
    expect(await it.text()).toContain("  - contoso.com   # ours\n  - fabrikam.com\n");
    expect([await answerTo("b@fabrikam.com"), await answerTo("b@mail.fabrikam.com")]).toEqual(["250", "550"]);

    await it.client.call("setAcceptedDomain", { domainName: "fabrikam.com", matchSubDomains: true });
    expect(await answerTo("b@mail.fabrikam.com")).toBe("250");
    expect((await it.client.call("listAcceptedDomains", {})).domains).toEqual([
      { domainName: "contoso.com", matchSubDomains: false, sendConnector: "Out" },
      { domainName: "*.fabrikam.com", matchSubDomains: true, sendConnector: null },
    ]);
    await it.client.call("setAcceptedDomain", { domainName: "*.fabrikam.com", newDomainName: "x.example" });
    await it.client.call("removeAcceptedDomain", { domainName: "X.example" });
    expect(await it.text()).toBe(`hostname: relay.test\ndataDirectory: data\n${text}`);
  });

  test("the last that goes is told, and what comes of it", async () => {
    const { notices, warnings } = await it.client.call("removeAcceptedDomain", { domainName: "contoso.com" });
    expect(notices.join()).toMatch(/can send to nobody: 550 5\.7\.54/);
    expect(warnings.map(({ message }) => message).join()).toMatch(/every recipient will be refused/);
    expect(await it.text()).toContain("acceptedDomains: []\n");
    expect(await it.text()).not.toContain("# ours");
    await it.client.call("newAcceptedDomain", { domainName: "contoso.com" });
    expect(await answerTo("b@contoso.com")).toBe("250");
  });

  test.each([
    ["contoso.com", "alreadyExists", /there is an accepted domain contoso\.com already/],
    ["CONTOSO.com.", "alreadyExists", /already/],
    ["not a domain", "configurationRefused", /acceptedDomains\[1\]: "not a domain" is not a domain/],
    ["*", "configurationRefused", /would let everybody relay to everywhere/],
  ])("%s is refused", async (domainName, code, message) => {
    const before = await it.text();
    const fault = await refusal(it.client.call("newAcceptedDomain", { domainName }));
    expect(fault.code).toBe(code);
    expect(fault.message).toMatch(message);
    expect(await it.text()).toBe(before);
  });

  test("what is not there is named with what is", async () => {
    expect((await refusal(it.client.call("removeAcceptedDomain", { domainName: "a.example" }))).message).toBe(
      "there is no accepted domain a.example; there are contoso.com",
    );
    await it.client.call("setAcceptedDomain", { domainName: "contoso.com", matchSubDomains: true });
    expect(
      (await refusal(it.client.call("setAcceptedDomain", { domainName: "contoso.com" }))).message,
    ).toMatch(/did you mean \*\.contoso\.com\?/);
  });

  test("what another holds already is said", async () => {
    await it.client.call("setAcceptedDomain", { domainName: "contoso.com", matchSubDomains: true });
    const { notices } = await it.client.call("newAcceptedDomain", {
      domainName: "mail.contoso.com",
      whatIf: true,
    });
    expect(notices.join()).toMatch(/^\*\.contoso\.com holds mail\.contoso\.com already/);
  });
});

describe("API keys", () => {
  test("one is made and told once, is changed and goes; the key stands nowhere", async () => {
    await it.client.call("newApplication", { name: "Shop", settings: {} });
    const before = await it.text();
    const settings = { sendAs: ["shop.contoso.com"], application: "shop", expires: "2027-06-01" };
    const looked = await it.client.call("newApiKey", { name: "Shop", settings, whatIf: true });
    expect([looked.key, await it.text()]).toEqual([null, before]);

    const made = await it.client.call("newApiKey", { name: "Shop", settings });
    expect(made.key).toMatch(/^weir_[0-9A-Za-z]{27}$/);
    expect(made.notices.join()).toMatch(/ExchangeUsers/);
    const another = await it.client.call("newApiKey", { name: "Other", settings: {} });
    expect(another.key).not.toBe(made.key);
    const hash = createHash("sha256")
      .update(made.key ?? "")
      .digest("hex");
    expect(await it.text()).toContain(`keyHash: "sha256:${hash}"\n`);

    const listed = (await it.client.call("listApiKeys", {})).keys;
    expect(listed).toMatchObject([
      {
        name: "Shop",
        settings: { sendAs: ["shop.contoso.com"], application: "Shop", expires: "2027-06-01", enabled: true },
        origins: { sendAs: "set", enabled: "default" },
        status: { state: "Active", lastUsed: null, recipientsLastDay: 0 },
      },
      { name: "Other", settings: { expires: null, application: null } },
    ]);
    const set = await it.client.call("setApiKey", { name: "shop", settings: { enabled: false } });
    expect(set.changes).toEqual([{ setting: "enabled", before: true, after: false }]);
    const renamed = await it.client.call("setApiKey", {
      name: "Shop",
      settings: { name: "Old shop", enabled: null, expires: "2020-01-01" },
    });
    expect(renamed.applied).toBe(true);
    expect((await it.client.call("listApiKeys", {})).keys[0]).toMatchObject({
      name: "Old shop",
      status: { state: "Expired" },
    });

    const refused: readonly (readonly [object, string])[] = [
      [{ name: "OTHER" }, "alreadyExists"],
      [{ settings: { keyHash: `sha256:${"0".repeat(64)}` } }, "invalidInput"],
      [{ settings: { application: "ERP" } }, "configurationRefused"],
      [{ settings: { sendAs: [] } }, "configurationRefused"],
      [{ settings: { expires: "soon" } }, "configurationRefused"],
    ];
    for (const [given, code] of refused) {
      const fault = await refusal(it.client.call("newApiKey", { name: "Another", ...given }));
      expect(fault.code, JSON.stringify(given)).toBe(code);
    }
    for (const name of ["Old shop", "Other"]) await it.client.call("removeApiKey", { name });
    expect(await it.text()).toBe(`${before}apiKeys: []\n`);
    const shown = JSON.stringify([looked, { ...made, key: "" }, listed, set, renamed, it.events]);
    expect(shown).not.toContain(made.key);
  });
});

test("mail is taken by HTTP with an API key, as whom it may send, until it is disabled", async () => {
  const port = await freePort();
  await it.client.call("setReceiveConnector", {
    name: "AppRelay",
    settings: { httpBindings: [`127.0.0.1:${port}`], permissionGroups: ["ExchangeUsers"] },
  });
  await it.client.call("newApplication", { name: "Shop", settings: {} });
  const settings = { sendAs: ["shop.contoso.com"], application: "Shop" };
  const { key } = await it.client.call("newApiKey", { name: "Shop", settings });
  const post = async (from: string, authorization: string): Promise<number> => {
    const { status } = await fetch(`http://127.0.0.1:${port}/v1/emails`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization },
      body: JSON.stringify({ from, to: "b@contoso.com", subject: "x", text: "x" }),
    });
    return status;
  };
  const bearer = `Bearer ${key ?? ""}`;
  const before = Date.now();
  expect(await post("a@shop.contoso.com", bearer)).toBe(202);
  expect(await post("a@contoso.com", bearer)).toBe(403);
  expect(await post("a@shop.contoso.com", `${bearer.slice(0, -1)}-`)).toBe(401);
  const [listed] = (await it.client.call("listApiKeys", {})).keys;
  expect(Date.parse(listed?.status.lastUsed ?? "")).toBeGreaterThanOrEqual(before - 1_000);
  const [entry] = await it.relay.tracking.search({ eventIds: ["RECEIVE"], resultSize: 1 });
  expect(entry).toMatchObject({ source: "HTTP", sender: "a@shop.contoso.com" });
  await it.client.call("setApiKey", { name: "Shop", settings: { enabled: false } });
  expect(await post("a@shop.contoso.com", bearer)).toBe(401);
  expect(JSON.stringify(it.events)).not.toContain(key);
});

describe("users", () => {
  const password = "correct horse";

  async function logsOn(name: string, word: string): Promise<number> {
    const [endpoint] = it.relay.listeners();
    const client = await connectScriptedClient({ port: endpoint?.port ?? 0 });
    await client.expect(220);
    await client.command("EHLO a.example");
    const { code } = await client.command(
      `AUTH PLAIN ${Buffer.from(`\0${name}\0${word}`).toString("base64")}`,
    );
    client.close();
    return code;
  }

  test("one is added, logs on, gets another password and name, and goes; no password is told anywhere", async () => {
    await it.client.call("setReceiveConnector", {
      name: "AppRelay",
      settings: { authMechanism: ["BasicAuth"], permissionGroups: ["AnonymousUsers", "ExchangeUsers"] },
    });
    const before = await it.text();
    const answers: unknown[] = [];
    answers.push(await it.client.call("newUser", { name: "erp", password }));
    expect(answers[0]).toMatchObject({
      changes: [{ setting: "name" }, { setting: "password", after: "set" }],
    });
    expect(await logsOn("ERP", password)).toBe(235);
    await it.client.call("newApplication", { name: "ERP", settings: { users: ["erp"] } });
    expect((await it.client.call("listUsers", {})).users).toMatchObject([
      { name: "erp", status: { application: "ERP" } },
    ]);

    answers.push(await it.client.call("setUser", { name: "Erp", password: "another one" }));
    expect([await logsOn("erp", password), await logsOn("erp", "another one")]).toEqual([535, 235]);
    answers.push(await it.client.call("setUser", { name: "erp", newName: "sap" }));
    expect(await logsOn("sap", "another one")).toBe(235);
    expect((await it.client.call("listUsers", {})).users).toMatchObject([
      { name: "sap", status: { application: "ERP" } },
    ]);

    expect((await refusal(it.client.call("newUser", { name: "SAP", password }))).code).toBe("alreadyExists");
    expect((await refusal(it.client.call("setUser", { name: "nobody", password }))).code).toBe("notFound");
    const removed = await it.client.call("removeUser", { name: "sap" });
    expect(removed.notices.join()).toMatch(/application ERP still names sap/);
    expect(await logsOn("sap", "another one")).toBe(535);
    await it.client.call("removeApplication", { name: "ERP" });
    expect(await it.text()).toBe(`${before}users: []\napplications: []\n`);

    const told = JSON.stringify([answers, it.events]);
    expect(told).not.toMatch(/correct horse|another one|scrypt\$ln/);
    expect(told).toMatch(/"operation":"newUser","target":"erp"/);
  });

  test("who can log on nowhere is told so", async () => {
    const { notices, applied, diff } = await it.client.call("newUser", {
      name: "a",
      password,
      whatIf: true,
    });
    expect([applied, notices.join()]).toEqual([false, expect.stringMatching(/No receive connector lets/)]);
    expect(diff).toMatch(/^\+ +password: \*+$/m);
  });
});

describe("applications", () => {
  test("one is added, changed, renamed and removed", async () => {
    const settings = { addresses: ["127.0.0.1"], owner: "Finance" };
    const added = await it.client.call("newApplication", { name: "ERP", settings });
    expect(added.changes).toContainEqual({ setting: "addresses", before: null, after: ["127.0.0.1"] });
    const [endpoint] = it.relay.listeners();
    const client = await connectScriptedClient({ port: endpoint?.port ?? 0 });
    await client.expect(220);
    await it.client.call("setApplication", { name: "erp", settings: { name: "SAP", owner: null } });
    expect((await it.client.call("listApplications", {})).applications).toMatchObject([
      {
        name: "SAP",
        settings: { owner: null, addresses: ["127.0.0.1"] },
        origins: { owner: "default", addresses: "set" },
        status: { openConnections: 1 },
      },
    ]);
    client.close();
    await it.client.call("removeApplication", { name: "SAP" });
    expect((await refusal(it.client.call("removeApplication", { name: "SAP" }))).message).toMatch(
      /there is no application SAP; there are none/,
    );
  });

  test("faults name the place", async () => {
    const { faults } = await refusal(
      it.client.call("newApplication", { name: "ERP", settings: { addresses: ["10.0.0"], adresses: [] } }),
    );
    expect(faults).toMatchObject([
      { path: "applications[0].addresses[0]" },
      { path: "applications[0].adresses", suggestion: "addresses" },
    ]);
  });
});

describe("transport configuration and service", () => {
  test("an organisation's limit is set on every connector, and those that differ are named", async () => {
    await it.client.call("newReceiveConnector", {
      name: "Second",
      settings: { bindings: ["127.0.0.2:0"], remoteIpRanges: ["127.0.0.3"], maxMessageSize: "1MB" },
    });
    const before = await it.client.call("getTransportConfig", {});
    expect(before.settings).toMatchObject({ maxReceiveSize: 37_748_736, maxRecipientEnvelopeLimit: 200 });
    expect(before.differences).toEqual([
      { setting: "maxReceiveSize", connector: "AppRelay", value: 37_748_736, enforced: true },
      { setting: "maxReceiveSize", connector: "Second", value: 1_048_576, enforced: true },
    ]);
    const change = await it.client.call("setTransportConfig", {
      settings: { maxReceiveSize: "50MB", maxSendSize: "50MB", externalPostmasterAddress: "pm@contoso.com" },
    });
    expect(change.changes.map(({ setting }) => setting)).toEqual([
      "receiveConnectors.AppRelay.maxMessageSize",
      "receiveConnectors.Second.maxMessageSize",
      "sendConnectors.Out.maxMessageSize",
      "transport.externalPostmasterAddress",
    ]);
    const after = await it.client.call("getTransportConfig", {});
    expect(after).toMatchObject({
      settings: { maxReceiveSize: 52_428_800, maxSendSize: 52_428_800 },
      differences: [],
    });
    await it.client.call("setReceiveConnector", {
      name: "Second",
      settings: { reportOnly: ["maxMessageSize"] },
    });
    const looked = await it.client.call("getTransportConfig", {});
    expect(looked.settings.maxReceiveSize).toBe(52_428_800);
    expect(looked.differences).toEqual([
      { setting: "maxReceiveSize", connector: "AppRelay", value: 52_428_800, enforced: true },
      { setting: "maxReceiveSize", connector: "Second", value: 52_428_800, enforced: false },
    ]);
    await it.client.call("setReceiveConnector", { name: "Second", settings: { reportOnly: null } });
    expect(
      (await refusal(it.client.call("setTransportConfig", { settings: { maxReceiveSize: "x" } }))).faults,
    ).toMatchObject([{ path: "receiveConnectors[0].maxMessageSize", line: expect.any(Number) }, {}]);
  });

  test("the service has every setting, and those of its logs hold at once; a host name from the next start on", async () => {
    const { settings, origins, paths } = await it.client.call("getTransportService", {});
    expect(settings).toMatchObject({ hostname: "relay.test", backPressureDiskMedium: null });
    expect(settings).toHaveProperty("backPressureDiskHigh");
    expect(origins).toMatchObject({ hostname: "set", backPressureDiskHigh: "default" });
    expect(paths["receiveProtocolLogPath"]).toMatch(/SmtpReceive$/);
    const change = await it.client.call("setTransportService", {
      settings: {
        hostname: "mail.contoso.com",
        receiveProtocolLogMaxAge: "7d",
        sendProtocolLogMaxFileSize: "1MB",
      },
    });
    expect(change.changes).toEqual([
      { setting: "hostname", before: "relay.test", after: "mail.contoso.com" },
      { setting: "receiveProtocolLogMaxAge", before: 30 * 86_400_000, after: 7 * 86_400_000 },
      { setting: "sendProtocolLogMaxFileSize", before: 10 * 1024 * 1024, after: 1024 * 1024 },
    ]);
    expect(change.needsRestart).toEqual(["hostname"]);
    expect(await it.text()).toContain("hostname: mail.contoso.com\n");
  });
});
