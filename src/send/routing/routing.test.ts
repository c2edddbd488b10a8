import { expect, test } from "vitest";
import type { DropSendConnector } from "../../core/policy/send-connector.ts";
import { recipientDomain } from "./recipient-domain.ts";
import { createRouting } from "./routing.ts";

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
  expect(routing.route("x@a.example", 10)).toEqual({ kind: "queue", queue: "A;/d" });
  expect(routing.route("x@a.example", 11)).toEqual({ kind: "queue", queue: "Any;/d" });
  expect(routing.route("x@b.example", 1)).toEqual({ kind: "queue", queue: "Any;/d" });
  expect(routing.route("x@a.example", 101)).toEqual({ kind: "tooLarge", maxMessageSizeBytes: 100 });
  expect(createRouting([drop("A", "a.example")]).route("x@b.example", 1)).toEqual({ kind: "none" });
});

test("the cache is bounded and answers the same after eviction", () => {
  const routing = createRouting([drop("Any", "")], 2);
  for (let n = 0; n < 10; n++)
    expect(routing.route(`x@d${n % 4}.example`, 1)).toMatchObject({ queue: "Any;/d" });
});
