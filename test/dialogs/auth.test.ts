/** AUTH: RFC 4954, PLAIN (RFC 4616), LOGIN. */
import { beforeAll, describe, expect, test } from "vitest";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { type TestRelay, startTestRelay, stopAfterAll } from "./test-relay.ts";
import { type Dialog, type Row, hello, mail, message, playAll, rcpt, transaction } from "./dialog.ts";

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay();
});
stopAfterAll(() => relay);

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const plain = (user: string, password: string, identity = ""): string =>
  base64(`${identity}\0${user}\0${password}`);
const good: Row = [`AUTH PLAIN ${plain("app", "secret")}`, "235 2.7.0 Authentication successful"];
const rows = { ways: ["rows", "octets"] } as const;
const failed = "535 5.7.3 Authentication unsuccessful";

playAll("AUTH in the clear", () => relay.portOf("ClearAccounts"), [
  ["EHLO offers it", [hello, good], rows],
  ["PLAIN with an initial response", [hello, good, mail, rcpt, ...message], rows],
  [
    "PLAIN in two steps",
    [hello, ["AUTH PLAIN", "334 "], [plain("app", "secret"), "235"], mail, rcpt, ...message],
    rows,
  ],
  ["PLAIN with its own identity", [hello, [`AUTH PLAIN ${plain("app", "secret", "app")}`, "235"]], rows],
  ["PLAIN with another identity", [hello, [`AUTH PLAIN ${plain("app", "secret", "root")}`, failed]], rows],
  [
    "LOGIN",
    [
      hello,
      ["AUTH LOGIN", "334 VXNlcm5hbWU6"],
      [base64("app"), "334 UGFzc3dvcmQ6"],
      [base64("secret"), "235 2.7.0"],
      mail,
      rcpt,
      ...message,
    ],
    rows,
  ],
  [
    "LOGIN with the user at once",
    [hello, [`AUTH LOGIN ${base64("app")}`, "334 UGFzc3dvcmQ6"], [base64("secret"), "235 2.7.0"]],
    rows,
  ],
  ["mechanism in lower case", [hello, [`auth plain ${plain("app", "secret")}`, "235"]], rows],
  ["a wrong password", [hello, [`AUTH PLAIN ${plain("app", "wrong")}`, failed]], rows],
  ["an unknown user", [hello, [`AUTH PLAIN ${plain("nobody", "secret")}`, failed]], rows],
  ["an empty password", [hello, [`AUTH PLAIN ${plain("app", "")}`, failed]], rows],
  [
    "LOGIN with a wrong password",
    [hello, ["AUTH LOGIN", "334"], [base64("app"), "334"], [base64("no"), failed], good],
    rows,
  ],
  [
    "a right one behind a wrong one",
    [hello, [`AUTH PLAIN ${plain("app", "wrong")}`, failed], good, mail],
    rows,
  ],
  [
    "cancelled",
    [
      hello,
      ["AUTH PLAIN", "334"],
      ["*", "501 5.7.0"],
      ["AUTH LOGIN", "334"],
      [base64("app"), "334"],
      ["*", "501 5.7.0"],
      good,
    ],
    rows,
  ],
  [
    "not Base64",
    [
      hello,
      ["AUTH PLAIN ????", "501 5.5.2"],
      ["AUTH PLAIN", "334"],
      ["not base64!", "501 5.5.2"],
      ["AUTH LOGIN", "334"],
      ["%%%", "501"],
      good,
    ],
    rows,
  ],
  [
    "PLAIN without its parts",
    [
      hello,
      [`AUTH PLAIN ${base64("app")}`, "501 5.5.2"],
      [`AUTH PLAIN ${base64("a\0b")}`, "501 5.5.2"],
      [`AUTH PLAIN ${base64("a\0b\0c\0d")}`, "501 5.5.2"],
      ["AUTH PLAIN =", "501 5.5.2"],
    ],
    rows,
  ],
  ...[
    ["an empty name", "="],
    ["a name with NUL in it", base64("app\0x")],
    ["a name that is not Base64", "a=b"],
  ].map(([name, response]): [string, Row[], typeof rows] => [
    `LOGIN with ${name}`,
    [hello, [`AUTH LOGIN ${response}`, "501 5.5.2"], ["AUTH LOGIN", "334"], [response!, "501 5.5.2"], good],
    rows,
  ]),
  [
    "LOGIN with a password that is not Base64",
    [hello, [`AUTH LOGIN ${base64("app")}`, "334"], ["%%%", "501 5.5.2"], good],
    rows,
  ],
  [
    "PLAIN without a user",
    [
      hello,
      [`AUTH PLAIN ${plain("", "secret")}`, failed],
      [`AUTH PLAIN ${plain("", "secret", "app")}`, failed],
      good,
    ],
    rows,
  ],
  ["an unknown mechanism", [hello, ["AUTH CRAM-MD5", "504 5.7.4"], ["AUTH NTLM", "504 5.7.4"]], rows],
  ["no mechanism", [hello, ["AUTH", "501"]], rows],
  ["words behind the response", [hello, [`AUTH PLAIN ${plain("app", "secret")} x`, "501 5.5.4"]], rows],
  [
    "unpadded, with blanks behind",
    [hello, [`AUTH PLAIN ${plain("app", "secret").replaceAll("=", "")}  `, "235"]],
    rows,
  ],
  [
    "LOGIN unpadded, with blanks behind",
    [hello, ["AUTH LOGIN", "334"], ["YXBw", "334"], ["c2VjcmV0 \t", "235"]],
    rows,
  ],
  ["a length that no octets have", [hello, ["AUTH PLAIN AGFwc", "501"]], rows],
  ["before EHLO", [[`AUTH PLAIN ${plain("app", "secret")}`, "503 5.5.2"]], rows],
  ["after HELO", [["HELO c", "250"], [`AUTH PLAIN ${plain("app", "secret")}`, "235"], mail], rows],
  ["twice", [hello, good, [`AUTH PLAIN ${plain("app", "secret")}`, "503 5.5.2 Already authenticated"]], rows],
  ["inside a transaction", [hello, good, mail, ["AUTH PLAIN", "503"]], rows],
  ["EHLO keeps the authentication", [hello, good, hello, mail], rows],
  ["RSET keeps the authentication", [hello, good, ["RSET", "250"], mail], rows],
  [
    "commands in the place of a response are not run",
    [hello, ["AUTH PLAIN", "334"], ["QUIT", "501"], good],
    rows,
  ],
  [
    "a response of 8,000 octets",
    [hello, ["AUTH PLAIN", "334"], [plain("app", "x".repeat(6000)), failed], good],
    { ways: ["rows"] },
  ],
  [
    "a response of 1 MB",
    [hello, ["AUTH PLAIN", "334"], ["A".repeat(1_000_000), "500"], ["NOOP", "250"]],
    { ways: ["rows"] },
  ],
  [
    "AUTH= on MAIL",
    [
      hello,
      good,
      ["MAIL FROM:<a@b.example> AUTH=<>", "250"],
      ["RSET", "250"],
      ["MAIL FROM:<a@b.example> AUTH=e+3Dmc2@b.example", "250"],
      ["RSET", "250"],
      ["MAIL FROM:<a@b.example> AUTH=<a@b.example>", "250"],
    ],
    rows,
  ],
  [
    "no mail without it",
    [
      hello,
      [
        "MAIL FROM:<a@b.example>",
        "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
      ],
    ],
    rows,
  ],
  ["AUTH= grants nothing", [hello, ["MAIL FROM:<a@b.example> AUTH=app@b.example", "530 5.7.57"]], rows],
  ["an authenticated user may relay", [hello, good, mail, ["RCPT TO:<a@anywhere.example>", "250"]], rows],
] satisfies Dialog[]);

