import { describe, expect, test } from "vitest";
import type { Origin } from "../message/envelope.ts";
import { barredText, pickConnector, rankSendConnectors, usualConnector } from "./send-connector-choice.ts";
import type { DropSendConnector, GraphSendConnector, SendConnectorSettings } from "./send-connector.ts";
import type { SendRestrictions } from "./send-restrictions.ts";

const origin: Origin = { connector: "Apps", sourceAddress: "10.0.0.1", helloName: "app", sessionId: "" };
const facts = {
  domainOf: (mailbox: string) => mailbox.slice(mailbox.lastIndexOf("@") + 1).toLowerCase(),
  applicationOf: ({ application = "" }: Origin) => application,
};

function selectSendConnector(
  connectors: readonly SendConnectorSettings[],
  {
    domain,
    sizeBytes = 1,
    reversePath = "app@a.test",
    ...from
  }: { domain: string; sizeBytes?: number; reversePath?: string; connector?: string; application?: string },
) {
  return pickConnector(
    rankSendConnectors(connectors, domain),
    { envelope: { reversePath }, origin: { ...origin, ...from }, content: { sizeBytes } },
    (name) => connectors.find((one) => one.name === name),
    facts,
  );
}

/** `spaces`: `*`, `a.example`, `*.a.example`, each with an optional `;cost`. */
function connector(
  name: string,
  spaces: string,
  changes: Partial<DropSendConnector> = {},
): DropSendConnector {
  return {
    kind: "drop",
    name,
    enabled: true,
    comment: "",
    dropDirectory: `/drop/${name}`,
    maxMessageSize: Number.POSITIVE_INFINITY,
    addressSpaces: spaces.split(",").map((space) => {
      const [text = "", cost = "1"] = space.split(";");
      const subdomains = text.startsWith("*");
      return { domain: text.replace(/^\*\.?/, ""), subdomains, cost: Number(cost) };
    }),
    ...changes,
  };
}

const internet = connector("Internet", "*");
const contoso = connector("Contoso", "contoso.com");
const contosoAll = connector("ContosoAll", "*.contoso.com");
const sales = connector("Sales", "*.sales.contoso.com");

describe("most specific address space wins", () => {
  test.each([
    ["fabrikam.com", "Internet"],
    ["contoso.com", "Contoso"],
    ["eu.contoso.com", "ContosoAll"],
    ["sales.contoso.com", "Sales"],
    ["x.sales.contoso.com", "Sales"],
    ["notcontoso.com", "Internet"],
    ["", "Internet"],
    ["[192.0.2.1]", "Internet"],
  ])("%s → %s", (domain, name) => {
    const selection = selectSendConnector([internet, contosoAll, sales, contoso], { domain, sizeBytes: 1 });
    expect(selection).toMatchObject({ kind: "connector", connector: { name } });
  });
});

test.each([
  ["cost before name", [connector("A", "*;10"), connector("B", "*;2")], "B"],
  ["name, alphanumerically lowest", [connector("beta", "*"), connector("Alpha", "*")], "Alpha"],
  ["specificity before cost", [connector("A", "*;1"), connector("B", "a.example;100")], "B"],
  [
    "the best space of a connector counts",
    [connector("A", "*;1,a.example;9"), connector("B", "a.example;8")],
    "B",
  ],
  ["disabled is out", [connector("A", "a.example", { enabled: false }), connector("B", "*")], "B"],
  ["too small is out", [connector("A", "a.example", { maxMessageSize: 99 }), connector("B", "*")], "B"],
  ["the limit itself fits", [connector("A", "a.example", { maxMessageSize: 100 }), connector("B", "*")], "A"],
])("%s", (_why, connectors, name) => {
  const selection = selectSendConnector(connectors, { domain: "a.example", sizeBytes: 100 });
  expect(selection).toMatchObject({ kind: "connector", connector: { name } });
});

