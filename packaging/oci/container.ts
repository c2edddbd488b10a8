/**
 * Runs an image's root as a container engine would, by namespaces alone: read-only, as the image's user, without a network, its
 * command as process 1. As root on Linux.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../run-command.ts";

interface Config {
  readonly config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly Healthcheck: { readonly Test: readonly string[] };
  };
}

export interface Image {
  readonly root: string;
  readonly config: Config["config"];
}

/** Unpacks the layers of an image's tar into an empty folder, one above the other. */
export async function unpackImage(file: string, folder: string): Promise<Image> {
  const [layout, root] = [join(folder, "layout"), join(folder, "root")];
  for (const path of [layout, root]) await mkdir(path);
  await run("tar", ["-xf", file, "-C", layout]);
  const read = async <Value>(path: string): Promise<Value> =>
    JSON.parse(await readFile(join(layout, path), "utf8")) as Value;
  const blob = (digest: string): string => `blobs/sha256/${digest.replace("sha256:", "")}`;
  type Digested = { readonly digest: string };
  const index = await read<{ readonly manifests: readonly [Digested] }>("index.json");
  const manifest = await read<{ readonly config: Digested; readonly layers: readonly Digested[] }>(
    blob(index.manifests[0].digest),
  );
  for (const { digest } of manifest.layers)
    await run("tar", ["-xzpf", join(layout, blob(digest)), "--same-owner", "-C", root]);
  const { config } = await read<Config>(blob(manifest.config.digest));
  return { root, config };
}

export interface Container {
  /** Process 1 of it, as seen from here. */
  readonly pid: number;
  /** What it has written so far. */
  readonly log: () => string;
  /** Runs a program of the image beside it; resolves with exit code and output. */
  exec(words: readonly string[]): Promise<{ readonly code: number; readonly said: string }>;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

const namespaces = ["--mount", "--pid", "--fork", "--net", "--kill-child", "--"];

/** `data`: a folder that is mounted at /data, or `tmpfs`. */
export async function startContainer(
  { root, config }: Image,
  { data, env = {} }: { readonly data: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Container> {
  const [user = "", group = user] = config.User.split(":");
  const variables = [
    ...config.Env,
    "container=trial",
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  ];
  const mountData =
    data === "tmpfs" ? 'mount -t tmpfs -o mode=1777 tmpfs "$1/data"' : 'mount --bind "$2" "$1/data"';
  const setUp = [
    "set -e",
    "mount --make-rprivate /",
    'mount --bind "$1" "$1"',
    mountData,
    'mount -t proc proc "$1/proc"',
    'mount -o remount,bind,ro "$1"',
    "ip link set lo up",
    "shift 2",
    'exec /usr/bin/env -i "$@"',
  ].join("\n");
  const command = [
    "/usr/sbin/chroot",
    `--userspec=${config.User}`,
    root,
    ...config.Entrypoint,
    ...config.Cmd,
  ];
  const process1 = spawn(
    "unshare",
    [...namespaces, "sh", "-c", setUp, "sh", root, data, ...variables, ...command],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let log = "";
  for (const stream of [process1.stdout, process1.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (log += text));
  const ended = new Promise<number | null>((resolve) => process1.once("exit", resolve));
  const pid = await firstChild(process1);
  return {
    pid,
    log: () => log,
    ended,
    exec: (words) => {
      const into = ["-t", String(pid), "-m", "-n", "-p", "-r", "-S", user, "-G", group, "--"];
      return answerOf("/usr/bin/env", ["-i", ...variables, "/usr/bin/nsenter", ...into, ...words]);
    },
  };
}

/** Of unshare, which waits for it. */
async function firstChild({ pid, exitCode }: ChildProcess): Promise<number> {
  for (let look = 0; look < 50 && exitCode === null; look++) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
    if (children.trim() !== "") return Number(children.trim().split(" ")[0]);
    await sleep(50);
  }
  throw new Error("unshare starts nothing; it wants root");
}

/** Of a program, on this machine. */
export function answerOf(
  program: string,
  words: readonly string[],
): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve) => {
    execFile(program, words, { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), said: `${stdout}${stderr}` }),
    );
  });
}
