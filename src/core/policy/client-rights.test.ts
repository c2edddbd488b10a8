import { describe, expect, test } from "vitest";
import {
  mayUseConnector,
  noLimits,
  ownerKey,
  ownerText,
  rateKey,
  sessionRights,
  type ClientRights,
  type RightsOwner,
} from "./client-rights.ts";

const owner = (name: string, rights: ClientRights): RightsOwner => ({ kind: "user", name, rights });

test.each<[string, ClientRights]>([
  ["connectors", { receiveConnectors: ["In"] }],
  ["senders", { sendAs: [] }],
  ["messages", { messageRateLimit: 3 }],
  ["recipients", { recipientRateLimit: 3 }],
])("who is limited in its %s alone has rights of its own", (_, rights) => {
  expect(sessionRights([owner("a", rights)])).not.toBe(noLimits);
});

test("whom nothing limits is as all others", () => {
  expect(sessionRights([])).toBe(noLimits);
  expect(sessionRights([owner("a", { messageRateLimit: Infinity }), owner("b", {})])).toBe(noLimits);
});

test("the nearest says as whom and where, rates hold all together", () => {
  const near = owner("near", { messageRateLimit: 5 });
  const middle = owner("middle", { sendAs: [], recipientRateLimit: 7 });
  const far = owner("far", { sendAs: [], receiveConnectors: ["X"], messageRateLimit: 9 });
  expect(sessionRights([near, middle, far])).toEqual({
    sendAs: { owner: middle, value: [] },
    receiveConnectors: { owner: far, value: ["X"] },
    messageRates: [
      { owner: near, value: 5 },
      { owner: far, value: 9 },
    ],
    recipientRates: [{ owner: middle, value: 7 }],
  });
});

test.each<[string, readonly string[] | undefined, boolean]>([
  ["any", undefined, true],
  ["one of them", ["Out", "IN"], true],
  ["others", ["Out"], false],
  ["none", [], false],
])("a connector: %s", (_, receiveConnectors, may) => {
  expect(mayUseConnector(sessionRights([owner("a", { receiveConnectors })]), "iN")).toBe(may);
});

describe("an owner is called", () => {
  test.each<[RightsOwner["kind"], string, string, string, string]>([
    ["user", "ERP@Contoso.com", "user: erp@contoso.com", "user ERP@Contoso.com", "the user ERP@Contoso.com"],
    ["group", "Shops", "group: shops", "group Shops", "the group Shops"],
    ["application", "ERP", "application: erp", "application ERP", "the application ERP"],
    ["key", "ERP", "key: erp", "key ERP", "the API key ERP"],
  ])("%s %s", (kind, name, counted, key, text) => {
    expect([rateKey({ kind, name }), ownerKey({ kind, name }), ownerText({ kind, name })]).toEqual([
      counted,
      key,
      text,
    ]);
  });
});
