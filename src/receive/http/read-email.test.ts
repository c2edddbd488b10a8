import { describe, expect, test } from "vitest";
import { readStrictJson } from "../../core/json/strict-json.ts";
import { readEmail } from "./read-email.ts";

const least = { from: "a@b.test", to: "c@d.test", text: "x" };
const envelopeOf = (more: object) => {
  const read = readEmail({ ...least, ...more });
  return read.kind === "email" ? read.envelope : read;
};

test.each([
  ["as it stands", {}, { mailFrom: "a@b.test", recipients: [{ address: "c@d.test" }] }],
  [
    "everybody, each once",
    { to: ["X <x@y.test>", { email: "z@y.test", name: "Z, Z" }], cc: "x@y.test", bcc: ["b@y.test"] },
    { recipients: [{ address: "x@y.test" }, { address: "z@y.test" }, { address: "b@y.test" }] },
  ],
  [
    "an envelope of its own",
    { to: undefined, envelope: { mail_from: "<>", rcpt_to: ["e@f.test"] } },
    { mailFrom: "<>", recipients: [{ address: "e@f.test" }] },
  ],
  [
    "reports",
    { dsn: { notify: ["success", "failure"], ret: "hdrs", envid: "a+b c" } },
    {
      ret: "HDRS",
      envid: "a+2Bb+20c",
      recipients: [{ notify: { never: false, success: true, failure: true, delay: false } }],
    },
  ],
  [
    "all reports, whole",
    { dsn: { notify: ["delay"], ret: "full" }, priority: "normal", require_tls: false },
    {
      ret: "FULL",
      envid: undefined,
      priority: "Normal",
      requireTls: false,
      recipients: [{ notify: { never: false, success: false, failure: false, delay: true } }],
    },
  ],
  [
    "no reports",
    { dsn: { notify: ["never"], envid: "=~!" }, priority: "high" },
    {
      ret: undefined,
      envid: "+3D~!",
      priority: "High",
      requireTls: false,
      recipients: [{ notify: { never: true, success: false, failure: false, delay: false } }],
    },
  ],
  [
    "a sender of its own, with the recipients of the message",
    { envelope: { mail_from: "bounce@b.test" }, cc: "e@f.test" },
    { mailFrom: "bounce@b.test", recipients: [{ address: "c@d.test" }, { address: "e@f.test" }] },
  ],
])("envelope: %s", (_, more, expected) => {
  expect(envelopeOf(more)).toMatchObject(expected);
});

test("attachments as Base64, in lines, and as Node.js writes a Buffer in JSON", () => {
  const attachments = [
    { content: "aGVsbG8=", filename: "C:\\x\\a.txt" },
    { content: "aGVs\r\nbG8" },
    { content: Buffer.from("hello").toJSON(), content_id: "logo" },
  ];
  const read = readEmail({ ...least, attachments });
  expect(read.kind === "email" && read.email.attachments.map(({ content }) => content.toString())).toEqual([
    "hello",
    "hello",
    "hello",
  ]);
});

