/** Log-on by token: the two steps, what a refusal leads to, pools and holds by mailbox, and nothing secret anywhere. */
import { afterEach, beforeAll, describe, expect, it, test } from "vitest";
import type { OAuthSettings } from "../../../core/policy/oauth-settings.ts";
import { parseCustomFailure } from "../../../core/policy/custom-failure.ts";
import type { SmtpSendConnector } from "../../../core/policy/send-connector.ts";
import { createHttpRequest } from "../../../ports/http-request.ts";
import { createSystemPorts } from "../../../ports/system-ports.ts";
import { createFakeClock, type FakeClock } from "../../../testing/fake-clock.ts";
import {
  startMicrosoftSmtp,
  type SubmissionServer,
  type SubmissionSettings,
} from "../../../testing/microsoft-smtp.ts";
import { smtpPeers } from "../../../testing/smtp-peers.ts";
import { testCertificate } from "../../../testing/test-certificate.ts";
import { testClaim } from "../../../testing/test-claim.ts";
import { brief } from "../../../testing/test-smtp-carrier.ts";
import { aadError, startTokenServer, type TokenServer } from "../../../testing/token-server.ts";
import { createTokenSource } from "../../oauth/token-source.ts";
import type { AttemptResult } from "../delivery.ts";
import type { TranscriptLine } from "./wire/transcript.ts";

let tls: { key: string; cert: string };
beforeAll(async () => {
  tls = await testCertificate("smtp.office365.test");
});

const { open, carrierTo, scripted, sinkWith } = smtpPeers(afterEach);
const system = createSystemPorts();

interface Provider {
  readonly tokens: TokenServer;
  readonly smtp: SubmissionServer;
  readonly clock: FakeClock;
  readonly carry: (sender?: string, ...recipients: string[]) => Promise<AttemptResult>;
  readonly told: ReturnType<typeof carrierTo>["told"];
  readonly carrier: ReturnType<typeof carrierTo>["carrier"];
  readonly log: readonly string[];
}

async function provider(
  behaviour: Partial<SubmissionSettings> = {},
  connector: Partial<SmtpSendConnector> = {},
): Promise<Provider> {
  const tokens = await startTokenServer();
  const smtp = await startMicrosoftSmtp({ tls, isGood: (token) => tokens.isGood(token), ...behaviour });
  open.push(tokens, smtp);
  const clock = createFakeClock();
  const oauth: OAuthSettings = {
    grant: {
      kind: "clientCredentials",
      clientId: "client",
      credential: { kind: "secret", clientSecret: "s3cret-Value", expiresAt: undefined },
    },
    tokenEndpoint: `${tokens.url}/t/oauth2/v2.0/token`,
    scope: "scope/.default",
    shown: {},
  };
  const lines: TranscriptLine[] = [];
  const http = createHttpRequest({ clock: system.clock, dns: system.dns });
  const tokenEvents: string[] = [];
  const source = createTokenSource(
    oauth,
    { clock, http, events: { wants: () => true, emit: (name) => void tokenEvents.push(name) } },
    "Out",
  );
  const { carrier, told } = carrierTo(smtp.port, {
    clock,
    connector: {
      requireTls: true,
      smartHostAuthMechanism: "XOAUTH2",
      preset: "microsoft365",
      maxConcurrentConnections: 3,
      senderMailboxes: { "noreply@contoso.test": "relay@contoso.test" },
      oauth,
      ...connector,
    },
    more: { tokens: source, transcript: (line) => lines.push(line) },
  });
  return {
    tokens,
    smtp,
    clock,
    told,
    carrier,
    carry: (reversePath = "noreply@contoso.test", ...recipients) =>
      carrier.carry(
        testClaim({
          envelope: { reversePath },
          recipients: recipients.length > 0 ? recipients : ["user@b.test"],
        }),
      ),
    get log() {
      return lines.map(({ event, data }) => `${event} ${data}`);
    },
  };
}

const eventsOf = ({ told }: Provider): string[] => told.map(({ name }) => name);

