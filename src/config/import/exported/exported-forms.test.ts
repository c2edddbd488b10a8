/** What PowerShell writes of objects, in each of its forms, to the properties that are read of it. */
import { describe, expect, test } from "vitest";
import { readXml } from "../xml-tree.ts";
import { readClixml } from "./clixml.ts";
import { delimiterOf, readCsv } from "./csv.ts";
import type { ExportedObject } from "./exported-value.ts";
import { readFormatList } from "./format-list.ts";
import { isFormatTable, readFormatTable } from "./format-table.ts";
import { readJson } from "./json.ts";
import { readExport } from "./read-export.ts";

const plain = (objects: readonly ExportedObject[]) =>
  objects.map((object) =>
    Object.fromEntries(
      Array.from(object.values(), ({ name, value, lost }) => [
        lost === undefined ? name : `${name} (${lost})`,
        value,
      ]),
    ),
  );

describe("CLIXML", () => {
  const objects = async (inner: string) => {
    const root = await readXml(
      `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">${inner}</Objs>`,
    );
    if (!root.ok) throw new Error(root.message);
    return plain(readClixml(root.value));
  };
  const props = (inner: string): Promise<object[]> => objects(`<Obj RefId="0"><Props>${inner}</Props></Obj>`);
  const value = async (inner: string): Promise<unknown> => Object.values((await props(inner))[0] ?? {})[0];

  test.each<[string, unknown]>([
    ['<S N="A">text</S>', "text"],
    ['<S N="A">a_x000D__x000a_b_x0041_</S>', "a\r\nbA"],
    ['<Nil N="A"/>', null],
    ['<SS N="A">0123</SS>', null],
    ['<B N="A">true</B>', true],
    ['<B N="A"> TRUE </B>', true],
    ['<B N="A">false</B>', false],
    ...["I16", "I32", "I64", "U16", "U32", "U64", "By", "SB", "Db", "Sg"].map((name): [string, unknown] => [
      `<${name} N="A">7</${name}>`,
      7,
    ]),
    ['<TS N="A">PT10M</TS>', "PT10M"],
    ['<Obj N="A" RefId="1"><ToString>shown</ToString><Props><S N="B">x</S></Props></Obj>', "shown"],
    [
      '<Obj N="A" RefId="1"><ToString>System.Object</ToString><Props><S N="B">x</S></Props></Obj>',
      { B: "x" },
    ],
    ['<Obj N="A" RefId="1"><MS><S N="B">x</S></MS></Obj>', { B: "x" }],
    ['<Obj N="A" RefId="1"><LST><S>a</S><I32>2</I32></LST></Obj>', ["a", 2]],
    ['<Obj N="A" RefId="1"><IE><S>a</S></IE></Obj>', ["a"]],
    ['<Obj N="A" RefId="1"><STK><S>a</S></STK></Obj>', ["a"]],
    ['<Obj N="A" RefId="1"><QUE><S>a</S></QUE></Obj>', ["a"]],
    ['<Obj N="A" RefId="1"><LST/></Obj>', []],
    ['<Obj N="A" RefId="1"><I32>4</I32></Obj>', 4],
    ['<Obj N="A" RefId="1"><B>true</B></Obj>', true],
    ['<Obj N="A" RefId="1"><S>b</S></Obj>', "b"],
    ['<Obj N="A" RefId="1"/>', null],
    ['<Ref N="A" RefId="9"/>', null],
  ])("%s", async (inner, expected) => {
    expect(await value(inner)).toEqual(expected);
  });

  test("a type in place of its values is told to be lost", async () => {
    expect(
      await props('<S N="A">System.Collections.ArrayList</S><S N="B_x0041_">x</S><S>nameless</S>'),
    ).toEqual([{ "A (typeName)": "System.Collections.ArrayList", BA: "x" }]);
  });

  test("what was written before is referred to", async () => {
    const inner = '<Obj N="A" RefId="1"><ToString>x</ToString></Obj><Ref N="B" RefId="1"/>';
    expect(await props(inner)).toEqual([{ A: "x", B: "x" }]);
  });

  test("one that refers to itself has an end, six deep", async () => {
    const inner = '<Obj N="A" RefId="1"><Props><Ref N="B" RefId="1"/></Props></Obj>';
    expect(JSON.stringify(await value(inner))).toBe('{"B":{"B":{"B":{"B":null}}}}');
    const nested = `<Obj N="A" RefId="1"><Props>${'<Obj N="B" RefId="2"><Props>'.repeat(6)}<S N="C">x</S>${"</Props></Obj>".repeat(6)}</Props></Obj>`;
    expect(JSON.stringify(await value(nested))).toBe('{"B":{"B":{"B":{"B":{"B":{"B":{"C":null}}}}}}}');
  });

  test("objects of lists, and no others", async () => {
    const one = (name: string): string => `<Obj RefId="${name}"><Props><S N="Name">${name}</S></Props></Obj>`;
    expect(
      await objects(
        `${one("a")}<Obj RefId="9"><LST>${one("b")}<S>text</S>${one("c")}</LST></Obj><Obj RefId="8"/>`,
      ),
    ).toEqual([{ Name: "a" }, { Name: "b" }, { Name: "c" }]);
  });

  test("adapted properties and added ones, no others", async () => {
    const inner =
      '<Obj RefId="0"><Props><S N="A">1</S></Props><MS><S N="B">2</S></MS><DCT><S N="C">3</S></DCT></Obj>';
    expect(await objects(inner)).toEqual([{ A: "1", B: "2" }]);
  });
});

