/**
 * The DANE vectors by another program: Postfix's posttls-finger. It asks the resolver of resolv.conf(5), so this runs in a network
 * and a file system of its own, where Unbound and the mail servers have the ports they have on the Internet:
 *
 *     unshare --net --mount npx tsx test/lab/dane-oracles.ts
 *
 * Prints a row for each vector as JSON; ends with 1 where any differ.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startDaneLab } from "./dane-lab.ts";
import { daneVectors, type DaneVector } from "./dane-vectors.ts";

const run = promisify(execFile);

export interface OracleRow {
  readonly vector: string;
  readonly what: string;
  /** `verified`, `encrypted` or `nothing`. */
  readonly ours: string;
  readonly theirs: string;
}

/** Postfix asks for TLSA records behind unsigned MX records, too; posttls-finger is content with the first host. */
const isAnother = ({ vector, what, sts }: DaneVector): boolean =>
  vector === "D12" || (vector === "D2" && what.includes("the next host")) || sts !== undefined;

function ours(outcome: string): string {
  if (outcome.startsWith("dane ")) return "verified";
  return outcome.startsWith("4") ? "nothing" : "encrypted";
}

function theirs(output: string): string {
  // By usable records, and none fits: it goes on to look at what it has found; Postfix itself does not.
  const isDane = /DNSSEC-signed TLSA record/.test(output);
  if (isDane && !/Verified TLS connection established/.test(output)) return "nothing";
  if (/Verified TLS connection established/.test(output)) return "verified";
  return /(?:Untrusted|Trusted|Anonymous) TLS connection established/.test(output) ? "encrypted" : "nothing";
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "weir-oracle-"));
  const resolverFile = join(folder, "resolv.conf");
  writeFileSync(resolverFile, "nameserver 127.0.0.1\noptions edns0 trust-ad\n");
  writeFileSync(join(folder, "main.cf"), "compatibility_level = 3.6\n");
  execFileSync("ip", ["link", "set", "lo", "up"]);
  execFileSync("mount", ["--bind", resolverFile, "/etc/resolv.conf"]);
  const lab = await startDaneLab(25, { validating: 53, authoritative: 5300 });
  let differ = 0;
  try {
    for (const one of daneVectors) {
      if (isAnother(one)) continue;
      const { vector, what, domain, outcome } = one;
      const options = ["-t", "10", "-T", "10", "-c", "-l", "dane", "-L", "summary,certmatch,debug"];
      const found = await run("posttls-finger", [...options, domain], {
        timeout: 30_000,
        env: { ...process.env, MAIL_CONFIG: folder },
      }).then(
        ({ stdout, stderr }) => `${stdout}${stderr}`,
        (error: unknown) => {
          const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
          return `${stdout}${stderr}`;
        },
      );
      const row: OracleRow = { vector, what, ours: ours(outcome), theirs: theirs(found) };
      if (row.ours !== row.theirs) differ++;
      console.log(JSON.stringify(row.ours === row.theirs ? row : { ...row, found }));
    }
  } finally {
    await lab.close();
    execFileSync("umount", ["/etc/resolv.conf"]);
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = differ === 0 ? 0 : 1;
}

await main();