describe("faults", () => {
  test.each<[object | string | null, string, boolean]>([
    [{ ...least, subjct: "x" }, "subjct is not known here; is it subject?", true],
    [{ ...least, scheduled_at: "x" }, "scheduled_at is not offered: mail is sent at once", true],
    [
      { ...least, attachments: [{ path: "/etc/passwd", content: "" }] },
      "attachments[0].path is not offered: attachments are not fetched from paths or addresses; send their content",
      true,
    ],
    [
      { ...least, from: "nobody" },
      "from is no address, such as a@contoso.com or Name <a@contoso.com>",
      false,
    ],
    [{ ...least, from: "a@b.test, c@d.test" }, "from names more than one address", false],
    [{ ...least, from: undefined }, "from is missing", false],
    [{ ...least, to: [] }, "to is missing; there are no recipients", false],
    [{ ...least, to: ["a@b.test", 5] }, "to[1] is no address", false],
    [
      { ...least, attachments: [{ content: { type: "Buffer", data: [1, 256] } }] },
      "attachments[0].content is no Buffer of Node.js",
      false,
    ],
    [
      { ...least, attachments: [{ content: { type: "Buffer", data: { length: 3 } } }] },
      "attachments[0].content is no Buffer of Node.js",
      false,
    ],
    [
      { ...least, priority: "urgent" },
      'priority Invalid option: expected one of "low"|"normal"|"high"',
      false,
    ],
    [
      { ...least, metadata: Object.fromEntries("abcdefghijk".split("").map((name) => [name, ""])) },
      "metadata has more than 10 entries",
      false,
    ],
    [
      { ...least, cc: ["a@b.test", "x"] },
      "cc[1] is no address, such as a@contoso.com or Name <a@contoso.com>",
      false,
    ],
    [
      { ...least, to: { email: "X <a@b.test>" } },
      "to is no address, such as a@contoso.com or Name <a@contoso.com>",
      false,
    ],
    [
      { ...least, from: { email: "a@b.test", name: "x\r\nBcc: y" } },
      "from its name holds a line end or a NUL",
      false,
    ],
    [{ ...least, subject: "a\nb" }, "subject holds a line end or a NUL", false],
    [{ ...least, text: undefined }, "text is missing; give text, html or attachments", false],
    [{ ...least, text: "a\0" }, "text holds a NUL", false],
    [{ ...least, headers: { Bcc: "x@y" } }, "headers.Bcc is written by the relay itself", false],
    [
      {
        ...least,
        headers: [
          ["Date", "Sun, 29 Nov 2026 03:00:00 +0000"],
          ["date", "29 Nov 2026 03:00 GMT"],
        ],
      },
      "headers.date stands there twice",
      false,
    ],
    [{ ...least, attachments: [{ content: "?" }] }, "attachments[0].content is not Base64", false],
    [{ ...least, attachments: [{ content: "a-_b" }] }, "attachments[0].content is not Base64", false],
    [
      { ...least, attachments: [{ content: "", filename: "a\r\nb" }] },
      "attachments[0].filename holds a line end or a NUL",
      false,
    ],
    [
      { ...least, attachments: [{ content: "", content_id: "a> b" }] },
      "attachments[0].content_id is no Content-ID, such as logo or logo@contoso.com",
      false,
    ],
    [
      { ...least, attachments: [{ content: "", filename: "invoice\u202efdp.exe" }] },
      "attachments[0].filename holds U+202E, which turns the direction of writing",
      false,
    ],
    ...["x", "29 Nov 2026", "Sun, 99 Nov 2026 03:00:00 +0000", "2026-11-29T03:00:00Z"].map(
      (date): [object, string, boolean] => [
        { ...least, headers: { Date: date } },
        "headers.Date is no date, such as Sun, 29 Nov 2026 03:00:00 +0000",
        false,
      ],
    ),
    ...["x", "a@b.test, c@d.test", "X <a@b.test> y"].map((sender): [object, string, boolean] => [
      { ...least, headers: { Sender: sender } },
      "headers.Sender is not one address",
      false,
    ]),
    [{ ...least, headers: { "a\u0001\nb": "x" } }, "headers.a??b is no name of a header field", false],
    ...["YQ=", "YQ", "YQ==", "YWI=", "YWI", "YWJj", "", " Y W\tJ\nj "].map(
      (content): [object, string, boolean] => [
        { ...least, subject: "a\rb", attachments: [{ content }] },
        "subject holds a line end or a NUL",
        false,
      ],
    ),
    ...["YQ===", "Y", "YWJjZ", "YQ==YQ==", "a+_b", "Y=Q="].map((content): [object, string, boolean] => [
      { ...least, attachments: [{ content }] },
      "attachments[0].content is not Base64",
      false,
    ]),
    [
      { ...least, attachments: [{ content: "", content_type: "text" }] },
      "attachments[0].content_type is no media type, such as application/pdf",
      false,
    ],
    [
      { ...least, attachments: [{ content: "", filname: "x" }] },
      "attachments[0].filname is not known here; is it filename?",
      true,
    ],
    [
      { ...least, envelope: { mail_form: "x" } },
      "envelope.mail_form is not known here; is it mail_from?",
      true,
    ],
    [{ ...least, dsn: { notfy: [] } }, "dsn.notfy is not known here; is it notify?", true],
    [
      { ...least, tags: [{ nme: "x", name: "x", value: "" }] },
      "tags[0].nme is not known here; is it name?",
      true,
    ],
    [{ ...least, from: { email: "a@b.test", nam: "x" } }, "from.nam is not known here; is it name?", true],
    [{ ...least, from: 5 }, "from is no address", false],
    [{ ...least, to: 5 }, "to is no address", false],
    [{ ...least, reply_to: [{ email: 5 }] }, "reply_to[0] is no address", false],
    [{ ...least, headers: 5 }, "headers is of another kind than it has to be", false],
    [{ ...least, toString: "x" }, "toString is not known here", true],
    [{ raw: "YQ==", subjct: "x" }, "subjct is not known here; is it subject?", true],
    [{ raw: "YQ==", toString: "x" }, "toString is not known here", true],
    [
      { raw: "YQ==", envelope: { rcpt_to: Array(20_001).fill("x") } },
      "envelope.rcpt_to has more than 20000 entries",
      false,
    ],
    [
      { ...least, headers: { Sender: "J\u00fcrgen <j\u00fc@b.test>" } },
      "headers.Sender is not one address",
      false,
    ],
    [{ ...least, html: "a\0", text: undefined }, "html holds a NUL", false],
    [{ raw: "?" }, "raw is not Base64", false],
    [{ raw: "YQ==", from: "a@b.test" }, "from stands beside raw, which is the whole message", true],
    [[], " the body is no JSON object", false],
    ["x", " the body is no JSON object", false],
    [null, " the body is no JSON object", false],
  ])("%j", (given, expected, unknown) => {
    const read = readEmail(given);
    if (read.kind !== "faulty") throw new Error("it was taken");
    expect(read.faults.map(({ path, message }) => `${path} ${message}`)).toContain(expected);
    expect(read.faults.some((fault) => fault.unknown === true)).toBe(unknown);
  });

  test("all of them at once", () => {
    const read = readEmail({ from: "x", to: ["y"], cc: ["z"], text: "t" });
    expect(read.kind === "faulty" && read.faults.map(({ path }) => path)).toEqual([
      "from",
      "to[0]",
      "cc[0]",
      "to",
    ]);
  });
});

