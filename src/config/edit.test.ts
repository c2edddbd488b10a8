import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { parse, stringify } from "yaml";
import { defaultConfig } from "./default-config.ts";
import { editConfiguration, editConfigurationInPieces, type ConfigurationEdit } from "./edit.ts";
import type { Plain } from "./edit-value.ts";
import { unifiedDiff } from "./unified-diff.ts";

const file = `# The relay   of Contoso
hostname: relay.test      # as in DNS

receiveConnectors:
  # For the ERP
  - name: AppRelay
    bindings: ["127.0.0.1:2525"]   # loopback
    remoteIPRanges:
      - 10.0.0.1   # erp-1
      # the second one is new
      - 10.0.0.2   # erp-2
      - 10.0.0.3

    maxInboundConnectionPerSource:   20    # ask Ann
    comment: |
      two
      lines
  # For printers
  - maxMessageSize: 25MB
    name: 'Printers'
    bindings:
    - 127.0.0.1:2526
    remoteIpRanges: [10.1.0.0/16]
    # tarpitInterval: 0s

  - {name: Flow, bindings: ["127.0.0.1:2527"], remoteIpRanges: [10.2.0.0/16]} # short
sendConnectors: [{name: Out, addressSpaces: ["*"], smartHosts: ["[127.0.0.1]:25"]}]
diagnostics:
  levels:
    SmtpSend: Low   # noisy
# the end
`;

const set = (name: string, settings: Record<string, Plain>): ConfigurationEdit => ({
  kind: "set",
  section: "receiveConnectors",
  name,
  settings,
});

function edited(text: string, edit: ConfigurationEdit): string {
  const result = editConfiguration(text, edit);
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return result.text;
}
/** Removed and added lines only. */
function changed(text: string, edit: ConfigurationEdit): string[] {
  return unifiedDiff(text, edited(text, edit))
    .split("\n")
    .filter((line) => /^[-+]/.test(line) && !/^(?:---|\+\+\+)/.test(line));
}

test("a connector is added behind the last one of a flow list", () => {
  const list =
    'sendConnectors: [{name: A, addressSpaces: ["*"], smartHosts: [a]}, {name: B, smartHosts: [b]}] # two\n';
  const text = edited(list, {
    kind: "add",
    section: "sendConnectors",
    name: "C",
    settings: { dropDirectory: "drop" },
  });
  expect(text).toContain("{name: B, smartHosts: [b]}, { name: C, dropDirectory: drop }] # two");
});

