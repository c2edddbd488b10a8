/** What is said to log on, and what a refusal leads to. By token over the wire: oauth.test.ts. */
import { beforeEach, describe, expect, test } from "vitest";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";
import { smartHostConnector } from "../../../../testing/test-settings.ts";
import type { TokenSource } from "../../../oauth/token-source.ts";
import type { SmtpClientError } from "../wire/client-error.ts";
import { HiddenWords } from "../wire/credential-echo.ts";
import type { Dialog } from "../wire/dialog.ts";
import { noCapabilities } from "../wire/ehlo-capabilities.ts";
import { timeouts } from "../wire/timeouts.ts";
import { authenticate } from "./authentication.ts";
import type { LogOn } from "./log-on.ts";

let said: string[];
let answers: string[];
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const authenticationCredential = { userName: "relay", password: "correct-horse" };
const token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.e30";

beforeEach(() => {
  [said, answers] = [[], []];
});

async function tried(
  given: Partial<SmtpSendConnector>,
  {
    offers = ["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"],
    secured = true,
    mailbox,
  }: { readonly offers?: readonly string[]; readonly secured?: boolean; readonly mailbox?: string } = {},
): Promise<SmtpClientError | undefined> {
  const dialog = {
    command(line: string, stage: string, timeoutMs: number) {
      expect([stage, timeoutMs]).toEqual(["AUTH", timeouts.mailMs]);
      said.push(line);
      const answer = answers.shift() ?? "599 nobody answers";
      return Promise.resolve({ code: Number(answer.slice(0, 3)), text: answer.slice(4) });
    },
  } as unknown as Dialog;
  const connector = smartHostConnector(587, { authenticationCredential, ...given });
  const logOn: LogOn | undefined =
    mailbox === undefined
      ? undefined
      : {
          mailbox,
          tokens: {} as TokenSource,
          token: { value: token, fetchedAt: 0, refreshAt: 0, endsAt: 0 },
          fresh: true,
        };
  return await authenticate(
    dialog,
    { ...noCapabilities, authMechanisms: offers },
    {
      connector,
      logOn,
      secured,
      host: "smtp.test",
      port: 587,
      hidden: new HiddenWords(connector.authenticationCredential),
    },
  ).then(
    () => undefined,
    (error: unknown) => error as SmtpClientError,
  );
}
const basic = { smartHostAuthMechanism: "BasicAuth" } as const;
const plain = `AUTH PLAIN ${base64("\0relay\0correct-horse")}`;

test("nothing is said where the connector logs on with nothing", async () => {
  expect([await tried({}), said]).toEqual([undefined, []]);
});

describe("by password", () => {
  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ["PLAIN", ["PLAIN", "LOGIN"], ["235 Ok"], [plain]],
    [
      "LOGIN where that is not offered",
      ["LOGIN"],
      ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 Ok"],
      ["AUTH LOGIN", base64("relay"), base64("correct-horse")],
    ],
  ])("%s", async (_, offers, replies, lines) => {
    answers = [...replies];
    expect([await tried(basic, { offers }), said]).toEqual([undefined, lines]);
  });

  test("nothing more is said behind a refusal", async () => {
    answers = ["334 VXNlcm5hbWU6", "535 5.7.8 no such user"];
    expect((await tried(basic, { offers: ["LOGIN"] }))?.verdict).toEqual({
      status: "5.7.8",
      text: "authentication as relay failed: 535 5.7.8 no such user",
      fromPeer: true,
    });
    expect(said).toHaveLength(2);
    said = [];
    answers = ["454 4.7.0 later"];
    expect((await tried(basic, { offers: ["LOGIN"] }))?.message).toBe("454 4.7.0 later");
    expect(said).toEqual(["AUTH LOGIN"]);
  });

  test.each<[string, Partial<SmtpSendConnector>, Parameters<typeof tried>[1], string]>([
    [
      "the peer offers neither",
      basic,
      { offers: ["CRAM-MD5"] },
      "the peer offers neither AUTH PLAIN nor AUTH LOGIN",
    ],
    [
      "there is none",
      { ...basic, authenticationCredential: undefined },
      {},
      "send connector Out has no authenticationCredential",
    ],
    [
      "there is no TLS",
      { smartHostAuthMechanism: "BasicAuthRequireTLS" },
      { secured: false },
      "credentials are not sent without TLS (BasicAuthRequireTLS)",
    ],
  ])("it is kept where %s", async (_, given, around, message) => {
    const error = await tried(given, around);
    expect([error?.code, error?.message, said]).toEqual(["authentication", message, []]);
  });

  test("it may go in clear text where the connector says so", async () => {
    answers = ["235 Ok"];
    expect(await tried(basic, { secured: false })).toBeUndefined();
  });

  test("it stands in no word of a refusal that repeats it, which drops no token", async () => {
    answers = [`535 5.7.8 no: ${base64("\0relay\0correct-horse")}`];
    const error = await tried(basic);
    expect(error?.verdict.text).toBe("authentication as relay failed: 535 5.7.8 no: ****");
    expect([error?.tokenRefused, error?.hold]).toEqual([false, undefined]);
  });

  test.each([
    ["535 5.7.8 no", 5 * 60_000],
    ["454 4.7.0 later", 60_000],
    // Out of place, and no refusal.
    ["334 more", undefined],
  ])("what its refusal means is known of the provider: %s", async (answer, retryAfterMs) => {
    answers = [answer];
    const error = await tried({ ...basic, preset: "sendgrid" });
    expect([error?.hold?.scope, error?.hold?.retryAfterMs]).toEqual([retryAfterMs && "queue", retryAfterMs]);
  });
});

