import { describe, expect, it } from "vitest";
import { csvText } from "./csv.ts";
import { displayWidth, fitted, padEnd, wrapped } from "./display-width.ts";
import { listLines } from "./list.ts";
import { exchangeName, settingText } from "./setting-text.ts";
import { tableLines, type Column } from "./table.ts";
import { age } from "./time-text.ts";

const plain = { width: undefined, style: (_: unknown, text: string): string => text };
const narrow = (width: number) => ({ ...plain, width });

describe("display width", () => {
  it.each([
    ["AppRelay", 8],
    ["Müller", 6],
    ["e\u0301", 1],
    ["日本語", 6],
    ["ﾃｽﾄ", 3],
    ["👍🏽", 2],
    ["👩‍👩‍👧", 2],
    ["🇩🇪", 2],
    ["a\u200bb", 2],
    ["", 0],
  ])("%j takes %i", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it("cuts and fills by columns", () => {
    expect(fitted("日本語", 5)).toBe("日本…");
    expect(fitted("日本語", 4)).toBe("日…");
    expect(fitted("abc", 3)).toBe("abc");
    expect(padEnd("日本", 6)).toBe("日本  ");
    expect(wrapped("one two three", 7)).toEqual(["one two", "three"]);
  });
});

interface Row {
  readonly name: string;
  readonly open: number;
  readonly text: string;
}
const rows: readonly Row[] = [
  { name: "AppRelay", open: 20, text: "one two three four five six seven eight" },
  { name: "日本", open: 3, text: "=1+1\n\u001b[31m" },
];
const columns: readonly Column<Row>[] = [
  { header: "Identity", value: ({ name }) => name },
  { header: "Open", value: ({ open }) => open, align: "right" },
  { header: "Text", value: ({ text }) => text, wraps: true },
];

describe("a table", () => {
  it("into a pipe is cut nowhere, and strangers' text moves no cursor", () => {
    expect(tableLines(columns, rows, plain)).toEqual([
      "Identity  Open  Text",
      "--------  ----  ----",
      "AppRelay    20  one two three four five six seven eight",
      "日本         3  =1+1\\x0a\\x1b[31m",
    ]);
  });

  it("fits a terminal: the last column wraps, then the widest is cut", () => {
    expect(tableLines(columns, rows, narrow(50)).slice(2, 4)).toEqual([
      "AppRelay    20  one two three four five six seven",
      "                eight",
    ]);
    const cut = tableLines(columns.slice(0, 2), [{ ...rows[0]!, name: "A-very-long-name" }], narrow(16));
    expect(cut.at(-1)).toBe("A-very-lo…    20");
    for (const line of cut) expect(displayWidth(line)).toBeLessThanOrEqual(16);
  });

  it("leaves out what may be left out, and wraps what is left", () => {
    const droppable: readonly Column<Row>[] = [
      columns[0]!,
      { ...columns[1]!, drop: 1 },
      { header: "Twice", value: ({ open }) => 2 * open, drop: 2 },
      columns[2]!,
    ];
    const headers = (width: number | undefined): string | undefined =>
      tableLines(droppable, rows, { ...plain, width })[0]?.replaceAll(/ +/g, " ");
    expect(headers(undefined)).toBe("Identity Open Twice Text");
    expect(headers(60)).toBe("Identity Open Twice Text");
    expect(headers(50)).toBe("Identity Open Text");
    expect(headers(42)).toBe("Identity Text");
  });

  it("as CSV is text to a spreadsheet", () => {
    expect(csvText(columns, rows)).toBe(
      "Identity,Open,Text\r\nAppRelay,20,one two three four five six seven eight\r\n日本,3,'=1+1\\x0a\\x1b[31m\r\n",
    );
  });
});

describe("a list", () => {
  const properties = [
    { name: "TarpitInterval", value: "00:00:05", remark: "default" },
    { name: "Banner", value: "", remark: "default: a greeting" },
    { name: "Comment", value: "a long comment that goes on and on" },
  ];
  it("names, values, remarks", () => {
    expect(listLines(properties, plain)).toEqual([
      "TarpitInterval : 00:00:05 (default)",
      "Banner         : (default: a greeting)",
      "Comment        : a long comment that goes on and on",
    ]);
  });
  it("goes on under itself", () => {
    expect(listLines(properties.slice(2), narrow(32))).toEqual([
      "Comment : a long comment that",
      "          goes on and on",
    ]);
  });
});

describe("settings as Exchange prints them", () => {
  it.each([
    [600_000, "duration", "00:10:00"],
    [172_800_000, "duration", "2.00:00:00"],
    [37_748_736, "size", "36 MB (37,748,736 bytes)"],
    ["unlimited", "integer", "unlimited"],
    ["unlimited", "size", "unlimited"],
    [20, "integer", "20"],
    [true, "true or false", "True"],
    [["127.0.0.1:25", "[::1]:25"], "list of address:port", "{127.0.0.1:25, [::1]:25}"],
    [["Tls", "BasicAuth"], "list", "Tls, BasicAuth"],
    [null, "text", ""],
  ])("%j, a %s: %s", (value, kind, text) => {
    expect(settingText(value, kind)).toBe(text);
  });

  it.each([
    ["maxInboundConnection", "MaxInboundConnection"],
    ["remoteIpRanges", "RemoteIPRanges"],
    ["requireTls", "RequireTLS"],
    ["ignoreStartTls", "IgnoreSTARTTLS"],
  ])("%s is %s", (setting, name) => {
    expect(exchangeName(setting)).toBe(name);
  });
});

it.each([
  [0, "0s"],
  [350, "350ms"],
  [61_500, "1m1s"],
  [3_725_000, "1h2m"],
  [90_000_000, "1d1h"],
])("%i ms is %s", (ms, text) => {
  expect(age(ms)).toBe(text);
});
