/**
 * Submission servers of other people's making, for a relay that logs on: Dovecot with its own submission service, and Postfix
 * whose log-ons Dovecot judges. Tokens are asked for at an introspection endpoint (RFC 7662). Both hand on to one next hop.
 */
import { chown, chmod, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../src/testing/free-port.ts";
import { untilListening } from "../../src/testing/until-listening.ts";
import { idOf, makePostfixDirectories } from "./postfix-directories.ts";
import { runPrograms } from "./run-programs.ts";

const dovecot = "/usr/sbin/dovecot";
const dovecotSubmission = "/usr/lib/dovecot/submission-login";
const postfix = "/usr/sbin/postfix";
const postfixDaemons = "/usr/lib/postfix/sbin";

/** What is missing, in words; undefined: they can be started. Both take on users of their own, so root starts them. */
export function missingSaslServer(): string | undefined {
  if (!existsSync(dovecot) || !existsSync(dovecotSubmission)) return "dovecot-submissiond not installed";
  if (!existsSync(postfix)) return "postfix not installed";
  return process.getuid?.() === 0 ? undefined : "not root";
}

export interface SaslServers {
  /** By STARTTLS, and by TLS from the first octet; the last knows LOGIN only. */
  readonly ports: Readonly<Record<SaslPort, number>>;
  /** Log-ons so far at the server of a port, in order: `XOAUTH2 relay@contoso.test`. */
  logOns(port: SaslPort): Promise<readonly string[]>;
  close(): Promise<void>;
}
export type SaslPort = "dovecot" | "dovecotTls" | "postfix" | "postfixTls" | "postfixLogin";

export async function startSaslServers(given: {
  readonly tls: { readonly key: string; readonly cert: string };
  readonly userName: string;
  readonly password: string;
  readonly introspectionUrl: string;
  /** Where they hand on what they take; takes no TLS. */
  readonly nextHopPort: number;
}): Promise<SaslServers> {
  const directory = await mkdtemp(join(tmpdir(), "weir-sasl-"));
  const at = (...names: string[]): string => join(directory, ...names);
  const ports = {
    dovecot: await freePort(),
    dovecotTls: await freePort(),
    postfix: await freePort(),
    postfixTls: await freePort(),
    postfixLogin: await freePort(),
  };
  for (const name of ["run", "state", "mail", "postfix"]) await mkdir(at(name));
  for (const open of [directory, at("postfix")]) await chmod(open, 0o755);
  await chown(at("mail"), await idOf("passwd", "nobody"), await idOf("group", "nogroup"));
  await makePostfixDirectories(directory);
  const files = {
    "key.pem": given.tls.key,
    "cert.pem": given.tls.cert,
    users: `${given.userName}:{PLAIN}${given.password}\n`,
    "oauth2.conf": `introspection_mode = post
introspection_url = ${given.introspectionUrl}
force_introspection = yes
username_attribute = username
active_attribute = active
active_value = true
scope = smtp
openid_configuration_url = ${given.introspectionUrl}
`,
    "dovecot.conf": dovecotConfiguration(directory, ports, given.nextHopPort),
    "postfix/main.cf": postfixConfiguration(directory, given.nextHopPort),
    "postfix/master.cf": postfixServices(ports),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(at(name), text);
  await chmod(at("key.pem"), 0o600);

  const { start, output, close } = runPrograms(directory);
  const log = (of: "dovecot" | "postfix"): Promise<string> =>
    readFile(at(`${of}.log`), "utf8").catch(() => "");

  start(dovecot, ["-F", "-c", at("dovecot.conf")]);
  start(join(postfixDaemons, "master"), ["-s", "-c", at("postfix")]);
  try {
    for (const port of Object.values(ports)) await untilListening(port);
  } catch (error) {
    const said = output() + (await log("dovecot")) + (await log("postfix"));
    await close();
    throw new Error(`${String(error)}\n${said}`, { cause: error });
  }
  return {
    ports,
    close,
    async logOns(port) {
      const said = await log(port.startsWith("dovecot") ? "dovecot" : "postfix");
      const found = said.matchAll(
        /Login: user=<([^>]*)>, method=([^,]+),|sasl_method=([^,]+), sasl_username=(\S+)/g,
      );
      return [...found].map(
        ([, user, method, other, name]) => `${method ?? other ?? ""} ${user ?? name ?? ""}`,
      );
    },
  };
}

const dovecotConfiguration = (
  directory: string,
  ports: Readonly<Record<SaslPort, number>>,
  nextHopPort: number,
): string => `base_dir = ${directory}/run
state_dir = ${directory}/state
log_path = ${directory}/dovecot.log
auth_verbose = yes
auth_failure_delay = 0
protocols = submission
listen = 127.0.0.1
hostname = dovecot.test
ssl = yes
ssl_cert = <${directory}/cert.pem
ssl_key = <${directory}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login xoauth2 oauthbearer
mail_location = maildir:${directory}/mail/%u
first_valid_uid = 1
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=${directory}/mail/%u
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${directory}/oauth2.conf
}
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = username_format=%u ${directory}/users
}
service submission-login {
  chroot =
  inet_listener submission {
    port = ${ports.dovecot}
  }
  inet_listener submissions {
    port = ${ports.dovecotTls}
    ssl = yes
  }
}
service anvil {
  chroot =
  # It would make an address wait that failed before.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  unix_listener client {
    path = ${directory}/sasl
    mode = 0666
  }
}
submission_relay_host = 127.0.0.1
submission_relay_port = ${nextHopPort}
`;

const postfixConfiguration = (directory: string, nextHopPort: number): string => `compatibility_level = 3.6
queue_directory = ${directory}/spool
data_directory = ${directory}/data
daemon_directory = ${postfixDaemons}
maillog_file = ${directory}/postfix.log
maillog_file_prefixes = ${directory}
myhostname = postfix.test
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost = [127.0.0.1]:${nextHopPort}
smtp_dns_support_level = disabled
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = ${directory}/sasl
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = ${directory}/cert.pem
smtpd_tls_key_file = ${directory}/key.pem
smtpd_relay_restrictions = permit_sasl_authenticated, reject
`;

const postfixServices = (
  ports: Readonly<Record<SaslPort, number>>,
): string => `127.0.0.1:${ports.postfix} inet n - n - - smtpd
127.0.0.1:${ports.postfixTls} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
127.0.0.1:${ports.postfixLogin} inet n - n - - smtpd
  -o smtpd_sasl_mechanism_filter=login
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
smtp unix - - n - - smtp
error unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
`;