test("Sender and Date of its own", () => {
  const headers = { Sender: "J\u00fcrgen <j@b.test>", Date: "Sun, 29 Nov 2026 03:00:00 +0100" };
  const read = readEmail({ ...least, headers });
  expect(read.kind === "email" && read.email.headers).toEqual([
    ["Sender", expect.stringMatching(/^=\?utf-8\?\S+\?= <j@b\.test>$/i)],
    ["Date", headers.Date],
  ]);
});

test("how it is to be carried", () => {
  expect(envelopeOf({ require_tls: true, priority: "low" })).toMatchObject({
    requireTls: true,
    priority: "Low",
  });
});

test("addresses are bounded over all lists together, the sender aside", () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => `u${n}@d.test`);
  const readOf = (more: object) => {
    const read = readEmail({ ...least, ...more });
    return read.kind === "faulty" ? read.faults : read.kind;
  };
  expect(readOf({ to: many(10_000), cc: many(5_000), bcc: many(5_000), reply_to: "r@d.test" })).toEqual([
    { path: "reply_to", message: "has, with the other fields, more than 20000 addresses" },
  ]);
  expect(readOf({ to: many(9), reply_to: "r@d.test" })).toBe("email");
  expect(readOf({ cc: [many(10_001).join(", ")] })).toEqual([{ path: "cc[0]", message: "is no address" }]);
});

test.each<[object, number]>([
  [{ cc: Array(30).fill("nobody") }, 21],
  [{ cc: Array(21).fill("nobody") }, 21],
  [{ cc: Array(20).fill("nobody") }, 20],
  [{ headers: Array.from({ length: 30 }, (_, n) => [`a b${n}`, "x"]) }, 21],
])("faults beyond the twentieth are only said to be there: %j", (more, count) => {
  const read = readEmail({ ...least, ...more });
  expect(read.kind === "faulty" && read.faults.length).toBe(count);
});

describe("what is wrong is bounded, and so is what it costs", () => {
  const numbers = (length: number): number[] => Array.from({ length }, () => 300);
  const names = (length: number) => Object.fromEntries(Array.from({ length }, (_, n) => [`x${n}`, 1]));
  test.each<[string, object]>([
    ["addresses that are none", { to: Array(20_000).fill("nobody") }],
    ["addresses that are numbers", { to: numbers(20_000) }],
    ["more addresses than may be", { to: numbers(400_000) }],
    ["more of them in few entries", { cc: Array(20_000).fill("a@b.test,".repeat(110)) }],
    ["octets that are none", { attachments: [{ content: { type: "Buffer", data: numbers(400_000) } }] }],
    ["attachments that are none", { attachments: numbers(400_000) }],
    ["header fields that are none", { headers: numbers(400_000) }],
    ["names of header fields", { headers: names(50_000) }],
    ["recipients", { envelope: { rcpt_to: numbers(400_000) } }],
    ["recipients that are too long", { envelope: { rcpt_to: Array(20_000).fill("x".repeat(1_001)) } }],
    ["reports", { dsn: { notify: numbers(400_000) } }],
    ["labels", { metadata: names(50_000) }],
    ["unknown names", names(50_000)],
    ["unknown names within", { envelope: names(50_000) }],
  ])("%s", (_, more) => {
    const before = process.cpuUsage().user;
    const read = readEmail({ ...least, ...more });
    // Microseconds; each fault singly took seconds, or all of the memory.
    expect(process.cpuUsage().user - before).toBeLessThan(1_000_000);
    expect(read.kind === "faulty" && read.faults.length).toBeLessThanOrEqual(21);
  });
});

test("a long list is looked through in its length, whatever was read before", () => {
  const limits = { maxDepth: 12, maxValues: 200_000, maxItems: 20_000_000 };
  const list = (n: number) =>
    Buffer.from(
      JSON.stringify({
        from: "a@b.test",
        text: "x",
        to: Array.from({ length: n }, (_, i) => `u${i}@d.test`),
      }),
    );
  for (const n of [10, 5_000, 20_000]) {
    const json = readStrictJson(list(n), limits);
    expect(json.ok && readEmail(json.value).kind).toBe("email");
  }
  const long = list(120_000);
  const before = process.cpuUsage().user;
  expect(readStrictJson(long, limits).ok).toBe(true);
  // Microseconds; it took seconds when characters of the text were read one by one.
  expect(process.cpuUsage().user - before).toBeLessThan(1_000_000);
});

test.each(["a\u00e9b", "a b", "a<b", 'a"b', "a\\b", "a\rb"])(
  "a Content-ID %j is refused: its field is ASCII",
  (content_id) => {
    const read = readEmail({ ...least, attachments: [{ content: "eA==", content_id }] });
    expect(read).toMatchObject({ faults: [{ path: "attachments[0].content_id" }] });
  },
);
