/** Delivery by MX record with DANE (vectors D1 to D21): NSD and Unbound, and mail servers at addresses of their own. */
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { OutboundConnections } from "../../src/send/delivery/smtp/pool/outbound-connections.ts";
import { createPeerMemory } from "../../src/send/delivery/smtp/peer/peer.ts";
import type { TlsAttempt } from "../../src/send/delivery/smtp/opening/tls-attempt.ts";
import { createDnsDelivery, type DnsDelivery } from "../../src/send/mx/dns-delivery.ts";
import type { StsSource } from "../../src/send/mx/sts-source.ts";
import { createDnssecStanding } from "../../src/dns/dnssec-standing.ts";
import { exchange } from "../../src/dns/exchange.ts";
import type { NameServer } from "../../src/dns/name-server.ts";
import { createResolver } from "../../src/dns/resolver.ts";
import type { Resolver } from "../../src/ports/lookup.ts";
import { createSystemPorts } from "../../src/ports/system-ports.ts";
import type { AttemptResult } from "../../src/send/delivery/delivery.ts";
import type { StsFact } from "../../src/core/tls-policy/tls-facts.ts";
import type { SmtpSendConnector } from "../../src/core/policy/send-connector.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { testClaim } from "../../src/testing/test-claim.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";
import { startDaneLab, tlsExtensions, type DaneLab } from "../lab/dane-lab.ts";
import { daneVectors } from "../lab/dane-vectors.ts";
import { labPrograms } from "../lab/dnssec-lab.ts";

const { missing } = labPrograms;
if (missing.length > 0) console.warn(`DANE is not tested: ${missing.join(", ")} is missing`);

let lab: DaneLab;
let port: number;
const asked: string[] = [];
const attempts: TlsAttempt[] = [];
const policies = new Map<string, StsFact>();
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  if (missing.length > 0) return;
  port = await freePort();
  lab = await startDaneLab(port);
  open.push(lab);
  // A root that is trusted here would complete the chains that lack it.
  main = deliverBy([lab.dns.validating], { tlsCa: undefined });
});
afterAll(async () => {
  for (let each = open.pop(); each !== undefined; each = open.pop()) await each.close();
});

let main: ReturnType<typeof deliverBy>;

/** By these name servers, in one relay. */
function deliverBy(servers: readonly NameServer[], given: Partial<SmtpSendConnector> = {}) {
  const system = createSystemPorts();
  const { clock } = system;
  const own = createResolver({ clock, servers: () => servers, exchange });
  const resolver: Resolver = {
    ...own,
    dnssec: createDnssecStanding({
      clock,
      servers: () => servers,
      exchange,
      bogusName: () => "wrong.bogus.test",
    }),
    lookUp(name, type) {
      asked.push(`${name} ${type}`);
      return own.lookUp(name, type);
    },
  };
  const sts: StsSource = {
    of: (domain) => Promise.resolve({ sts: policies.get(domain) ?? { kind: "none" }, keepMs: 60_000 }),
  };
  const connector = smartHostConnector([], {
    name: "Internet",
    kind: "dns",
    port,
    daneEnabled: true,
    requireTlsPolicy: "enforce",
    tlsCa: { tlsCaFile: "", certificates: [lab.servers.root] },
    ...given,
  });
  const delivery: DnsDelivery = createDnsDelivery({
    ports: { ...system, resolver },
    own: { isOwnName: () => false, isOwnAddress: () => false },
    events: { wants: () => false, emit: () => {} },
    memory: createPeerMemory(),
    outbound: new OutboundConnections(() => 100),
    signer: undefined,
    sts,
    onTls: (attempt) => void attempts.push(attempt),
    transcriptOf: () => undefined,
    first: () => 4,
  });
  open.push({ close: () => delivery.close(0) });
  return {
    delivery,
    connector,
    resolver,
    send: (domain: string, tls?: "required" | "optional"): Promise<AttemptResult> =>
      delivery
        .carrierFor(connector, domain)
        .carry(testClaim({ recipients: [`x@${domain}`], ...(tls && { envelope: { tls } }) })),
  };
}

/** `dane at host`, `4.7.5`. */
function told(result: AttemptResult): string {
  if (result.kind === "unreachable") return result.verdict.status;
  if (result.kind !== "attempted") return result.kind;
  const [first] = result.outcomes;
  if (first?.kind === "delivered") return `${first.tls ?? "?"} at ${first.host ?? result.host}`;
  return first?.verdict.status ?? "";
}

