import { describe, expect, it } from "vitest";
import { nothingOffered } from "../core/smtp/extensions.ts";
import { parseCommand } from "../core/smtp/command.ts";
import { createCredentialMask } from "./protocol-credentials.ts";

/** What the log has of lines that are read as commands. */
function logged(lines: readonly string[]): string[] {
  const mask = createCredentialMask();
  return lines.map((line) => mask.command(line, parseCommand(Buffer.from(line, "latin1"), nothingOffered)));
}

describe("without AUTH a line is logged as it came", () => {
  it.each([
    "EHLO app.example",
    "MAIL FROM:<a@b.example> AUTH=<>",
    "MAIL FROM:<a@b.example> AUTH=broken",
    "RCPT TO:<broken",
    "RCPT TO:<auth@b.example>",
    "XYZZY something",
    "NOOP keep-alive",
    "GET / HTTP/1.1",
  ])("%s", (line) => expect(logged([line])).toEqual([line]));
});

describe("AUTH itself", () => {
  it.each([
    ["AUTH PLAIN AGEAYg==", "AUTH PLAIN ****"],
    ["auth login dXNlcg==", "auth login ****"],
    ["AUTH PLAIN", "AUTH PLAIN"],
    ["AUTH PLAIN a b", "AUTH PLAIN ****"],
    ["AUTH   PLAIN   AGEAYg==", "AUTH PLAIN ****"],
    ["  AUTH PLAIN AGEAYg==", "AUTH PLAIN ****"],
    ["\tAUTH PLAIN AGEAYg==", "****"],
    ["AUTH\tPLAIN\tAGEAYg==", "****"],
    ["AUTH AGEAYg==", "AUTH ****"],
    ["AUTH hunter2 AGEAYg==", "AUTH ****"],
    ["AUTH=PLAIN AGEAYg==", "****"],
    ["AUTHPLAIN AGEAYg==", "****"],
    ["AUTHENTICATE PLAIN AGEAYg==", "****"],
    ["AUHT PLAIN AGEAYg==", "****"],
    ["LOGIN app secret", "****"],
    ["\0AUTH PLAIN AGEAYg==", "****"],
    ["AUTH", "AUTH"],
  ])("%j is logged as %j", (line, expected) => expect(logged([line])).toEqual([expected]));
});

describe("behind AUTH, only what is a command beyond doubt is logged", () => {
  it.each([
    ["c2VjcmV0", "****"],
    ["hunter2", "****"],
    ["*", "****"],
    ["", "****"],
    ["RSET x", "RSET ****"],
    ["QUIT now", "QUIT ****"],
    ["RCPT TO:<broken", "****"],
    ["GET /secret", "****"],
    ["NOOP secret", "NOOP ****"],
    ["HELP secret", "HELP ****"],
    ["VRFY secret", "VRFY ****"],
    ["EHLO secret.example", "EHLO ****"],
    ["NOOP", "NOOP"],
    ["QUIT", "QUIT"],
    ["MAIL FROM:<a@b.example>", "MAIL FROM:<a@b.example>"],
    ["STARTTLS", "STARTTLS"],
  ])("%j is logged as %j", (line, expected) =>
    expect(logged(["AUTH LOGIN", line, "hunter2"]).slice(1)).toEqual([expected, "****"]),
  );
});

it("who has proved who it is is logged whole from its next transaction on", () => {
  const mask = createCredentialMask();
  const line = (text: string): string =>
    mask.command(text, parseCommand(Buffer.from(text, "latin1"), nothingOffered));
  line("AUTH LOGIN");
  expect(mask.secret()).toBe("****");
  mask.proved();
  expect(["c2VjcmV0", "QUIT hunter2", "MAIL FROM:<a@b.example>", "XYZZY"].map(line)).toEqual([
    "****",
    "QUIT ****",
    "MAIL FROM:<a@b.example>",
    "XYZZY",
  ]);
  line("AUTH LOGIN");
  expect(["MAIL FROM:<a@b.example>", "XYZZY"].map(line)).toEqual(["MAIL FROM:<a@b.example>", "****"]);
});

it("who was trusted is logged again", () => {
  const mask = createCredentialMask();
  expect(mask.secret()).toBe("****");
  mask.trust();
  expect(mask.command("XYZZY", { verb: "UNKNOWN" })).toBe("XYZZY");
});
