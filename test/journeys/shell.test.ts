/** Every command against a relay that runs as a process of its own. Needs the build. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { connectScriptedClient, type ScriptedClient } from "../../src/testing/scripted-client.ts";
import { placeSelfSigned } from "../../src/testing/self-signed-pairs.ts";
import { type SpawnedRelay, spawnRelay } from "../../src/testing/spawn-relay.ts";

const program = resolve(import.meta.dirname, "../../bin/weir.js");
let directory: string;
let file: string;
let port: number;
let relay: SpawnedRelay;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-shell-"));
  file = join(directory, "weir.yaml");
  port = await freePort();
  await writeFile(
    file,
    `# kept
hostname: relay.test
dataDirectory: data   # here
receiveConnectors:
  - name: AppRelay   # the applications
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    tarpitInterval: 0s
    maxInboundConnectionPerSource: 3
    explainRefusals: true
sendConnectors:
  - name: Drop
    addressSpaces: ["*"]
    dropDirectory: drop
applications:
  - name: Helpdesk
    owner: Service team
    addresses: ["127.0.0.1"]
`,
  );
  await placeSelfSigned(join(directory, "data"));
  relay = await spawnRelay(["start", "--config", file], { cwd: directory });
  await relay.said(/Weir \S+ started/);
  await vi.waitFor(async () => expect((await weir("status")).code).toBe(0));
});
afterAll(async () => {
  relay.kill("SIGTERM");
  expect((await relay.exited).code).toBe(0);
  await rm(directory, { recursive: true, force: true });
});

interface Told {
  readonly code: number;
  readonly out: string;
  readonly complaints: string;
}
async function weir(...words: string[]): Promise<Told> {
  const output = recordingOutput();
  const code = await main([...words, "--config", file], output);
  return { code, out: output.out(), complaints: output.complaints() };
}
async function json(...words: string[]): Promise<Record<string, never>> {
  const { code, out, complaints } = await weir(...words, "-Json");
  if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}: ${complaints}`);
  return JSON.parse(out) as Record<string, never>;
}
const text = (): Promise<string> => readFile(file, "utf8");

describe("receive connectors", () => {
  it("one is a list that marks defaults, several are a table", async () => {
    const one = await weir("get-receiveconnector", "apprelay");
    expect(one.code).toBe(0);
    expect(one.out).toMatch(/^Name +: AppRelay\n/);
    expect(one.out).toMatch(/^MaxInboundConnectionPerSource +: 3\n/m);
    expect(one.out).toMatch(/^MaxInboundConnectionPercentagePerSource +: 2 \(default\)\n/m);
    expect(one.out).toMatch(/^ConnectionTimeout +: 00:10:00 \(default\)\n/m);
    expect(one.out).toMatch(/^MaxMessageSize +: 36 MB \(37,748,736 bytes\) \(default\)\n/m);
    const all = await weir("Get-ReceiveConnector");
    expect(all.out.split("\n")[0]).toMatch(/^Identity +Bindings +RemoteIPRanges/);
    expect(all.out).toMatch(/^AppRelay +\{127\.0\.0\.1:\d+\}/m);
    expect((await weir("Get-ReceiveConnector", "App*", "-Csv")).out).toMatch(
      /^Identity,Bindings,[^]*\r\nAppRelay,/,
    );
    expect((await weir("Get-ReceiveConnector", "Nope")).code).toBe(1);
    expect((await weir("Get-ReceiveConnector", "N*")).complaints).toContain(
      "no receive connector has a name like N*",
    );
  });

  it("as JSON every setting under its name, and where it comes from", async () => {
    expect(await json("Get-ReceiveConnector", "AppRelay")).toMatchObject({
      name: "AppRelay",
      maxInboundConnection: 5000,
      maxInboundConnectionPerSource: 3,
      connectionTimeout: 600_000,
      messageRateLimit: "unlimited",
      remoteIpRanges: ["127.0.0.0/8"],
      origins: { maxInboundConnection: "default", maxInboundConnectionPerSource: "set" },
    });
    expect(await json("Get-ReceiveConnector")).toHaveLength(1);
  });

  it("what Set- changes is shown, stands in the file and keeps its comments", async () => {
    const { code, out } = await weir(
      "Set-ReceiveConnector",
      "AppRelay",
      "-MaxMessageSize",
      "25MB",
      "--tarpit-interval",
      "00:00:02",
    );
    expect(code).toBe(0);
    expect(out).toContain("MaxMessageSize  36 MB (37,748,736 bytes) → 25 MB (26,214,400 bytes)\n");
    expect(out).toContain("TarpitInterval  00:00:00 → 00:00:02\n");
    expect(out).toContain(file);
    expect(await text()).toContain("- name: AppRelay   # the applications\n");
    expect(await text()).toMatch(/maxMessageSize: 25MB\n/);
    const client = await connectScriptedClient({ port });
    await client.expect(220);
    expect((await client.command("EHLO a.example")).lines).toContain("SIZE 26214400");
    client.close();
    const back = await weir(
      "Set-ReceiveConnector",
      "AppRelay",
      "-MaxMessageSize",
      "$null",
      "-TarpitInterval",
      "0s",
    );
    expect(back.out).toContain("→ 36 MB (37,748,736 bytes)");
    expect(await text()).not.toContain("maxMessageSize");
    expect((await weir("Set-ReceiveConnector", "AppRelay", "-TarpitInterval", "0s")).out).toContain(
      "nothing to change",
    );
  });

  it("lists are added to and taken from", async () => {
    const add = await weir(
      "Set-ReceiveConnector",
      "AppRelay",
      "-RemoteIPRanges",
      "@{Add='10.0.0.5','127.0.0.0/8'}",
    );
    expect(add.out).toContain("{127.0.0.0/8} → {127.0.0.0/8, 10.0.0.5}");
    const remove = await weir("Set-ReceiveConnector", "AppRelay", "-RemoteIPRanges", "@{Remove='10.0.0.5'}");
    expect(remove.out).toContain("→ {127.0.0.0/8}");
    const again = await weir("Set-ReceiveConnector", "AppRelay", "-RemoteIPRanges", "@{Remove='10.0.0.5'}");
    expect(again).toMatchObject({ code: 1, complaints: expect.stringContaining("no 10.0.0.5 to remove") });
  });

  it("-WhatIf changes nothing and shows the file's lines", async () => {
    const before = await text();
    const { code, out } = await weir(
      "Set-ReceiveConnector",
      "AppRelay",
      "-MaxInboundConnectionPerSource",
      "unlimited",
      "-WhatIf",
    );
    expect(code).toBe(0);
    expect(out).toContain("nothing was changed");
    expect(out).toContain("-    maxInboundConnectionPerSource: 3\n");
    expect(out).toContain("+    maxInboundConnectionPerSource: unlimited\n");
    expect(await text()).toBe(before);
  });

  it("a refused change tells every fault and changes nothing", async () => {
    const before = await text();
    const words = [
      "Set-ReceiveConnector",
      "AppRelay",
      "-MaxInboundConnectionPerSource",
      "0",
      "-ConnectionTimeout",
      "5",
    ];
    const refused = await weir(...words);
    expect(refused.code).toBe(1);
    expect(refused.complaints).toMatch(
      /maxInboundConnectionPerSource: 0 is not a whole number from 1 to 10000, or unlimited \(line \d+\)/,
    );
    expect(refused.complaints).toContain("connectionTimeout");
    expect(await text()).toBe(before);
    const asJson = await weir(...words, "-Json");
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.out)).toMatchObject({
      error: { code: "configurationRefused", faults: [{}, {}] },
    });
    expect((await weir("Set-ReceiveConnector", "Nope", "-Enabled", "false")).code).toBe(1);
    expect((await weir("Set-ReceiveConnector", "AppRelay")).code).toBe(2);
    expect(
      (await weir("Set-ReceiveConnector", "AppRelay", "-MaxInboundConnections", "1")).complaints,
    ).toContain("did you mean -MaxInboundConnection?");
  });

  it("new, disabled, enabled, removed", async () => {
    const other = await freePort();
    const made = await weir(
      "New-ReceiveConnector",
      "Help Desk",
      "-Usage",
      "internet",
      "-Bindings",
      `127.0.0.1:${other}`,
      "-RemoteIPRanges",
      "127.0.0.5,10.0.0.0/8",
    );
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/20 connections per source and 2 %/) });
    expect((await weir("New-ReceiveConnector", "Help Desk", "-Bindings", "127.0.0.1:0")).code).toBe(1);
    expect(await json("Get-ReceiveConnector", "RELAY\\Help Desk")).toMatchObject({
      permissionGroups: ["AnonymousUsers"],
    });
    expect((await weir("Disable-ReceiveConnector", "Help Desk")).out).toContain("Enabled  True → False");
    expect((await weir("Enable-ReceiveConnector", "Help Desk", "-WhatIf")).out).toContain(
      "Enabled  False → True",
    );
    expect((await weir("Enable-ReceiveConnector", "Help Desk")).code).toBe(0);
    expect((await weir("Remove-ReceiveConnector", "Help Desk", "-Confirm:$false")).code).toBe(0);
    expect(await text()).not.toContain("Help Desk");
    expect((await weir("Remove-ReceiveConnector", "Help Desk")).code).toBe(1);
  });
});

it("a connector whose port is taken is saved, not in force, and says who holds the port", async () => {
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
  const binding = `127.0.0.1:${(other.address() as { port: number }).port}`;
  const words = ["New-ReceiveConnector", "Taken", "-Bindings", binding, "-RemoteIPRanges", "127.0.0.6"];
  const made = await weir(...words);
  expect(made.code).toBe(1);
  expect(made.out).toContain(`but not listening:\n    ${binding}: listen EADDRINUSE`);
  if (process.platform === "linux") expect(made.out).toContain(`process ${process.pid} listens there`);
  expect(made.out).not.toContain("in force now");
  expect((await weir("Get-ReceiveConnector")).out).toMatch(/^Taken .*Not listening/m);
  expect((await weir("status")).out).toMatch(new RegExp(`^Not listening +: ${binding} \\(Taken\\): `, "m"));
  await new Promise((done) => other.close(done));
  const again = await weir("Set-ReceiveConnector", "Taken", "-Comment", "again");
  expect(again).toMatchObject({ code: 0, out: expect.stringContaining("in force now") });
  expect((await weir("Get-ReceiveConnector", "Taken")).out).toMatch(/^State +: Listening$/m);
  expect((await weir("Remove-ReceiveConnector", "Taken")).code).toBe(0);
});

describe("send connectors, transport, queues", () => {
  it("are shown and changed", async () => {
    expect((await weir("Get-SendConnector")).out).toMatch(/^Drop +\{\*\}/m);
    expect((await weir("Get-SendConnector", "Drop")).out).toMatch(/^AddressSpaces +: \{\*\}$/m);
    expect(
      (
        await weir(
          "New-SendConnector",
          "Out",
          "-AddressSpaces",
          "example.org,*.example.net",
          "-SmartHosts",
          "[127.0.0.1]:9",
        )
      ).code,
    ).toBe(0);
    expect(
      (await weir("Set-SendConnector", "Out", "-Port", "26", "-SmtpMaxMessagesPerConnection", "unlimited"))
        .out,
    ).toContain("20 → unlimited");
    expect(await json("Get-SendConnector", "Out")).toMatchObject({
      smartHosts: ["[127.0.0.1]:9"],
      smtpMaxMessagesPerConnection: "unlimited",
    });
    expect((await weir("Disable-SendConnector", "RELAY\\Out")).out).toContain("Enabled  True → False");
    expect((await weir("Enable-SendConnector", "Out")).out).toContain("Enabled  False → True");
    expect((await weir("Get-SendConnector", "-Property", "name,Smart*")).out).toMatch(
      /^Name +SmartHostAuthMechanism +SmartHosts\n-+ +-+ +-+\nDrop\nOut +None +\{\[127\.0\.0\.1\]:9\}\n$/,
    );
    expect((await weir("Remove-SendConnector", "Out")).code).toBe(0);
    expect((await weir("Set-TransportService", "-MaxConnectionRatePerMinute", "5000")).out).toContain(
      "unlimited → 5000",
    );
    expect((await weir("Get-TransportService")).out).toMatch(/^MaxConnectionRatePerMinute +: 5000$/m);
    expect((await weir("Set-TransportService", "-MaxConnectionRatePerMinute", "$null")).code).toBe(0);
    expect((await weir("Set-TransportService")).code).toBe(2);
    expect((await weir("Get-TransportService")).out).toMatch(
      /^BackPressureDiskHigh +: +\(default: so much that/m,
    );
    expect((await weir("Set-TransportService", "-Hostname", "b.test", "-WhatIf")).out).toMatch(
      /relay\.test → b\.test[^]*note: hostname: from the next start on/,
    );
    expect((await weir("Get-TransportConfig")).out).toMatch(
      /^MaxReceiveSize +: 36 MB \(37,748,736 bytes\)$/m,
    );
    expect(
      (await weir("Set-TransportConfig", "-InternalDsnMaxMessageAttachSize", "5MB", "-WhatIf")).out,
    ).toContain("10 MB (10,485,760 bytes) → 5 MB (5,242,880 bytes)");
    expect((await weir("Get-Queue")).out).toMatch(/^Submission +Undefined +Ready/m);
    expect((await weir("Get-Queue", "nope")).code).toBe(1);
    expect((await weir("Retry-Queue")).code).toBe(0);
  });
});

describe("domains, users and applications", () => {
  it("accepted domains as in Exchange, with a note for what means nothing here", async () => {
    expect((await weir("Get-AcceptedDomain")).complaints).toContain("weir New-AcceptedDomain contoso.com");
    const whatIf = await weir("New-AcceptedDomain", "contoso.com", "-WhatIf");
    expect(whatIf.out).toContain("+acceptedDomains: [contoso.com]");
    const made = await weir(
      "New-AcceptedDomain",
      "-Name",
      "Contoso",
      "-DomainName",
      "contoso.com",
      "-DomainType",
      "internalrelay",
    );
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining("→ {contoso.com}") });
    expect(made.out).toMatch(
      /note: .*known as contoso\.com, not Contoso[^]*note: -DomainType means nothing here/,
    );
    expect((await weir("Set-AcceptedDomain", "contoso.com", "-MatchSubDomains", "$true")).code).toBe(0);
    expect((await weir("Get-AcceptedDomain", "*.contoso.com")).out).toMatch(
      /^\*\.contoso\.com +True +Drop$/m,
    );
    expect((await weir("New-AcceptedDomain")).code).toBe(2);
    expect((await weir("Remove-AcceptedDomain", "contoso.com")).complaints).toContain(
      "did you mean *.contoso.com?",
    );
    expect((await weir("Remove-AcceptedDomain", "*.contoso.com", "-Confirm:$false")).code).toBe(0);
    expect(await text()).toContain("acceptedDomains: []");
  });
});

it("users: the password comes from a file, and never as an argument", async () => {
  const secret = join(directory, "password.txt");
  await writeFile(secret, "hunter2\n");
  const refused = await weir("New-User", "erp", "-Password", "hunter2");
  expect(refused).toMatchObject({ code: 2, complaints: expect.stringContaining("history of the shell") });
  expect(refused.complaints).not.toContain("hunter2");
  const made = await weir("New-User", "erp", "-PasswordFile", secret);
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/Password +\(none\) → set\n/) });
  expect((await weir("Get-User")).out).toMatch(/^erp$/m);
  expect((await weir("Set-User", "erp", "-Name", "sap")).out).toContain("erp → sap");
  expect((await weir("Set-User", "sap", "-PasswordFile", `${secret}x`)).complaints).toContain(
    "cannot be read",
  );
  expect((await weir("Remove-User", "SAP")).code).toBe(0);
  expect(await text()).not.toMatch(/scrypt|hunter2/);
});

it("applications: made, shown, changed and removed", async () => {
  const made = await weir("New-Application", "ERP", "-Addresses", "10.1.4.7", "-Owner", "Finance IT");
  expect(made).toMatchObject({ code: 0, out: expect.stringContaining("→ {10.1.4.7}") });
  expect((await weir("Set-Application", "erp", "-Addresses", "@{Add='10.1.4.8'}")).code).toBe(0);
  expect((await weir("Get-Application", "ERP")).out).toMatch(/^Addresses +: \{10\.1\.4\.7, 10\.1\.4\.8\}$/m);
  expect((await weir("Get-Application")).out).toMatch(/^ERP +Finance IT +/m);
  expect((await weir("Remove-Application", "ERP")).code).toBe(0);
});

it("the last receive connector goes only when that is confirmed", async () => {
  const before = await text();
  const asked = await weir("Remove-ReceiveConnector", "AppRelay");
  expect(asked).toMatchObject({ code: 2, complaints: expect.stringContaining("no mail can come in") });
  expect(asked.complaints).toContain("-Confirm:false");
  expect(await text()).toBe(before);
  expect((await weir("Remove-ReceiveConnector", "AppRelay", "-Force", "-WhatIf")).out).toMatch(
    /note: receiveConnectors: no receive connector is enabled; no mail can come in/,
  );
});

describe("an application that meets a limit", () => {
  let clients: ScriptedClient[];
  let reply: string;

  beforeAll(async () => {
    clients = await Promise.all([1, 2, 3].map(() => connectScriptedClient({ port })));
    for (const client of clients) await client.expect(220);
    const refused = await connectScriptedClient({ port });
    reply = (await refused.expect(421)).last;
    refused.close();
  });
  afterAll(() => {
    for (const client of clients) client.close();
  });

  it("is explained by address, by reference and by the reply itself, with the command that helps", async () => {
    const reference = /ref ([0-9A-Z]+)/.exec(reply)?.[1] ?? "";
    for (const what of ["127.0.0.1", "helpdesk", reference, reference.toLowerCase(), reply]) {
      const { code, out } = await weir("explain", what);
      expect(code).toBe(0);
      expect(out).toContain("Helpdesk (owner: Service team)");
      expect(out).toContain("MaxInboundConnectionPerSource 3 on AppRelay, event 1021");
      expect(out).toContain(reply);
      expect(out).toMatch(/weir Set-ReceiveConnector AppRelay -MaxInboundConnectionPerSource \d+/);
    }
    expect(await json("explain", "127.0.0.1")).toMatchObject({
      source: "127.0.0.1",
      connectors: [{ connector: "AppRelay" }],
    });
  });

  it("who is unknown is told so", async () => {
    // AppRelay is bound to a loopback address: a range alone would not help.
    expect((await weir("explain", "10.7.7.7")).out).toMatch(
      /No receive connector serves it[^]*weir Set-ReceiveConnector AppRelay -Bindings 0\.0\.0\.0:\d+ -RemoteIPRanges "@\{Add='10\.7\.7\.7'\}"/,
    );
    expect((await weir("explain", "127.9.9.9")).out).toContain("Nothing was refused to it");
    expect(await weir("explain", "ZZZZ")).toMatchObject({
      code: 1,
      out: expect.stringContaining("Nothing is known"),
    });
    expect(await weir("explain", "what is it?")).toMatchObject({
      code: 2,
      complaints: expect.stringContaining("neither"),
    });
  });

  it("stands in the event log", async () => {
    const log = await weir(
      "Get-EventLog",
      "-EventId",
      "1021",
      "-Last",
      "1h",
      "-Source",
      "127.0.0.1",
      "-Connector",
      "AppRelay",
    );
    expect(log.out).toMatch(/Warning +1021 +SmtpReceive +1 +Receive connector AppRelay rejected/);
    expect((await weir("Get-EventLog", "-EventId", "1021", "-List")).out).toContain(
      "SmtpReceiveMaxConnectionPerSourceReached",
    );
    expect(
      await json(
        "Get-EventLog",
        "-Category",
        "MSExchangeTransport\\SmtpReceive",
        "-Severity",
        "warning",
        "-Newest",
        "1",
      ),
    ).toMatchObject([{ id: 1021, fields: { source: "127.0.0.1" } }]);
    expect((await weir("Get-EventLog", "-EventId", "2015")).complaints).toContain("no event fits -EventId");
    expect((await weir("Get-EventLog", "-After", "soon")).code).toBe(2);
    expect(await json("Get-EventLog", "-Newest", "100000")).not.toHaveLength(0);
  });

  it("shows in usage and connections", async () => {
    expect((await weir("Get-LimitUsage", "AppRelay")).out).toMatch(
      /MaxInboundConnectionPerSource +3 +3 +3 +3 +1 +1 +127\.0\.0\.1 Helpdesk 3, 1 refused/,
    );
    expect((await weir("Get-LimitUsage")).out).toMatch(/\(all\) +MaxConnectionRatePerMinute/);
    expect((await weir("Get-Connection")).out.match(/AppRelay/g)).toHaveLength(3);
    expect((await weir("Get-Connection", "-GroupBy", "Source")).out).toMatch(
      /AppRelay +127\.0\.0\.1 +Helpdesk +3 +3 +3 +2/,
    );
    expect((await weir("Get-Connection", "-Source", "127.0.0.2")).complaints).toContain(
      "nobody who is connected fits -Source",
    );
    const { out } = await weir("status");
    expect(out).toMatch(/AppRelay .*\b1\n[^]*1021/);
    expect(out).toMatch(/^Now\n[^]*Helpdesk.* AppRelay.*weir explain 127\.0\.0\.1\n/m);
  });

  it("is let in by one command, with its connections untouched", async () => {
    expect(
      (await weir("Set-ReceiveConnector", "AppRelay", "-MaxInboundConnectionPerSource", "40")).code,
    ).toBe(0);
    const more = await connectScriptedClient({ port });
    await more.expect(220);
    for (const client of clients) expect((await client.command("NOOP")).code).toBe(250);
    more.close();
  });
});

describe("event levels", () => {
  it("are shown, set and kept", async () => {
    const category = "MSExchangeTransport\\SmtpReceive";
    expect((await weir("Get-EventLogLevel", category)).out).toContain("Lowest");
    expect((await weir("Set-EventLogLevel", "-Identity", category, "-Level", "expert", "-WhatIf")).code).toBe(
      0,
    );
    expect((await weir("Get-EventLogLevel", "SmtpReceive")).out).toContain("Lowest");
    expect((await weir("Set-EventLogLevel", "-Identity", category, "-Level", "expert")).code).toBe(0);
    expect((await weir("Get-EventLogLevel", "RELAY\\MSExchangeTransport\\smtpreceive")).out).toContain(
      "Expert",
    );
    expect(await text()).toMatch(/SmtpReceive"?: Expert/);
    expect((await weir("Set-EventLogLevel", category, "-Level", "0")).out).toContain("Expert → Lowest");
    expect((await weir("Set-EventLogLevel", category, "-Level", "7")).out).toContain("Lowest → Expert");
    expect((await weir("Get-EventLogLevel", "MSExchangeTransport")).out).toContain("SmtpSend");
    expect((await weir("Set-EventLogLevel", "Nonsense", "Expert")).code).toBe(1);
    expect((await weir("Set-EventLogLevel", "SmtpReceive", "Loud")).code).toBe(2);
    expect((await weir("Set-EventLogLevel", "all", "Lowest")).code).toBe(0);
  });
});

describe("following events", () => {
  it("prints the last ones, then each as it comes, until Ctrl-C", async () => {
    const output = recordingOutput();
    const ended = main(
      ["Get-EventLog", "-Follow", "-Category", "Configuration", "-Newest", "1", "--config", file],
      output,
    );
    await expect.poll(output.out).toMatch(/\b20301\b/);
    await weir("Set-ReceiveConnector", "AppRelay", "-Comment", "followed");
    await expect.poll(output.out).toContain("AppRelay.comment");
    output.interrupt();
    expect(await ended).toBe(0);
    expect(output.out().match(/^Time /gm)).toHaveLength(1);
  });
});

it("Test-SmtpConnectivity tries each binding", async () => {
  const { code, out } = await weir("Test-SmtpConnectivity");
  expect(out).toMatch(/^AppRelay +127\.0\.0\.1:\d+ +127\.0\.0\.1:\d+ +Success +220 /m);
  expect(code).toBe(0);
});

describe("as a process", () => {
  const run = (words: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
    new Promise<Told>((done) => {
      const env = { ...process.env, ...environment };
      execFile(process.execPath, [program, ...words], { cwd: directory, env }, (error, out, complaints) => {
        done({ code: typeof error?.code === "number" ? error.code : 0, out, complaints });
      });
    });

  it("finds the relay by WEIR_CONFIG or ./weir.yaml and ends with its exit code", async () => {
    expect(await run(["Get-ReceiveConnector"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("AppRelay"),
    });
    expect(await run(["Get-Queue"], { WEIR_CONFIG: file })).toMatchObject({ code: 0 });
    expect(await run(["Set-ReceiveConnector", "Nope", "-Enabled", "true"])).toMatchObject({ code: 1 });
    expect(await run(["Get-Queues"])).toMatchObject({
      code: 2,
      complaints: expect.stringContaining("Did you mean Get-Queue?"),
    });
  });

  it("says which relay does not run, and how to start it", async () => {
    const idle = join(directory, "idle.yaml");
    await writeFile(idle, "dataDirectory: idle\nreceiveConnectors: []\n");
    const { code, complaints } = await run(["Get-Queue", "-Config", idle]);
    expect(code).toBe(3);
    expect(complaints).toContain(join(directory, "idle"));
    expect(complaints).toContain(`weir start --config ${idle}`);
    const none = await run(["Get-Queue"], { WEIR_CONFIG: join(directory, "none.yaml") });
    expect(none).toMatchObject({ code: 3, complaints: expect.stringContaining("there is no") });
  });

  it("completes names in bash, from the relay and without one", async () => {
    const script = (words: string): Promise<Told> =>
      new Promise((done) => {
        const shell = `weir() { "${process.execPath}" "${program}" "$@"; }
          source <(weir completion bash); COMP_WORDS=(${words}); COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
          _weir; printf '%s\\n' "\${COMPREPLY[@]}"`;
        execFile("bash", ["-c", shell], { cwd: directory }, (error, out, complaints) => {
          done({ code: typeof error?.code === "number" ? error.code : 0, out, complaints });
        });
      });
    expect((await script("weir Set-ReceiveConnector a")).out).toBe("AppRelay\n");
    await writeFile(
      join(directory, "off.yaml"),
      "dataDirectory: off\nreceiveConnectors:\n  - name: Of File\n",
    );
    expect((await script("weir Get-ReceiveConnector -Config off.yaml ''")).out).toContain("Of\\ File\n");
  });
});

it("the demo tells its story and leaves nothing behind", async () => {
  const output = recordingOutput();
  expect(await main(["demo", "--fast"], output)).toBe(0);
  const story = output.out();
  expect(story).toMatch(/connection 21: 421 4\.3\.2 .*maxInboundConnectionPerSource 20.*ref [0-9A-Z]+\)/);
  expect(story).toMatch(/Warning +1021/);
  expect(story).toMatch(/MaxInboundConnectionPerSource {2}20 → \d+/);
  expect(story).toMatch(/connection 21: 220 /);
  expect(story).toMatch(/its message: 250 2\.6\.0/);
  expect(story).toContain("20 of 20 still answer");
  const folder = /and (\S+) removed/.exec(story)?.[1] ?? "";
  await expect(readFile(join(folder, "weir.yaml"))).rejects.toMatchObject({ code: "ENOENT" });
});