describe("by token", () => {
  const xoauth2 = { smartHostAuthMechanism: "XOAUTH2" } as const;
  const bearer = { smartHostAuthMechanism: "OAUTHBEARER" } as const;
  const mailbox = "a@contoso.test";

  test("in two steps, by the mechanism of the connector", async () => {
    answers = ["334 ", "235 Ok"];
    expect(await tried(xoauth2, { mailbox })).toBeUndefined();
    expect(said).toEqual(["AUTH XOAUTH2", base64(`user=${mailbox}\x01auth=Bearer ${token}\x01\x01`)]);
    said = [];
    answers = ["334 ", "235 Ok"];
    expect(await tried(bearer, { mailbox: "a=b,c@contoso.test" })).toBeUndefined();
    expect(said).toEqual([
      "AUTH OAUTHBEARER",
      base64(`n,a=a=3Db=2Cc@contoso.test,\x01host=smtp.test\x01port=587\x01auth=Bearer ${token}\x01\x01`),
    ]);
  });

  test.each([
    [xoauth2, ""],
    [bearer, "AQ=="],
  ])("a challenge that says why is answered, and told: %#", async (given, last) => {
    const why = '{"status":"400",\n  "schemes":"Bearer"}';
    answers = ["334 ", `334 ${base64(why)}`, "535 5.7.3 Authentication unsuccessful"];
    const error = await tried(given, { mailbox });
    expect(said.at(-1)).toBe(last);
    expect(error?.verdict.text).toBe(
      'authentication as a@contoso.test failed: 535 5.7.3 Authentication unsuccessful ({"status":"400", "schemes":"Bearer"})',
    );
    expect([error?.tokenRefused, error?.hold?.scope]).toEqual([true, "mailbox"]);
  });

  test("a refusal of the mechanism is the last word", async () => {
    answers = ["504 5.7.4 Unrecognized authentication type"];
    expect((await tried(xoauth2, { mailbox }))?.tokenRefused).toBe(true);
    expect(said).toEqual(["AUTH XOAUTH2"]);
  });

  test("one for now says nothing against the token", async () => {
    answers = ["334 ", "454 4.7.0 Temporary authentication failure"];
    expect((await tried(xoauth2, { mailbox }))?.tokenRefused).toBe(false);
  });

  test.each<[string, Parameters<typeof tried>[1], string, boolean]>([
    ["that is not offered", { mailbox, offers: ["PLAIN"] }, "the peer does not offer AUTH XOAUTH2", true],
    [
      "for a mailbox that would end its field",
      { mailbox: "a\x01b@contoso.test" },
      "the mailbox holds control characters",
      true,
    ],
    ["that is not there", {}, "there is no token to log on with", false],
    ["without TLS", { mailbox, secured: false }, "credentials are not sent without TLS (XOAUTH2)", false],
  ])("nothing is said %s", async (_, around, message, isHeld) => {
    const error = await tried(xoauth2, around);
    expect([error?.message, said, error?.hold !== undefined]).toEqual([message, [], isHeld]);
  });
});
