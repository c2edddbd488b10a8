/** kill -9 of a relay while it makes a backup: what looks whole is whole, and what is not does not look so. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { execFile, spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../../../src/testing/free-port.ts";
import { connectScriptedClient } from "../../../../src/testing/scripted-client.ts";
import { spawnRelay } from "../../../../src/testing/spawn-relay.ts";
import { seededRandom } from "../../random.ts";
import { upgradeConfiguration } from "../../../upgrade/earlier-release.ts";
import type { Part } from "../part.ts";

const program = resolve(import.meta.dirname, "../../../../bin/weir.js");
const messages = 400;
const isWhole = /^\d{8}T\d{6}Z(-\d+)?$/;

/** Exit code and output of a command on the relay of a folder. */
function weir(folder: string, ...words: string[]): { readonly code: number | null; readonly out: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    cwd: folder,
    encoding: "utf8",
  });
  return { code: status, out: stdout + stderr };
}

async function fill(port: number, many: number): Promise<void> {
  const client = await connectScriptedClient({ port });
  await client.expect("220");
  await client.command("EHLO app.test");
  for (let number = 0; number < many; number++) {
    await client.command("MAIL FROM:<a@a.test>");
    await client.command(`RCPT TO:<b${number}@out.test>`);
    await client.command("DATA");
    const body = number % 4 === 0 ? `${"x".repeat(76)}\r\n`.repeat(1_500) : "body\r\n";
    const { code, last } = await client.command(`Subject: ${number}\r\n\r\n${body}.`);
    if (code !== 250) throw new Error(last);
  }
  client.close();
}

/** How many messages a backup brings back; undefined: it is refused, or some cannot be read. */
function restored(backup: string, folder: string): number | undefined {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { code, out } = weir(folder, "restore", backup, "-Json");
  if (code !== 0) return undefined;
  return (JSON.parse(out) as { messages: number }).messages;
}

export const backup: Part = {
  name: "backup",
  about: "kill -9 at random while a backup is made, then each that looks whole is restored",
  needs: ["linux"],
  rounds: { usual: 30, quick: 5 },
  async run({ folder, rounds, seed, progress }) {
    const random = seededRandom(seed);
    const own = join(folder, "relay");
    mkdirSync(own);
    const port = await freePort();
    // Nothing listens there: all mail waits.
    writeFileSync(join(own, "weir.yaml"), upgradeConfiguration(port, await freePort()));
    const backups = join(folder, "backups");
    let usualMs = 1_000;
    let broken = 0;
    for (let round = 0; round < rounds; round++) {
      const relay = await spawnRelay(["start"], { cwd: own });
      await relay.said(/Listening on/);
      await relay.said(/Stop with/);
      if (round === 0) {
        await fill(port, messages);
        const startedAt = performance.now();
        const first = weir(own, "backup", backups);
        if (first.code !== 0) throw new Error(first.out);
        usualMs = performance.now() - startedAt;
      }
      const before = readdirSync(backups).filter((name) => isWhole.test(name)).length;
      const command = execFile(process.execPath, [program, "backup", backups], { cwd: own });
      await delay(random() * 1.3 * usualMs);
      relay.kill("SIGKILL");
      await relay.exited;
      command.kill("SIGKILL");
      if (readdirSync(backups).filter((name) => isWhole.test(name)).length === before) broken++;
    }
    const whole = readdirSync(backups).filter((name) => isWhole.test(name));
    const bad = whole.filter((name) => restored(join(backups, name), join(folder, "restored")) !== messages);
    for (const name of bad) progress(`${name} is not whole`);
    const newest = restored(backups, join(folder, "restored"));

    progress("control: a backup that lacks a body");
    const [last = ""] = whole.toReversed();
    const bodies = join(backups, last, "data/spool/bodies");
    const [body = ""] = readdirSync(bodies, { recursive: true, encoding: "utf8" }).filter((name) =>
      /\/\d+$/.test(name),
    );
    rmSync(join(bodies, body));
    const control = restored(join(backups, last), join(folder, "restored"));
    rmSync(folder, { recursive: true });
    const required = `what looks whole brings all ${messages} messages back`;
    return [
      {
        what: "kill -9 of the relay at random while it makes a backup",
        count: `${rounds} kills, ${broken} before it was whole`,
        required,
        measured: `${whole.length} look whole, ${bad.length} are not; the newest brings back ${newest ?? "none"}`,
        held: bad.length === 0 && newest === messages && broken > 0,
      },
      {
        what: "a body is removed from one",
        count: "once",
        required,
        measured: control === undefined ? "refused" : `${control} brought back`,
        held: control === messages,
        control: true,
      },
    ];
  },
};
