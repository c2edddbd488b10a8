// Makes the data directory that an earlier release leaves, for earlier-release.test.ts:
//   npx tsx test/upgrade/make-fixture.ts PROGRAM NAME
// PROGRAM is that release's bin/weir.js, built; NAME is what it is called here.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { leaveMail } from "./earlier-release.ts";

async function main(): Promise<void> {
  const [program, name] = process.argv.slice(2);
  if (program === undefined || name === undefined) throw new Error("wanted: PROGRAM NAME");
  const folder = mkdtempSync(join(tmpdir(), "weir-fixture-"));
  const archive = join(import.meta.dirname, `data-of-${name}.tar.gz`);
  try {
    const left = await leaveMail(resolve(program), folder, 24);
    const made = {
      at: new Date().toISOString(),
      messages: left.map(({ kind, number }) => ({ kind, number })),
    };
    writeFileSync(join(folder, "left.json"), `${JSON.stringify(made)}\n`);
    // Sockets, the start's reserve and keys are nothing that the next release has to read.
    const data = join(folder, "data");
    for (const path of ["admin.sock", "tls", "spool/reserve", "spool/lock.mdb"])
      rmSync(join(data, path), { recursive: true, force: true });
    for (const entry of readdirSync(join(data, "spool")))
      if (entry.startsWith("holder.")) rmSync(join(data, "spool", entry));
    execFileSync("tar", [
      "--owner=0",
      "--group=0",
      "-C",
      folder,
      "-cf",
      `${archive}.tar`,
      "data",
      "left.json",
    ]);
    execFileSync("gzip", ["-9", "-n", "-f", `${archive}.tar`]);
    execFileSync("mv", [`${archive}.tar.gz`, archive]);
    console.log(`${archive}: ${left.length} messages, ${statSync(archive).size} octets`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
