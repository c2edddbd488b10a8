/**
 * No file of the receiving side says a refusal by itself: the types let only a `ToldRefusal` out, one file makes those,
 * and one file writes to a client's socket for each of its two ways out. Each kind of refusal is used.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { refusalCatalogue, type RefusalKind } from "../core/refusals/catalogue.ts";

const src = fileURLToPath(new URL("..", import.meta.url));

function filesIn(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(join(src, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => [join(folder, file), readFileSync(join(src, folder, file), "utf8")] as const);
}

const receive = filesIn("receive");
const holding = (pattern: RegExp): string[] =>
  receive.filter(([, text]) => pattern.test(text)).map(([file]) => file);

it("one file makes told refusals", () => {
  expect(holding(/[{,]\s*told\b\s*[:,}]|as (?:unknown as )?(?:ToldRefusal|Said|GrantingReply)\b/)).toEqual([
    join("receive", "admission", "refusals.ts"),
  ]);
});

it("no file has the code or the text of a refusal", () => {
  expect(holding(/\bcode:\s*[45]\d\d\b|["'`][45]\d\d[ -]/)).toEqual([]);
});

it("text reaches a client's socket by a session's output, or in place of its greeting", () => {
  expect(holding(/encodeReply\(/).toSorted()).toEqual(
    [
      join("receive", "connection", "turn-away.ts"),
      join("receive", "session", "session-output.ts"),
    ].toSorted(),
  );
  expect(holding(/socket\.(?:write|end)\([^)]/).toSorted()).toEqual(
    [
      join("receive", "connection", "connection.ts"),
      join("receive", "connection", "turn-away.ts"),
      // Where Node's parser is not there for an answer any more: `rawAnswer` of a told refusal.
      join("receive", "http", "http-door.ts"),
    ].toSorted(),
  );
});

const users = [...receive, ...filesIn(join("core", "smtp")), ...filesIn(join("core", "policy"))]
  .concat(filesIn(join("core", "refusals")).filter(([file]) => !file.endsWith("catalogue.ts")))
  .map(([, text]) => text)
  .join("\n");

it.each(Object.keys(refusalCatalogue) as RefusalKind[])("%s is refused somewhere", (kind) => {
  expect(users).toContain(`"${kind}"`);
});
