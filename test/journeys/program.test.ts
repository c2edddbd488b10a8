/** The program as it is run: start, reload, stop. Needs the build. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { placeSelfSigned } from "../../src/testing/self-signed-pairs.ts";
import { type SpawnedRelay, spawnRelay } from "../../src/testing/spawn-relay.ts";
import { configuration } from "./configuration.ts";
import { plain } from "./mail-samples.ts";
import { run } from "./peers.ts";
import { sendMessage } from "./send-message.ts";
import { firstDifference, splitTrace } from "./trace.ts";

let directory: string;
let sink: RecordingSink;
let port: number;
let relay: SpawnedRelay | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-program-"));
  sink = await startRecordingSink();
  port = await freePort();
});
afterEach(async () => {
  relay?.kill("SIGKILL");
  await relay?.exited;
  relay = undefined;
  await sink.close();
  await rm(directory, { recursive: true, force: true });
});

const weir = fileURLToPath(new URL("../../bin/weir.js", import.meta.url));
const configFile = (): string => join(directory, "weir.yaml");
async function start(text: string, ...options: string[]): Promise<SpawnedRelay> {
  await writeFile(configFile(), text);
  await placeSelfSigned(join(directory, "data"));
  relay = await spawnRelay(["start", "--config", configFile(), ...options], { cwd: directory });
  await relay.said(/Weir \S+ started/);
  return relay;
}
/** As an editor saves: a new file put in the place of the old one. */
async function save(text: string): Promise<void> {
  await writeFile(`${configFile()}.new`, text);
  await rename(`${configFile()}.new`, configFile());
}
const listens = (target: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(target, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => {
      resolve(false);
    });
  });

describe("a configuration as it stands in the documentation", () => {
  test("relays a message through the smart host and exits 0 on SIGTERM", async () => {
    const started = await start(configuration({ port, sinkPort: sink.port }));
    expect(await sendMessage({ port, content: plain.content })).toMatch(/^250 2\.6\.0 /);
    const [message] = await sink.waitFor(1);
    expect(
      firstDifference(splitTrace(message?.content ?? Buffer.alloc(0)).rest, plain.content),
    ).toBeUndefined();
    started.kill("SIGTERM");
    expect(await started.exited).toEqual({ code: 0, signal: null });
    expect(started.stderr()).toMatch(/Weir stopped/);
  });

  test("is read again by weir reload, and ended by weir stop, which waits for the end", async () => {
    const text = configuration({ port, sinkPort: sink.port });
    const started = await start(text);
    await started.said(/Stop with Ctrl-C/);
    const ask = async (...words: string[]) => {
      const command = await spawnRelay([...words, "--config", configFile()], { cwd: directory });
      return { ...(await command.exited), said: command.stderr() };
    };
    expect((await ask("reload")).code).toBe(0);
    await save(`${text}nonsense: 1\n`);
    expect(await ask("reload")).toMatchObject({
      code: 1,
      said: expect.stringContaining("nonsense") as string,
    });
    // It is told to stop while it reads this.
    await save(text);
    expect((await ask("stop")).code).toBe(0);
    expect(await started.exited).toEqual({ code: 0, signal: null });
    expect(started.stderr()).toMatch(/asked to by shell \(socket\)/);
  });

  test("with the console's line too, as written in the issue, logs JSON, one object a line", async () => {
    const consolePort = await freePort();
    const started = await start(
      `${configuration({ port, sinkPort: sink.port })}admin:\n  console: "127.0.0.1:${consolePort}"\n`,
      "--log-format",
      "json",
    );
    expect(await listens(port)).toBe(true);
    started.kill("SIGTERM");
    await started.exited;
    const lines = started
      .stderr()
      .split("\n")
      .filter((line) => line.startsWith("{"));
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });
});

