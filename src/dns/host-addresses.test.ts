/** Where the addresses of a smart host's name come from, and for how long. */
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, test } from "vitest";
import type { Lookup, RecordType, Resolver } from "../ports/lookup.ts";
import { createHostAddresses, type HostAddressSources } from "./host-addresses.ts";
import { followHostsFile, parseHostsFile } from "./hosts-file.ts";

/** `name type` → addresses, or how it fails. */
type Zone = Readonly<Record<string, readonly string[] | "servfail" | "timeout">>;

function build(zone: Zone, given: Partial<HostAddressSources> = {}) {
  const asked: string[] = [];
  const forgotten: (string | undefined)[] = [];
  const resolver: Resolver = {
    lookUp<Type extends RecordType>(name: string, type: Type) {
      asked.push(`${name} ${type}`);
      const found = zone[`${name} ${type}`] ?? [];
      const told = { canonicalName: name, isAuthenticated: false, keepMs: 1 };
      const lookup =
        typeof found === "string"
          ? { kind: found, detail: found, keepMs: 1 }
          : found.length === 0
            ? { kind: "nxdomain", ...told }
            : { kind: "found", ...told, records: found };
      return Promise.resolve(lookup as Lookup<Type>);
    },
    forget: (name) => void forgotten.push(name),
  };
  const dns = createHostAddresses({
    resolver,
    table: (name) => (name === "listed.test" ? ["10.0.0.1"] : undefined),
    search: () => ({ search: ["corp.test"], dots: 1 }),
    system: {
      addresses: (host) =>
        host === "printer.local" ? Promise.resolve(["10.9.9.9"]) : Promise.reject(new Error(host)),
    },
    first: () => 6,
    ...given,
  });
  return { dns, asked, forgotten };
}

const zone: Zone = {
  "mx.test A": ["192.0.2.1", "192.0.2.2"],
  "mx.test AAAA": ["2001:db8::1"],
  "short.corp.test A": ["192.0.2.3"],
  "listed.test A": ["192.0.2.9"],
  "half.test A": ["192.0.2.4"],
  "half.test AAAA": "servfail",
};

it.each<[string, readonly string[]]>([
  ["192.0.2.7", ["192.0.2.7"]],
  ["[2001:db8::7]", ["2001:db8::7"]],
  ["LocalHost", ["127.0.0.1", "::1"]],
  ["a.localhost", ["127.0.0.1", "::1"]],
  ["Listed.test", ["10.0.0.1"]],
  ["mx.test", ["2001:db8::1", "192.0.2.1", "192.0.2.2"]],
  ["short", ["192.0.2.3"]],
  ["half.test", ["192.0.2.4"]],
  ["printer.local", ["10.9.9.9"]],
])("%s", async (host, addresses) => expect(await build(zone).dns.addresses(host)).toEqual(addresses));

it("puts IPv4 first where the machine has no IPv6", async () => {
  const { dns } = build(zone, { first: () => 4 });
  expect(await dns.addresses("mx.test")).toEqual(["192.0.2.1", "192.0.2.2", "2001:db8::1"]);
});

it("rejects with the system's word on names that nobody knows", async () => {
  await expect(build(zone).dns.addresses("nowhere.test")).rejects.toThrow("nowhere.test");
});

it("asks for no other name where nobody answers, but the system", async () => {
  const { dns, asked } = build({ "dead.corp.test A": "timeout", "dead.corp.test AAAA": "timeout" });
  await expect(dns.addresses("dead")).rejects.toThrow("dead");
  expect(asked).toEqual(["dead.corp.test A", "dead.corp.test AAAA"]);
});

it("forgets a name, and what it may stand for", () => {
  const { dns, forgotten } = build(zone);
  dns.forget?.("Short");
  expect(forgotten).toEqual(["short.corp.test", "short"]);
});

test("the machine's table", () => {
  const table = parseHostsFile(
    "127.0.0.1 localhost\r\n# no\n10.0.0.1\tMail.Test  mail # here\nbad line\n\n10.0.0.2 mail\n10.0.0.2 mail\n::1 ip6\n",
  );
  expect(Object.fromEntries(table)).toEqual({
    localhost: ["127.0.0.1"],
    "mail.test": ["10.0.0.1"],
    mail: ["10.0.0.1", "10.0.0.2"],
    ip6: ["::1"],
  });
});

test("the machine's table is read again when it changes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-hosts-"));
  const file = join(folder, "hosts");
  const table = followHostsFile(file);
  expect(table("mail")).toBeUndefined();
  await writeFile(file, "10.0.0.1 mail");
  expect(table("mail")).toEqual(["10.0.0.1"]);
  await writeFile(file, "10.0.0.2 mail");
  await utimes(file, new Date(0), new Date(0));
  expect(table("mail")).toEqual(["10.0.0.2"]);
  await rm(folder, { recursive: true });
  expect(table("mail")).toBeUndefined();
});