test("nothing matches, and all that match are too small, are told apart", () => {
  const small = connector("A", "a.example", { maxMessageSize: 10 });
  const less = connector("B", "*", { maxMessageSize: 20 });
  expect(selectSendConnector([small], { domain: "b.example", sizeBytes: 1 })).toEqual({ kind: "none" });
  expect(selectSendConnector([], { domain: "b.example", sizeBytes: 1 })).toEqual({ kind: "none" });
  expect(selectSendConnector([small, less], { domain: "a.example", sizeBytes: 21 })).toEqual({
    kind: "tooLarge",
    maxMessageSizeBytes: 20,
  });
});

test("ranking names each connector once", () => {
  const both = connector("Both", "*,a.example");
  expect(rankSendConnectors([both], "a.example")).toEqual([both]);
});

/** `senders`: addresses, domains or `<>`. */
const only = (
  senders: string,
  receiveConnectors: readonly string[] = [],
  applications: readonly string[] = [],
): { restrictions: SendRestrictions } => ({
  restrictions: {
    senderSpaces:
      senders === ""
        ? []
        : senders
            .split(",")
            .map((text) =>
              text === "<>"
                ? { kind: "nullSender" }
                : text.includes("@")
                  ? { kind: "address", address: text }
                  : { kind: "domain", domain: text.replace(/^\*\.?/, ""), subdomains: text.startsWith("*") },
            ),
    receiveConnectors,
    applications,
  },
});

