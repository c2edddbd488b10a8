/** One call of sendMail, its recipients and its turn, without a Graph. */
import { describe, expect, test } from "vitest";
import { HttpFailure, type Answer, type OutgoingRequest } from "../../ports/http-request.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { addresseesOf, halves, inParts } from "./addressees.ts";
import { createMailboxTurns } from "./mailbox-turns.ts";
import { readHeader, readWhole } from "./read-content.ts";
import { sendMail, sendMailUrl } from "./send-mail.ts";

const token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9";
async function called(answer: Partial<Answer> | HttpFailure) {
  const asked: OutgoingRequest[] = [];
  const result = await sendMail(
    (request) => {
      asked.push(request);
      return answer instanceof HttpFailure
        ? Promise.reject(answer)
        : Promise.resolve({ status: 202, headers: {}, body: Buffer.alloc(0), ...answer });
    },
    {
      graphRoot: "https://graph.test",
      mailbox: "app+mail/1@contoso.test",
      token,
      content: [Buffer.from("Subject: ä\r\n", "latin1"), Buffer.from("\r\nHello\r\n")],
      signal: new AbortController().signal,
      now: 0,
    },
  );
  return { result, asked };
}

test("the message goes in base64, for the mailbox, by the token, and can be found again by its id", async () => {
  const { result, asked } = await called({ headers: { "request-id": "abc-1" } });
  expect(result).toEqual({
    kind: "answered",
    meaning: { kind: "accepted" },
    words: "202 (request-id abc-1)",
  });
  expect(asked).toMatchObject([
    {
      method: "POST",
      url: "https://graph.test/v1.0/users/app%2Bmail%2F1%40contoso.test/sendMail",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "text/plain",
        "return-client-request-id": "true",
      },
      timeoutMs: 120_000,
      uploads: { connectTimeoutMs: 10_000, stalledTimeoutMs: 30_000 },
      mostBytes: 65_536,
    },
  ]);
  expect(Buffer.from(String(asked[0]?.body), "base64").toString("latin1")).toBe(
    "Subject: ä\r\n\r\nHello\r\n",
  );
  expect(sendMailUrl("https://graph.test", "a@b.test")).toBe(
    "https://graph.test/v1.0/users/a%40b.test/sendMail",
  );
});

test("what it answers is told in words, without the token, by our id where it gives none", async () => {
  const body = Buffer.from(JSON.stringify({ error: { code: "X", message: `no: ${token}` } }));
  const { result, asked } = await called({
    status: 429,
    headers: { "retry-after": "7", "request-id": "no\nid" },
    body,
  });
  const id = asked[0]?.headers["client-request-id"] ?? "";
  expect(result).toMatchObject({ kind: "answered", meaning: { kind: "throttled", retryAfterMs: 7_000 } });
  expect(result.words).toMatch(/^429 .*no: …/);
  expect(result.words.endsWith(`(request-id ${id})`)).toBe(true);
  expect(id).toMatch(/^[\w-]{36}$/);
});

test.each([
  [true, true],
  [true, false],
  [false, false],
])("no answer, reached %s and sent %s", async (reached, sent) => {
  const cause = Object.assign(new Error(), { code: "ECONNREFUSED" });
  const { result } = await called(new HttpFailure("it broke", { reached, sent }, cause));
  expect(result).toMatchObject({ kind: "failed", reached, sent });
  expect(result.words).toMatch(/^connection refused \(client-request-id [\w-]{36}\)$/);
  expect((await called(new HttpFailure("it broke", { reached, sent }))).result.words).toMatch(/^it broke \(/);
});

test("a fault of ours is not taken for Graph's", async () => {
  const broken = () => Promise.reject(new Error("a fault"));
  const call = {
    graphRoot: "",
    mailbox: "",
    token,
    content: [],
    signal: new AbortController().signal,
    now: 0,
  };
  await expect(sendMail(broken, call)).rejects.toThrow("a fault");
});

describe("recipients", () => {
  test("are named once each, however their domain is written; whom no header can name is refused", () => {
    const { addressees, outcomes } = addresseesOf(
      testClaim({ recipients: ["a@B.test", "c@d.test", "a@b.test", "postmaster", "A@b.test"] }),
    );
    expect(addressees.map(({ indexes }) => indexes)).toEqual([[0, 2, 4], [1]]);
    expect(outcomes).toMatchObject([
      {
        kind: "permanent",
        index: 3,
        verdict: { status: "5.1.3", text: expect.stringContaining("553 5.1.3") as string },
      },
    ]);
  });

  test.each([
    [[1, 2, 3, 4, 5], 2, [[1, 2], [3, 4], [5]]],
    [[1, 2], 2, [[1, 2]]],
    [[], 2, []],
  ])("%j in parts of %d", (items, most, parts) => expect(inParts(items, most)).toEqual(parts));

  test.each([
    [
      [1, 2],
      [[1], [2]],
    ],
    [
      [1, 2, 3],
      [[1, 2], [3]],
    ],
  ])("the halves of %j", (items, both) => expect(halves(items)).toEqual(both));
});

test("so many at once for a mailbox, the others as they came, and no mailbox in the way of another", async () => {
  const turns = createMailboxTurns();
  const began: string[] = [];
  const take = (mailbox: string, name: string) =>
    turns.take(mailbox, 2).then((end) => {
      began.push(name);
      return end;
    });
  const [one, two, three, four] = ["1", "2", "3", "4"].map((name) => take("a", name));
  await Promise.all([one, two]);
  (await take("b", "other"))();
  expect(began).toEqual(["1", "2", "other"]);
  (await one)?.();
  await three;
  expect(began).toEqual(["1", "2", "other", "3"]);
  (await two)?.();
  (await three)?.();
  (await four)?.();
  await take("a", "5");
  expect(began).toEqual(["1", "2", "other", "3", "4", "5"]);
});

describe("content", () => {
  const content = `Subject: x\r\nX-A: ${"a".repeat(100)}\r\n\r\n${"body ".repeat(10_000)}`;

  test("in memory is taken as it is", async () => {
    const { content: reader } = testClaim({ content });
    expect([await readHeader(reader), await readWhole(reader)]).toEqual([reader.inMemory, reader.inMemory]);
  });

  test("on disk is read as far as its header for whose turn it is, and whole for the call", async () => {
    const { content: reader } = testClaim({ content, pieceBytes: 1_000 });
    expect((await readHeader(reader)).length).toBe(1_000);
    expect((await readWhole(reader)).toString("latin1")).toBe(content);
    const endless = testClaim({ content: "X: y\r\n".repeat(100_000), pieceBytes: 64 * 1024 });
    expect((await readHeader(endless.content)).length).toBe(256 * 1024);
  });

  test("whose end of header is cut between two pieces is seen", async () => {
    const at = content.indexOf("\r\n\r\n") + 2;
    expect((await readHeader(testClaim({ content, pieceBytes: at }).content)).length).toBe(2 * at);
  });
});
