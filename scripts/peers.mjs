// Independent programs that tests talk to or are checked by: mail clients, a browser, promtool. As root on Debian,
// missing ones are installed; elsewhere their tests are skipped aloud.
import { execFile } from "node:child_process";
import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";

/** How to see that a peer is there, and the Debian packages that bring it. */
export const peers = [
  { program: "swaks", packages: ["swaks"], loses: "swaks journeys" },
  { program: "curl", packages: ["curl"], loses: "curl journeys" },
  { program: "python3", packages: ["python3"], loses: "smtplib journeys" },
  { program: "msmtp", packages: ["msmtp"], loses: "msmtp journeys" },
  { program: "s-nail", packages: ["s-nail"], loses: "s-nail journeys" },
  { program: "php", packages: ["php-cli"], loses: "PHP's mail() by sendmail" },
  { program: "bsd-mailx", packages: ["bsd-mailx"], loses: "mail by sendmail" },
  { program: "mutt", packages: ["mutt"], loses: "mutt by sendmail" },
  {
    program: "MIME::Lite",
    path: "/usr/share/perl5/MIME/Lite.pm",
    packages: ["libmime-lite-perl"],
    loses: "MIME::Lite by sendmail",
  },
  {
    program: "git-send-email",
    path: "/usr/lib/git-core/git-send-email",
    packages: ["git-email"],
    loses: "git send-email by sendmail",
  },
  { program: "ruby", packages: ["ruby"], loses: "Net::SMTP (Ruby) journeys" },
  { program: "perl", packages: ["perl"], loses: "Net::SMTP (Perl) journeys" },
  { program: "openssl", packages: ["openssl"], loses: "TLS journeys" },
  {
    program: "smtp-source",
    path: "/usr/sbin/smtp-source",
    packages: ["postfix"],
    loses: "smtp-source journeys and the bench",
  },
  {
    program: "dovecot",
    path: "/usr/lib/dovecot/submission-login",
    packages: ["dovecot-submissiond"],
    loses: "log-ons at Dovecot, and at Postfix by it",
  },
  { program: "nsd", path: "/usr/sbin/nsd", packages: ["nsd"], loses: "DANE against signed zones" },
  {
    program: "unbound",
    path: "/usr/sbin/unbound",
    packages: ["unbound"],
    loses: "DANE against signed zones",
  },
  { program: "dnssec-signzone", packages: ["bind9-utils"], loses: "DANE against signed zones" },
  { program: "slapd", path: "/usr/sbin/slapd", packages: ["slapd"], loses: "log-ons by LDAP" },
  {
    program: "postgres",
    path: "/usr/lib/postgresql/15/bin/initdb",
    packages: ["postgresql"],
    loses: "several nodes on PostgreSQL",
  },
  { program: "strace", packages: ["strace"], loses: "kills at each system call" },
  {
    program: "mkfs.ext4",
    path: "/usr/sbin/mkfs.ext4",
    packages: ["e2fsprogs"],
    loses: "power cuts",
  },
  { program: "cc", packages: ["gcc", "libc6-dev"], loses: "power cuts, whose control is a small library" },
  { program: "chromium", packages: ["chromium"], loses: "the console's pages in a browser" },
  {
    program: "dkimverify",
    packages: ["python3-dkim", "python3-nacl"],
    loses: "DKIM signatures judged by dkimpy",
  },
  {
    program: "opendkim-testmsg",
    path: "/usr/sbin/opendkim-testmsg",
    packages: ["opendkim-tools"],
    loses: "DKIM signatures judged by OpenDKIM",
  },
  {
    program: "opendkim",
    path: "/usr/sbin/opendkim",
    packages: ["opendkim"],
    loses: "DKIM signatures judged by opendkim's milter behind Postfix",
  },
  {
    program: "pflogsumm",
    path: "/usr/sbin/pflogsumm",
    packages: ["pflogsumm"],
    loses: "the log read as Postfix's",
  },
  {
    program: "mta-sts-query",
    packages: ["postfix-mta-sts-resolver"],
    loses: "MTA-STS policies judged by postfix-mta-sts-resolver",
  },
  // Some 20 MB for its promtool.
  { program: "promtool", packages: ["prometheus"], loses: "promtool's checks of metrics and alert rules" },
];

function succeeds(command, args, { timeoutMs = 10_000, env = {} } = {}) {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: timeoutMs, env: { ...process.env, ...env } }, (error) =>
      resolve(error === null),
    );
  });
}

async function missingPeers() {
  const found = await Promise.all(
    peers.map(({ program, path }) =>
      succeeds("/bin/sh", ["-c", `command -v ${program} || test -e ${path ?? "/nowhere"}`]),
    ),
  );
  return peers.filter((_, index) => !found[index]);
}

/** Installs what is missing where that is possible, in bounded time; never throws. Returns what is missing still. */
export async function installPeers() {
  const missing = await missingPeers();
  const mayInstall =
    process.getuid?.() === 0 &&
    existsSync("/usr/bin/apt-get") &&
    process.env.WEIR_TEST_PEERS !== "as-they-are";
  if (missing.length === 0 || !mayInstall) return missing;

  const packages = [...new Set(missing.flatMap((peer) => peer.packages))];
  console.log(`installing peers for the tests: ${packages.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const apt = [
    "-qq",
    "-o",
    "Acquire::Retries=1",
    "-o",
    "Acquire::http::Timeout=15",
    "-o",
    "DPkg::Lock::Timeout=30",
  ];

  // Postfix is wanted for its load tools only, Prometheus for promtool: without configuration, and no package may
  // start a service.
  const policy = "/usr/sbin/policy-rc.d";
  const ownPolicy = !existsSync(policy);
  try {
    if (ownPolicy) {
      writeFileSync(policy, "#!/bin/sh\nexit 101\n");
      chmodSync(policy, 0o755);
    }
    await succeeds("/bin/sh", [
      "-c",
      'echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections',
    ]);
    await succeeds("apt-get", [...apt, "update"], { timeoutMs: 90_000, env });
    const install = ["install", "-y", "--no-install-recommends"];
    const all = await succeeds("apt-get", [...apt, ...install, ...packages], { timeoutMs: 240_000, env });
    if (!all)
      for (const name of packages)
        await succeeds("apt-get", [...apt, ...install, name], { timeoutMs: 60_000, env });
  } catch (error) {
    console.log(`peers could not be installed: ${String(error)}`);
  } finally {
    if (ownPolicy) rmSync(policy, { force: true });
  }
  return missingPeers();
}
