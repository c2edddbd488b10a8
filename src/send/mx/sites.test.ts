/** Domains of one site that demand different things of TLS: one limit for all, and no connection for what it does not fulfil. */
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { Lookup, RecordType, Resolver } from "../../ports/lookup.ts";
import type { Ports } from "../../ports/ports.ts";
import { createSystemPorts } from "../../ports/system-ports.ts";
import { freePort } from "../../testing/free-port.ts";
import { startRecordingSink, type RecordingSink } from "../../testing/recording-sink.ts";
import { issueServerCertificate, makeAuthority, tlsaText } from "../../testing/test-authority.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { smartHostConnector } from "../../testing/test-settings.ts";
import { brief } from "../../testing/test-smtp-carrier.ts";
import { createPeerMemory } from "../delivery/smtp/peer/peer.ts";
import { OutboundConnections } from "../delivery/smtp/pool/outbound-connections.ts";
import { createDnsDelivery, type DnsDelivery } from "./dns-delivery.ts";

const taken = ["delivered: 250 2.0.0 Ok: recorded"];
const root = await makeAuthority("Root");

let port: number;
let sink: RecordingSink;
let delivery: DnsDelivery;
let connector: SmtpSendConnector;
/** Open at once, at most. */
let most: number;

beforeEach(async () => {
  port = await freePort();
  most = 0;
});
afterEach(async () => {
  await delivery.close(0);
  await sink.close();
});

/** All domains have mx.test, whose address and TLSA record, of its authority, are signed. */
const signedZone = (): Resolver => {
  const [, , , data = ""] = tlsaText(2, 1, 1, root.pem).split(" ");
  const tlsa = { usage: 2, selector: 1, matchingType: 1, data: Buffer.from(data, "hex") };
  const records: Partial<Record<RecordType, readonly unknown[]>> = {
    MX: [{ preference: 10, exchange: "mx.test" }],
    A: ["127.0.0.2"],
    TLSA: [tlsa],
  };
  return {
    lookUp<Type extends RecordType>(name: string, type: Type) {
      const told = { canonicalName: name, isAuthenticated: true, keepMs: 300_000 };
      const found = records[type];
      return Promise.resolve(
        (found === undefined
          ? { kind: "nodata", ...told }
          : { kind: "found", ...told, records: found }) as unknown as Lookup<Type>,
      );
    },
    forget: () => {},
  };
};

const begin = async (
  certificateFor: readonly string[],
  given: Partial<SmtpSendConnector> = {},
): Promise<void> => {
  const tls = await issueServerCertificate(root, { names: certificateFor, with: [root] });
  sink = await startRecordingSink({
    address: "127.0.0.2",
    port,
    tls,
    extensions: ["STARTTLS", "PIPELINING"],
  });
  const live = new Set<Socket>();
  const system = createSystemPorts();
  const ports: Ports = {
    ...system,
    resolver: signedZone(),
    async dial(target) {
      const socket = await system.dial(target);
      live.add(socket);
      socket.once("close", () => live.delete(socket));
      most = Math.max(most, live.size);
      return socket;
    },
  };
  connector = smartHostConnector([], { kind: "dns", port, daneEnabled: true, ...given });
  delivery = createDnsDelivery({
    ports,
    own: { isOwnName: () => false, isOwnAddress: () => false },
    events: { wants: () => false, emit: () => {} },
    memory: createPeerMemory(),
    outbound: new OutboundConnections(() => 1000),
    signer: undefined,
    transcriptOf: () => undefined,
  });
};

const domains = Array.from({ length: 40 }, (_, n) => `d${n}.test`);
const carry = async (domain: string): Promise<readonly string[] | string> =>
  brief(await delivery.carrierFor(connector, domain).carry(testClaim({ recipients: [`x@${domain}`] })));
const carryAll = () => Promise.all(domains.map(carry));
const served = (): ReadonlySet<string> =>
  new Set(sink.messages.flatMap(({ recipients }) => recipients.map(({ path }) => path)));

describe("a provider with DANE-TA", () => {
  it("has its connections in common for all its domains, where its certificate is for the host", async () => {
    await begin(["mx.test"], { maxConcurrentConnections: 3 });
    expect(await carryAll()).toEqual(domains.map(() => taken));
    expect([sink.connections <= 3, most <= 3]).toEqual([true, true]);
  });

  it("has one limit, where its certificate is for the domains and each needs a connection of its own", async () => {
    await begin(domains, { maxConcurrentConnections: 3 });
    // The first that is opened shows it; what waited for it then comes again.
    await carry("d0.test");
    expect(await carryAll()).toEqual(domains.map(() => taken));
    expect(most).toBeLessThanOrEqual(3);
  });

  it("is never given mail of a domain that its certificate is not for", async () => {
    await begin(["d0.test", "d1.test"], { maxConcurrentConnections: 2 });
    for (let round = 0; round < 2; round++) {
      const results = await carryAll();
      for (const [n, [result]] of results.entries())
        if (n > 1 || round > 0) expect([n, result === taken[0]]).toEqual([n, n < 2]);
    }
    expect(served()).toEqual(new Set(["x@d0.test", "x@d1.test"]));
    expect(most).toBeLessThanOrEqual(2);
  });
});
