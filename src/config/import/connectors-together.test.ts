/** What is imported beside each other and beside what is there: names, address spaces, bindings. */
import { describe, expect, test } from "vitest";
import type { ConfigurationEdit } from "../edit.ts";
import { addressSpaceRivals } from "./address-space-rivals.ts";
import { bindingsElsewhere } from "./bindings-elsewhere.ts";
import { withoutCollisions } from "./collisions.ts";
import { commandText, type ImportedPart, plainText } from "./finding.ts";

type Settings = Extract<ConfigurationEdit, { kind: "add" }>["settings"];
const send = (name: string, addressSpaces: readonly string[], more: Settings = {}): ConfigurationEdit => ({
  kind: "add",
  section: "sendConnectors",
  name,
  settings: { addressSpaces: [...addressSpaces], ...more },
});
const receive = (
  name: string,
  bindings: readonly string[],
  remoteIpRanges: readonly string[],
  more: Settings = {},
): ConfigurationEdit => ({
  kind: "add",
  section: "receiveConnectors",
  name,
  settings: { bindings: [...bindings], remoteIpRanges: [...remoteIpRanges], ...more },
});

describe("send connectors for the same address space", () => {
  const there = { name: "Here", addressSpaces: ["*"] };
  test.each<[string, ConfigurationEdit[], Record<string, unknown>[], string[]]>([
    ["of which one is there", [send("New", ["*"])], [there], ["Here and New both take *"]],
    ["the earlier name first", [send("Alpha", ["*"])], [there], ["Alpha and Here both take *"]],
    ["in any case", [send("alpha", ["*"])], [{ ...there, name: "Beta" }], ["alpha and Beta both take *"]],
    ["both imported", [send("A", ["a.test"]), send("B", ["a.test"])], [], ["A and B both take a.test"]],
    [
      "with subdomains",
      [send("A", ["*.a.test"]), send("B", ["*.a.test"])],
      [],
      ["A and B both take *.a.test"],
    ],
    ["with subdomains and without", [send("A", ["*.a.test"]), send("B", ["a.test"])], [], []],
    [
      "at the same cost",
      [send("A", ["a.test;5"]), send("B", ["a.test;5"])],
      [],
      ["A and B both take a.test;5"],
    ],
    ["at another cost", [send("A", ["a.test;5"]), send("B", ["a.test"])], [], []],
    [
      "written otherwise",
      [send("A", ["SMTP:a.test;1"]), send("B", ["a.test"])],
      [],
      ["A and B both take a.test"],
    ],
    ["disabled", [send("A", ["*"], { enabled: false })], [there], []],
    ["the other disabled", [send("A", ["*"])], [{ ...there, enabled: false }], []],
    [
      "that is removed",
      [{ kind: "remove", section: "sendConnectors", name: "HERE" }, send("A", ["*"])],
      [there],
      [],
    ],
    ["that cannot be read", [send("A", ["%%"])], [{ name: "B", addressSpaces: ["%%"] }], []],
    ["without any", [send("A", ["*"])], [{ name: "B" }], []],
    ["receive connectors have none", [receive("A", ["0.0.0.0:25"], ["0.0.0.0/0"])], [there], []],
  ])("%s", (_, edits, present, expected) => {
    const rivals = addressSpaceRivals(edits, present);
    expect(rivals.map(({ text }) => text.split(" at the same cost")[0])).toEqual(expected);
  });

  test("the other one may be taken out", () => {
    expect(addressSpaceRivals([send("New", ["*"])], [there])[0]?.command).toBe(
      "weir Remove-SendConnector Here",
    );
  });
});

describe("bindings", () => {
  const isOwn = (address: string): boolean => address.startsWith("127.") || address === "0.0.0.0";
  test.each<[string, ConfigurationEdit[], string[]]>([
    ["of this machine", [receive("A", ["0.0.0.0:25", "127.0.0.1:26"], [])], []],
    ["of another", [receive("A", ["10.0.0.1:26"], [])], ["weir Set-ReceiveConnector A -Bindings 0.0.0.0:26"]],
    [
      "of IPv6",
      [receive("A", ["[2001:db8::1]:587"], [])],
      ["weir Set-ReceiveConnector A -Bindings 0.0.0.0:587"],
    ],
    [
      "one of two",
      [receive("A", ["127.0.0.1:25", "10.0.0.1:26"], [])],
      ["weir Set-ReceiveConnector A -Bindings 0.0.0.0:26"],
    ],
    ["that cannot be read", [receive("A", ["host:25"], [])], []],
    ["of a send connector", [send("A", ["*"], { bindings: ["10.0.0.1:25"] })], []],
    ["that are none", [{ kind: "add", section: "receiveConnectors", name: "A", settings: {} }], []],
  ])("%s", (_, edits, commands) => {
    const found = bindingsElsewhere(edits, isOwn);
    expect(found.map(({ command }) => command)).toEqual(commands);
    for (const { text } of found) expect(text).not.toContain("127.0.0.1");
  });
});

