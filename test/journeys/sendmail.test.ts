/** Programs that call sendmail, and what it says by its exit code. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startRecordingSink, type RecordingSink } from "../../src/testing/recording-sink.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector, smartHostConnector } from "../../src/testing/test-settings.ts";
import { freePort } from "../../src/testing/free-port.ts";

let sink: RecordingSink;
let relay: TemporaryRelay;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-sendmail-"));
  sink = await startRecordingSink();
  relay = await startTemporaryRelay({
    receiveConnectors: [
      receiveConnector({ name: "Open", tarpitInterval: 0 }),
      receiveConnector({
        name: "Small",
        maxMessageSize: 2000,
        maxRecipientsPerMessage: 2,
        tarpitInterval: 0,
      }),
      receiveConnector({
        name: "Submission",
        authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
        permissionGroups: ["ExchangeUsers"],
        tarpitInterval: 0,
      }),
      receiveConnector({ name: "Closed", anonymousRelay: false, tarpitInterval: 0 }),
    ],
    sendConnectors: [smartHostConnector(sink.port)],
  });
  const program = resolve(import.meta.dirname, "../../bin/weir.js");
  for (const name of ["sendmail", "mailq", "newaliases"]) await symlink(program, join(directory, name));
  await writeFile(join(directory, "mailrc"), `set sendmail=${join(directory, "sendmail")}\nset askcc=\n`);
  await writeFile(
    join(directory, "muttrc"),
    `set sendmail="${join(directory, "sendmail")} -oem -oi"\nset copy=no\nset use_envelope_from\nset from="mutt@app.example"\n`,
  );
  await writeFile(
    join(directory, "0001.patch"),
    "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: A <git@app.example>\nDate: Sun, 29 Nov 2026 03:00:00 +0000\nSubject: [PATCH] Do it\n\n---\n a | 1 +\n",
  );
});
afterAll(async () => {
  await relay.stop();
  await sink.close();
  await rm(directory, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  command: string,
  args: readonly string[],
  { input = "", env = {} }: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ran> {
  return new Promise((done) => {
    const surroundings = { ...process.env, WEIR_SMTP: `127.0.0.1:${relay.port}`, ...env };
    const child = execFile(command, args, { cwd: directory, env: surroundings }, (fault, stdout, stderr) => {
      done({ code: fault === null ? 0 : Number(fault.code), stdout, stderr });
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input, "latin1");
  });
}
const sendmail = (words: string, input: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  run(join(directory, "sendmail"), words.split(" "), { input, env });

function isThere(command: string): boolean {
  try {
    execFileSync("/bin/sh", ["-c", command], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const lite = `use MIME::Lite; MIME::Lite->new(From=>'lite@app.example', To=>'lite@dest.example', Subject=>'s', Data=>"body\\n")->send('sendmail', "$ARGV[0] -t -oi -oem") or die`;
const callers = [
  {
    name: "PHP's mail()",
    there: "command -v php",
    call: () =>
      run("php", [
        "-d",
        `sendmail_path=${join(directory, "sendmail")} -t -i`,
        "-r",
        `exit(mail("php@dest.example", "s", "body\\n.\\nmore", "From: php@app.example\\r\\nBcc: hidden@dest.example", "-fphp@app.example") ? 0 : 1);`,
      ]),
    sender: "php@app.example",
    recipients: ["php@dest.example", "hidden@dest.example"],
    content: /^(?![\s\S]*Bcc:)[\s\S]*\r\n\r\nbody\r\n\.\r\nmore/,
  },
  {
    name: "cron's pipe",
    there: "true",
    call: () =>
      sendmail(
        "-FCronDaemon -i -B8BITMIME -oem -f cron@app.example cron@dest.example",
        "From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@vm> job\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n\n10%\r20%\rdone \xc3\xbc\n",
      ),
    sender: "cron@app.example",
    recipients: ["cron@dest.example"],
    content: /From: root@\S+ \(Cron Daemon\)[\s\S]*\r\n\r\n10%\r\n20%\r\ndone ü\r\n$/,
  },
  {
    name: "mail (bsd-mailx)",
    there: "command -v bsd-mailx",
    call: () =>
      run("bsd-mailx", ["-s", "s", "-r", "mailx@app.example", "mailx@dest.example"], {
        input: "body\n",
        env: { MAILRC: join(directory, "mailrc") },
      }),
    sender: "mailx@app.example",
    recipients: ["mailx@dest.example"],
    content: /Subject: s\r\n[\s\S]*\r\n\r\nbody\r\n/,
  },
  {
    name: "s-nail",
    there: "command -v s-nail",
    call: () =>
      run(
        "s-nail",
        [
          "-:/",
          "-S",
          `mta=${join(directory, "sendmail")}`,
          "-s",
          "s",
          "-r",
          "nail@app.example",
          "nail@dest.example",
        ],
        { input: "body\n" },
      ),
    sender: "nail@app.example",
    recipients: ["nail@dest.example"],
    content: /Subject: s\r\n[\s\S]*\r\n\r\nbody\r\n/,
  },
  {
    name: "mutt",
    there: "command -v mutt",
    call: () =>
      run("mutt", ["-n", "-F", join(directory, "muttrc"), "-s", "s", "--", "mutt@dest.example"], {
        input: "body\n",
        env: { HOME: directory },
      }),
    sender: "mutt@app.example",
    recipients: ["mutt@dest.example"],
    content: /Subject: s\r\n[\s\S]*\r\n\r\nbody\r\n/,
  },
  {
    name: "Perl's MIME::Lite",
    there: "perl -MMIME::Lite -e 1",
    call: () => run("perl", ["-e", lite, join(directory, "sendmail")]),
    sender: /@/,
    recipients: ["lite@dest.example"],
    content: /From: lite@app\.example\r\n[\s\S]*\r\n\r\nbody\r\n/,
  },
  {
    name: "git send-email",
    there: "git send-email --help >/dev/null 2>&1 || test -x $(git --exec-path)/git-send-email",
    call: () =>
      run(
        "git",
        [
          "send-email",
          `--smtp-server=${join(directory, "sendmail")}`,
          "--from=git@app.example",
          "--envelope-sender=git@app.example",
          "--to=git@dest.example",
          "--suppress-cc=all",
          "--confirm=never",
          "--quiet",
          "0001.patch",
        ],
        {
          env: {
            GIT_CONFIG_GLOBAL: "/dev/null",
            GIT_CONFIG_SYSTEM: "/dev/null",
            GIT_COMMITTER_NAME: "A",
            GIT_COMMITTER_EMAIL: "git@app.example",
            GIT_AUTHOR_NAME: "A",
            GIT_AUTHOR_EMAIL: "git@app.example",
            HOME: directory,
          },
        },
      ),
    sender: "git@app.example",
    recipients: ["git@dest.example"],
    content: /Subject: \[PATCH\] Do it\r\n/,
  },
];

describe.concurrent("a program that calls sendmail", () => {
  for (const { name, there, call, sender, recipients, content } of callers) {
    const able = isThere(there);
    if (!able) console.log(`skipped: ${name}: not installed`);
    test.skipIf(!able)(name, async () => {
      expect(await call()).toMatchObject({ code: 0, stderr: "" });
      const [first = ""] = recipients;
      const mine = () =>
        sink.messages.find((message) => message.recipients.some(({ path }) => path === first));
      await sink.until(() => mine() !== undefined);
      const arrived = mine();
      expect(arrived?.reversePath).toMatch(sender instanceof RegExp ? sender : new RegExp(`^${sender}$`));
      expect(arrived?.recipients.map(({ path }) => path)).toEqual(recipients);
      expect(arrived?.content.toString()).toMatch(content);
    });
  }
});

const small = (): Readonly<Record<string, string>> => ({ WEIR_SMTP: `127.0.0.1:${relay.portOf("Small")}` });
describe.concurrent("exit codes", () => {
  test.each([
    ["64: no recipients", "-i", {}, 64, /^sendmail: no recipients/],
    ["65: no address", "-t", {}, 65, /^sendmail: no address: x y z\n$/],
    ["65: too large", "a@b.test", small, 65, /^sendmail: .*552 5\.3\.4/],
    [
      "69: too many recipients, and nobody gets it",
      "a@b.test c@d.test e@f.test",
      small,
      69,
      /<e@f\.test>: 452 4\.5\.3/,
    ],
    [
      "77: not allowed",
      "a@b.test",
      () => ({ WEIR_SMTP: `127.0.0.1:${relay.portOf("Closed")}` }),
      77,
      /<a@b\.test>: 550 5\.7\.54/,
    ],
  ] as const)("%s", async (name, words, env, code, said) => {
    const input = name.includes("large") ? "x".repeat(3000) : "To: x y z\n\nbody\n";
    const before = sink.messages.length;
    const ran = await sendmail(words, input, typeof env === "function" ? env() : env);
    expect(ran).toMatchObject({ code, stdout: "" });
    expect(ran.stderr).toMatch(said);
    expect(sink.messages.slice(before).filter(({ reversePath }) => /@b\.test/.test(reversePath))).toEqual([]);
  });

  test("a door for clients that log on is passed over, and told where there is no other", async () => {
    const closed = `127.0.0.1:${relay.portOf("Submission")}`;
    const none = await sendmail("a@closed.test", "\nb\n", { WEIR_SMTP: closed, WEIR_REPLAY: directory });
    expect(none).toMatchObject({ code: 77, stderr: expect.stringContaining("530 5.7.57") });
    const env = { WEIR_SMTP: `${closed},127.0.0.1:${relay.port}` };
    expect(await sendmail("a@open.test", "\nb\n", env)).toEqual({ code: 0, stdout: "", stderr: "" });
    await sink.until(() => sink.messages.some(({ recipients }) => recipients[0]?.path === "a@open.test"));
    expect(sink.messages.some(({ recipients }) => recipients[0]?.path === "a@closed.test")).toBe(false);
  });

  test("RequireTLS reaches the relay, which holds to it", async () => {
    const sent = await sendmail("-O RequireTLS -f s@tls.test a@tls.test", "\nb\n");
    expect(sent).toEqual({ code: 0, stdout: "", stderr: "" });
    // The next hop speaks no TLS.
    await vi.waitUntil(() =>
      relay.relay.queues().some(({ putOff }) => putOff?.includes("REQUIRETLS") === true),
    );
    expect(sink.messages.some(({ reversePath }) => reversePath === "s@tls.test")).toBe(false);
  });

  test("75 where nobody answers; 0 where it may be left for replay", async () => {
    const WEIR_SMTP = `127.0.0.1:${await freePort()}`;
    const gone = await sendmail("a@b.test", "Subject: s\n\nb\n", { WEIR_SMTP });
    expect(gone).toMatchObject({
      code: 75,
      stderr: expect.stringMatching(/^sendmail: no relay takes mail: .*ECONNREFUSED/),
    });
    const WEIR_REPLAY = await mkdtemp(join(directory, "replay-"));
    // Nobody of the relay's group could read what a careful caller leaves.
    const before = process.umask(0o077);
    const started = sendmail("-f s@b.test -N never -O RequireTLS a@b.test <c@d.test>", "Subject: s\n\nb\n", {
      WEIR_SMTP,
      WEIR_REPLAY,
    });
    process.umask(before);
    expect(await started).toEqual({ code: 0, stdout: "", stderr: "" });
    const [file = "", ...more] = await readdir(WEIR_REPLAY);
    expect(more).toEqual([]);
    if (process.platform !== "win32") expect((await stat(join(WEIR_REPLAY, file))).mode & 0o777).toBe(0o640);
    expect(file).toMatch(/^sendmail-\d+-[0-9a-f]+\.eml$/);
    expect(await readFile(join(WEIR_REPLAY, file), "latin1")).toMatch(
      /^X-Sender: <s@b\.test> REQUIRETLS\r\nX-Receiver: <a@b\.test> NOTIFY=NEVER\r\nX-Receiver: <c@d\.test> NOTIFY=NEVER\r\nX-CreatedBy: Weir\r\nX-EndOf[^\n]*\nSubject: s\r\n/,
    );
  });
});

test("the other names, and other modes", async () => {
  const env = { WEIR_CONFIG: join(directory, "nowhere.yaml") };
  const [aliases, queue, smtp] = await Promise.all([
    run(join(directory, "newaliases"), []),
    run(join(directory, "mailq"), [], { env }),
    sendmail("-bs", "EHLO a\r\nQUIT\r\n"),
  ]);
  expect(await sendmail("-q", "")).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(aliases).toMatchObject({ code: 0, stderr: "" });
  expect(queue).toMatchObject({ code: 69, stderr: expect.stringContaining("nowhere.yaml") });
  expect(smtp).toMatchObject({ code: 0, stdout: expect.stringMatching(/^220 [\s\S]*\r\n221 [^\n]*\r\n$/) });
});