const commandsInClear = (address: string): readonly string[] =>
  lab.sinkOf(address).commands.filter((line) => !/^(EHLO|HELO|STARTTLS|QUIT)/.test(line));

describe.skipIf(missing.length > 0)("DANE", () => {
  it.each(daneVectors)("$vector: $what", async ({ domain, outcome, notAsked, sts, serverName }) => {
    if (sts !== undefined) policies.set(domain, sts);
    const since = asked.length;
    expect(told(await main.send(domain))).toBe(outcome);
    const questions = asked.slice(since);
    for (const name of notAsked ?? []) expect(questions).not.toContain(`_${port}._tcp.${name} TLSA`);
    if (serverName !== undefined) {
      const found = await main.delivery.hostsFor(main.connector).of(domain);
      expect([...found.dane.values()]).toMatchObject([{ kind: "found", baseDomain: serverName }]);
    }
  });

  it("D20: without name servers that check signatures it is off, and mail flows", async () => {
    const off = deliverBy([lab.dns.authoritative]);
    expect(told(await off.send("d2b.signed.test"))).toBe("opportunistic at d2b.signed.test");
    expect(await off.resolver.dnssec?.()).toEqual({
      kind: "off",
      reason: "name server 127.0.0.1 does not check signatures (DNSSEC)",
    });
    const untrusted = deliverBy([lab.dns.validating, { ...lab.dns.validating, trusted: false }]);
    expect(told(await untrusted.send("d2b.signed.test"))).toBe("opportunistic at d2b.signed.test");
  });

  it("D21: a connection serves another domain only where it was made as that demands", async () => {
    const own = deliverBy([lab.dns.validating]);
    const sink = lab.sinkOf("127.0.0.21");
    const before = sink.connections;
    const made = (): number => sink.connections - before;
    expect(told(await own.send("d21.plain.test"))).toBe("opportunistic at d21mx.signed.test");
    expect(told(await own.send("d21.signed.test"))).toBe("dane at d21mx.signed.test");
    expect(made()).toBe(2);
    expect(told(await own.send("d21b.signed.test"))).toBe("dane at d21mx.signed.test");
    expect(told(await own.send("d21.plain.test"))).toBe("opportunistic at d21mx.signed.test");
    expect(made()).toBe(2);
    // Its records fit nobody: the connections that are there are not for it.
    expect(told(await own.send("d21c.signed.test"))).toBe("4.7.5");
  });

  it("what became of it is told for each policy", async () => {
    attempts.length = 0;
    const own = deliverBy([lab.dns.validating]);
    policies.set("d1.signed.test", { kind: "policy", mode: "testing", mx: ["*.signed.test"] });
    await own.send("d1.signed.test");
    await own.send("d1.signed.test");
    await own.send("d2b.signed.test");
    await own.send("d9b.signed.test");
    policies.delete("d1.signed.test");
    expect(
      attempts.map(({ domain, isSecured, outcomes }) => [
        domain,
        isSecured,
        ...outcomes.map(({ policy, fault }) => `${policy} ${fault ?? "success"}`),
      ]),
    ).toEqual([
      ["d1.signed.test", true, "tlsa success", "sts certificate-expired"],
      ["d2b.signed.test", false, "tlsa validation-failure"],
      ["d9b.signed.test", false, "tlsa dnssec-invalid"],
    ]);
  });
});

/** What is done to TLS, by the address of the server that it is done at. */
const faults: Readonly<Record<string, string>> = {
  "no STARTTLS": "127.0.0.26",
  "454 to STARTTLS": "127.0.0.27",
  "clear text behind 220 (T1)": "127.0.0.29",
};

