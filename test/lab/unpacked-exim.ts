/**
 * Exim as a client that does DANE by itself, with another TLS library than ours. Debian's package cannot stand beside Postfix, so it is
 * unpacked and not installed. For a file system of its own (unshare --mount): Exim looks for its user in passwd(5).
 */
import { execFile, execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const debianPackage = "exim4-daemon-heavy";
const user = "Debian-exim";
const userId = 61_025;

export interface Exim {
  /** Hands a message in for a domain, and has it delivered at once: the lines of the log that tell of it. */
  deliverTo(domain: string): Promise<string>;
  close(): void;
}

/** Fetches it, with what it needs beside what is installed. Rejects where that cannot be had. `folder`: exists. */
export async function unpackExim(folder: string): Promise<void> {
  const packages = join(folder, "packages");
  mkdirSync(packages);
  const { stdout } = await run("apt-get", ["install", "-s", "--no-install-recommends", debianPackage]);
  const names = Array.from(stdout.matchAll(/^Inst (\S+)/gm), ([, name = ""]) => name);
  const needed = names.filter((name) => name === debianPackage || name.startsWith("lib"));
  await run("apt-get", ["download", "-qq", ...needed], { cwd: packages, timeout: 120_000 });
  for (const file of readdirSync(packages))
    await run("dpkg", ["-x", join(packages, file), join(folder, "root")]);
}

/** `folder`: as it was unpacked. Where what is mounted is seen by nobody else. */
export function openExim(folder: string): Exim {
  chmodSync(folder, 0o755);
  const root = join(folder, "root");
  const program = join(root, "usr/sbin/exim4");
  const mounted = [withUser(folder, "passwd"), withUser(folder, "group"), withLibraries(folder, root)];
  let turn = 0;
  return {
    async deliverTo(domain) {
      // Its own spool each time: what it remembers of hosts would else keep it from trying them.
      const own = join(folder, `exim-${++turn}`);
      mkdirSync(own);
      chownSync(own, userId, userId);
      const file = join(own, "exim.conf");
      writeFileSync(file, configuration(own, program), { mode: 0o644 });
      const delivery = run(program, ["-C", file, "-odf", "-oi", "-f", "app@relay.test", `x@${domain}`], {
        timeout: 60_000,
      });
      delivery.child.stdin?.end("Subject: hello\n\nhello\n");
      await delivery.catch(() => undefined);
      const log = join(own, "mainlog");
      return existsSync(log) ? readFileSync(log, "utf8") : "";
    },
    close() {
      for (const path of mounted) execFileSync("umount", [path]);
    },
  };
}

function withUser(folder: string, name: "passwd" | "group"): string {
  const path = `/etc/${name}`;
  const copy = join(folder, name);
  copyFileSync(path, copy);
  if (!readFileSync(path, "utf8").includes(`${user}:`))
    appendFileSync(
      copy,
      name === "passwd"
        ? `${user}:x:${userId}:${userId}::/nonexistent:/usr/sbin/nologin\n`
        : `${user}:x:${userId}:\n`,
    );
  return mountedOn(path, copy);
}

/** It sets its user itself, so LD_LIBRARY_PATH counts for nothing. */
function withLibraries(folder: string, root: string): string {
  const list = join(folder, "ld.so.conf");
  const cache = join(folder, "ld.so.cache");
  const below = readdirSync(join(root, "usr/lib")).map((name) => join(root, "usr/lib", name));
  writeFileSync(list, ["include /etc/ld.so.conf", join(root, "usr/lib"), ...below, ""].join("\n"));
  execFileSync("/sbin/ldconfig", ["-X", "-f", list, "-C", cache], { stdio: "ignore" });
  return mountedOn("/etc/ld.so.cache", cache);
}

function mountedOn(path: string, file: string): string {
  execFileSync("mount", ["--bind", file, path]);
  return path;
}

/** DANE where it can, TLS where it is offered; hosts of this machine are others'. */
const configuration = (folder: string, program: string): string => `exim_path = ${program}
primary_hostname = relay.test
spool_directory = ${folder}/spool
log_file_path = ${folder}/%slog
log_selector = +outgoing_port +tls_certificate_verified
keep_environment =
disable_ipv6 = true
dns_dnssec_ok = 1
never_users =
begin routers
mx:
  driver = dnslookup
  self = send
  same_domain_copy_routing = false
  dnssec_request_domains = *
  transport = out
begin transports
out:
  driver = smtp
  hosts_try_dane = *
  connect_timeout = 10s
  command_timeout = 10s
begin retry
* * F,1h,1h
`;
