/** Verifiers of DKIM of other people's making: each says of each message whether its signatures hold. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { openNameServer } from "../../src/testing/name-server.ts";

/** TXT records by name. */
export type KeyRecords = Readonly<Record<string, string>>;

export interface DkimJudge {
  readonly name: string;
  /** It can judge here. */
  readonly isThere: boolean;
  /** It knows Ed25519. */
  readonly knowsEd25519: boolean;
  /** It looks only at messages that RFC 5322 §3.6 would let pass. */
  readonly wantsLegal: boolean;
  /** It starts a process for each message. */
  readonly isSlow: boolean;
  /** Of each message `true`, when all of its signatures hold, or what was said in place of that. */
  judge(
    messages: readonly Buffer[],
    records: KeyRecords,
    signatures: number,
  ): Promise<readonly (string | true)[]>;
}

const python = "/usr/bin/python3";
const script = fileURLToPath(new URL("./peers/dkimpy.py", import.meta.url));

export const dkimpy: DkimJudge = {
  name: "dkimpy",
  isThere: existsSync(python) && existsSync("/usr/bin/dkimverify"),
  knowsEd25519: true,
  wantsLegal: false,
  isSlow: false,
  judge(messages, records, signatures) {
    const input = messages.map((message) => ({ message: message.toString("base64"), records, signatures }));
    const options = { input: JSON.stringify(input), encoding: "utf8", maxBuffer: 2 ** 28 } as const;
    const lines = execFileSync(python, [script], options).trim().split("\n");
    return Promise.resolve(
      lines.map((line) => ((JSON.parse(line) as unknown[]).every((one) => one === true) ? true : line)),
    );
  },
};

export const mailauth: DkimJudge = {
  name: "mailauth",
  isThere: true,
  knowsEd25519: true,
  wantsLegal: false,
  isSlow: false,
  async judge(messages, records, signatures) {
    const verdicts: (string | true)[] = [];
    const resolver = (name: string): Promise<string[][]> => {
      const record = records[name];
      if (record === undefined) return Promise.reject(Object.assign(new Error(name), { code: "ENOTFOUND" }));
      return Promise.resolve([[record]]);
    };
    for (const message of messages) {
      const { results } = await dkimVerify(message, { resolver });
      const said = results.map(({ status }) => status.result);
      const all = said.length === signatures && said.every((one) => one === "pass");
      verdicts.push(all || JSON.stringify(results.map(({ status }) => status)));
    }
    return verdicts;
  },
};

const testmsg = "/usr/sbin/opendkim-testmsg";
/** Its resolver asks the servers of /etc/resolv.conf alone, at port 53: it sees another file there than anybody else. */
const inside = ["--mount", "sh", "-c"];
const withOwnResolver = 'mount --bind "$0" /etc/resolv.conf && exec sh "$@"';
const eachFile = 'for file in "$@"; do opendkim-testmsg -C < "$file" 2>&1 && echo GOOD; echo END; done';

export const opendkim: DkimJudge = {
  name: "opendkim-testmsg",
  get isThere() {
    if (process.getuid?.() !== 0 || !existsSync(testmsg)) return false;
    return spawnSync("unshare", [...inside, "mount --bind /dev/null /etc/resolv.conf"]).status === 0;
  },
  knowsEd25519: false,
  wantsLegal: true,
  isSlow: true,
  async judge(messages, records) {
    const [a = 0, b = 0] = randomBytes(2);
    const dns = await openNameServer(
      ({ name, type }) => {
        const record = records[name.toLowerCase()];
        if (record === undefined || type !== "TXT") return [];
        return [{ type: "TXT", name, ttl: 60, data: record.match(/.{1,255}/gu) ?? [] }];
      },
      { address: `127.53.${a}.${b}`, port: 53 },
    );
    const folder = await mkdtemp(join(tmpdir(), "weir-opendkim-"));
    try {
      const resolver = join(folder, "resolv.conf");
      const every = join(folder, "each.sh");
      await writeFile(resolver, `nameserver ${dns.server.address}\noptions timeout:2 attempts:1\n`);
      await writeFile(every, eachFile);
      const files = messages.map((_, at) => join(folder, `${at}.eml`));
      await Promise.all(files.map((file, at) => writeFile(file, messages[at] ?? "")));
      const { stdout } = await promisify(execFile)(
        "unshare",
        [...inside, withOwnResolver, resolver, every, ...files],
        { encoding: "utf8", maxBuffer: 2 ** 26 },
      );
      const said = stdout.split("END\n").slice(0, messages.length);
      return said.map((text) => text.trimEnd() === "GOOD" || text);
    } finally {
      await Promise.all([dns.close(), rm(folder, { recursive: true, force: true })]);
    }
  },
};

export const judges: readonly DkimJudge[] = [mailauth, dkimpy, opendkim];