describe("only what is edited changes", () => {
  const cases: [string, ConfigurationEdit, string[]][] = [
    [
      "a value keeps its comment and its alignment",
      set("apprelay", { maxInboundConnectionPerSource: 40 }),
      [
        "-    maxInboundConnectionPerSource:   20    # ask Ann",
        "+    maxInboundConnectionPerSource:   40    # ask Ann",
      ],
    ],
    [
      "an alias is the one that changes, by lines of its list",
      set("AppRelay", { remoteIpRanges: ["10.0.0.1", "10.0.0.3", "192.168.0.0/16"] }),
      ["-      - 10.0.0.2   # erp-2", '+      - "192.168.0.0/16"'],
    ],
    [
      "a list in another order is written anew",
      set("Printers", { bindings: ["127.0.0.1:1", "127.0.0.1:2526"] }),
      ["-    bindings:", "-    - 127.0.0.1:2526", '+    bindings: ["127.0.0.1:1", "127.0.0.1:2526"]'],
    ],
    [
      "a new setting stands behind the last one, block scalars included",
      set("AppRelay", { tarpitInterval: "00:00:00", maxInboundConnection: "unlimited" }),
      ["+    tarpitInterval: 00:00:00", "+    maxInboundConnection: unlimited"],
    ],
    [
      "a setting goes with its line",
      set("AppRelay", { maxInboundConnectionPerSource: null }),
      ["-    maxInboundConnectionPerSource:   20    # ask Ann"],
    ],
    [
      "the first setting of an entry leaves the dash",
      set("Printers", { maxMessageSize: null }),
      ["-  - maxMessageSize: 25MB", "-    name: 'Printers'", "+  - name: 'Printers'"],
    ],
    [
      "flow sections stay flow",
      set("Flow", { enabled: false, remoteIpRanges: ["::1"], bindings: ["[::1]:25"] }),
      [
        '-  - {name: Flow, bindings: ["127.0.0.1:2527"], remoteIpRanges: [10.2.0.0/16]} # short',
        '+  - {name: Flow, bindings: ["[::1]:25"], remoteIpRanges: ["::1"], enabled: false} # short',
      ],
    ],
    [
      "out of a flow section",
      set("Flow", { remoteIpRanges: null }),
      [
        '-  - {name: Flow, bindings: ["127.0.0.1:2527"], remoteIpRanges: [10.2.0.0/16]} # short',
        '+  - {name: Flow, bindings: ["127.0.0.1:2527"]} # short',
      ],
    ],
    [
      "text of many lines",
      set("AppRelay", { comment: "one: #line" }),
      ["-    comment: |", "-      two", "-      lines", '+    comment: "one: #line"'],
    ],
    [
      "renaming",
      set("AppRelay", { name: "ERP Relay", enabled: false }),
      ["-  - name: AppRelay", '+  - name: "ERP Relay"', "+    enabled: false"],
    ],
    ["what is not there cannot go", set("AppRelay", { banner: null }), []],
    [
      "a new connector behind the last",
      {
        kind: "add",
        section: "receiveConnectors",
        name: "New",
        settings: { bindings: ["127.0.0.1:2528"], permissionGroups: ["AnonymousUsers"], fqdn: null },
      },
      ["+  - name: New", '+    bindings: ["127.0.0.1:2528"]', "+    permissionGroups: [AnonymousUsers]"],
    ],
    [
      "into a flow list",
      { kind: "add", section: "sendConnectors", name: "Drop", settings: { dropDirectory: "drop" } },
      [
        '-sendConnectors: [{name: Out, addressSpaces: ["*"], smartHosts: ["[127.0.0.1]:25"]}]',
        '+sendConnectors: [{name: Out, addressSpaces: ["*"], smartHosts: ["[127.0.0.1]:25"]}, { name: Drop, dropDirectory: drop }]',
      ],
    ],
    [
      "a connector goes with the comment above it and those within",
      { kind: "remove", section: "receiveConnectors", name: "PRINTERS" },
      [
        "-  # For printers",
        "-  - maxMessageSize: 25MB",
        "-    name: 'Printers'",
        "-    bindings:",
        "-    - 127.0.0.1:2526",
        "-    remoteIpRanges: [10.1.0.0/16]",
        "-    # tarpitInterval: 0s",
      ],
    ],
    [
      "the last connector leaves an empty list",
      { kind: "remove", section: "sendConnectors", name: "Out" },
      [
        '-sendConnectors: [{name: Out, addressSpaces: ["*"], smartHosts: ["[127.0.0.1]:25"]}]',
        "+sendConnectors: []",
      ],
    ],
    [
      "a list of words that is missing",
      {
        kind: "changeList",
        section: "acceptedDomains",
        remove: [],
        add: ["contoso.com", "*.fabrikam.com"],
      },
      ['+acceptedDomains: [contoso.com, "*.fabrikam.com"]'],
    ],
    [
      "a setting at the top",
      { kind: "setTop", settings: { hostname: "mail.contoso.com" } },
      ["-hostname: relay.test      # as in DNS", "+hostname: mail.contoso.com      # as in DNS"],
    ],
    [
      "each entry of a list",
      { kind: "setEach", section: "receiveConnectors", settings: { maxMessageSize: "50MB" } },
      [
        "+    maxMessageSize: 50MB",
        "-  - maxMessageSize: 25MB",
        "+  - maxMessageSize: 50MB",
        '-  - {name: Flow, bindings: ["127.0.0.1:2527"], remoteIpRanges: [10.2.0.0/16]} # short',
        '+  - {name: Flow, bindings: ["127.0.0.1:2527"], remoteIpRanges: [10.2.0.0/16], maxMessageSize: 50MB} # short',
      ],
    ],
    [
      "a list of people that is missing",
      { kind: "add", section: "applications", name: "ERP", settings: { addresses: ["10.0.0.1"] } },
      ["+applications:", "+  - name: ERP", "+    addresses: [10.0.0.1]"],
    ],
    [
      "a section that is missing",
      { kind: "setSection", section: "transport", settings: { maxConnectionRatePerMinute: 100 } },
      ["+transport:", "+  maxConnectionRatePerMinute: 100"],
    ],
    [
      "levels, by category with or without source",
      {
        kind: "setLevels",
        levels: { "MSExchangeTransport\\SmtpSend": "High", "MSExchangeTransport\\SmtpReceive": "Expert" },
      },
      [
        "-    SmtpSend: Low   # noisy",
        "+    SmtpSend: High   # noisy",
        "+    MSExchangeTransport\\SmtpReceive: Expert",
      ],
    ],
    [
      "the last level leaves an empty section",
      { kind: "setLevels", levels: { SmtpSend: null } },
      ["-  levels:", "-    SmtpSend: Low   # noisy", "+  levels: {}   # noisy"],
    ],
  ];
  test.each(cases)("%s", (_, edit, lines) => {
    expect(changed(file, edit)).toEqual(lines);
    const crlf = file.replaceAll("\n", "\r\n");
    expect(edited(crlf, edit)).toBe(edited(file, edit).replaceAll("\n", "\r\n"));
  });
});

