/** Mail hosts with every kind of TLSA record and certificate: Postfix's DANE and Exim's must judge them as ours does. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { OracleRow } from "../../../lab/dane-oracles.ts";
import { unpackExim } from "../../../lab/unpacked-exim.ts";
import type { Finding, Part } from "../part.ts";

const script = fileURLToPath(new URL("../../../lab/dane-oracles.ts", import.meta.url));

/** In a network of its own, where port 25 and 53 are free. `exim`: the folder it is in. */
function rows(exim: readonly string[]): Promise<readonly OracleRow[]> {
  return new Promise((resolve, reject) => {
    const command = ["--net", "--mount", process.execPath, "--import", "tsx", script, ...exim];
    execFile("unshare", command, { timeout: 300_000 }, (error, stdout, stderr) => {
      const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
      if (lines.length === 0) return reject(new Error(`no row: ${stderr.slice(-500)}`, { cause: error }));
      resolve(lines.map((line) => JSON.parse(line) as OracleRow));
    });
  });
}

export const dane: Part = {
  name: "dane",
  about: "the DANE vectors judged by posttls-finger and by Exim, too",
  needs: ["linux", "root", "unshare", "nsd", "unbound", "posttlsFinger"],
  rounds: { usual: 1, quick: 1 },
  async run({ progress }) {
    // The programme's own folder is root's alone, and Exim is another user.
    const folder = mkdtempSync("/tmp/weir-exim-");
    let all: readonly OracleRow[];
    try {
      const hasExim = await unpackExim(folder).then(
        () => true,
        (error: unknown) => {
          progress(`without Exim, which is not to be had: ${String(error).slice(0, 200)}`);
          return false;
        },
      );
      all = await rows(hasExim ? [folder] : []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    progress(`${all.length} judgements`);
    const refused = all.filter(({ theirs }) => theirs === "nothing").length;
    return [
      ...all.map(({ judge, vector, what, ours, theirs }): Finding => ({
        what: `${vector}: ${what} (${judge})`,
        count: "1",
        required: ours,
        measured: theirs,
        held: ours === theirs,
      })),
      {
        what: "a client that takes any certificate",
        count: String(all.length),
        required: "no vector that they refuse",
        measured: String(refused),
        held: refused === 0,
        control: true,
      },
    ];
  },
};
