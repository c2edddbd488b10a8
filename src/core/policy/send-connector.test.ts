import { describe, expect, test } from "vitest";
import { rankSendConnectors, selectSendConnector, type DropSendConnector } from "./send-connector.ts";

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
