/** Which mail a send connector is for, as a file says it. */
import { expect, test } from "vitest";
import { formatFault } from "./fault.ts";
import { parseConfig } from "./parse-config.ts";
import { plainSendConnector } from "./plain-settings.ts";

const parse = (...connectors: readonly string[]) =>
  parseConfig(
    `receiveConnectors:
  - {name: Apps, bindings: ["127.0.0.1:2525"], remoteIpRanges: ["127.0.0.0/8"]}
applications:
  - {name: ERP, addresses: [10.0.0.1]}
sendConnectors:
${connectors.map((one) => `  - {addressSpaces: ["*"], smartHosts: [mx.test], ${one}}\n`).join("")}`,
    { file: "/etc/weir/weir.yaml", hostname: "relay.test" },
  );

const told = (...connectors: readonly string[]): readonly string[] => {
  const result = parse(...connectors);
  return (result.ok ? result.warnings : result.faults).map((fault) =>
    formatFault(fault, "f").replace(/^f:\d+:\d+ sendConnectors/, ""),
  );
};

test("senders, receive connectors and applications are read, and shown as they were written", () => {
  const result = parse(
    "name: A",
    'name: B, senderSpaces: [Bücher.example, "*.Contoso.com", Bill@CONTOSO.com, "*", "<>"], receiveConnectors: [apps], applications: [erp]',
  );
  if (!result.ok) throw new Error("faults");
  const [open, restricted] = result.settings.sendConnectors;
  expect(open).not.toHaveProperty("restrictions");
  expect(restricted?.restrictions).toEqual({
    senderSpaces: [
      { kind: "domain", domain: "xn--bcher-kva.example", subdomains: false },
      { kind: "domain", domain: "contoso.com", subdomains: true },
      { kind: "address", address: "bill@contoso.com" },
      { kind: "domain", domain: "", subdomains: true },
      { kind: "nullSender" },
    ],
    receiveConnectors: ["apps"],
    applications: ["erp"],
  });
  expect(restricted && plainSendConnector(restricted)).toMatchObject({
    senderSpaces: ["xn--bcher-kva.example", "*.contoso.com", "bill@contoso.com", "*", "<>"],
    receiveConnectors: ["apps"],
    applications: ["erp"],
  });
});

test.each([
  [
    "senderSpaces: [contoso.com;5]",
    '[0].senderSpaces[0]: "contoso.com;5" has a cost, which belongs to addressSpaces; senders have none',
  ],
  [
    'senderSpaces: ["*@contoso.com"]',
    '[0].senderSpaces[0]: "*@contoso.com" is not a sender; for everybody there write contoso.com',
  ],
  [
    'senderSpaces: ["a b@contoso.com"]',
    '[0].senderSpaces[0]: "a b@contoso.com" is not a sender; write contoso.com, "*.contoso.com", "*", invoices@contoso.com or "<>"',
  ],
  [
    "receiveConnectors: [Apps, Printers]",
    '[0].receiveConnectors[1]: there is no receive connector "Printers", which send connector "A" is for',
  ],
  [
    "enabled: false, applications: [CRM]",
    '[0].applications[0]: there is no application "CRM", which send connector "A" is for',
  ],
])("%s", (settings, fault) => {
  expect(told(`name: A, ${settings}`)).toEqual([fault]);
});

test("mail that meets no restriction has no way, which is told", () => {
  const some =
    "is for some mail only (senderSpaces, receiveConnectors, applications); other mail, reports among it, waits";
  expect(told("name: A, receiveConnectors: [Apps]")).toContainEqual(expect.stringContaining(some));
  expect(told("name: A, receiveConnectors: [Apps]", "name: B")).not.toContainEqual(
    expect.stringContaining(some),
  );
});

test("who takes over is read, with a time by default", () => {
  const result = parse(
    "name: A, fallbackConnector: b",
    "name: B, fallbackConnector: C, fallbackAfter: 0s",
    "name: C",
  );
  if (!result.ok) throw new Error("faults");
  const [a, b, c] = result.settings.sendConnectors;
  expect([a?.fallback, b?.fallback]).toEqual([
    { connector: "b", afterMs: 900_000 },
    { connector: "C", afterMs: 0 },
  ]);
  expect(c).not.toHaveProperty("fallback");
  const weaker = ["name: A, fallbackConnector: B, requireTls: true, fallbackMayWeakenTls: true", "name: B"];
  const may = parse(...weaker);
  expect(may.ok && may.settings.sendConnectors[0]?.fallback).toMatchObject({ mayWeakenTls: true });
  expect(told(...weaker)).not.toContainEqual(expect.stringContaining("takes nothing over"));
  expect(a && plainSendConnector(a)).toMatchObject({ fallbackConnector: "b", fallbackAfter: 900_000 });
  expect(c && plainSendConnector(c)).toMatchObject({ fallbackConnector: null, fallbackAfter: null });
});

test.each([
  [
    ["name: A, fallbackConnector: X"],
    '[0].fallbackConnector: there is no send connector "X", which is to take over from "A"',
  ],
  [["name: A, fallbackConnector: a"], "[0].fallbackConnector: is the connector itself"],
  [
    ["name: A, fallbackConnector: B", "name: B, enabled: false"],
    '[0].fallbackConnector: "B" is not enabled: it takes nothing over',
  ],
  [["name: A, fallbackAfter: 5m"], "[0].fallbackAfter: is not used: there is no fallbackConnector"],
  [
    ["name: A, fallbackMayWeakenTls: true"],
    "[0].fallbackMayWeakenTls: is not used: there is no fallbackConnector",
  ],
  [
    ["name: A, fallbackConnector: B, requireTls: true", "name: B"],
    '[0].fallbackConnector: "B" takes nothing over: "A" demands more of TLS. Give it requireTls, tlsAuthLevel and tlsDomain, or this one fallbackMayWeakenTls: true',
  ],
])("%s", (connectors, fault) => {
  expect(told(...connectors)).toContain(fault);
});

test("who takes over must not lead back, not even by others", () => {
  const loop = [
    "name: A, fallbackConnector: B",
    "name: B, fallbackConnector: C",
    "name: C, fallbackConnector: A",
  ];
  expect(told(...loop)).toEqual([
    "[0].fallbackConnector: leads back to the connector itself: A → B → C → A",
    "[1].fallbackConnector: leads back to the connector itself: B → C → A → B",
    "[2].fallbackConnector: leads back to the connector itself: C → A → B → C",
  ]);
  // One that leads into a loop is no fault of its own.
  expect(
    told("name: A, fallbackConnector: B", "name: B, fallbackConnector: C", "name: C, fallbackConnector: B"),
  ).toHaveLength(2);
});