describe("logging on", () => {
  test.each(["XOAUTH2", "OAUTHBEARER"] as const)(
    "%s in two steps, as the sender's mailbox",
    async (mechanism) => {
      const p = await provider({ mechanisms: ["LOGIN", mechanism] }, { smartHostAuthMechanism: mechanism });
      expect(brief(await p.carry())).toEqual([expect.stringMatching(/^delivered/)]);
      expect(brief(await p.carry("other@contoso.test"))).toEqual([expect.stringMatching(/^delivered/)]);
      expect(p.smtp.messages.map(({ mailbox, reversePath }) => [mailbox, reversePath])).toEqual([
        ["relay@contoso.test", "noreply@contoso.test"],
        ["other@contoso.test", "other@contoso.test"],
      ]);
      expect(p.tokens.requests).toHaveLength(1);
      const at = p.smtp.lines.indexOf(`AUTH ${mechanism}`);
      const message = Buffer.from(p.smtp.lines[at + 1] ?? "", "base64").toString();
      const [token] = p.tokens.issued;
      expect(message).toBe(
        mechanism === "XOAUTH2"
          ? `user=relay@contoso.test\x01auth=Bearer ${token}\x01\x01`
          : `n,a=relay@contoso.test,\x01host=127.0.0.1\x01port=${p.smtp.port}\x01auth=Bearer ${token}\x01\x01`,
      );
    },
  );

  it("is Microsoft's own example on the wire", async () => {
    const p = await provider(
      { isGood: () => true },
      { senderMailboxes: { "*": "test@contoso.onmicrosoft.com" } },
    );
    const access_token = "EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA";
    p.tokens.configure({ answer: () => ({ status: 200, body: { access_token, expires_in: 3599 } }) });
    await p.carry();
    expect(p.smtp.lines).toContain(
      "dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0NjbFJDM0VvQUEBAQ==",
    );
  });

  it("takes 334 without text, and reads the challenge that says why", async () => {
    const p = await provider({
      errorChallenge: '{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}',
      says: ({ at }) =>
        at === "auth" ? "535-5.7.8 Username and Password not accepted.\r\n535 5.7.8 Learn more" : undefined,
    });
    expect(await p.carry()).toMatchObject({ kind: "throttled", host: "127.0.0.1" });
    expect(JSON.stringify(p.told)).toContain("schemes");
    // The answer to it is an empty line, and not the next command.
    await p.smtp.until(() => p.smtp.lines.includes("QUIT"));
    const at = p.smtp.lines.indexOf("AUTH XOAUTH2");
    expect(p.smtp.lines.slice(at + 2)).toEqual(["", "QUIT"]);
  });

  it("OAUTHBEARER answers the challenge with one octet", async () => {
    const p = await provider(
      { mechanisms: ["OAUTHBEARER"], errorChallenge: '{"status":"invalid_token"}', isGood: () => false },
      { smartHostAuthMechanism: "OAUTHBEARER" },
    );
    await p.carry();
    expect(p.smtp.lines).toContain("AQ==");
  });

  it("tries no other mechanism, and sends nothing without TLS", async () => {
    const p = await provider({ mechanisms: ["LOGIN", "PLAIN"] });
    expect(await p.carry()).toMatchObject({ kind: "throttled" });
    expect(p.smtp.lines.filter((line) => line.startsWith("AUTH"))).toEqual([]);
    const seen: string[] = [];
    const server = await scripted(async (peer) => {
      await peer.greet("AUTH XOAUTH2");
      for (;;) seen.push(await peer.line());
    });
    const { carrier } = carrierTo(server.port, { connector: { smartHostAuthMechanism: "XOAUTH2" } });
    expect((await carrier.carry(testClaim())).kind).toBe("unreachable");
    expect(seen.filter((line) => line !== "QUIT")).toEqual([]);
  });

  it("lets no mailbox end the field it stands in", async () => {
    const p = await provider({}, { senderMailboxes: { "*": "a\x01auth=Bearer x\x01@b.test" } });
    expect(await p.carry()).toMatchObject({ kind: "throttled" });
    expect(p.smtp.lines.filter((line) => line.startsWith("AUTH"))).toEqual([]);
  });

  it("leaves nothing secret in log, events and results, though the server repeats it", async () => {
    let echoed = "";
    const p = await provider({
      says: ({ at, line }) => {
        if (at !== "auth") return undefined;
        echoed = Buffer.from(line).toString("base64");
        return `535 5.7.3 cannot use ${echoed.slice(0, 400)}`;
      },
    });
    const result = await p.carry();
    expect(echoed).not.toBe("");
    const all = JSON.stringify([result, p.told, p.log]);
    expect(all).toContain("AUTH XOAUTH2");
    for (const token of p.tokens.issued) expect(all).not.toContain(token.slice(0, 40));
    expect(all).not.toContain(echoed.slice(0, 60));
    expect(all).not.toContain("s3cret");
  });
});