describe("CSV", () => {
  test.each<[string, string, object[]]>([
    ["plain", "A,B\r\n1,2\r\n", [{ A: "1", B: "2" }]],
    ["with its type", "#TYPE Selected.X\r\nA,B\n1,2", [{ A: "1", B: "2" }]],
    ["with the type behind CR alone", "#TYPE X\rA\r1", [{ A: "1" }]],
    ["quoted", '"A","B"\n"1,""x""\ny","2"', [{ A: '1,"x"\ny', B: "2" }]],
    ["quoted in part", 'A\n"1"2', [{ A: "12" }]],
    ["a quote that never ends", 'A\n"1,\n2', [{ A: "1,\n2" }]],
    ["semicolons", "A;B\n1,5;2", [{ A: "1,5", B: "2" }]],
    ["tabs", "A\tB\n1\t2", [{ A: "1", B: "2" }]],
    [
      "an empty field",
      "A,B\n,2\n1,",
      [
        { A: null, B: "2" },
        { A: "1", B: null },
      ],
    ],
    ["fields that are missing", "A,B\n1", [{ A: "1", B: null }]],
    ["more than there are names", "A\n1,2", [{ A: "1" }]],
    ["empty rows", "A,B\n\n,\n1,2\n\n", [{ A: "1", B: "2" }]],
    [
      "an empty last field at the end",
      "A,B\n1,2\n3,",
      [
        { A: "1", B: "2" },
        { A: "3", B: null },
      ],
    ],
    ["blanks around names", " A , B\n1, 2", [{ A: "1", B: " 2" }]],
    ["a type in place of values", "A\nSystem.String[]", [{ "A (typeName)": "System.String[]" }]],
    ["names alone", "A,B", []],
    ["nothing", "", []],
  ])("%s", (_, text, objects) => {
    expect(plain(readCsv(text))).toEqual(objects);
  });

  test.each([
    ["a,b", ","],
    ["a;b", ";"],
    ["a\tb", "\t"],
    ['"a;b;c",d', ","],
    ["a;b;c,d\nx,y,z,z,z", ";"],
    ["a\rb;c", ","],
    ["a", ","],
  ])("%j is cut at %j", (text, delimiter) => {
    expect(delimiterOf(text)).toBe(delimiter);
  });
});

describe("Format-List", () => {
  test.each<[string, string, object[]]>([
    ["plain", "Name : a\r\nFqdn : b\r\n", [{ Name: "a", Fqdn: "b" }]],
    ["nothing behind a name", "Name :\nFqdn : b", [{ Name: null, Fqdn: "b" }]],
    ["without blanks in front", "Name: a", [{ Name: "a" }]],
    ["a text with a colon and no blank", "Name:a", []],
    [
      "two objects",
      "Name : a\nXy : 1\n\nname : b\nXy : 2",
      [
        { Name: "a", Xy: "1" },
        { name: "b", Xy: "2" },
      ],
    ],
    ["an object over an empty line", "Name : a\n\nXy : 1", [{ Name: "a", Xy: "1" }]],
    ["prompts and headings", "PS C:\\> Get-X\n\nName : a\n[PS] more", [{ Name: "a" }]],
    ["an indented page", "   Name : a\n   Xy    : b\n          c", [{ Name: "a", Xy: "b c" }]],
    ["a wrapped value", "Xy : a\n    b", [{ Xy: "a b" }]],
    ["broken behind a hyphen", "Xy : a-\n    b", [{ Xy: "a-b" }]],
    ["that begins on the next line", "Xy :\n    b", [{ Xy: "b" }]],
    ["what stands behind an empty line", "Xy : a\n\n    b", [{ Xy: "a" }]],
    ["a line without an object", "    b\nXy : a", [{ Xy: "a" }]],
    ["a list", "Xy : {a, b}", [{ Xy: ["a", "b"] }]],
    ["a list without blanks", "Xy : {a,b}", [{ Xy: ["a,b"] }]],
    ["an empty list", "Xy : {}", [{ Xy: [] }]],
    ["a list that is cut", "Xy : {a, b...}", [{ "Xy (cut)": ["a", "b"] }]],
    ["a list that is cut behind a comma", "Xy : {a, b, ...}", [{ "Xy (cut)": ["a", "b"] }]],
    ["a list that is cut with one sign", "Xy : {a, b…}", [{ "Xy (cut)": ["a", "b"] }]],
    ["a type", "Xy : System.Collections.ArrayList", [{ "Xy (typeName)": "System.Collections.ArrayList" }]],
    ["braces inside a text", "Xy : a {b}", [{ Xy: "a {b}" }]],
  ])("%s", (_, text, objects) => {
    expect(plain(readFormatList(text))).toEqual(objects);
  });
});

