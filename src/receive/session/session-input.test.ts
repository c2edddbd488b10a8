import { describe, expect, it } from "vitest";
import { SessionInput } from "./session-input.ts";

/** Outcomes in order, lines as their text, until there is no whole line any more. */
function outcomes(chunks: readonly string[], limitBytes = 20): string[] {
  const input = new SessionInput();
  const seen: string[] = [];
  for (const chunk of chunks) {
    input.push(Buffer.from(chunk, "latin1"));
    for (let outcome = input.nextLine(limitBytes); outcome !== "more"; outcome = input.nextLine(limitBytes)) {
      const line = input.octets.toString("latin1", input.lineStart, input.lineEnd);
      seen.push(outcome === "line" ? `"${line}"` : outcome);
    }
  }
  return seen;
}

const table: readonly (readonly [string, readonly string[]])[] = [
  ["NOOP\r\nRSET\r\n", ['"NOOP"', '"RSET"']],
  ["\r\n", ['""']],
  ["NOOP", []],
  ["NOOP\nRSET\r\nQUIT\r\n", ['"NOOP"', '"RSET"', '"QUIT"']],
  ["\r\nNOOP\nRSET\r\nQUIT\r\n", ['""', "bareLinefeed", "dropped", '"QUIT"']],
  ["\r\n\n\n\r\nQUIT\r\n", ['""', "bareLinefeed", "dropped", "dropped", '"QUIT"']],
  ["\nhi\nEHLO x\nQUIT\n", ["bareLinefeed", "dropped", '"EHLO x"', '"QUIT"']],
  ["hi\nNOOP x\nhi\r\nQUIT\nNOOP\r\n", ["bareLinefeed", "dropped", "dropped", "bareLinefeed", "dropped"]],
  ["\xef\xbb\xbfEHLO x\nQUIT\n", ['"\xef\xbb\xbfEHLO x"', '"QUIT"']],
  ["ehlo\tx\nQUIT\n", ['"ehlo\tx"', '"QUIT"']],
  ["0123456789\r\n", ['"0123456789"']],
  ["01234567890123456789\r\n", ['"01234567890123456789"']],
  ["012345678901234567890\r\nQUIT\r\n", ["tooLong", '"QUIT"']],
  ["0123456789012345678901\r\nQUIT\r\n", ["tooLong", '"QUIT"']],
  ["\x16\x03\x01\x00\n\x01\r\n", ["tls"]],
  ["NOOP\r\n\x16\x03\x01\r\n", ['"NOOP"', '"\x16\x03\x01"']],
  ["NOOP\r\r\nQUIT\r\n", ['"NOOP\r"', '"QUIT"']],
  ["\rNOOP\r\n", ['"\rNOOP"']],
];

describe.each(table)("%j", (text, expected) => {
  it("in one piece", () => {
    expect(outcomes([text])).toEqual(expected);
  });
  it("octet by octet", () => {
    expect(outcomes(text.split("")).filter((outcome) => outcome !== "dropped")).toEqual(
      expected.filter((outcome) => outcome !== "dropped"),
    );
  });
});

it("drops an endless line, and finds its end across chunks", () => {
  expect(outcomes(["x".repeat(50), "y".repeat(50), "z\r", "\nQUIT\r\n"])).toEqual([
    "tooLong",
    "dropped",
    '"QUIT"',
  ]);
});

it("finds a line end that comes first, also behind a chunk that was let go of", () => {
  const input = new SessionInput();
  input.push(Buffer.from("NOOP\r\nRSET\r\n"));
  input.nextLine(20);
  input.nextLine(20);
  input.forgetConsumed();
  input.push(Buffer.from("\n"));
  expect(input.nextLine(20)).toBe("bareLinefeed");
});
