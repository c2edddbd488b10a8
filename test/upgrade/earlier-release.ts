/** A relay of an earlier release, run from its own folder, that is left with mail of all kinds in its spool. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../src/testing/free-port.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";

const run = promisify(execFile);

/** Mail to `out.test` goes to the port; to `held.test` nowhere, its queue is suspended; to others none is sent. */
export const upgradeConfiguration = (port: number, nextHopPort: number): string => `hostname: relay.test
dataDirectory: data
receiveConnectors:
  - name: A
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    messageRateLimit: unlimited
    maxInboundConnectionPerSource: unlimited
    maxInboundConnectionPercentagePerSource: 100%
sendConnectors:
  - name: Out
    addressSpaces: [out.test]
    smartHosts: ["127.0.0.1:${nextHopPort}"]
    recipientRateLimit: 100000
  - name: Held
    addressSpaces: [held.test]
    smartHosts: ["held.invalid:25"]
`;

export const heldQueue = "Held;held.invalid:25";

/** What each kind is, as its recipients: `partly` has one that was taken already, `failed` leaves a report. */
const kinds = {
  small: ["small-N@out.test"],
  large: ["large-N@out.test"],
  partly: ["taken-N@out.test", "partly-N@out.test"],
  two: ["two-N@out.test", "two-N@nowhere.test"],
  suspended: ["suspended-N@out.test"],
  held: ["held-N@held.test"],
  unrouted: ["unrouted-N@nowhere.test"],
  failed: ["failed-N@out.test"],
  eightBit: ["eight-bit-N@out.test"],
} as const;
type Kind = keyof typeof kinds;

export interface LeftMessage {
  readonly kind: Kind;
  /** Of its sender, recipients and subject. */
  readonly number: number;
  readonly content: Buffer;
}

const numbered = (text: string, number: number): string => text.replace("N", String(number));
export const recipientsOf = ({ kind, number }: Pick<LeftMessage, "kind" | "number">): string[] =>
  kinds[kind].map((recipient) => numbered(recipient, number));

export function contentOf(kind: Kind, number: number): Buffer {
  const body =
    kind === "large"
      ? `${"x".repeat(76)}\r\n`.repeat(2_000)
      : kind === "eightBit"
        ? "Gr\u00fc\u00dfe\r\n.dots\r\n"
        : "body\r\n";
  return Buffer.from(`Subject: ${kind} ${number}\r\nMessage-ID: <${kind}-${number}@app.test>\r\n\r\n${body}`);
}

/** Says of each message what the next hop of the earlier release did with it: it took some, and put off all others. */
async function startNextHop(): Promise<RecordingSink> {
  return startRecordingSink({
    behave({ at, line, reversePath }) {
      if (at !== "RCPT") return undefined;
      if (line.includes("<taken-")) return undefined;
      if (line.includes("<failed-") && reversePath !== "") return { reply: "550 5.1.1 no such user" };
      return { reply: "451 4.2.1 busy" };
    },
  });
}

/**
 * Runs the program in `folder`, gives it `count` messages and kills it (kill -9) right behind the last 250. Resolves with
 * what it acknowledged.
 */
export async function leaveMail(
  program: string,
  folder: string,
  count: number,
): Promise<readonly LeftMessage[]> {
  const port = await freePort();
  const hop = await startNextHop();
  await writeFile(join(folder, "weir.yaml"), upgradeConfiguration(port, hop.port));
  const relay = spawn(process.execPath, [program, "start"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let told = "";
  relay.stderr.setEncoding("utf8").on("data", (text: string) => (told += text));
  const exited = once(relay, "exit");
  const weir = async (...words: string[]): Promise<string> =>
    (await run(process.execPath, [program, ...words], { cwd: folder })).stdout;
  try {
    while (!told.includes("Listening on")) {
      if (relay.exitCode !== null) throw new Error(told);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const names = Object.keys(kinds) as Kind[];
    const wanted = Array.from({ length: count }, (_, number): LeftMessage => {
      // Of many most are small.
      const kind = number < 2 * names.length || number % 50 === 0 ? names[number % names.length]! : "small";
      return { kind, number, content: contentOf(kind, number) };
    });
    const left: LeftMessage[] = [];
    const send = async (messages: readonly LeftMessage[]): Promise<void> => {
      const client = await connectScriptedClient({ port });
      await client.expect("220");
      await client.command("EHLO app.test");
      for (const message of messages) {
        await client.command(`MAIL FROM:<from-${message.number}@out.test> BODY=8BITMIME`);
        for (const recipient of recipientsOf(message)) await client.command(`RCPT TO:<${recipient}>`);
        await client.command("DATA");
        client.send(
          Buffer.concat([
            Buffer.from(message.content.toString("latin1").replace(/^\./gm, ".."), "latin1"),
            Buffer.from(".\r\n"),
          ]),
        );
        const { code, last } = await client.reply();
        if (code !== 250) throw new Error(last);
        left.push(message);
      }
      client.close();
    };
    // The first once each, before anything is suspended, so that it is met in its own queue.
    const first = wanted.slice(0, 2 * names.length);
    await send(first);
    await weir("Suspend-Queue", heldQueue);
    const deferred = first.filter(({ kind }) => !["held", "unrouted"].includes(kind)).length;
    await hop.until(() => hop.commands.filter((line) => line.startsWith("RCPT")).length >= deferred, 30_000);
    const waiting = JSON.parse(await weir("Get-Message", "-Json")) as {
      identity: string;
      subject?: string;
    }[];
    for (const { identity, subject } of waiting)
      if (subject?.startsWith("suspended ") === true) await weir("Suspend-Message", identity);
    // Straight into the journal: nothing has had time to reach LMDB.
    const rest = wanted.slice(first.length);
    await Promise.all([0, 1, 2, 3].map((lane) => send(rest.filter((_, index) => index % 4 === lane))));
    return left;
  } finally {
    relay.kill("SIGKILL");
    await exited;
    await hop.close();
  }
}