describe("a token that is refused", () => {
  it("is replaced once, on a new connection", async () => {
    const p = await provider();
    await p.carry();
    p.tokens.revoke();
    expect(brief(await p.carry("other@contoso.test"))).toEqual([expect.stringMatching(/^delivered/)]);
    expect(p.tokens.issued).toHaveLength(2);
    expect(p.smtp.connections).toBe(3);
    expect(eventsOf(p)).toEqual(["LogOnRefused"]);
  });

  it("that was just fetched is not: the mailbox waits, the queue goes on, nothing is returned", async () => {
    const p = await provider({ isGood: (_, mailbox) => mailbox !== "relay@contoso.test" });
    const result = await p.carry();
    expect(result).toMatchObject({ kind: "throttled", retryAfterMs: 300_000 });
    expect(p.tokens.issued).toHaveLength(1);
    expect(await p.carry()).toMatchObject({ kind: "throttled", retryAfterMs: 300_000 });
    expect(p.smtp.connections).toBe(1);
    expect(brief(await p.carry("other@contoso.test"))).toEqual([expect.stringMatching(/^delivered/)]);
    expect(p.told.filter(({ name }) => name === "SenderHeld")).toMatchObject([
      {
        fields: { connector: "Out", who: "relay@contoso.test", error: expect.stringMatching(/535 5\.7\.3/) },
      },
    ]);
    // Later it is tried again, with a new token, and told when it is over.
    await p.clock.advance(300_000);
    p.smtp.configure({ isGood: (token) => p.tokens.isGood(token) });
    expect(brief(await p.carry())).toEqual([expect.stringMatching(/^delivered/)]);
    expect(eventsOf(p).at(-1)).toBe("SenderReleased");
  });

  it("twice is a matter of the credential, told once for all who wait", async () => {
    const p = await provider({ isGood: () => false });
    const all = await Promise.all(Array.from({ length: 5 }, () => p.carry()));
    expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(["throttled"]));
    expect(p.told.filter(({ name }) => name === "SenderHeld")).toHaveLength(1);
  });

  it("an administrator may have it tried at once", async () => {
    const p = await provider({ isGood: () => false });
    await p.carry();
    p.smtp.configure({ isGood: () => true });
    p.carrier.retryNow?.();
    expect(brief(await p.carry())).toEqual([expect.stringMatching(/^delivered/)]);
  });
});

describe("no token", () => {
  it("is the queue's failure, with the authority's words and its pause", async () => {
    const p = await provider();
    p.tokens.configure({
      answer: () => aadError(7000222, "invalid_client", "The client secret keys are expired."),
    });
    const result = await p.carry();
    expect(result).toMatchObject({ kind: "unreachable", retryAfterMs: 5_000 });
    expect(JSON.stringify(result)).toContain("AADSTS7000222");
    expect(await p.carry("other@contoso.test")).toMatchObject({ kind: "unreachable" });
    expect(p.tokens.requests).toHaveLength(1);
    expect(p.smtp.connections).toBe(0);
    p.tokens.configure({ answer: undefined });
    await p.clock.advance(5_000);
    expect(brief(await p.carry())).toEqual([expect.stringMatching(/^delivered/)]);
  });
});