describe("restrictions", () => {
  test.each([
    ["no restriction", {}, {}, true],
    ["a domain", only("contoso.com"), { reversePath: "a@Contoso.COM" }, true],
    ["not its subdomain", only("contoso.com"), { reversePath: "a@eu.contoso.com" }, false],
    ["with subdomains", only("*.contoso.com"), { reversePath: "a@eu.contoso.com" }, true],
    ["and itself", only("*.contoso.com"), { reversePath: "a@contoso.com" }, true],
    ["no other that ends so", only("*.contoso.com"), { reversePath: "a@notcontoso.com" }, false],
    ["an address, whatever its case", only("bill@contoso.com"), { reversePath: "Bill@contoso.com" }, true],
    ["no other address", only("bill@contoso.com"), { reversePath: "will@contoso.com" }, false],
    ["one of several", only("a.test,b.test"), { reversePath: "x@b.test" }, true],
    ["every sender", only("*"), { reversePath: "x@b.test" }, true],
    ["the null reverse-path is no sender", only("*"), { reversePath: "" }, false],
    ["but where it is named", only("*,<>"), { reversePath: "" }, true],
    ["and nobody else then", only("<>"), { reversePath: "x@b.test" }, false],
    ["a bare postmaster", only("contoso.com"), { reversePath: "postmaster" }, false],
    ["receive connector", only("", ["apps"]), {}, true],
    ["another receive connector", only("", ["Printers"]), {}, false],
    ["null reverse-path from there", only("", ["Apps"]), { reversePath: "" }, true],
    ["a report made here", only("", ["Apps", "DSN"]), { reversePath: "", connector: "DSN" }, false],
    ["application", only("", [], ["ERP"]), { application: "erp" }, true],
    ["another application", only("", [], ["ERP"]), { application: "Helpdesk" }, false],
    ["no application", only("", [], ["ERP"]), {}, false],
    ["a report on its mail", only("", [], ["ERP"]), { connector: "DSN", application: "ERP" }, false],
    ["all must be met", only("a.test", ["Apps"], ["ERP"]), { application: "ERP" }, true],
    ["one is not", only("a.test", ["Apps"], ["ERP"]), { application: "ERP", reversePath: "x@b.test" }, false],
  ])("%s", (_why, restrictions, message, uses) => {
    const { kind } = selectSendConnector([connector("A", "*", restrictions)], {
      domain: "x.test",
      ...message,
    });
    expect(kind).toBe(uses ? "connector" : "barred");
  });

  test.each([
    [
      "with before without, where the rest is equal",
      [connector("A", "*"), connector("B", "*", only("a.test"))],
      "B",
    ],
    ["specificity first", [connector("A", "x.test"), connector("B", "*", only("a.test"))], "A"],
    ["then cost", [connector("A", "*;1"), connector("B", "*;2", only("a.test"))], "A"],
    ["then name", [connector("B", "*", only("a.test")), connector("A", "*", only("a.test"))], "A"],
    ["unmet counts as not matching", [connector("A", "*"), connector("B", "x.test", only("b.test"))], "A"],
  ])("%s", (_why, connectors, name) => {
    expect(selectSendConnector(connectors, { domain: "x.test" })).toMatchObject({ connector: { name } });
  });

  test("what bars is named", () => {
    const connectors = [
      connector("A", "x.test", only("b.test")),
      connector("B", "*", only("", ["Printers"])),
      connector("C", "*", only("", [], ["ERP"])),
    ];
    const selection = selectSendConnector(connectors, { domain: "x.test" });
    expect(selection.kind === "barred" && barredText(selection.why)).toBe(
      "No matching send connector is for this message: A is for other senders (senderSpaces); B is for mail of other receive connectors (receiveConnectors); C is for other applications (applications)",
    );
  });

  test("a connector that is too small and may be used is told as that", () => {
    const connectors = [connector("A", "*", only("b.test")), connector("B", "*", { maxMessageSize: 10 })];
    expect(selectSendConnector(connectors, { domain: "x.test", sizeBytes: 11 })).toEqual({
      kind: "tooLarge",
      maxMessageSizeBytes: 10,
    });
  });

  test("who may not use Graph's connector may not use its overflow connector; that has restrictions of its own", () => {
    const graph = (restrictions: object): SendConnectorSettings =>
      ({
        ...connector("Graph", "*", restrictions),
        kind: "graph",
        maxMessageSize: 10,
        overflowConnector: "Over",
      }) as unknown as GraphSendConnector;
    const over = connector("Over", "elsewhere.test");
    const large = { domain: "x.test", sizeBytes: 11 };
    expect(selectSendConnector([graph(only("a.test")), over], large)).toMatchObject({
      connector: { name: "Over" },
    });
    expect(selectSendConnector([graph(only("b.test")), over], large)).toMatchObject({ kind: "barred" });
    const restricted = connector("Over", "elsewhere.test", only("b.test"));
    expect(selectSendConnector([graph({}), restricted], large)).toMatchObject({ kind: "tooLarge" });
  });

  test("the usual way has none", () => {
    expect(usualConnector([connector("A", "*", only("a.test")), connector("B", "*;9")], "x.test")?.name).toBe(
      "B",
    );
    expect(usualConnector([connector("A", "*", only("a.test"))], "x.test")).toBeUndefined();
  });
});

test.each([
  [5, ""],
  [6, ", and 1 more"],
])("of %i connectors in the way five are named", (count, end) => {
  const names = Array.from({ length: count }, (_, n) => `C${n}`);
  const text = barredText(
    names.map((name) => ({ connector: name, objection: { kind: "tooLarge", maxMessageSizeBytes: 7 } })),
  );
  expect(names.filter((name) => text.includes(name))).toHaveLength(5);
  expect(text.slice(text.lastIndexOf(" bytes") + " bytes".length)).toBe(end);
});

test("of names that differ in case alone the first stays first", () => {
  const [one, other] = [connector("NAME", "*"), connector("name", "*")];
  expect(rankSendConnectors([one, other], "a.test")).toEqual([one, other]);
  expect(rankSendConnectors([other, one], "a.test")).toEqual([other, one]);
  expect(
    rankSendConnectors([connector("b", "*"), connector("A", "*")], "a.test").map(({ name }) => name),
  ).toEqual(["A", "b"]);
});
