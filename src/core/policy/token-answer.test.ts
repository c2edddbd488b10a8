import { describe, expect, test } from "vitest";
import { readTokenAnswer, retryAfterOf, tokenBackOffMs, tokenTimes } from "./token-answer.ts";

const json = (fields: object): string => JSON.stringify(fields);
const now = Date.UTC(2026, 0, 1);

test.each<[string, unknown, number]>([
  ["as a number", 3599, 3_599_000],
  ["as text", "60", 60_000],
  ["not there", undefined, 3_600_000],
  ["empty", " ", 3_600_000],
  ["no number", "soon", 3_600_000],
  ["nothing", 0, 3_600_000],
  ["negative", -5, 3_600_000],
  ["without end", "Infinity", 3_600_000],
  ["of another kind", [7], 3_600_000],
])("a token, its lifetime %s", (_, expiresIn, lifetimeMs) => {
  const body = json({ access_token: "abc", expires_in: expiresIn });
  expect(readTokenAnswer(200, undefined, body, now)).toEqual({ kind: "token", token: "abc", lifetimeMs });
});

test.each([
  ["none", json({}), 200],
  ["no JSON", "<html>", 200],
  ["null", "null", 200],
  ["text", '"abc"', 200],
  ["of another kind", json({ access_token: 7 }), 200],
  ["empty", json({ access_token: "" }), 200],
  ["with a blank", json({ access_token: "a b" }), 200],
  ["longer than a line", json({ access_token: "a".repeat(8001) }), 200],
])("a token that is %s is not usable", (_, body, status) => {
  expect(readTokenAnswer(status, "7", body, now)).toEqual({
    kind: "refused",
    words: "answered without a usable access_token",
    retryAfterMs: 7_000,
  });
});

test("the longest token is taken, and none with another status", () => {
  const body = json({ access_token: "~".repeat(8000) });
  expect(readTokenAnswer(200, undefined, body, now).kind).toBe("token");
  expect(readTokenAnswer(201, undefined, body, now).kind).toBe("refused");
});

describe("the words of a refusal", () => {
  const wordsOf = (body: string): string | undefined => {
    const answer = readTokenAnswer(400, undefined, body, now);
    return answer.kind === "refused" ? answer.words : undefined;
  };

  test.each<[string, string, string]>([
    ["nothing", "", "answered 400"],
    ["no error", json({ error: 7, error_description: "" }), "answered 400"],
    ["an error", json({ error: "slow_down" }), "slow_down"],
    ["a description alone", json({ error_description: "no" }), "no"],
    ["its first line", json({ error: "e", error_description: "one\r\ntwo" }), "e: one"],
    ["one that is the name of a property", json({ error: "toString" }), "toString"],
    ["300 characters", json({ error: "e".repeat(300) }), "e".repeat(300)],
    ["more", json({ error: "e".repeat(301) }), `${"e".repeat(299)}…`],
  ])("%s", (_, body, words) => {
    expect(wordsOf(body)).toBe(words);
  });

  test.each([
    ["AADSTS7000215", /secret is wrong/],
    ["AADSTS7000222", /expired/],
    ["AADSTS700016", /tenant/],
    ["AADSTS700027", /upload/],
    ["AADSTS700021", /clientId/],
    ["AADSTS700023", /authority/],
    ["AADSTS700024", /clock/],
    ["AADSTS70011", /\.default/],
    ["AADSTS90002", /cloud/],
    ["AADSTS53003", /conditional access/],
  ])("%s has its advice, before that of the error", (number, advice) => {
    expect(wordsOf(json({ error: "invalid_client", error_description: `${number}: x` }))).toMatch(
      new RegExp(`^invalid_client: ${number}: x \\(.*${advice.source}.*\\)$`),
    );
  });

  test.each([
    ["invalid_scope", /\.default/],
    ["invalid_client", /secret or certificate/],
    ["unauthorized_client", /delegation/],
  ])("%s has its own, where the number is unknown, too", (error, advice) => {
    for (const description of ["x", "AADSTS1: x"])
      expect(wordsOf(json({ error, error_description: description }))).toMatch(advice);
  });
});

test.each<[string, string | undefined, number | undefined]>([
  ["nothing", undefined, undefined],
  ["seconds", " 90 ", 90_000],
  ["too many", "86400", 3_600_000],
  ["a date", new Date(now + 30_000).toUTCString(), 30_000],
  ["a date that is over", new Date(now - 30_000).toUTCString(), 0],
  ["what is neither", "soon", undefined],
])("when to come again: %s", (_, value, ms) => {
  expect(retryAfterOf(value, now)).toBe(ms);
});

test.each([
  [3_600_000, 3_000_000, 3_540_000],
  [600_000, 300_000, 540_000],
  [100_000, 50_000, 75_000],
])("a token of %i ms is renewed at %i, and used until %i", (lifetimeMs, refreshMs, endMs) => {
  expect(tokenTimes(lifetimeMs)).toEqual({ refreshMs, endMs });
});

test("failures in a row are waited out longer and longer", () => {
  expect([1, 2, 3, 4, 5, 99].map(tokenBackOffMs)).toEqual([5_000, 15_000, 60_000, 300_000, 300_000, 300_000]);
});