describe("Format-Table", () => {
  test.each<[string, string, object[]]>([
    [
      "plain",
      "Name  Fqdn\n----  ----\na     b\nc     d",
      [
        { Name: "a", Fqdn: "b" },
        { Name: "c", Fqdn: "d" },
      ],
    ],
    ["an empty cell", "Name  Fqdn\n----  ----\n      b", [{ Name: null, Fqdn: "b" }]],
    ["a cut cell", "Name  Fqdn\n----  ----\na...  {b, …}", [{ "Name (cut)": "a", "Fqdn (cut)": "b, " }]],
    ["a list", "Name  Fqdn\n----  ----\n{a}   {b, c}", [{ Name: "a", Fqdn: "b, c" }]],
    ["rows end with an empty line", "Name\n----\na\n\nb", [{ Name: "a" }]],
    ["two tables", "AA\n--\na\n\nBB\n--\nb", [{ AA: "a" }, { BB: "b" }]],
    ["headings alone", "Name\n----", []],
    ["nothing above the dashes", "--\na", [{ "": "a" }]],
  ])("%s", (_, text, objects) => {
    expect(plain(readFormatTable(text))).toEqual(objects);
  });

  test.each([
    ["A\n--\nx", true],
    ["A B\r\n-- --\r\nx", true],
    ["A\n-\nx", false],
    ["A : --", false],
    ["-- x --", false],
  ])("%j is one: %s", (text, is) => {
    expect(isFormatTable(text)).toBe(is);
  });
});

describe("JSON", () => {
  test.each<[string, string, object[]]>([
    ["an object", '{"A": 1, "B": null}', [{ A: 1, B: null }]],
    ["a list", '[{"A": true}, 5, null, [], {"A": "x"}]', [{ A: true }, { A: "x" }]],
    ["a list that is wrapped", '{"value": [{"A": 1}], "Count": 1}', [{ A: 1 }]],
    ["an object with a value", '{"value": [1]}', [{ value: [1] }]],
    ["an object with a value and a count", '{"value": 1, "Count": 1}', [{ value: 1, Count: 1 }]],
    ["a property with a wrapped list", '{"A": {"value": ["x"], "Count": 1}}', [{ A: ["x"] }]],
    ["a nested object", '{"A": {"B": 1}}', [{ A: { B: 1 } }]],
    ["a type", '{"A": "System.Object[]"}', [{ "A (typeName)": "System.Object[]" }]],
    ["a number", "5", []],
    ["with space around", ' \n{"A": 1}\n', [{ A: 1 }]],
  ])("%s", (_, text, objects) => {
    const read = readJson(text);
    expect(read.ok && plain(read.value)).toEqual(objects);
  });

  test("that is not whole is refused", () => {
    expect(readJson('{"A": 1')).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^is no whole JSON: /) as string,
    });
  });
});

test.each<[string, string, string]>([
  ["CLIXML", "<Objs><Obj><Props><S N='A'>x</S></Props></Obj></Objs>", "clixml"],
  ["a JSON object", '{"A": 1}', "json"],
  ["an empty JSON object", "{\n}", "json"],
  ["a JSON list", '[{"A":1}]', "json"],
  ["an empty JSON list", "[]", "refused"],
  ["CSV with its type", "#TYPE X\nA\n1", "csv"],
  ["quoted CSV", '"A","B"\n1,2', "csv"],
  ["CSV with semicolons", "A;B\n1;2", "csv"],
  ["CSV with tabs", "A\tB\n1\t2", "csv"],
  ["a list", "Ab : x", "list"],
  ["a table", "AA\n--\nx", "table"],
  ["a table of two columns", "AA BB\n-- --\nx  y", "table"],
  ["words", "nothing of it", "refused"],
  ["nothing", "", "refused"],
  ["IIS's metabase", "<configuration/>", "refused"],
  ["another XML", "<html/>", "refused"],
  ["broken XML", "<broken", "refused"],
  ["as many objects as may be", `A,B\n${"1,2\n".repeat(10_000)}`, "csv"],
  ["one more", `A,B\n${"1,2\n".repeat(10_001)}`, "refused"],
])("%s", async (_, text, form) => {
  const read = await readExport(text);
  expect(read.ok ? read.value.form : "refused").toBe(form);
  if (read.ok) expect(read.value.objects.length).toBeGreaterThan(0);
});
