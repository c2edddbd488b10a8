/**
 * A receiver as many run it: Postfix with opendkim's milter, which verifies what comes in and writes Authentication-Results in
 * front. What it takes goes on to one next hop.
 */
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../src/testing/free-port.ts";
import { untilListening } from "../../src/testing/until-listening.ts";
import type { KeyRecords } from "./dkim-judges.ts";
import { makePostfixDirectories } from "./postfix-directories.ts";
import { runPrograms } from "./run-programs.ts";

const opendkim = "/usr/sbin/opendkim";
const postfix = "/usr/sbin/postfix";
const daemons = "/usr/lib/postfix/sbin";

/** What is missing, in words; undefined: it can be started. Postfix takes on users of its own, so root starts it. */
export function missingMilter(): string | undefined {
  for (const program of [opendkim, postfix]) if (!existsSync(program)) return `${program} is not installed`;
  return process.getuid?.() === 0 ? undefined : "not root";
}

export interface PostfixWithMilter {
  readonly port: number;
  close(): Promise<void>;
}

export async function startPostfixWithMilter(
  records: KeyRecords,
  nextHopPort: number,
): Promise<PostfixWithMilter> {
  const directory = await mkdtemp(join(tmpdir(), "weir-milter-"));
  const at = (...names: string[]): string => join(directory, ...names);
  const [port, milterPort] = [await freePort(), await freePort()];
  await chmod(directory, 0o755);
  await makePostfixDirectories(directory);
  await mkdir(at("postfix"), { mode: 0o755 });
  const keys = Object.entries(records).map(([name, record]) => `${name} ${record}\n`);
  const files = {
    keys: keys.join(""),
    // Mail of these it would sign; those of this test are not among them.
    internal: "192.0.2.1\n",
    "opendkim.conf": `Mode v
Socket inet:${milterPort}@127.0.0.1
Background no
Syslog no
AuthservID milter.test
AlwaysAddARHeader yes
InternalHosts ${at("internal")}
TestPublicKeys ${at("keys")}
`,
    // Fields that are missing are added for its own machine's clients alone, before the milter looks; these are as from elsewhere.
    "postfix/main.cf": `compatibility_level = 3.6
queue_directory = ${directory}/spool
data_directory = ${directory}/data
daemon_directory = ${daemons}
maillog_file = ${directory}/postfix.log
maillog_file_prefixes = ${directory}
myhostname = postfix.test
mydestination =
mynetworks = 127.0.0.0/8
local_header_rewrite_clients =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost = [127.0.0.1]:${nextHopPort}
smtp_dns_support_level = disabled
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_milters = inet:127.0.0.1:${milterPort}
milter_default_action = tempfail
`,
    "postfix/master.cf": `127.0.0.1:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
smtp unix - - n - - smtp
error unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(at(name), text);

  const { start, output, close } = runPrograms(directory);
  start(opendkim, ["-f", "-x", at("opendkim.conf")]);
  start(join(daemons, "master"), ["-s", "-c", at("postfix")]);
  try {
    await untilListening(milterPort);
    await untilListening(port);
  } catch (error) {
    const log = await readFile(at("postfix.log"), "utf8").catch(() => "");
    await close();
    throw new Error(`${String(error)}\n${output()}${log}`, { cause: error });
  }
  return { port, close };
}