describe.skipIf(missing.length > 0)("no mail in clear text where that is forbidden", () => {
  const hosts: Readonly<Record<string, string>> = {
    "127.0.0.26": "without",
    "127.0.0.27": "refusing",
    "127.0.0.29": "injecting",
  };
  it.each(Object.entries(faults))("%s", async (_, address) => {
    const host = hosts[address] ?? "";
    const enforced = { kind: "policy", mode: "enforce", mx: [`${host}.plain.test`] } as const;
    const own = deliverBy([lab.dns.validating]);
    const required = deliverBy([lab.dns.validating], { requireTls: true });
    const tried: [string, Promise<AttemptResult>][] = [
      ["dane", own.send(`${host}-dane.signed.test`)],
      ["unusable TLSA", own.send(`${host}-unusable.signed.test`)],
      ["requireTls", required.send(`${host}.plain.test`)],
      ["REQUIRETLS", own.send(`${host}-open.signed.test`, "required")],
    ];
    policies.set(`${host}-sts.plain.test`, enforced);
    tried.push(["sts", own.send(`${host}-sts.plain.test`)]);
    for (const [what, result] of tried) expect([what, told(await result)]).toEqual([what, "4.7.5"]);
    expect(commandsInClear(address)).toEqual([]);
    // The control: nobody forbids it.
    expect(told(await own.send(`${host}.plain.test`))).toBe(`clear at ${host}.plain.test`);
    expect(commandsInClear(address)).not.toEqual([]);
  });

  it.each([
    ["expired", "expired.ta.signed.test"],
    ["for another name", "other.ta.signed.test"],
    ["of a forger", "forged.ta.signed.test"],
  ])("a certificate that is %s, with MTA-STS", async (_, host) => {
    const domain = `${host.split(".")[0]}-sts.signed.test`;
    policies.set(domain, { kind: "policy", mode: "enforce", mx: [host] });
    const own = deliverBy([lab.dns.validating]);
    expect(told(await own.send(domain))).toBe("4.7.5");
    policies.delete(domain);
    const free = deliverBy([lab.dns.validating]);
    expect(told(await free.send(domain))).toBe(`opportunistic at ${host}`);
  });
});

describe.skipIf(missing.length > 0)("REQUIRETLS (R1 to R6)", () => {
  const enforced = { kind: "policy", mode: "enforce", mx: ["*.plain.test"] } as const;
  const offers = (address: string, extensions: readonly string[]): void =>
    lab.sinkOf(address).configure({ extensions });

  it.each([
    ["R1: offered, MTA-STS, right certificate", true, true, "good", "sts at good.plain.test"],
    ["R2: offered, MTA-STS, wrong certificate", true, true, "bad", "4.7.5"],
    ["R3: not offered, MTA-STS, right certificate", false, true, "good", "5.7.30"],
    ["R4: not offered, MTA-STS, wrong certificate", false, true, "bad", "4.7.5"],
    ["R5: offered, nothing says who the host is", true, false, "good", "5.7.30"],
    ["R6: not offered, nothing says who the host is", false, false, "bad", "5.7.30"],
  ] as const)("%s", async (_, isOffered, isEnforced, host, outcome) => {
    const domain = `${host}-require.plain.test`;
    if (isEnforced) policies.set(domain, enforced);
    else policies.delete(domain);
    for (const address of ["127.0.0.22", "127.0.0.24"])
      offers(address, isOffered ? [...tlsExtensions, "REQUIRETLS"] : tlsExtensions);
    const own = deliverBy([lab.dns.validating]);
    expect(told(await own.send(domain, "required"))).toBe(outcome);
    for (const address of ["127.0.0.22", "127.0.0.24"]) offers(address, tlsExtensions);
    if (outcome.startsWith("sts"))
      expect(lab.sinkOf("127.0.0.22").messages.at(-1)).toMatchObject({
        tls: true,
        parameters: ["REQUIRETLS"],
      });
  });

  test("with DANE, and passed on to whoever offers it where it is not enforced", async () => {
    offers("127.0.0.21", [...tlsExtensions, "REQUIRETLS"]);
    expect(told(await deliverBy([lab.dns.validating]).send("d1.signed.test", "required"))).toBe(
      "dane at d1mx.signed.test",
    );
    const milder = deliverBy([lab.dns.validating], { requireTlsPolicy: "opportunistic" });
    expect(told(await milder.send("self.plain.test", "required"))).toBe("opportunistic at self.plain.test");
    expect(
      lab
        .sinkOf("127.0.0.21")
        .messages.slice(-2)
        .map(({ parameters }) => parameters),
    ).toEqual([["REQUIRETLS"], ["REQUIRETLS"]]);
    offers("127.0.0.21", tlsExtensions);
    expect(told(await milder.send("self.plain.test", "required"))).toBe("opportunistic at self.plain.test");
  });

  test("TLS-Required: No goes out though the domain's policy is not fulfilled", async () => {
    expect(told(await main.send("d2b.signed.test", "optional"))).toBe("opportunistic at d2b.signed.test");
    expect(told(await main.send("d2b.signed.test"))).toBe("4.7.5");
  });
});