describe("names and bindings that are taken", () => {
  const part = (edit: ConfigurationEdit, origin?: string): ImportedPart => ({
    title: `Connector ${"name" in edit ? edit.name : ""}`,
    ...(origin === undefined ? {} : { origin }),
    edits: [edit],
    findings: [],
    toDo: [{ text: "something" }],
  });
  const result = (parts: readonly ImportedPart[], present = {}, replace = false): (string | undefined)[] =>
    withoutCollisions(parts, { receiveConnectors: [], sendConnectors: [], ...present }, replace).map(
      ({ skipped, edits }) =>
        skipped?.slice(0, 24) ??
        edits.map((edit) => `${edit.kind} ${"name" in edit ? edit.name : ""}`).join(", "),
    );
  const here = { sendConnectors: [{ name: "out" }] };
  const door = {
    receiveConnectors: [{ name: "Door", bindings: ["0.0.0.0:25"], remoteIpRanges: ["10.0.0.0/8"] }],
  };
  const long = "x".repeat(60);

  test.each<[string, ImportedPart[], object, boolean, string[]]>([
    ["none", [part(send("A", ["*"])), part(send("B", ["*"]))], {}, false, ["add A", "add B"]],
    ["there already", [part(send("Out", ["*"]))], here, false, ["there is a connector Out"]],
    ["put in its place", [part(send("Out", ["*"]))], here, true, ["remove Out, add Out"]],
    [
      "the name of the other section",
      [part(receive("Out", ["0.0.0.0:25"], ["10.0.0.1"]))],
      here,
      false,
      ["add Out"],
    ],
    [
      "of two servers",
      [part(send("A", ["a.test"]), "S1"), part(send("a", ["b.test"]), "S2")],
      {},
      false,
      ["add A", "add a S2"],
    ],
    [
      "of two servers, the same",
      [part(send("A", ["a.test"]), "S1"), part(send("A", ["a.test"]), "S2")],
      {},
      false,
      ["add A", "it is the same as A abov"],
    ],
    [
      "of nobody knows where",
      [part(send("A", ["a.test"])), part(send("A", ["b.test"])), part(send("A", ["c.test"]))],
      {},
      false,
      ["add A", "add A 2", "add A 3"],
    ],
    [
      "too long for its server",
      [part(send(long, ["a.test"]), "S1"), part(send(long, ["b.test"]), "S2345")],
      {},
      false,
      [`add ${long}`, `add ${long.slice(0, 58)} 2`],
    ],
    [
      "just long enough",
      [part(send(long, ["a.test"]), "S1"), part(send(long, ["b.test"]), "S23")],
      {},
      false,
      [`add ${long}`, `add ${long} S23`],
    ],
    [
      "a range that meets another",
      [part(receive("A", ["0.0.0.0:25"], ["10.0.0.0/8"]))],
      door,
      false,
      ["its range 10.0.0.0/8 is "],
    ],
    [
      "that one disabled",
      [part(receive("A", ["0.0.0.0:25"], ["10.0.0.0/8"], { enabled: false }))],
      door,
      false,
      ["add A"],
    ],
    [
      "that of its own name",
      [part(receive("DOOR", ["0.0.0.0:25"], ["10.0.0.0/8"]))],
      door,
      true,
      ["remove DOOR, add DOOR"],
    ],
    ["another port", [part(receive("A", ["0.0.0.0:26"], ["10.0.0.0/8"]))], door, false, ["add A"]],
    [
      "two imported that meet",
      [
        part(receive("A", ["0.0.0.0:26"], ["10.1.0.0/16"])),
        part(receive("B", ["0.0.0.0:26"], ["10.1.0.0/16"])),
      ],
      {},
      false,
      ["add A", "its range 10.1.0.0/16 is"],
    ],
    [
      "no connector",
      [part({ kind: "setSection", section: "transport", settings: {} })],
      here,
      false,
      ["setSection "],
    ],
  ])("%s", (_, parts, present, replace, expected) => {
    expect(result(parts, present, replace)).toEqual(expected);
  });

  test("a changed name is told, and in the title", () => {
    const [, second] = withoutCollisions(
      [part(send("A", ["a.test"]), "S1"), part(send("A", ["b.test"]), "S2")],
      { receiveConnectors: [], sendConnectors: [] },
      false,
    );
    expect(second).toMatchObject({
      title: "Connector A S2",
      findings: [{ property: "Name", value: "A", outcome: "differs" }],
      toDo: [{ text: "something" }],
    });
  });

  test("of what is skipped nothing is left to do", () => {
    const [only] = withoutCollisions([part(send("Out", ["*"]))], { receiveConnectors: [], ...here }, false);
    expect(only).toMatchObject({ edits: [], toDo: [] });
  });
});

test("values and commands as they are shown", () => {
  expect([plainText(["a", 1, true]), plainText({ a: 1 }), plainText("x")]).toEqual([
    "a, 1, true",
    '{"a":1}',
    "x",
  ]);
  expect(commandText("Set-X", "App Relay", "-A", "a:b/c,d=e.f")).toBe(
    'weir Set-X "App Relay" -A a:b/c,d=e.f',
  );
  expect(commandText("Set-X", "@{Add='x'}")).toBe(`weir Set-X "@{Add='x'}"`);
});