describe("lists of words", () => {
  const domains =
    "acceptedDomains:   # ours\n  # the first\n  - contoso.com   # main\n  - Fabrikam.com\n# end\n";
  const change = (remove: readonly string[], add: readonly string[]): ConfigurationEdit => ({
    kind: "changeList",
    section: "acceptedDomains",
    remove,
    add,
  });
  test.each<[string, ConfigurationEdit, string]>([
    ["one more", change([], ["a.example"]), domains.replace("# end", "  - a.example\n# end")],
    [
      "one less, however it is spelt",
      change(["FABRIKAM.com."], []),
      domains.replace("  - Fabrikam.com\n", ""),
    ],
    [
      "another in its place",
      change(["fabrikam.com"], ["x.example"]),
      domains.replace("Fabrikam.com", "x.example"),
    ],
    ["none", change(["contoso.com", "fabrikam.com"], []), "acceptedDomains: []   # ours\n# end\n"],
  ])("%s", (_, edit, text) => {
    expect(edited(domains, edit)).toBe(text);
  });
});

test("several edits are all made, or none", () => {
  const good: ConfigurationEdit = { kind: "setTop", settings: { hostname: "a.example" } };
  expect(editConfiguration(file, [good, set("Nobody", { enabled: false })])).toMatchObject({
    code: "notFound",
  });
  const both = editConfiguration(file, [good, set("Flow", { enabled: false })]);
  expect(both).toMatchObject({ ok: true, text: expect.stringMatching(/a\.example[^]*enabled: false/) });
});

describe("the file a newcomer gets", () => {
  it("loses its connector with all that was written about it", () => {
    const text = edited(defaultConfig, { kind: "remove", section: "receiveConnectors", name: "AppRelay" });
    expect(text).toContain("receiveConnectors: []\n\n# Where mail goes out.");
  });
  it("takes a limit and keeps the rest", () => {
    expect(changed(defaultConfig, set("AppRelay", { maxInboundConnectionPerSource: 40 }))).toEqual([
      "+    maxInboundConnectionPerSource: 40",
    ]);
  });
  it("takes a connector behind the comments of the first", () => {
    const text = edited(defaultConfig, {
      kind: "add",
      section: "receiveConnectors",
      name: "Second",
      settings: { bindings: ["127.0.0.1:2526"] },
    });
    expect(text).toContain(
      '# delay of refusals\n  - name: Second\n    bindings: ["127.0.0.1:2526"]\n\n# Where mail goes out.',
    );
  });
  it("takes levels at its end", () => {
    const text = edited(defaultConfig, { kind: "setLevels", levels: { SmtpReceive: "Expert" } });
    expect(text).toBe(`${defaultConfig}diagnostics:\n  levels:\n    SmtpReceive: Expert\n`);
  });
});

