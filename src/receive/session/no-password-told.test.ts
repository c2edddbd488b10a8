/**
 * A password never stands in the protocol log or in an event, however AUTH goes wrong: refused, not offered, out of place,
 * misspelt, cancelled, with wrapped or unpadded responses, waited for or pipelined.
 */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { createTestSession } from "../../testing/test-session.ts";

const password = "Zq9#wK!7vX@2pLm$Tr5";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const encoded = [
  password,
  `\0app\0${password}`,
  `app\0app\0${password}`,
  `app\0${password}`,
  `app\0${password}\0`,
].map(base64);
const bare = (text: string): string => text.replaceAll("=", "");
const forms = [password, ...encoded, bare(base64(password)), Buffer.from(password).toString("hex")];

/** Pieces of eight characters that would show any part of the password. */
const telling = new Set(
  [password, ...encoded.map((text) => text.slice(8)), Buffer.from(password).toString("hex")].flatMap((form) =>
    Array.from({ length: form.length - 7 }, (_, at) => form.slice(at, at + 8)),
  ),
);
// What the user name alone makes of Base64.
for (const text of encoded.slice(1)) telling.delete(text.slice(8, 16));

const secret = fc.constantFrom(...forms);
const mechanism = fc.constantFrom("PLAIN", "LOGIN", "login", "XOAUTH2", "CRAM-MD5", "X-UNKNOWN", "NTLM");
const spaces = fc.constantFrom(" ", "  ", "   ", "\t");

const authLine = fc.oneof(
  mechanism.map((name) => `AUTH ${name}`),
  fc
    .tuple(
      fc.constantFrom("", " ", "\t", "\0"),
      fc.constantFrom("AUTH", "auth", "Auth"),
      spaces,
      mechanism,
      spaces,
      secret,
      fc.constantFrom("", " ", "=", " x"),
    )
    .map((parts) => parts.join("")),
  secret.map((text) => `AUTH ${text}`),
  fc
    .tuple(
      fc.constantFrom("AUTH=PLAIN ", "AUTHENTICATE PLAIN ", "AUHT LOGIN ", "AUTHLOGIN ", "X-AUTH "),
      secret,
    )
    .map((parts) => parts.join("")),
  // Its end comes with a bare line feed; or it is too long to be read.
  secret.map((text) => `AUTH PLAIN\n${text}`),
  secret.map((text) => `AUTH PLAIN ${"A".repeat(5_000)}${text}`),
);
const credentialLine = fc.oneof(
  secret,
  fc.constant(base64("app")),
  fc.constant(bare(base64("app1"))),
  secret.map((text) => ` ${text} `),
  // Wrapped: each piece is a line.
  fc
    .tuple(secret, fc.integer({ min: 1, max: 30 }))
    .map(([text, at]) => `${text.slice(0, at)}\r\n${text.slice(at)}`),
  fc.constantFrom("*", "=", "", "AUTH LOGIN", "NOOP", "RSET"),
  // A password that looks like a command.
  fc
    .tuple(
      fc.constantFrom(
        "QUIT",
        "RSET",
        "NOOP",
        "HELP",
        "VRFY",
        "EXPN",
        "EHLO",
        "HELO",
        "AUTH",
        "GET",
        "rset",
        "BDAT",
        "DATA",
        "STARTTLS",
      ),
      secret,
    )
    .map((parts) => parts.join(" ")),
);
const scene = fc.record({
  hello: fc.constantFrom("", "HELO c.example\r\n", "EHLO c.example\r\n"),
  before: fc.constantFrom(
    "",
    "MAIL FROM:<a@b.example>\r\n",
    "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n",
  ),
  auth: authLine,
  lines: fc.array(credentialLine, { minLength: 1, maxLength: 4 }),
  again: fc.option(fc.tuple(authLine, credentialLine), { nil: undefined }),
  mechanisms: fc.constantFrom(["None"], ["BasicAuth"], ["Tls", "BasicAuth", "BasicAuthRequireTLS"]),
  outcome: fc.constantFrom("denied", "broken", "granted"),
  pipelined: fc.boolean(),
});

it("no part of a password is logged or told", async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({ hello, before, auth, lines, again, mechanisms, outcome, pipelined }) => {
      const test = createTestSession(
        {
          authMechanism: [...mechanisms],
          permissionGroups: ["ExchangeUsers", "AnonymousUsers"],
          maxProtocolErrors: 50,
          maxLogonFailures: 2,
        },
        {
          // Who is logged on is named: only an account's name can be.
          authenticate: (user) =>
            outcome === "broken"
              ? Promise.reject(new Error("no scrypt"))
              : Promise.resolve(
                  outcome === "granted" && user === "app"
                    ? { user }
                    : user === "app"
                      ? { denied: "the password is wrong", account: user }
                      : { denied: "there is no such account" },
                ),
        },
      );
      const script = [auth, ...lines, ...(again ?? []), "XYZZY", "QUIT"];
      test.send(hello + before);
      if (pipelined) test.send(script.map((line) => `${line}\r\n`).join(""));
      for (const line of script) {
        if (!pipelined) test.send(`${line}\r\n`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(test.events.map(({ name }) => name)).not.toContain("RelayFault");
      const told = `${test.log.join("\n")}\n${JSON.stringify(test.events)}\n${test.written}`;
      for (const piece of telling) if (told.includes(piece)) throw new Error(`${piece} is told:\n${told}`);
    }),
    { numRuns: 200 },
  );
});

it.each([
  ["the user name is the password", `AUTH LOGIN ${base64(password)}`, base64("x")],
  ["the fields of PLAIN are shifted", `AUTH PLAIN ${base64(`app\0${password}\0`)}`, "NOOP"],
])("%s: neither log nor event tells it", async (_, auth, next) => {
  const test = createTestSession({ authMechanism: ["BasicAuth"], permissionGroups: ["ExchangeUsers"] });
  test.send(`EHLO c.example\r\n${auth}\r\n${next}\r\n`);
  await test.clock.settle();
  expect(test.events.map(({ name }) => name)).toEqual(["SmtpReceiveAuthenticationFailed"]);
  expect(`${test.log.join()}${JSON.stringify(test.events)}`).not.toContain(password);
});
