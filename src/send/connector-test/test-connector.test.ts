/** What a test of a send connector finds, with peers of every kind, and what it leaves alone. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ConnectorTest } from "../../core/policy/connector-test/test-step.ts";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import { createHttpRequest } from "../../ports/http-request.ts";
import type { Ports } from "../../ports/ports.ts";
import { createSystemPorts } from "../../ports/system-ports.ts";
import { zoneResolver, type Zone } from "../../testing/dns-zone.ts";
import { freePort } from "../../testing/free-port.ts";
import { startMicrosoftSmtp, type SubmissionServer } from "../../testing/microsoft-smtp.ts";
import { startRecordingSink } from "../../testing/recording-sink.ts";
import { startScriptedServer } from "../../testing/scripted-server.ts";
import { testCertificate } from "../../testing/test-certificate.ts";
import { smartHostConnector } from "../../testing/test-settings.ts";
import { aadError, startTokenServer, type TokenServer } from "../../testing/token-server.ts";
import { createMailHosts } from "../mx/mail-hosts.ts";
import type { TestContext, WantedTest } from "./test-context.ts";
import { testConnector } from "./test-connector.ts";

let tls: { key: string; cert: string };
beforeAll(async () => {
  tls = await testCertificate("mx.test");
});
const open: { close(): Promise<void> }[] = [];
const kept = <One extends { close(): Promise<void> }>(one: One): One => {
  open.push(one);
  return one;
};
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const system = createSystemPorts();

function run(
  connector: SmtpSendConnector | Parameters<typeof testConnector>[0],
  wanted: Partial<WantedTest> = {},
  ports: Partial<Ports> = {},
  mailHosts?: TestContext["mailHosts"],
): Promise<ConnectorTest> {
  const all: Ports = { ...system, ...ports };
  return testConnector(
    connector,
    {
      from: "app@contoso.com",
      to: undefined,
      timeoutMs: 10_000,
      changedAgoMs: undefined,
      signal: new AbortController().signal,
      ...wanted,
    },
    {
      ports: all,
      http: createHttpRequest(all),
      hostname: "relay.test",
      signer: {
        isActive: false,
        sign: (claim) => Promise.resolve(claim),
        signThen: (claim, signed) => signed(claim),
      },
      transcript: undefined,
      ...(mailHosts === undefined ? {} : { mailHosts }),
    },
  );
}
const brief = ({ steps }: ConnectorTest): string[] => steps.map(({ step, outcome }) => `${step} ${outcome}`);
const failed = ({ steps }: ConnectorTest): string =>
  steps
    .filter(({ outcome }) => outcome === "failed")
    .map(({ step, details, advice }) => `${step}: ${details.join(" | ")} → ${advice.join(" ")}`)
    .join("\n");

async function microsoft(claims?: Record<string, unknown>): Promise<{
  tokens: TokenServer;
  smtp: SubmissionServer;
  connector: (given?: Partial<SmtpSendConnector>) => SmtpSendConnector;
}> {
  const tokens = kept(await startTokenServer({ claims }));
  const smtp = kept(await startMicrosoftSmtp({ tls, isGood: (token) => tokens.isGood(token) }));
  const connector = (given: Partial<SmtpSendConnector> = {}): SmtpSendConnector =>
    smartHostConnector(smtp.port, {
      preset: "microsoft365",
      smartHostAuthMechanism: "XOAUTH2",
      requireTls: true,
      oauth: {
        grant: {
          kind: "clientCredentials",
          clientId: "client",
          credential: { kind: "secret", clientSecret: "s3cret-of-the-test", expiresAt: undefined },
        },
        tokenEndpoint: `${tokens.url}/t/oauth2/v2.0/token`,
        scope: "https://outlook.office365.com/.default",
        shown: {},
      },
      ...given,
    });
  return { tokens, smtp, connector };
}

describe("a service like Microsoft's", () => {
  const way = ["token", "resolve", "connect", "greeting", "ehlo", "startTls", "tls", "ehlo", "auth"];
  const claims = {
    aud: "https://outlook.office365.com",
    roles: ["SMTP.SendAsApp"],
    appid: "a",
    tid: "t",
    exp: 1,
  };

  it("is gone to step by step, and nothing is sent", async () => {
    const { smtp, connector, tokens } = await microsoft(claims);
    const test = await run(connector());
    expect(brief(test)).toEqual([...way, "mail", "rcpt", "rset"].map((step) => `${step} ok`));
    expect(test).toMatchObject({ ok: true, to: undefined });
    const details = (name: string): string =>
      test.steps
        .filter(({ step }) => step === name)
        .flatMap((step) => step.details)
        .join("\n");
    expect(test.steps[0]?.claims).toEqual({
      aud: "https://outlook.office365.com",
      roles: "SMTP.SendAsApp",
      appid: "a",
      tid: "t",
      exp: "1970-01-01T00:00:01.000Z",
    });
    expect(details("connect")).toContain("connected from 127.0.0.1");
    expect(details("ehlo")).toContain("AUTH LOGIN XOAUTH2");
    expect(details("tls")).toMatch(/^TLSv1\.[23], TLS_/);
    expect(details("tls")).toMatch(/certificate CN=mx\.test.*, for DNS:mx\.test/);
    expect(details("tls")).toContain("the chain is not trusted");
    expect(details("tls")).toContain("the certificate is not for 127.0.0.1");
    expect(details("tls")).toContain("tlsAuthLevel EncryptionOnly is satisfied");
    expect(details("auth")).toContain("235 2.7.0");
    expect(smtp.messages).toHaveLength(0);
    const text = JSON.stringify(test);
    for (const secret of [...tokens.issued.map((token) => token.slice(0, 60)), "s3cret-of-the-test"])
      expect(text).not.toContain(secret);
  });

  it("gets one message where somebody is to have it, whatever the number of addresses", async () => {
    const { smtp, connector } = await microsoft();
    const host = { host: "127.0.0.1", port: smtp.port };
    const test = await run(connector({ name: "Außen", smartHosts: [host, host] }), { to: "you@contoso.com" });
    expect(test).toMatchObject({ ok: true, to: "you@contoso.com" });
    expect(brief(test).slice(-3)).toEqual(["mail ok", "rcpt ok", "rset ok"]);
    expect(test.steps.find(({ step }) => step === "data")?.details.at(-1)).toMatch(/^250 2\.0\.0 OK/);
    expect(smtp.messages).toHaveLength(1);
    expect(smtp.messages[0]).toMatchObject({
      reversePath: "app@contoso.com",
      recipients: ["you@contoso.com"],
    });
    expect(smtp.messages[0]?.content.toString()).toMatch(
      /^From: <app@contoso\.com>\r\n[^]*Subject: =\?utf-8\?B\?/,
    );
  });

  it("that refuses the token is asked once, and the wait for a grant is told", async () => {
    const { smtp, connector } = await microsoft({ aud: "https://graph.microsoft.com" });
    smtp.configure({ isGood: () => false, errorChallenge: '{"status":"401"}' });
    const test = await run(connector(), { changedAgoMs: 600_000 });
    expect(test.ok).toBe(false);
    expect(brief(test)).toEqual([...way.slice(0, -1).map((step) => `${step} ok`), "auth failed"]);
    expect(failed(test)).toMatch(/535 5\.7\.3 Authentication unsuccessful/);
    expect(failed(test)).toContain('{"status":"401"}');
    expect(failed(test)).toContain("token is for Microsoft Graph");
    expect(failed(test)).toMatch(/changed 10 minutes ago: wait 110 minutes more/);
    expect(smtp.connections).toBe(1);
  });

  it("whose authority refuses is not gone to", async () => {
    const { tokens, smtp, connector } = await microsoft();
    tokens.configure({
      answer: () => aadError(7000222, "invalid_client", "The provided client secret keys are expired."),
    });
    const test = await run(connector());
    expect(brief(test)).toEqual(["token failed"]);
    expect(failed(test)).toContain("the client secret has expired");
    expect(smtp.connections).toBe(0);
  });

  it.each(["smartHost", "graph"])("whose authority is not reached, by %s: what to check", async (kind) => {
    const { tokens, connector } = await microsoft();
    await tokens.close();
    open.splice(open.indexOf(tokens), 1);
    const test = await run({
      ...connector(),
      kind,
      graphRoot: "https://graph.test",
    } as Parameters<typeof testConnector>[0]);
    expect(failed(test)).toMatch(/^token: .*check DNS and that HTTPS to it is open/);
  });

  it("that does not let the sender send so", async () => {
    const { smtp, connector } = await microsoft();
    smtp.configure({
      says: ({ at }) =>
        at === "mail"
          ? "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
          : undefined,
    });
    const test = await run(connector());
    expect(test.ok).toBe(false);
    expect(brief(test).slice(-2)).toEqual(["mail failed", "rset ok"]);
    expect(failed(test)).toContain("SendAs");
  });
});

describe("certificates", () => {
  it("for another name: the chain is shown nevertheless", async () => {
    const { connector, smtp } = await microsoft();
    const tlsCa = { tlsCaFile: "ca.pem", certificates: [tls.cert] };
    const test = await run(connector({ tlsAuthLevel: "DomainValidation", tlsDomain: "other.test", tlsCa }));
    expect(failed(test)).toMatch(/^tls: .*the certificate is not for other\.test/);
    expect(failed(test)).toContain("-TlsDomain mx.test");
    expect(failed(test)).toContain("tlsAuthLevel DomainValidation is not satisfied");
    expect(test.steps.at(-1)?.certificates).toMatchObject([
      { subject: "CN=mx.test", names: ["DNS:mx.test"] },
    ]);
    expect(smtp.lines.filter((line) => line.startsWith("AUTH"))).toEqual([]);
  });
  it("that nobody trusts", async () => {
    const { connector } = await microsoft();
    expect(failed(await run(connector({ tlsAuthLevel: "CertificateValidation" })))).toMatch(
      /self-signed.*-TlsCaFile/,
    );
  });
  it("that do", async () => {
    const { connector } = await microsoft();
    const tlsCa = { tlsCaFile: "ca.pem", certificates: [tls.cert] };
    const test = await run(connector({ tlsAuthLevel: "DomainValidation", tlsDomain: "mx.test", tlsCa }));
    expect(test.ok).toBe(true);
    expect(JSON.stringify(test)).toContain("the chain ends at a trusted root");
  });
});

describe("what does not answer as it should", () => {
  it("a name that does not exist", async () => {
    const dns = { addresses: () => Promise.reject(Object.assign(new Error("x"), { code: "ENOTFOUND" })) };
    const test = await run(
      smartHostConnector(25, { smartHosts: [{ host: "nowhere.test", port: 25 }] }),
      {},
      { dns },
    );
    expect(failed(test)).toMatch(
      /^resolve: cannot resolve nowhere\.test: the name does not exist → DNS has no such name/,
    );
  });
  it("a port where nobody listens; the other smart host is tested all the same", async () => {
    const peer = kept(
      await startScriptedServer(async (client) => {
        client.send("220 hi\r\n");
        for (;;) client.send((await client.line()).startsWith("EHLO") ? "250 mx.test\r\n" : "250 ok\r\n");
      }),
    );
    const test = await run(smartHostConnector([await freePort(), peer.port]));
    expect(test.ok).toBe(false);
    expect(brief(test)).toEqual([
      "resolve ok",
      "connect failed",
      "resolve ok",
      "connect ok",
      "greeting ok",
      "ehlo ok",
      "mail ok",
      "rcpt ok",
      "rset ok",
    ]);
    expect(failed(test)).toContain("connection refused");
  });
  it("STARTTLS that is not offered, and is required", async () => {
    const peer = kept(await startScriptedServer((client) => client.greet("SIZE")));
    const test = await run(smartHostConnector(peer.port, { requireTls: true }));
    expect(failed(test)).toMatch(/^startTls: 127\.0\.0\.1 offers no TLS.*STARTTLS is not offered/);
  });
  it("a greeting that never comes, within the time given", async () => {
    const peer = kept(await startScriptedServer(() => {}));
    expect(failed(await run(smartHostConnector(peer.port), { timeoutMs: 1_000 }))).toMatch(
      /^greeting: no answer within 1 s/,
    );
  });
  it("a greeting that refuses", async () => {
    const peer = kept(await startScriptedServer((client) => client.send("554 5.7.1 go away\r\n")));
    expect(failed(await run(smartHostConnector(peer.port)))).toMatch(/^greeting: 554 5\.7\.1 go away/);
  });
  it("TLS that fails and is not required: a warning, and mail would go in clear text", async () => {
    const peer = kept(
      await startScriptedServer(async (client) => {
        client.send("220 hi\r\n");
        for (;;) {
          const command = await client.line();
          if (command.startsWith("EHLO")) client.send("250-mx.test\r\n250 STARTTLS\r\n");
          else if (command === "STARTTLS") {
            client.send("220 go\r\n");
            client.socket.end();
            return;
          } else client.send("250 ok\r\n");
        }
      }),
    );
    const test = await run(smartHostConnector(peer.port));
    expect(test.ok).toBe(true);
    expect(brief(test)).toContain("tls warning");
    expect(brief(test).at(-1)).toBe("rset ok");
  });
  it("a password that a peer repeats is not shown", async () => {
    const password = "correct-horse-battery";
    const peer = kept(
      await startScriptedServer(async (client) => {
        await client.greet("AUTH PLAIN");
        const said = await client.line();
        client.send(
          `535 5.7.8 cannot use ${said} nor ${Buffer.from(said.split(" ")[2] ?? "", "base64")
            .toString("latin1")
            .slice(6)}\r\n`,
        );
      }),
    );
    const test = await run(
      smartHostConnector(peer.port, {
        smartHostAuthMechanism: "BasicAuth",
        authenticationCredential: { userName: "relay", password },
      }),
    );
    expect(failed(test)).toMatch(/^auth: .*535 5\.7\.8.*User name or password/);
    const text = JSON.stringify(test);
    for (const form of [password, Buffer.from(`\0relay\0${password}`).toString("base64")])
      expect(text).not.toContain(form);
  });
  it("somebody who does not wait any more", async () => {
    const peer = kept(await startScriptedServer(() => {}));
    const gone = new AbortController();
    const test = run(smartHostConnector(peer.port), { signal: gone.signal });
    await expect.poll(() => peer.connections).toBe(1);
    gone.abort();
    expect((await test).ok).toBe(false);
  });
  it("nor while the peer thinks about MAIL", async () => {
    let asked = false;
    const peer = kept(
      await startScriptedServer(async (client) => {
        await client.greet();
        await client.line();
        asked = true;
      }),
    );
    const gone = new AbortController();
    const test = run(smartHostConnector(peer.port), { signal: gone.signal, timeoutMs: 600_000 });
    await expect.poll(() => asked).toBe(true);
    gone.abort();
    expect(failed(await test)).toMatch(/^mail: .*the test has ended/);
  });
});

describe("a drop directory", () => {
  const connector = (dropDirectory: string) =>
    ({
      kind: "drop",
      name: "Drop",
      enabled: true,
      comment: "",
      addressSpaces: [],
      maxMessageSize: Infinity,
      dropDirectory,
    }) as const;
  it("is there and can be written, and nothing stays behind", async () => {
    const directory = await mkdtemp(join(tmpdir(), "weir-drop-test-"));
    try {
      expect(await run(connector(directory))).toMatchObject({
        ok: true,
        steps: [{ step: "dropDirectory", outcome: "ok" }],
      });
      expect(await readdir(directory)).toEqual([]);
      await writeFile(join(directory, "file"), "");
      const test = await run(connector(join(directory, "file")));
      expect(test.ok).toBe(false);
      expect(failed(test)).toMatch(/^dropDirectory: .*→ Make /);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe("delivery by MX record", () => {
  const mx = (zone: Zone, given: Partial<SmtpSendConnector> = {}, to?: string): Promise<ConnectorTest> => {
    const connector = smartHostConnector([], { kind: "dns", ...given });
    const mailHosts = () =>
      createMailHosts({
        connector,
        resolver: zoneResolver(zone),
        own: { isOwnName: () => false, isOwnAddress: () => false },
        first: () => 4,
        random: () => 0,
      });
    return run(connector, { to }, {}, mailHosts);
  };

  it("opens the hosts of the recipient's domain", async () => {
    const sink = kept(await startRecordingSink());
    const zone: Zone = { "d.test MX": ["10 a.test"], "a.test A": ["127.0.0.1"] };
    const test = await mx(zone, { port: sink.port }, "you@d.test");
    expect([test.ok, test.to]).toEqual([true, "you@d.test"]);
    expect(test.steps[0]).toMatchObject({
      step: "resolve",
      host: "d.test",
      details: [
        "10 a.test",
        "TLSA records of a.test: not asked for: daneEnabled is false",
        "TLS of a.test: opportunistic: TLS where it works, with any certificate",
      ],
    });
    expect(sink.messages).toHaveLength(1);
  });

  it("asks for a recipient, and tells why there are no hosts", async () => {
    expect(failed(await mx({}))).toMatch(/give -To.* → weir Test-SendConnector Out -To/);
    expect(failed(await mx({ "d.test MX": ["0 ."] }, {}, "you@d.test"))).toMatch(
      /556 5\.1\.10 .* → weir Resolve-NextHop d\.test/,
    );
  });
});