describe("what is said of a message", () => {
  const at = (stage: string, reply: string) =>
    ({ says: (asked) => (asked.at === stage ? reply : undefined) }) satisfies Partial<SubmissionSettings>;

  test.each([
    ["content", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; x", 3_600_000],
    ["content", "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.x", 3_600_000],
    ["data", "430 4.2.0 STOREDRV; mailbox logon failure; x.MapiExceptionLogonFailed", 300_000],
    ["mail", "530 5.7.57 Client not authenticated to send mail", 300_000],
  ])("at %s %s holds the mailbox's mail", async (stage, reply, retryAfterMs) => {
    const p = await provider(at(stage, reply), { chunkingEnabled: false });
    const first = await p.carry(undefined, "a@b.test", "c@b.test");
    expect(first).toMatchObject({
      kind: "attempted",
      outcomes: [
        { kind: "transient", index: 0, retryAfterMs },
        { kind: "transient", index: 1, retryAfterMs },
      ],
    });
    const taken = p.smtp.lines.length;
    expect(await p.carry()).toMatchObject({ kind: "throttled", retryAfterMs });
    expect(p.smtp.lines).toHaveLength(taken);
    p.smtp.configure({ says: () => undefined });
    expect(brief(await p.carry("other@contoso.test"))).toEqual([expect.stringMatching(/^delivered/)]);
  });

  it("432 slows the mailbox down and is tried again in seconds", async () => {
    const p = await provider(at("content", "432 4.3.2 Concurrent connections limit exceeded"));
    const result = await p.carry();
    expect(result).toMatchObject({ outcomes: [{ kind: "transient", retryAfterMs: 5_000 }] });
    p.smtp.configure({ says: () => undefined });
    expect(brief(await p.carry())).toEqual([expect.stringMatching(/^delivered/)]);
    expect(eventsOf(p)).toEqual(["SenderThrottled"]);
  });

  it("a sender that is not allowed fails, with sender and mailbox named", async () => {
    const refusal = "550 5.7.60 SMTP; Client does not have permissions to send as this sender";
    const p = await provider(at("content", refusal));
    expect(brief(await p.carry())).toEqual([
      `permanent: ${refusal} (sender <noreply@contoso.test>, logged on as relay@contoso.test)`,
    ]);
    p.smtp.configure(at("mail", refusal));
    expect(brief(await p.carry())).toEqual([expect.stringMatching(/^permanent: .*logged on as relay/)]);
  });

  it("one recipient's refusal is that recipient's", async () => {
    const p = await provider({
      says: (asked) => (asked.line.includes("bad@") ? "550 5.1.1 no such user" : undefined),
    });
    expect(brief(await p.carry(undefined, "a@b.test", "bad@b.test"))).toEqual([
      expect.stringMatching(/^delivered/),
      "permanent: 550 5.1.1 no such user",
    ]);
  });

  it("the credential's fault is told only when it lasts", async () => {
    const p = await provider(at("content", "430 4.2.0 STOREDRV; mailbox logon failure; x"));
    for (let times = 0; times < 2; times++) {
      await p.carry();
      await p.clock.advance(300_000);
    }
    expect(eventsOf(p)).not.toContain("SenderHeld");
    await p.carry();
    expect(eventsOf(p)).toContain("SenderHeld");
  });
});

it("with a password it is the account's mail that is held, whoever sends it", async () => {
  const server = await scripted(async (peer) => {
    await peer.greet("AUTH PLAIN");
    for (let line = await peer.line(); ; line = await peer.line())
      if (line.startsWith("AUTH")) peer.send("235 2.7.0 ok\r\n");
      else if (line.startsWith("DATA")) {
        peer.send("354 go\r\n");
        await peer.content();
        peer.send("554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; x\r\n");
      } else peer.send("250 ok\r\n");
  });
  const { carrier, told } = carrierTo(server.port, {
    connector: {
      preset: "microsoft365",
      smartHostAuthMechanism: "BasicAuth",
      authenticationCredential: { userName: "relay@contoso.test", password: "a password" },
    },
  });
  await carrier.carry(testClaim({ envelope: { reversePath: "erp@contoso.test" } }));
  expect(await carrier.carry(testClaim({ envelope: { reversePath: "crm@contoso.test" } }))).toMatchObject({
    kind: "throttled",
  });
  expect(told.map(({ name, fields }) => [name, fields["who"]])).toEqual([
    ["SenderHeld", "relay@contoso.test"],
  ]);
});

it("a hold behind the content says nothing of a recipient who was refused by himself", async () => {
  const p = await provider({
    says: ({ at, line }) =>
      at === "content"
        ? "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException"
        : at === "rcpt" && line.includes("nobody")
          ? "550 5.1.1 no such user"
          : undefined,
  });
  const result = await p.carry("erp@contoso.test", "nobody@d.test", "b@d.test");
  expect(brief(result)).toEqual([
    "permanent: 550 5.1.1 no such user",
    expect.stringMatching(/^transient: 554 5\.2\.0/),
  ]);
});

it("DowngradeAuthFailures: a 5xx about authentication in a transaction is put off", async () => {
  const reply = "530 5.7.0 Authentication required";
  for (const [errorPolicies, kind] of [
    [["DowngradeAuthFailures"], "transient"],
    [[], "permanent"],
  ] as const)
    for (const at of ["MAIL", "RCPT", "content"] as const) {
      const sink = await sinkWith({ behave: (stage) => (stage.at === at ? { reply } : undefined) });
      const { carrier } = carrierTo(sink.port, { connector: { errorPolicies } });
      expect(brief(await carrier.carry(testClaim()))).toEqual([`${kind}: ${reply}`]);
    }
});

it("DowngradeCustomFailures, UpgradeCustomFailures: listed replies are of the other class", async () => {
  const customFailures = ["5.7.64", "450 4.7.1 *for good*"].map((text) => {
    const failure = parseCustomFailure(text);
    if (!failure.ok) throw new Error(failure.message);
    return failure.value;
  });
  const errorPolicies = ["DowngradeCustomFailures", "UpgradeCustomFailures"] as const;
  for (const [reply, kind] of [
    ["550 5.7.64 Relay Access Denied", "transient"],
    ["550 5.7.1 no", "permanent"],
    ["450 4.7.1 refused for good", "permanent"],
    ["450 4.7.1 later", "transient"],
  ] as const)
    for (const at of ["MAIL", "RCPT", "content"] as const) {
      const sink = await sinkWith({ behave: (stage) => (stage.at === at ? { reply } : undefined) });
      const { carrier } = carrierTo(sink.port, { connector: { errorPolicies, customFailures } });
      expect(brief(await carrier.carry(testClaim())), at).toEqual([`${kind}: ${reply}`]);
    }
});

it("a hold is not ended by what was under way when it began", async () => {
  let held = 0;
  const p = await provider({
    says: ({ at, connection }) =>
      at === "content" && connection === 1 && held++ === 0
        ? "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException"
        : undefined,
  });
  await Promise.all(Array.from({ length: 6 }, () => p.carry()));
  expect(held).toBeGreaterThan(0);
  expect(eventsOf(p).filter((name) => name === "SenderHeld")).toHaveLength(1);
  expect(eventsOf(p)).not.toContain("SenderReleased");
  expect(await p.carry()).toMatchObject({ kind: "throttled" });
});

it("mail with the null reverse-path needs a mailbox that is named for it", async () => {
  const p = await provider();
  expect(brief(await p.carry(""))).toEqual([expect.stringMatching(/^permanent: .*senderMailboxes "<>"/)]);
  const named = await provider({}, { senderMailboxes: { "<>": "reports@contoso.test" } });
  expect(brief(await named.carry(""))).toEqual([expect.stringMatching(/^delivered/)]);
  expect(named.smtp.messages[0]?.mailbox).toBe("reports@contoso.test");
});

it("keeps to the provider's connections for each mailbox", async () => {
  const p = await provider();
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, n) => p.carry(n % 2 === 0 ? "a@contoso.test" : "b@contoso.test")),
  );
  expect(results.flatMap(brief).every((text) => text.startsWith("delivered"))).toBe(true);
  expect(p.smtp.mostAtOnce).toBeLessThanOrEqual(3);
});
