/**
 * The DANE vectors by other programs: Postfix's posttls-finger and Exim. They ask the resolver of resolv.conf(5), so this runs in a
 * network and a file system of its own, where Unbound and the mail servers have the ports they have on the Internet:
 *
 *     unshare --net --mount npx tsx test/lab/dane-oracles.ts FOLDER
 *
 * FOLDER: where Exim was unpacked (unpacked-exim.ts), for in there is no network to fetch it by; left out: without Exim.
 * Prints a row for each vector and program as JSON; ends with 1 where any differ.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startDaneLab } from "./dane-lab.ts";
import { daneVectors, type DaneVector } from "./dane-vectors.ts";
import { openExim } from "./unpacked-exim.ts";

const run = promisify(execFile);

export interface OracleRow {
  readonly judge: string;
  readonly vector: string;
  readonly what: string;
  /** `verified`, `encrypted` or `nothing`. */
  readonly ours: string;
  readonly theirs: string;
}

/** Judges one domain: the verdict, and what it was read from. */
type Judge = (domain: string) => Promise<{ readonly theirs: string; readonly found: string }>;

function ours(outcome: string): string {
  if (outcome.startsWith("dane ")) return "verified";
  return outcome.startsWith("4") ? "nothing" : "encrypted";
}

/** Postfix asks for TLSA records behind unsigned MX records, too; posttls-finger is content with the first host. */
const isAnotherForPosttlsFinger = ({ vector, what }: DaneVector): boolean =>
  vector === "D12" || (vector === "D2" && what.includes("the next host"));

function posttlsFinger(folder: string): Judge {
  writeFileSync(join(folder, "main.cf"), "compatibility_level = 3.6\n");
  return async (domain) => {
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
    // By usable records, and none fits: it goes on to look at what it has found; Postfix itself does not.
    const isVerified = found.includes("Verified TLS connection established");
    const isDane = found.includes("DNSSEC-signed TLSA record");
    const isEncrypted = /(?:Untrusted|Trusted|Anonymous) TLS connection established/.test(found);
    return { theirs: isVerified ? "verified" : isEncrypted && !isDane ? "encrypted" : "nothing", found };
  };
}

/** What Exim does otherwise, and why; by vector and what it shows. */
const eximDiffers: ReadonlyMap<string, string> = new Map([
  ["D2 3 1 1 that does not fit: the next host", "it remembers by address, and both hosts have one"],
  ["D9 forged records: the next host", "one host whose records nobody knows puts off the domain"],
  ["D4 2 0 0: the root is the record", "GnuTLS takes no anchor that is not presented"],
  ["D4 2 1 0: its key is the record", "GnuTLS takes no anchor that is not presented"],
  ["D5 2 1 1, for the recipient domain", "the host's name alone counts"],
  ["D13 a signed alias into an unsigned zone", "records at an alias do not count"],
  ["D14 records at the alias, none at its target", "records at an alias do not count"],
]);

function exim(folder: string): { readonly judge: Judge; readonly close: () => void } {
  const opened = openExim(folder);
  return {
    close: () => opened.close(),
    async judge(domain) {
      const found = await opened.deliverTo(domain);
      const delivered = found.split("\n").find((line) => line.includes(` => x@${domain} `)) ?? "";
      const theirs = delivered.includes(" CV=dane ")
        ? "verified"
        : delivered.includes(" X=TLS")
          ? "encrypted"
          : delivered === ""
            ? "nothing"
            : "clear";
      return { theirs, found };
    },
  };
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "weir-oracle-"));
  const [, , eximFolder] = process.argv;
  const resolverFile = join(folder, "resolv.conf");
  writeFileSync(resolverFile, "nameserver 127.0.0.1\noptions edns0 trust-ad\n");
  execFileSync("ip", ["link", "set", "lo", "up"]);
  execFileSync("mount", ["--bind", resolverFile, "/etc/resolv.conf"]);
  const second = eximFolder === undefined ? undefined : exim(eximFolder);
  const lab = await startDaneLab(25, { validating: 53, authoritative: 5300 });
  let differ = 0;
  const tell = async (judge: string, { vector, what, domain, outcome }: DaneVector, by: Judge) => {
    const { theirs, found } = await by(domain);
    const row: OracleRow = { judge, vector, what, ours: ours(outcome), theirs };
    if (row.ours !== theirs) differ++;
    console.log(JSON.stringify(row.ours === theirs ? row : { ...row, found }));
  };
  try {
    const first = posttlsFinger(folder);
    for (const one of daneVectors) {
      if (one.sts !== undefined) continue;
      if (!isAnotherForPosttlsFinger(one)) await tell("posttls-finger", one, first);
      if (second !== undefined && !eximDiffers.has(`${one.vector} ${one.what}`))
        await tell("Exim", one, second.judge);
    }
  } finally {
    await lab.close();
    second?.close();
    execFileSync("umount", ["/etc/resolv.conf"]);
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = differ === 0 ? 0 : 1;
}

await main();
