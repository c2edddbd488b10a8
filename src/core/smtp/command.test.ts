import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { parseCommand } from "./command.ts";
import { everyParameter } from "./parameters.ts";
import { spokenRefusals } from "../refusals/catalogue.ts";

const parse = (line: string | Buffer) => parseCommand(Buffer.from(line as string), everyParameter);

describe("parseCommand", () => {
  it.each([
    ["EHLO host.example", { verb: "EHLO", domain: "host.example" }],
    ["ehlo  host.example  ", { verb: "EHLO", domain: "host.example" }],
    ["HELO app_server", { verb: "HELO", domain: "app_server" }],
    ["EHLO host.example.", { verb: "EHLO", domain: "host.example." }],
    ["EHLO [127.0.0.1]", { verb: "EHLO", domain: "[127.0.0.1]" }],
    ["EHLO [IPv6:::1]", { verb: "EHLO", domain: "[IPv6:::1]" }],
    ["EHLO [fe80::1]", { verb: "EHLO", domain: "[fe80::1]" }],
    ["EHLO", { verb: "EHLO", domain: "" }],
    ["\ufeffEHLO ü", { verb: "EHLO", domain: "ü" }],
    ["\ufeffMAIL FROM:<a@b>", { verb: "MAIL", ascii: true }],
    ["MAIL FROM:Büro <a@b>", { verb: "MAIL", reversePath: "a@b", ascii: true, conforming: false }],
    ['RCPT TO:"Büro" <a@b>', { verb: "RCPT", forwardPath: "a@b", ascii: true }],
    ["RCPT TO:Büro <ü@b>", { verb: "RCPT", ascii: false }],
    ["RCPT TO:Büro <a@b> ORCPT=utf-8;ü@b", { verb: "RCPT", ascii: false }],
    ["EHLO a b", { verb: "EHLO", domain: "a b" }],
    ["EHLO my computer (old)", { verb: "EHLO", domain: "my computer (old)" }],
    ["EHLO (null)", { verb: "EHLO", domain: "(null)" }],
    ["EHLO -a-", { verb: "EHLO", domain: "-a-" }],
    ["EHLO []", { verb: "EHLO", domain: "[]" }],
    ["EHLO <script>", { verb: "EHLO", domain: "<script>" }],
    ["EHLO a..b\t", { verb: "EHLO", domain: "a..b" }],
    ["EHLO ü.example", { verb: "EHLO", domain: "ü.example" }],
    ["EHLO a\u202eb", { verb: "EHLO", domain: "a\ufffdb" }],
    [Buffer.from("HELO B\xfcro-PC", "latin1"), { verb: "HELO", domain: "Büro-PC" }],
    [`EHLO ${"a".repeat(300)}`, { verb: "EHLO", domain: "a".repeat(255) }],
    ["EHLO host.example\r", { verb: "EHLO", domain: "host.example" }],
    ["QUIT now", { verb: "QUIT" }],
    ["RSET x", { verb: "RSET" }],
    ["MAIL FROM:<a>", { verb: "MAIL", reversePath: "a", domain: "" }],
    ["MAIL FROM:< a@b >", { verb: "MAIL", reversePath: "a@b", conforming: false }],
    ["MAIL FROM:<a@b>;", { verb: "MAIL", reversePath: "a@b", conforming: false }],
    ["RCPT TO:<a@b>\t", { verb: "RCPT", forwardPath: "a@b", conforming: true }],
    ["RCPT TO:<a@b>; NOTIFY=NEVER", { verb: "RCPT", forwardPath: "a@b", conforming: false }],
    ["MAIL FROM:<a@b>\tSIZE=1", { verb: "MAIL", reversePath: "a@b", parameters: { sizeBytes: 1 } }],
    [`MAIL FROM:<${"a".repeat(65)}@b>`, { verb: "MAIL", conforming: false }],
    ["HELO ", { verb: "HELO", domain: "" }],
    ["MAIL FROM:<a@b>", { verb: "MAIL", reversePath: "a@b", domain: "b" }],
    ["mail from:<a@b>", { verb: "MAIL", reversePath: "a@b" }],
    ["MAIL FROM: <a@b>", { verb: "MAIL", reversePath: "a@b" }],
    ["MAIL  FROM:<a@b>  ", { verb: "MAIL", reversePath: "a@b" }],
    ["MAIL FROM:a@b", { verb: "MAIL", reversePath: "a@b" }],
    ["MAIL FROM: a@b SIZE=5", { verb: "MAIL", reversePath: "a@b", parameters: { sizeBytes: 5 } }],
    ["MAIL FROM:<>", { verb: "MAIL", reversePath: "", domain: "" }],
    ["MAIL FROM:<> BODY=8BITMIME", { verb: "MAIL", reversePath: "", parameters: { body: "8BITMIME" } }],
    ["MAIL FROM:<ü@b> SMTPUTF8", { verb: "MAIL", reversePath: "ü@b", ascii: false }],
    ["RCPT TO:<a@b>", { verb: "RCPT", forwardPath: "a@b", domain: "b", ascii: true }],
    ["RCPT TO:<Postmaster>", { verb: "RCPT", forwardPath: "Postmaster", domain: "" }],
    ["RCPT TO:<@c:a@b>", { verb: "RCPT", forwardPath: "a@b", domain: "b" }],
    ["RCPT TO:<ü@b>", { verb: "RCPT", forwardPath: "ü@b", ascii: false }],
    ["RCPT TO:<a@b> ORCPT=utf-8;ü@b", { verb: "RCPT", forwardPath: "a@b", ascii: false }],
    ["DATA", { verb: "DATA" }],
    ["data ", { verb: "DATA" }],
    ["BDAT 0", { verb: "BDAT", sizeBytes: 0, last: false }],
    ["BDAT 86 LAST", { verb: "BDAT", sizeBytes: 86, last: true }],
    ["bdat 00086  last", { verb: "BDAT", sizeBytes: 86, last: true }],
    ["RSET", { verb: "RSET" }],
    ["QUIT", { verb: "QUIT" }],
    ["NOOP", { verb: "NOOP" }],
    ["NOOP anything at all", { verb: "NOOP" }],
    ["STARTTLS", { verb: "STARTTLS" }],
    ["VRFY user name", { verb: "VRFY", argument: "user name" }],
    ["EXPN list", { verb: "EXPN", argument: "list" }],
    ["HELP", { verb: "HELP", argument: "" }],
    ["HELP MAIL", { verb: "HELP", argument: "MAIL" }],
    ["AUTH LOGIN", { verb: "AUTH", mechanism: "LOGIN", initialResponse: undefined }],
    ["auth plain AGEAYg==", { verb: "AUTH", mechanism: "PLAIN", initialResponse: "AGEAYg==" }],
    ["AUTH PLAIN =", { verb: "AUTH", mechanism: "PLAIN", initialResponse: "=" }],
    ["GET / HTTP/1.1", { verb: "HTTP" }],
    ["POST /x HTTP/1.1", { verb: "HTTP" }],
    ["PRI * HTTP/2.0", { verb: "HTTP" }],
    ["GET", { verb: "UNKNOWN" }],
    ["Host: x", { verb: "UNKNOWN" }],
    ["", { verb: "UNKNOWN" }],
    ["   ", { verb: "UNKNOWN" }],
    [" QUIT", { verb: "UNKNOWN" }],
    ["MAILFROM:<a@b>", { verb: "UNKNOWN" }],
    ["XCLIENT ADDR=127.0.0.1", { verb: "UNKNOWN" }],
    ["QUIT.", { verb: "UNKNOWN" }],
    ["x".repeat(70000), { verb: "UNKNOWN" }],
  ])("%s", (line, command) => {
    const parsed = parse(line);
    expect(parsed).toMatchObject(command);
    expect("reply" in parsed).toBe(false);
  });

  it.each([
    ["MAIL", "syntaxError"],
    ["MAIL FROM", "syntaxError"],
    ["MAIL FROM:", "syntaxError"],
    ["MAIL FROM: ", "syntaxError"],
    ["MAIL FROM :<a@b>", "syntaxError"],
    ["MAIL TO:<a@b>", "syntaxError"],
    ["MAIL <a@b>", "syntaxError"],
    ["MAIL FROM:<a@b", "invalidSender"],
    ["MAIL FROM:a@b>", "invalidSender"],
    ["MAIL FROM:<a@b>SIZE=1", "invalidSender"],
    ["MAIL FROM:<a@b>,<c@d>", "invalidSender"],
    [`MAIL FROM:<${"a".repeat(513)}@b>`, "addressTooLong"],
    ['MAIL FROM:<"a\tb"@c>', "invalidCharacters"],
    ["MAIL FROM:<a@b>x;", "invalidSender"],
    ["EHLO a\0b", "invalidCharacters"],
    ["EHLO a\rb", "invalidCharacters"],
    ["MAIL FROM:<> x=y=z", "invalidParameterValue"],
    ["MAIL FROM:<a@b> XYZ", "unrecognizedParameter"],
    ["MAIL FROM:<ü@b>", "utf8NotOffered"],
    ["RCPT TO:<>", "invalidRecipient"],
    ["RCPT TO:<a@b> NOTIFY=", "invalidParameterValue"],
    ["RCPT TO:<a@b> SIZE=1", "unrecognizedParameter"],
    ["RCPT FROM:<a@b>", "syntaxError"],
    ["DATA x", "syntaxError"],
    ["STARTTLS x", "syntaxError"],
    ["VRFY", "syntaxError"],
    ["EXPN ", "syntaxError"],
    ["BDAT", "syntaxError"],
    ["BDAT x", "syntaxError"],
    ["BDAT -1", "syntaxError"],
    ["BDAT +1", "syntaxError"],
    ["BDAT 1.5", "syntaxError"],
    ["BDAT 0x10", "syntaxError"],
    ["BDAT 10LAST", "syntaxError"],
    ["BDAT 10 LASTLY", "syntaxError"],
    ["BDAT 10 LAST x", "syntaxError"],
    ["BDAT LAST", "syntaxError"],
    ["BDAT 99999999999999999999", "syntaxError"],
    ["AUTH", "syntaxError"],
    ["AUTH PLAIN a b", "syntaxError"],
    [`AUTH ${"X".repeat(21)}`, "authenticationMechanismUnknown"],
    ["NOOP \0", "invalidCharacters"],
    ["MAIL FROM:<a\0@b>", "invalidCharacters"],
    ["RCPT TO:<a@b>\nDATA", "invalidCharacters"],
    ["EHLO \x1b[2J", "invalidCharacters"],
    ["NOOP \x7f", "invalidCharacters"],
    ["NOOP \u0085", "invalidCharacters"],
    ["NOOP \u2028", "invalidCharacters"],
    ["NOOP \u202e", "invalidCharacters"],
    ["\x16\x03\x01", "invalidCharacters"],
    [Buffer.from("NOOP \xff", "latin1"), "invalidCharacters"],
    [Buffer.from("RCPT TO:<\xfc@b>", "latin1"), "invalidCharacters"],
    // Overlong, surrogate, beyond Unicode, cut off.
    [Buffer.from("NOOP \xc0\xaf", "latin1"), "invalidCharacters"],
    [Buffer.from("NOOP \xed\xa0\x80", "latin1"), "invalidCharacters"],
    [Buffer.from("NOOP \xf4\x90\x80\x80", "latin1"), "invalidCharacters"],
    [Buffer.from("NOOP \xe2\x82", "latin1"), "invalidCharacters"],
  ])("%s is refused with %s", (line, refused) => {
    expect(parse(line)).toMatchObject({ refused });
  });

  it("takes a part of a larger buffer", () => {
    const buffer = Buffer.from("NOOP\r\nRCPT TO:<a@b>\r\nDATA\r\n");
    expect(parseCommand(buffer, everyParameter, 6, 19)).toMatchObject({ verb: "RCPT", forwardPath: "a@b" });
  });

  it("never throws, and refuses by replies that exist", () => {
    const words = fc.constantFrom(
      "MAIL FROM:",
      "RCPT TO:",
      "BDAT ",
      "AUTH ",
      "EHLO ",
      "<",
      ">",
      "@",
      '"',
      "\\",
      ".",
      "a",
      " ",
      "SIZE=",
      "NOTIFY=",
      "ORCPT=",
      "utf-8;",
      "\\x{",
      "}",
      "+41",
      "[IPv6:",
      "]",
      ",",
      ":",
      "ü",
      "\0",
      "1",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (parts) => {
        const parsed = parse(parts.join(""));
        if ("refused" in parsed)
          expect(spokenRefusals[parsed.refused].reply.code).toBeGreaterThanOrEqual(500);
      }),
      { numRuns: 250 },
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        (octets) => void parseCommand(Buffer.from(octets), everyParameter),
      ),
    );
  });

  it("ends soon with 64 KB of anything", () => {
    for (const prefix of [
      "",
      "MAIL FROM:",
      "MAIL FROM:<",
      "MAIL FROM:<@",
      'RCPT TO:<"',
      "RCPT TO:<a@",
      "RCPT TO:<a@b> ",
      "MAIL FROM:<a@b> ENVID=",
      "RCPT TO:<a@b> ORCPT=utf-8;",
      "EHLO ",
      "EHLO [",
      "AUTH ",
      "BDAT ",
    ])
      for (const filler of [
        "(",
        '"',
        "\\",
        ",",
        ":",
        "<",
        "@",
        ".",
        "a.",
        "@a,",
        "[",
        "+41",
        "\\x{",
        "A=1 ",
        " ",
        "ü",
        "1",
      ])
        parse(prefix + filler.repeat(65536 / filler.length));
  });
});