test.each<[string, string, ConfigurationEdit, string]>([
  ["an unknown connector", file, set("Nobody", {}), "notFound"],
  [
    "a name that is taken",
    file,
    { kind: "add", section: "receiveConnectors", name: "apprelay", settings: {} },
    "alreadyExists",
  ],
  ["broken YAML", "receiveConnectors: [", set("A", { enabled: true }), "notEditable"],
  [
    "an alias for a connector",
    "a: &a {name: A}\nreceiveConnectors: [*a, {name: B}]\n",
    set("A", { enabled: true }),
    "notFound",
  ],
  [
    "an anchor that others use",
    "receiveConnectors:\n  - name: A\n    bindings: &b [x]\n  - name: B\n    bindings: *b\n",
    set("A", { bindings: ["y"] }),
    "notEditable",
  ],
])("refuses %s", (_, text, edit, code) => {
  const result = editConfiguration(text, edit);
  expect(result.ok ? "edited" : result.code).toBe(code);
});

test("a section that is empty, JSON, a text without a last line end", () => {
  expect(
    edited("receiveConnectors:\n", { kind: "add", section: "receiveConnectors", name: "A", settings: {} }),
  ).toBe("receiveConnectors:\n  - name: A\n");
  expect(
    edited("receiveConnectors: [] # none\n", {
      kind: "add",
      section: "receiveConnectors",
      name: "A",
      settings: {},
    }),
  ).toBe("receiveConnectors: # none\n  - name: A\n");
  expect(edited('{"receiveConnectors": [{"name": "A"}]}', set("A", { enabled: false }))).toBe(
    '{"receiveConnectors": [{"name": "A", enabled: false}]}',
  );
  expect(edited("receiveConnectors:\n  - name: A", set("A", { enabled: false }))).toBe(
    "receiveConnectors:\n  - name: A\n    enabled: false\n",
  );
});

test("any text as a value reads back as itself, wherever it stands", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom(
      "yes",
      "1:30",
      "0x1f",
      "~",
      "null",
      "1e3",
      "- a",
      "a: b",
      "a #b",
      "*",
      "&a",
      "00:05:00",
      "é",
      "a'b",
      "$x",
    ),
    fc.array(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 3 }),
    fc.integer(),
    fc.boolean(),
  );
  fc.assert(
    fc.property(
      value,
      fc.constantFrom("AppRelay", "Printers", "Flow"),
      fc.constantFrom("comment", "bindings", "maxMessageSize"),
      (given, name, key) => {
        const text = edited(file, set(name, { [key]: given }));
        const connectors = (parse(text) as { receiveConnectors: Record<string, unknown>[] })
          .receiveConnectors;
        expect(connectors.find((connector) => connector["name"] === name)?.[key]).toEqual(given);
        expect(text).toContain("# the end");
      },
    ),
    { numRuns: 50 },
  );
});