playAll("maxLogonFailures 3", () => relay.portOf("ClearAccounts"), [
  [
    "the fourth failure closes",
    [
      hello,
      ...Array.from({ length: 3 }, (): Row => [`AUTH PLAIN ${plain("app", "x")}`, failed]),
      [
        `AUTH PLAIN ${plain("app", "x")}`,
        "421 4.7.0 Too many errors on this connection, closing transmission channel",
        "closed",
      ],
    ],
    rows,
  ],
]);

playAll("BasicAuthRequireTLS in the clear", () => relay.portOf("Accounts"), [
  ["PLAIN is refused before TLS", [hello, [`AUTH PLAIN ${plain("app", "secret")}`, "538 5.7.11"]], rows],
  ["LOGIN is refused before TLS", [hello, ["AUTH LOGIN", "538 5.7.11"]], rows],
]);
playAll("a connector without AUTH", () => relay.port, [
  [
    "refuses it",
    [hello, [`AUTH PLAIN ${plain("app", "secret")}`, "502 5.3.3"], ...transaction.slice(1), ...message],
    rows,
  ],
]);

describe("BasicAuthRequireTLS", () => {
  test("offers AUTH under TLS only", async () => {
    const client = await connectScriptedClient({ port: relay.portOf("Accounts") });
    await client.expect(220);
    const offers = async (): Promise<boolean> =>
      (await client.command("EHLO c.example")).lines.some((line) => line.startsWith("AUTH "));
    expect(await offers()).toBe(false);
    await client.startTls();
    expect(await offers()).toBe(true);
    expect((await client.command(good[0] as string)).code).toBe(235);
    expect((await client.command("MAIL FROM:<a@b.example>")).code).toBe(250);
    client.close();
  });
});

test.each([
  ["Plain", [`AUTH PLAIN ${base64("app")}`]],
  ["Plain", ["AUTH PLAIN", "%%%"]],
  ["Login", ["AUTH LOGIN %%%"]],
  ["Login", [`AUTH LOGIN ${base64("app")}`, "%%%"]],
])("event 1035 names the mechanism of what cannot be read: %s by %j", async (mechanism, lines) => {
  const client = await connectScriptedClient({ port: relay.portOf("ClearAccounts") });
  await client.expect(220);
  await client.command("EHLO c.example");
  const before = relay.events.length;
  for (const line of lines) await client.command(line);
  client.close();
  const failures = relay.events.slice(before).filter(({ definition }) => definition.id === 1035);
  expect(failures.map(({ fields }) => fields)).toEqual([expect.objectContaining({ mechanism })]);
});

test("neither password nor response stands in any event", () => {
  const told = JSON.stringify(relay.events);
  for (const secret of ["secret", base64("secret"), plain("app", "secret"), plain("app", "wrong")])
    expect(told).not.toContain(secret);
});
