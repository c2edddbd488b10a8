/**
 * A private Postfix in a folder of its own, tuned fairly: no client limits, no flow delay, as many connections to
 * the next hop as Weir has.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeSelfSigned } from "../../src/receive/tls/self-signed.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { untilListening } from "../until-listening.ts";
import type { PeerKind, PeerOptions } from "./peer.ts";
import { spawnServer } from "./spawn-server.ts";

const postfixProgram = "/usr/sbin/postfix";

export const postfix: PeerKind = {
  name: "postfix",
  missing() {
    if (!existsSync(postfixProgram)) return "Debian's package postfix";
    return process.getuid?.() === 0 ? undefined : "root, which Postfix's master wants";
  },
  async start({ directory, sinkPort, internet, nextHopConnections: connections = 50, under = [] }) {
    const port = await freePort();
    // Before anything runs; `-d` asks no configuration of the system, which there need not be.
    const asked = ["-d", "-h", "mail_version"];
    const version = execFileSync("/usr/sbin/postconf", asked, { encoding: "utf8" }).trim();
    const [etc, spool, data] = ["etc", "spool", "data"].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    for (const folder of [etc, spool, data]) mkdirSync(folder, { recursive: true });
    for (let at = directory; at !== dirname(at) && at !== "/tmp"; at = dirname(at)) chmodSync(at, 0o755);
    chownSync(data, Number(execFileSync("id", ["-u", "postfix"], { encoding: "utf8" })), 0);
    // The kind of certificate that Weir makes for itself.
    const { certificate, key } = await makeSelfSigned("postfix.test", new Date());
    writeFileSync(join(etc, "chain.pem"), key + certificate, { mode: 0o600 });
    const nextHop =
      internet === undefined
        ? [`relayhost = [127.0.0.1]:${sinkPort}`]
        : [`smtp_tcp_port = ${internet.mxPort}`, "smtp_host_lookup = dns"];
    writeFileSync(
      join(etc, "main.cf"),
      mainConfiguration({ etc, spool, data, directory, nextHop, connections }),
    );
    writeFileSync(join(etc, "master.cf"), masterConfiguration(port));
    // In the foreground, so that it is a child of ours.
    const asking = internet === undefined ? [] : askingAt(internet.nameServer, directory);
    const spawnedAt = performance.now();
    const server = spawnServer(postfixProgram, ["-c", etc, "start-fg"], [...under, ...asking]);
    await untilListening(port, 30_000, () => server.hasEnded());
    const startMs = performance.now() - spawnedAt;
    return {
      name: "postfix",
      version: `Postfix ${version}`,
      port,
      startMs,
      pid: Number(readFileSync(join(spool, "pid", "master.pid"), "utf8")),
      async stop() {
        if (!server.hasEnded()) execFileSync(postfixProgram, ["-c", etc, "stop"], { stdio: "ignore" });
        await server.exited;
      },
    };
  },
};

/** Its resolver asks the servers of /etc/resolv.conf alone: it sees one of its own there, and nobody else does. */
function askingAt(
  { address, port }: NonNullable<PeerOptions["internet"]>["nameServer"],
  directory: string,
): readonly string[] {
  if (port !== 53) throw new Error("Postfix asks name servers at port 53 only");
  const file = join(directory, "resolv.conf");
  writeFileSync(file, `nameserver ${address}\n`);
  return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', file];
}

const mainConfiguration = (at: {
  etc: string;
  spool: string;
  data: string;
  directory: string;
  nextHop: readonly string[];
  connections: number;
}): string => `
compatibility_level = 3.6
queue_directory = ${at.spool}
data_directory = ${at.data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = ${join(at.directory, "maillog")}
maillog_file_prefixes = ${at.directory}
myhostname = postfix.test
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_recipient_rate_limit = 0
${at.nextHop.join("\n")}
in_flow_delay = 0
initial_destination_concurrency = ${Math.min(20, at.connections)}
default_destination_concurrency_limit = ${at.connections}
default_process_limit = 200
smtp_tls_security_level =
smtpd_tls_security_level = may
smtpd_tls_chain_files = ${join(at.etc, "chain.pem")}
`;

const masterConfiguration = (port: number): string => `
127.0.0.1:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
