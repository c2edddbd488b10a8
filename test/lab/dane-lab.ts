/** The DANE vectors' zones served, and the mail servers that their hosts are. */
import {
  startRecordingSink,
  type RecordingSink,
  type SinkSettings,
} from "../../src/testing/recording-sink.ts";
import { labZones, type LabServers } from "./dane-vectors.ts";
import { startDnssecLab, type DnssecLab } from "./dnssec-lab.ts";
import {
  issueServerCertificate,
  makeAuthority,
  type ServerCertificate,
} from "../../src/testing/test-authority.ts";

export interface DaneLab {
  readonly dns: DnssecLab;
  readonly servers: LabServers;
  sinkOf(address: string): RecordingSink;
  close(): Promise<void>;
}

export const tlsExtensions = ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "STARTTLS"];

/** `port`: of the mail servers, and so of TLSA records. `dnsPorts`: as in startDnssecLab. */
export async function startDaneLab(
  port: number,
  dnsPorts?: Parameters<typeof startDnssecLab>[1],
): Promise<DaneLab> {
  const root = await makeAuthority("Root");
  const intermediate = await makeAuthority("Intermediate", root);
  const impostor = await makeAuthority("Intermediate", root);
  const chain = { with: [intermediate] };
  const belowAnchor = ["*.ta.signed.test", "*.plain.test"];
  const [self, anchored, ofDomain, other, forged, expired] = await Promise.all([
    issueServerCertificate(undefined, { names: ["elsewhere.test"], isExpired: true }),
    issueServerCertificate(intermediate, { names: belowAnchor, ...chain }),
    issueServerCertificate(intermediate, { names: ["d5b.signed.test"], ...chain }),
    issueServerCertificate(intermediate, { names: ["other.test"], ...chain }),
    issueServerCertificate(intermediate, { names: belowAnchor, signedBy: impostor, ...chain }),
    issueServerCertificate(intermediate, { names: belowAnchor, isExpired: true, ...chain }),
  ]);
  const servers: LabServers = {
    self: { address: "127.0.0.21", pem: self.cert },
    anchored: { address: "127.0.0.22", pem: anchored.cert },
    ofDomain: { address: "127.0.0.23", pem: ofDomain.cert },
    other: { address: "127.0.0.24", pem: other.cert },
    forged: { address: "127.0.0.25", pem: forged.cert },
    withoutTls: { address: "127.0.0.26", pem: "" },
    refusing: { address: "127.0.0.27", pem: "" },
    expired: { address: "127.0.0.28", pem: expired.cert },
    injecting: { address: "127.0.0.29", pem: "" },
    root: root.pem,
    intermediate: intermediate.pem,
    port,
  };
  const sinks = new Map<string, RecordingSink>();
  const sinkAt = async (
    { address }: { readonly address: string },
    tls: ServerCertificate | undefined,
    settings: Partial<SinkSettings> = {},
  ): Promise<void> => {
    const extensions = tls === undefined ? ["PIPELINING"] : tlsExtensions;
    sinks.set(address, await startRecordingSink({ address, port, tls, extensions, ...settings }));
  };
  /** It says that it has TLS. */
  const answering = (reply: string): Partial<SinkSettings> => ({
    extensions: tlsExtensions,
    behave: ({ at }) => (at === "STARTTLS" ? { reply } : undefined),
  });
  const [dns] = await Promise.all([
    startDnssecLab(labZones(servers), dnsPorts),
    sinkAt(servers.self, self),
    sinkAt(servers.anchored, anchored),
    sinkAt(servers.ofDomain, ofDomain),
    sinkAt(servers.other, other),
    sinkAt(servers.forged, forged),
    sinkAt(servers.withoutTls, undefined),
    sinkAt(servers.refusing, undefined, answering("454 4.7.0 TLS not available")),
    sinkAt(servers.expired, expired),
    sinkAt(servers.injecting, undefined, answering("220 go\r\n250 me")),
  ]);
  return {
    dns,
    servers,
    sinkOf(address) {
      const sink = sinks.get(address);
      if (sink === undefined) throw new Error(`no server is at ${address}`);
      return sink;
    },
    async close() {
      await Promise.all([dns.close(), ...Array.from(sinks.values(), (sink) => sink.close())]);
    },
  };
}
