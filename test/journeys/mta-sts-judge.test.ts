/** What postfix-mta-sts-resolver makes of records and policies, and what we do: by the same DNS and HTTPS. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { exchange } from "../../src/dns/exchange.ts";
import { createResolver } from "../../src/dns/resolver.ts";
import { createSystemPorts } from "../../src/ports/system-ports.ts";
import { createPolicyFetch } from "../../src/send/mta-sts/fetch-policy.ts";
import { createMtaStsPolicies } from "../../src/send/mta-sts/policies.ts";
import { openNameServer, rcode } from "../../src/testing/name-server.ts";
import { policyText, startPolicyHost } from "../../src/testing/policy-host.ts";
import { issueServerCertificate, makeAuthority } from "../../src/testing/test-authority.ts";

/** Debian's; its modules stand below /usr/lib/python3. */
const python = "/usr/bin/python3";
const judge = String.raw`
import asyncio, json, socket, sys
import aiodns, aiohttp
from postfix_mta_sts_resolver import resolver as theirs
https, dns = int(sys.argv[1]), int(sys.argv[2])
class Here(aiohttp.abc.AbstractResolver):
    async def resolve(self, host, port=0, family=0):
        return [dict(hostname=host, host="127.0.0.1", port=https, family=socket.AF_INET, proto=0, flags=socket.AI_NUMERICHOST)]
    async def close(self):
        pass
session = aiohttp.ClientSession
theirs.aiohttp.ClientSession = lambda loop=None, **given: session(connector=aiohttp.TCPConnector(resolver=Here()), **given)
async def main():
    one = theirs.STSResolver(loop=asyncio.get_running_loop(), timeout=10)
    one._resolver = aiodns.DNSResolver(nameservers=["127.0.0.1"], udp_port=dns, tcp_port=dns)
    said = {}
    for domain in json.load(sys.stdin):
        _, policy = await one.resolve(domain)
        said[domain] = None if policy is None else [policy[1]["mode"], policy[1]["mx"], policy[1]["max_age"]]
    print(json.dumps(said))
asyncio.run(main())
`;

const isThere = ((): boolean => {
  try {
    execFileSync(python, ["-c", "import postfix_mta_sts_resolver.resolver"], { stdio: "ignore" });
    return true;
  } catch {
    console.warn("no postfix-mta-sts-resolver: policies are judged by nobody else");
    return false;
  }
})();

const good = policyText("mode: enforce", "mx: mx.x.test", "mx: *.y.test", "max_age: 86400");
const record = ["v=STSv1; id=1;"];

/** TXT records, what is served, and what we differ in knowingly: as `ours` where that is given. */
const cases: Readonly<
  Record<string, { txt?: readonly string[]; served?: string; status?: number; ours?: unknown }>
> = {
  good: {},
  "lf-only": { served: good.replaceAll("\r\n", "\n") },
  testing: { served: policyText("mode: testing", "mx: a.test", "max_age: 0") },
  none: { served: policyText("mode: none", "max_age: 604800") },
  "unknown-fields": { served: policyText("x: y: z", "mode: enforce", "mx: a.test", "max_age: 1") },
  "other-order": { served: "max_age: 5\nmx: a.test\nmode: enforce\nversion: STSv1\n" },
  "no-blank": { served: "version:STSv1\nmode:enforce\nmx:a.test\nmax_age:5" },
  "no-version": { served: "mode: enforce\nmx: a.test\nmax_age: 5" },
  "no-mode": { served: policyText("mx: a.test", "max_age: 5") },
  "other-mode": { served: policyText("mode: strict", "mx: a.test", "max_age: 5") },
  "no-mx": { served: policyText("mode: enforce", "max_age: 5") },
  "no-max-age": { served: policyText("mode: enforce", "mx: a.test") },
  "odd-max-age": { served: policyText("mode: enforce", "mx: a.test", "max_age: soon") },
  empty: { served: "" },
  page: { served: "<html><body>Hello</body></html>" },
  "not-found": { status: 404 },
  redirect: { status: 301 },
  fault: { status: 500 },
  "no-record": { txt: [] },
  "two-records": { txt: [...record, ...record] },
  "other-record": { txt: ["v=spf1 -all"] },
  "beside-others": { txt: ["v=spf1 -all", ...record] },
  "no-id": { txt: ["v=STSv1;"] },
  "more-fields": { txt: ["v=STSv1; a=b; id=abc"] },
  // RFC 8461 §3.2: the first of two counts; they take the last.
  twice: {
    served: policyText("mode: enforce", "mode: none", "mx: a.test", "max_age: 5"),
    ours: ["enforce", ["a.test"], 5],
  },
  // What says more than a year is taken for a year; they take it for none.
  "long-max-age": {
    served: policyText("mode: enforce", "mx: a.test", "max_age: 99999999"),
    ours: ["enforce", ["a.test"], 31_557_600],
  },
  // RFC 8461 §3.1: a record begins with v=STSv1; and nothing between, and its id has 32 characters at most.
  "blank-in-version": { txt: ["v=STSv1 ; id=1"], ours: null },
  "long-id": { txt: [`v=STSv1; id=${"a".repeat(33)}`], ours: null },
};
const domainOf = (name: string): string => `${name}.judged.test`;
const nameIn = (host: string): string => host.replace(/^(_?mta-sts\.)?/, "").replace(".judged.test", "");

