import { expect, test } from "vitest";
import type { RoutedMessage } from "../../core/policy/send-connector-choice.ts";
import type { DropSendConnector, GraphSendConnector } from "../../core/policy/send-connector.ts";
import { ipRange } from "../../core/units/ip-range.ts";
import { recipientDomain } from "./recipient-domain.ts";
import { createRouting } from "./routing.ts";

const message = (sizeBytes: number, reversePath = "app@a.test"): RoutedMessage => ({
  envelope: { reversePath },
  origin: { connector: "Apps", sourceAddress: "10.0.0.1", helloName: "app", sessionId: "" },
  content: { sizeBytes },
});

const drop = (name: string, domain: string, maxMessageSize = 1000): DropSendConnector => ({
  kind: "drop",
  name,
  enabled: true,
  comment: "",
  dropDirectory: "/d",
  maxMessageSize,
  addressSpaces: [{ domain, subdomains: domain === "", cost: 1 }],
});

test.each([
  ["a@Example.COM", "example.com"],
  ['"x@y"@b.example', "b.example"],
  ["a@bücher.example", "xn--bcher-kva.example"],
  ["a@[IPv6:::1]", "[ipv6:::1]"],
  ["a@example.com.", "example.com"],
  ["postmaster", ""],
])("%s is routed by %s", (path, domain) => {
  expect(recipientDomain(path)).toBe(domain);
});

test("each recipient on its own; sizes are looked at for each message", () => {
  const routing = createRouting([drop("A", "a.example", 10), drop("Any", "", 100)]);
  expect(routing.route("x@a.example", message(10))).toEqual({ kind: "queue", queue: "A;/d" });
  expect(routing.route("x@a.example", message(11))).toEqual({ kind: "queue", queue: "Any;/d" });
  expect(routing.route("x@b.example", message(1))).toEqual({ kind: "queue", queue: "Any;/d" });
  expect(routing.route("x@a.example", message(101))).toEqual({ kind: "tooLarge", maxMessageSizeBytes: 100 });
  expect(createRouting([drop("A", "a.example")]).route("x@b.example", message(1))).toEqual({ kind: "none" });
});

test("the cache is bounded and answers the same after eviction", () => {
  const routing = createRouting([drop("Any", "")], { cacheSize: 2 });
  for (let n = 0; n < 10; n++)
    expect(routing.route(`x@d${n % 4}.example`, message(1))).toMatchObject({ queue: "Any;/d" });
});

test("what Graph does not carry goes by its overflow connector, else by the next that matches", () => {
  const graph = (overflowConnector?: string): GraphSendConnector => ({
    kind: "graph",
    preset: "graph",
    name: "Graph",
    enabled: true,
    comment: "",
    addressSpaces: [{ domain: "", subdomains: true, cost: 1 }],
    maxMessageSize: 100,
    graphRoot: "https://g.test",
    oauth: {
      grant: {
        kind: "clientCredentials",
        clientId: "c",
        credential: { kind: "secret", clientSecret: "s", expiresAt: undefined },
      },
      tokenEndpoint: "https://t.test",
      scope: "x",
      shown: {},
    },
    senderMailboxes: {},
    overflowConnector,
    maxConcurrentConnections: 4,
    maxRecipientsPerTransaction: 500,
    messageRateLimit: Infinity,
    recipientRateLimit: Infinity,
    mailboxMessageRateLimit: Infinity,
    mailboxRecipientRateLimit: Infinity,
  });
  const byGraph = { kind: "queue", queue: "Graph;https://g.test" };
  const other = { kind: "queue", queue: "Other;/d" };
  const elsewhere = { ...drop("Other", "elsewhere.example", 1000), name: "Other" };
  const named = createRouting([graph("other"), elsewhere]);
  expect(named.route("x@a.example", message(100))).toEqual(byGraph);
  expect(named.route("x@a.example", message(101))).toEqual(other);
  expect(named.route("x@a.example", message(1, ""))).toEqual(other);
  expect(named.route("x@a.example", message(1001))).toEqual({ kind: "tooLarge", maxMessageSizeBytes: 1000 });

  const ranked = createRouting([graph(), drop("Other", "")]);
  expect(ranked.route("x@a.example", message(1))).toEqual(byGraph);
  expect(ranked.route("x@a.example", message(101))).toEqual(other);
  expect(ranked.route("x@a.example", message(1, ""))).toEqual(other);

  const alone = createRouting([graph()]);
  expect(alone.route("x@a.example", message(1, ""))).toMatchObject({
    kind: "barred",
    why: [{ objection: { kind: "nullSender" } }],
  });
  expect(alone.route("x@a.example", message(101))).toEqual({ kind: "tooLarge", maxMessageSizeBytes: 100 });
  const off = createRouting([graph("Other"), { ...elsewhere, enabled: false }]);
  expect(off.route("x@a.example", message(1, ""))).toMatchObject({
    kind: "barred",
    why: [{ objection: { kind: "nullSender" } }],
  });
});

test("mail of an application, by its record or, where that does not tell, by its source", () => {
  const onlyErp = {
    ...drop("SES", ""),
    restrictions: { senderSpaces: [], receiveConnectors: [], applications: ["ERP"] },
  };
  const applications = [{ name: "ERP", addresses: [ipRange("10.0.0.0/24")], users: [] }];
  const routing = createRouting([onlyErp, drop("Out", "")], { applications });
  const of = (application?: string): RoutedMessage => {
    const old = message(1);
    return application === undefined ? old : { ...old, origin: { ...old.origin, application } };
  };
  expect(routing.route("x@a.example", of())).toEqual({ kind: "queue", queue: "SES;/d" });
  expect(routing.route("x@a.example", of("ERP"))).toEqual({ kind: "queue", queue: "SES;/d" });
  expect(routing.route("x@a.example", of(""))).toEqual({ kind: "queue", queue: "Out;/d" });
});

test("senders' domains are compared as recipients' are", () => {
  const space = { kind: "domain", domain: "xn--bcher-kva.example", subdomains: false } as const;
  const books = {
    ...drop("Books", ""),
    restrictions: { senderSpaces: [space], receiveConnectors: [], applications: [] },
  };
  const routing = createRouting([books]);
  expect(routing.route("x@a.example", message(1, "a@Bücher.example."))).toMatchObject({ kind: "queue" });
  expect(routing.route("x@a.example", message(1, "a@buch.example"))).toMatchObject({ kind: "barred" });
});