describe("reload", () => {
  test("saving the file opens a new listener; a removed one stops accepting and its sessions go on", async () => {
    const started = await start(configuration({ port, sinkPort: sink.port }));
    const open = await connectScriptedClient({ port });
    await open.expect(220);
    const newPort = await freePort();
    await save(configuration({ port: newPort, sinkPort: sink.port }));
    await started.said(/The configuration of .* was applied/);
    expect(await listens(newPort)).toBe(true);
    expect(await listens(port)).toBe(false);
    expect((await open.command("EHLO c.example")).code).toBe(250);
    expect((await open.command("MAIL FROM:<a@b.example>")).code).toBe(250);
    open.close();
    expect(await sendMessage({ port: newPort, content: plain.content })).toMatch(/^250/);
  });

  test("SIGHUP applies the file too: a changed limit holds for new sessions, open ones keep theirs", async () => {
    const started = await start(configuration({ port, sinkPort: sink.port }));
    const open = await connectScriptedClient({ port });
    await open.expect(220);
    await writeFile(configFile(), configuration({ port, sinkPort: sink.port, maxMessageSize: "1MB" }));
    started.kill("SIGHUP");
    await started.said(/The configuration of .* was applied/);
    expect((await open.command("EHLO c.example")).lines).toContain("SIZE 26214400");
    const later = await connectScriptedClient({ port });
    await later.expect(220);
    expect((await later.command("EHLO c.example")).lines).toContain("SIZE 1048576");
    open.close();
    later.close();
  });

  test("a bad file changes nothing and is told with line and path", async () => {
    const started = await start(configuration({ port, sinkPort: sink.port }));
    await save(
      configuration({ port, sinkPort: sink.port }).replace("maxMessageSize: 25MB", "maxMesageSize: 25MB"),
    );
    await started.said(/was not applied/);
    expect(started.stderr()).toMatch(/maxMesageSize/);
    expect(started.stderr()).toMatch(/maxMessageSize/);
    expect(await sendMessage({ port, content: plain.content })).toMatch(/^250/);
    await save(configuration({ port, sinkPort: sink.port, maxMessageSize: "2MB" }));
    await started.said(/was applied/);
  });
});

describe("stopping", () => {
  test("an idle session is told 421, one inside DATA may finish, and its message is kept", async () => {
    const started = await start(configuration({ port, sinkPort: sink.port }));
    const idle = await connectScriptedClient({ port });
    await idle.expect(220);
    const busy = await connectScriptedClient({ port });
    await busy.expect(220);
    for (const line of ["EHLO c.example", "MAIL FROM:<busy@b.example>", "RCPT TO:<c@dest.example>", "DATA"])
      await busy.command(line);
    busy.send("Subject: half\r\n\r\n");
    started.kill("SIGTERM");
    await idle.expect("421 4.3.2");
    await idle.closed();
    expect(await listens(port)).toBe(false);
    busy.send("the other half\r\n.\r\n");
    expect((await busy.reply()).code).toBe(250);
    busy.close();
    expect(await started.exited).toEqual({ code: 0, signal: null });
    if (sink.messages.length === 0) await start(configuration({ port, sinkPort: sink.port }));
    await sink.waitFor(1);
    expect(sink.messages.map(({ reversePath }) => reversePath)).toEqual(["busy@b.example"]);
  });
});

describe("signals while it starts", () => {
  test("SIGTERM as soon as it listens is an orderly stop", async () => {
    await writeFile(configFile(), configuration({ port, sinkPort: sink.port }));
    relay = await spawnRelay(["start", "--config", configFile()], { cwd: directory });
    await relay.said(/Listening on/);
    relay.kill("SIGTERM");
    expect(await relay.exited).toEqual({ code: 0, signal: null });
  });

  test("SIGHUP as soon as it listens ends nothing", async () => {
    await writeFile(configFile(), configuration({ port, sinkPort: sink.port }));
    relay = await spawnRelay(["start", "--config", configFile()], { cwd: directory });
    await relay.said(/Listening on/);
    relay.kill("SIGHUP");
    await relay.said(/Stop with Ctrl-C/);
    expect(await sendMessage({ port, content: plain.content })).toMatch(/^250/);
  });

  test.each(["SIGHUP", "SIGUSR1", "SIGUSR2"])(
    "%s while it is being loaded ends nothing, nor is a debugger let in",
    async (signal) => {
      const hook = join(directory, "signal.cjs");
      await writeFile(
        hook,
        `const vm = require("node:vm"), { Script } = vm;
vm.Script = function (...given) {
  vm.Script = Script;
  process.kill(process.pid, "${signal}");
  return new Script(...given);
};`,
      );
      // A file with a fault: it gets as far as to say so.
      await writeFile(configFile(), "receiveConnectors: 1\n");
      const words = ["--require", hook, weir, "start", "--config", configFile()];
      const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
      expect([status, stderr]).toEqual([1, expect.stringContaining("nothing was started")]);
      expect(stderr).not.toMatch(/debugger/i);
    },
  );

  test("nobody reading its log any more does not stop mail", async () => {
    const started = await start(configuration({ port, sinkPort: sink.port }));
    await started.said(/Stop with Ctrl-C/);
    started.process.stderr?.destroy();
    started.process.stdout?.destroy();
    started.kill("SIGHUP");
    expect(await sendMessage({ port, content: plain.content })).toMatch(/^250/);
    await sink.waitFor(1);
    started.kill("SIGTERM");
    expect(await started.exited).toEqual({ code: 0, signal: null });
  });
});

