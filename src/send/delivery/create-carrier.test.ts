/** What of the relay's services a send connector's carrier gets, by what the connector says. */
import { expect, test } from "vitest";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { OpenSigner } from "../../dkim/signer.ts";
import type { ProtocolLog } from "../../logs/protocol-log.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { smartHostConnector } from "../../testing/test-settings.ts";
import type { DnsDelivery } from "../mx/dns-delivery.ts";
import { createCarrier, type CarrierContext } from "./create-carrier.ts";
import { tlsBySettings } from "./smtp/opening/open-connection.ts";
import { OutboundConnections } from "./smtp/pool/outbound-connections.ts";
import { createPeerMemory } from "./smtp/peer/peer.ts";

/** What was asked for while a message met a smart host at which nobody is. */
async function usedBy(given: Partial<SmtpSendConnector>): Promise<readonly string[]> {
  const did: string[] = [];
  const connector = smartHostConnector(25, { dkimSigning: false, ...given });
  const signer: OpenSigner = {
    isActive: true,
    sign(claim) {
      did.push("signed");
      return Promise.resolve(claim);
    },
    signThen(claim, signed) {
      did.push("signed");
      signed(claim);
    },
    close: () => {},
  };
  const carrier = createCarrier(connector, "b.test", {
    ports: {
      clock: createFakeClock(),
      random: () => 0,
      dns: { addresses: (host) => Promise.resolve([host]) },
      dial: () => Promise.reject(new Error("nobody is there")),
    },
    events: { wants: () => false, emit: () => {} },
    hostname: "relay.test",
    protocolLog: { session: () => ({ line: () => {} }) } as unknown as ProtocolLog,
    memory: createPeerMemory(),
    outbound: new OutboundConnections(() => 10),
    tokens: {
      for(_, name) {
        did.push(`token source of ${name}`);
        return { perMailbox: false, known: () => undefined, drop: () => {}, retryNow: () => {} } as never;
      },
    },
    signer,
    http: () => Promise.reject(new Error("nobody is asked")),
    graphTurns: { take: () => Promise.resolve(() => {}) },
    budgets: {
      all: { join: () => () => {}, ask: () => void did.push("asked for its turn") } as never,
      turnTakerOf: () => ({ application: "", weight: 1 }),
    },
    dns: {
      onTls: undefined,
      hostsFor: () => ({}) as never,
      close: () => Promise.resolve(),
      tlsOf(of, { host, port }) {
        did.push(`TLS of ${host}:${port}`);
        return Promise.resolve(tlsBySettings(of, host));
      },
      carrierFor(of, domain) {
        did.push(`${of.name} to ${domain}`);
        return {
          concurrency: 1,
          carry: () => Promise.resolve({ kind: "aborted" }),
          close: () => Promise.resolve(),
        };
      },
    } satisfies DnsDelivery,
    addressRewriteEntries: () => [],
  } satisfies CarrierContext);
  const carried = carrier.carry(testClaim());
  if (connector.messageRateLimit === Infinity && connector.oauth === undefined) await carried;
  return did;
}
const oauth = { tokenEndpoint: "https://login.test/t", scope: "", grant: {}, shown: {} } as never;

test.each<[string, Partial<SmtpSendConnector>, readonly string[]]>([
  ["nothing that it does not ask for", {}, []],
  ["signatures", { dkimSigning: true }, ["signed"]],
  ["what DANE says of its hosts", { daneEnabled: true }, ["TLS of 127.0.0.1:25"]],
  ["tokens of its own name", { oauth, smartHostAuthMechanism: "XOAUTH2" }, ["token source of Out"]],
  ["turns by its budget", { messageRateLimit: 30 }, ["asked for its turn"]],
  ["connections by MX record", { kind: "dns" }, ["Out to b.test"]],
])("%s", async (_, given, used) => expect(await usedBy(given)).toEqual(used));
