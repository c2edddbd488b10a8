/** The image's root as a container runs it: read-only, not root, configured by variables; its health check, signals, volume. */
import { chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { imageUser } from "./base-files.ts";
import { answerOf, type Container, type Image, startContainer, unpackImage } from "./container.ts";

/** Rejects at the first thing that is not as it should be. */
export async function tryImage(file: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "weir-container-"));
  const data = join(scratch, "data");
  try {
    const image = await unpackImage(file, scratch);
    await mkdir(data);
    await chown(data, imageUser, imageUser);
    for (const [name, step] of steps) {
      const told = await step(image, data, scratch);
      process.stdout.write(`  ok  ${name}${told === undefined ? "" : `: ${told}`}\n`);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

type Step = (image: Image, data: string, scratch: string) => Promise<string | undefined>;

const steps: readonly (readonly [string, Step])[] = [
  ["a first start, by variables: mail in, mail out", firstStart],
  ["what is kept compiled is taken", compiledTaken],
  ["mail that waits outlives the container", waits],
  ["a spool in memory is warned of, and refused", passing],
  ["variables that are wrong write nothing", wrongVariables],
];

function must(holds: boolean, text: string, { log }: Container): void {
  if (!holds) throw new Error(`${text}\n${log()}`);
}

async function healthy(container: Container, { config }: Image): Promise<void> {
  const [, ...check] = config.Healthcheck.Test;
  for (let look = 0; look < 60; look++) {
    if ((await container.exec(check)).code === 0) return;
    await sleep(250);
  }
  must(false, "never healthy", container);
}

/** As an engine stops it. */
async function stopped(container: Container): Promise<string> {
  const since = performance.now();
  process.kill(container.pid, "SIGTERM");
  const code = await Promise.race([container.ended, sleep(30_000).then(() => "no end" as const)]);
  must(code === 0, `SIGTERM: ${code}`, container);
  return `${Math.round(performance.now() - since)} ms`;
}

async function mail(container: Container, scratch: string): Promise<void> {
  const message = join(scratch, "message");
  await writeFile(message, "Subject: hello\r\n\r\nIt works.\r\n");
  const curl = ["curl", "-sS", "smtp://127.0.0.1:2525", "--mail-from", "app@example.com"];
  const words = [...curl, "--mail-rcpt", "you@example.net", "-T", message];
  const { code, said } = await answerOf("nsenter", ["-t", String(container.pid), "-n", "--", ...words]);
  must(code === 0, `curl: ${said}`, container);
}

async function firstStart(image: Image, data: string, scratch: string): Promise<string> {
  const container = await startContainer(image, { data, env: { WEIR_HOSTNAME: "relay.example.com" } });
  await healthy(container, image);
  const status = await readFile(`/proc/${container.pid}/status`, "utf8");
  must(new RegExp(`^Uid:\\s+${imageUser}\\s`, "m").test(status), "it runs as another user", container);
  must(/^CapEff:\s+0+$/m.test(status), "it has capabilities", container);
  const written = ["require('fs').writeFileSync('/usr/lib/weir/x','')"];
  const { code } = await container.exec(["/usr/lib/weir/node", "-e", ...written]);
  must(code !== 0, "the root can be written", container);
  await mail(container, scratch);
  const drop = join(data, "drop");
  for (let look = 0; look < 50 && (await readdir(drop).catch(() => [])).length === 0; look++)
    await sleep(100);
  must((await readdir(drop)).length === 1, "the message does not arrive", container);
  const status2 = await container.exec(["/usr/bin/weir", "status", "--json"]);
  must(status2.said.includes('"hostname": "relay.example.com"'), "the variable is not taken", container);
  const took = await stopped(container);
  for (const line of container.log().trim().split("\n")) JSON.parse(line);
  must(!container.log().includes("SpoolNotPersistent"), "a volume is warned of", container);
  return `SIGTERM ends it in ${took}`;
}

/** By the image's own Node and flags; of another's V8 would compile anew what is there. */
async function compiledTaken(image: Image, data: string): Promise<string> {
  const check = [
    'const { load, scripts } = require("/usr/lib/weir/bin/parts.js");',
    'for (const part of ["program.cjs", "sendmail.cjs"]) load(part);',
    "const all = [...scripts];",
    "const anew = all.filter(([, script]) => script.cachedDataRejected !== false).map(([key]) => key);",
    "console.log(JSON.stringify({ count: all.length, anew }));",
  ];
  await writeFile(join(data, "check.cjs"), check.join("\n"));
  const container = await startContainer(image, { data });
  await healthy(container, image);
  const { said } = await container.exec(["/usr/lib/weir/node", "/data/check.cjs"]);
  const { count, anew } = JSON.parse(said) as { readonly count: number; readonly anew: readonly string[] };
  must(count > 1 && anew.length === 0, `of ${count} files compiled anew: ${anew.join(", ")}`, container);
  await stopped(container);
  await rm(join(data, "check.cjs"));
  return `${count} files of a command`;
}

async function waits(image: Image, data: string, scratch: string): Promise<undefined> {
  const file = join(data, "weir.yaml");
  const before = await readFile(file, "utf8");
  await writeFile(file, before.replace("dropDirectory: drop", 'smartHosts: ["127.0.0.1:2999"]'));
  const first = await startContainer(image, { data });
  await healthy(first, image);
  await mail(first, scratch);
  process.kill(first.pid, "SIGKILL");
  await first.ended;
  await writeFile(file, before);
  const second = await startContainer(image, { data });
  const drop = join(data, "drop");
  for (let look = 0; look < 200 && (await readdir(drop)).length < 2; look++) await sleep(100);
  must((await readdir(drop)).length === 2, "the message is lost", second);
  await stopped(second);
}

async function passing(image: Image): Promise<undefined> {
  const warned = await startContainer(image, { data: "tmpfs" });
  await healthy(warned, image);
  must(warned.log().includes("SpoolNotPersistent"), "no warning", warned);
  await stopped(warned);
  const refused = await startContainer(image, {
    data: "tmpfs",
    env: { WEIR_REQUIRE_PERSISTENT_SPOOL: "true" },
  });
  must((await refused.ended) === 1, "it starts", refused);
  must(refused.log().includes("requirePersistentSpool"), "no reason", refused);
}

async function wrongVariables(image: Image): Promise<undefined> {
  const container = await startContainer(image, { data: "tmpfs", env: { WEIR_BINDINGS: "everywhere" } });
  must((await container.ended) === 1, "it starts", container);
  must(container.log().includes("everywhere"), "no reason", container);
}