test("whatever the form of the file, an edit is made or nothing is", () => {
  const name = fc.constantFrom("A", "B b", "C");
  const form = fc.record({
    indent: fc.constantFrom(2, 3, 4),
    indentSeq: fc.boolean(),
    collectionStyle: fc.constantFrom("any" as const, "flow" as const),
    defaultStringType: fc.constantFrom("PLAIN" as const, "QUOTE_DOUBLE" as const, "QUOTE_SINGLE" as const),
    lineWidth: fc.constantFrom(0, 30, 80),
  });
  const section = fc.record(
    {
      comment: fc.constantFrom("one", "two\nlines\n", "a #b", ""),
      bindings: fc.uniqueArray(fc.constantFrom("127.0.0.1:1", "[::1]:2", "0.0.0.0:3"), { maxLength: 3 }),
      requireTLS: fc.boolean(),
      maxMessageSize: fc.constantFrom("25MB", 1000),
    },
    { requiredKeys: [] },
  );
  const connectors = fc.array(section, { minLength: 1, maxLength: 3 });
  const value = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.constantFrom("x", "two\nlines"),
    fc.uniqueArray(fc.constantFrom("127.0.0.1:1", "[::1]:2", "x"), { maxLength: 3 }),
  );
  const edit = fc.oneof(
    fc.record({
      kind: fc.constant("set" as const),
      section: fc.constant("receiveConnectors" as const),
      name,
      settings: fc.dictionary(fc.constantFrom("comment", "bindings", "requireTls", "maxMessageSize"), value),
    }),
    fc.record({
      kind: fc.constant("remove" as const),
      section: fc.constant("receiveConnectors" as const),
      name,
    }),
    fc.record({
      kind: fc.constant("setLevels" as const),
      levels: fc.dictionary(fc.constantFrom("SmtpReceive", "SmtpSend"), fc.constantFrom("High", null)),
    }),
  );
  fc.assert(
    fc.property(
      connectors,
      form,
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (list, options, edits, levels) => {
        const given = {
          receiveConnectors: list.map((settings, index) => ({ name: ["A", "B b", "C"][index], ...settings })),
          ...(levels ? { diagnostics: { levels: { SmtpSend: "Low" } } } : {}),
        };
        let text = stringify(given, options);
        for (const each of edits) {
          const result = editConfiguration(text, each);
          expect(result.ok || result.code === "notFound", JSON.stringify([text, each, result])).toBe(true);
          if (result.ok) text = result.text;
        }
      },
    ),
    { numRuns: 100 },
  );
});

describe("many edits", () => {
  const added = Array.from({ length: 30 }, (_, index) => ({
    kind: "add" as const,
    section: "applications" as const,
    name: `app-${index}`,
    settings: { addresses: [`10.0.0.${index}`] },
  }));

  test.each([
    ["no list", "hostname: a.test\n"],
    ["an empty list", "applications: []\nhostname: a.test\n"],
    ["a list of one line", "applications: [{name: ERP, users: [erp]}] # ours\nhostname: a.test\n"],
    [
      "a list with comments",
      "applications:\n    # first\n    - name: ERP\n      users: [erp] # x\n    # last\n\nhostname: a.test\n",
    ],
    ["line ends of Windows", "hostname: a.test\r\napplications:\r\n- name: ERP\r\n  users: [erp]\r\n"],
  ])("what is added to %s at once stands as if it were added one by one", (_, text) => {
    const oneByOne = added.reduce((before, edit) => {
      const result = editConfiguration(before, edit);
      return result.ok ? result.text : result.message;
    }, text);
    expect(editConfiguration(text, added)).toEqual({ ok: true, text: oneByOne });
  });

  test("none is made where one is of a name that is there, or comes twice", () => {
    const [first] = added;
    const twice = [...added, { ...added[3], name: "APP-3" }] as ConfigurationEdit[];
    for (const [text, edits] of [
      ["applications: [{name: App-7}]\n", added],
      ["hostname: a.test\n", twice],
    ] as const)
      expect(editConfiguration(text, edits)).toMatchObject({ ok: false, code: "alreadyExists" });
    expect(first).toBeDefined();
  });

  test("leave others their turn while they are made", async () => {
    const settings = { maxInboundConnection: 100, maxInboundConnectionPerSource: 20, messageRateLimit: 600 };
    const text = "receiveConnectors:\n  - name: In\n  - name: Out\n";
    const edits = [
      ...["In", "Out"].map((name) => ({
        kind: "set" as const,
        section: "receiveConnectors" as const,
        name,
        settings,
      })),
      ...added,
    ];
    let turns = 0;
    let isDone = false;
    const others = (async () => {
      for (; !isDone; turns++) await setImmediate();
    })();
    const result = await editConfigurationInPieces(text, edits);
    isDone = true;
    await others;
    expect(result).toEqual(editConfiguration(text, edits));
    // One for each time the text is read, beside the last.
    expect(turns).toBeGreaterThanOrEqual(2 * (Object.keys(settings).length + 2));
  });
});