test.runIf(isThere)("postfix-mta-sts-resolver finds the same policies", async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-mta-sts-judge-"));
  const root = await makeAuthority("Root");
  const names = Object.keys(cases).map((name) => `mta-sts.${domainOf(name)}`);
  const host = await startPolicyHost(await issueServerCertificate(root, { names }));
  host.answer = (request, response) => {
    const { served = good, status = 200 } = cases[nameIn(request.headers.host ?? "")] ?? {};
    response.writeHead(status, {
      "content-type": "text/plain",
      location: "https://mta-sts.good.judged.test/",
    });
    response.end(served);
  };
  const dns = await openNameServer(({ name, type }) => {
    const { txt = record } = cases[nameIn(name)] ?? { txt: [] };
    if (type === "A") return [{ type: "A", name, ttl: 60, data: "127.0.0.1" }];
    if (type !== "TXT") return [];
    if (txt.length === 0) return { flags: 0x180 | rcode.nameError };
    return txt.map((data) => ({ type: "TXT" as const, name, ttl: 60, data: [data] }));
  });
  try {
    const { clock } = createSystemPorts();
    const resolver = createResolver({ clock, servers: () => [dns.server], exchange });
    const certificates = [root.pem];
    const kept = new Map();
    const policies = createMtaStsPolicies({
      resolver,
      clock,
      store: {
        get: (domain) => Promise.resolve(kept.get(domain)),
        peek: (domain) => kept.get(domain),
        set: (domain, policy) => void kept.set(domain, policy),
        settle: () => Promise.resolve(),
        close: () => Promise.resolve(),
      },
      fetch: createPolicyFetch({
        resolver,
        dial: host.dial,
        clock,
        trust: () => ({ certificates, allowPrivateAddresses: true }),
      }),
      onFailure: () => {},
      onPolicy: () => {},
    });
    await writeFile(join(directory, "root.pem"), root.pem);
    const child = spawn(python, ["-c", judge, String(host.port), String(dns.server.port)], {
      env: { ...process.env, SSL_CERT_FILE: join(directory, "root.pem") },
      stdio: ["pipe", "pipe", "ignore"],
    });
    child.stdin.end(JSON.stringify(Object.keys(cases).map(domainOf)));
    const [said] = await Promise.all([text(child.stdout), once(child, "exit")]);
    const theirs = JSON.parse(said) as Record<string, unknown>;
    expect(Object.values(theirs).filter((policy) => policy !== null).length).toBeGreaterThan(8);
    for (const [name, { ours }] of Object.entries(cases)) {
      await policies.of(domainOf(name));
      const known = policies.peek(domainOf(name));
      const found = known && [known.policy.mode, known.policy.mx, known.policy.maxAgeS];
      const expected = ours === undefined ? theirs[domainOf(name)] : ours;
      expect([name, found ?? null]).toEqual([name, expected]);
      if (ours !== undefined) expect([name, theirs[domainOf(name)]]).not.toEqual([name, ours]);
    }
  } finally {
    await Promise.all([host.close(), dns.close(), rm(directory, { recursive: true })]);
  }
});