describe("failing", () => {
  test("a faulty configuration starts nothing and tells every fault", async () => {
    await writeFile(
      configFile(),
      "hostname: relay.test\nreceiveConnectors:\n  - name: A\n    bindings: nonsense\n    colour: red\nbogus: 1\n",
    );
    relay = await spawnRelay(["start", "--config", configFile()], { cwd: directory });
    expect((await relay.exited).code).toBe(1);
    expect(relay.stderr()).toMatch(/bindings/);
    expect(relay.stderr()).toMatch(/colour/);
    expect(relay.stderr()).toMatch(/bogus/);
    expect(relay.stderr()).not.toMatch(/at .*\.js:\d+/);
  });

  test("check says the same and exits 1; for a good file 0", async () => {
    await writeFile(configFile(), configuration({ port, sinkPort: sink.port }));
    relay = await spawnRelay(["check", "--config", configFile()], { cwd: directory });
    expect((await relay.exited).code).toBe(0);
    await writeFile(
      configFile(),
      configuration({ port, sinkPort: sink.port }).replace("tarpitInterval", "tarpitIntervall"),
    );
    relay = await spawnRelay(["check", "--config", configFile()], { cwd: directory });
    expect((await relay.exited).code).toBe(1);
    expect(relay.stderr() + relay.stdout()).toMatch(/weir\.yaml:12\b[^]*tarpitIntervall[^]*tarpitInterval/);
  });

  test("a port that is taken: the start fails with the reason", async () => {
    await writeFile(configFile(), configuration({ port: sink.port, sinkPort: sink.port }));
    relay = await spawnRelay(["start", "--config", configFile()], { cwd: directory });
    expect((await relay.exited).code).toBe(1);
    expect(relay.stderr()).toMatch(/EADDRINUSE|in use/);
  });

  test("help whose reader leaves ends quietly", async () => {
    const program = `"${process.execPath}" bin/weir.js --help`;
    const output = await run("/bin/sh", ["-c", `for i in 1 2 3; do ${program} | true; done`]);
    expect(output).not.toMatch(/at .*\.js:\d+|node:events/);
  });

  test("a second relay on the same data directory is refused", async () => {
    await start(configuration({ port, sinkPort: sink.port }));
    const other = join(directory, "other.yaml");
    await writeFile(other, configuration({ port: await freePort(), sinkPort: sink.port }));
    const second = await spawnRelay(["start", "--config", other], { cwd: directory });
    expect((await second.exited).code).toBe(1);
    expect(second.stderr()).not.toBe("");
    expect(await sendMessage({ port, content: plain.content })).toMatch(/^250/);
  });
});

describe("without a configuration", () => {
  test("writes one, listens on 2525, drops mail as .eml, and says how to begin", async (context) => {
    for (let i = 0; i < 50 && (await listens(2525)); i++)
      await new Promise((resolve) => setTimeout(resolve, 200));
    if (await listens(2525)) {
      console.log("skipped: port 2525 is taken by another program");
      context.skip();
    }
    relay = await spawnRelay(["start"], { cwd: directory });
    await relay.said(/Weir \S+ started/);
    await relay.said(/curl -sS smtp:\/\/127\.0\.0\.1:2525/);
    expect(relay.stderr()).toMatch(/swaks --server 127\.0\.0\.1 --port 2525/);
    expect(relay.stderr()).toContain("weir.yaml");
    expect(await readFile(configFile(), "utf8")).toMatch(/^\s*#/m);
    expect(await sendMessage({ port: 2525, content: plain.content })).toMatch(/^250/);
    const drop = join(directory, "data", "drop");
    const mails = async (): Promise<string[]> =>
      existsSync(drop) ? (await readdir(drop)).filter((name) => name.endsWith(".eml")) : [];
    await expect.poll(async () => (await mails()).length).toBe(1);
    const content = await readFile(join(drop, (await mails())[0] ?? ""));
    expect(content.includes(plain.content)).toBe(true);
    relay.kill("SIGTERM");
    expect((await relay.exited).code).toBe(0);
  });
});
