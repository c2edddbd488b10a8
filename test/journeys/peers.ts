/** Other people's SMTP clients: how each sends a message that lies in a file. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTransport } from "nodemailer";

export interface Task {
  readonly port: number;
  readonly from: string;
  readonly to: readonly string[];
  /** The message in a file with CRLF line ends, and with LF line ends. */
  readonly crlfFile: string;
  readonly lfFile: string;
  readonly directory: string;
}

export interface Peer {
  readonly name: string;
  /** Undefined when the peer is there; else what is missing. */
  readonly missing: () => string | undefined;
  readonly send: (task: Task) => Promise<unknown>;
  /** True: it hands over the octets of the file as they are; false: it makes header or encoding its own. */
  readonly verbatim: boolean;
  /** What it adds of its own behind the octets of the file. */
  readonly appends?: string;
  /** Cannot send lines above 998 octets or content without a header. */
  readonly wellFormedOnly?: boolean;
}

function found(program: string): string | undefined {
  try {
    execFileSync("/bin/sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return undefined;
  } catch {
    return program;
  }
}

/** Runs a program; rejects with its output when it fails. */
export function run(command: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString("latin1")));
    child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString("latin1")));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ended with ${String(code)}: ${output.slice(-2_000)}`));
    });
    if (input !== undefined) child.stdin?.end(readFileSync(input));
  });
}

// The system's own starts at once; a version manager's shim does not.
const python = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
const script = (name: string): string => fileURLToPath(new URL(`./peers/${name}`, import.meta.url));
const jars = ["jakarta-mail.jar", "jakarta.mail.jar", "jakarta-activation.jar"].map(
  (jar) => `/usr/share/java/${jar}`,
);

export const peers: readonly Peer[] = [
  {
    name: "swaks",
    missing: () => found("swaks"),
    verbatim: true,
    appends: "\r\n",
    send: ({ port, from, to, lfFile }) =>
      run("swaks", [
        "--server",
        "127.0.0.1",
        "--port",
        String(port),
        "--helo",
        "peer.example",
        "--from",
        from,
        "--to",
        to.join(","),
        "--data",
        `@${lfFile}`,
        "--suppress-data",
        "--hide-all",
      ]),
  },
  {
    name: "curl",
    missing: () => found("curl"),
    verbatim: true,
    send: ({ port, from, to, crlfFile }) =>
      run("curl", [
        "--silent",
        "--show-error",
        "--fail",
        `smtp://127.0.0.1:${port}/peer.example`,
        "--mail-from",
        from,
        ...to.flatMap((path) => ["--mail-rcpt", path]),
        "--upload-file",
        crlfFile,
      ]),
  },
  {
    name: "Python smtplib",
    missing: () => found(python),
    verbatim: true,
    send: ({ port, from, to, crlfFile }) =>
      run(python, [script("send.py"), String(port), from, crlfFile, ...to]),
  },
  {
    name: "nodemailer",
    missing: () => undefined,
    verbatim: true,
    send: async ({ port, from, to, crlfFile }) => {
      const transport = createTransport({
        host: "127.0.0.1",
        port,
        name: "peer.example",
        ignoreTLS: true,
      });
      await transport.sendMail({ envelope: { from, to: [...to] }, raw: readFileSync(crlfFile) });
      transport.close();
    },
  },
  {
    name: "nodemailer over STARTTLS",
    missing: () => undefined,
    verbatim: true,
    send: async ({ port, from, to, crlfFile }) => {
      const transport = createTransport({
        host: "127.0.0.1",
        port,
        name: "peer.example",
        requireTLS: true,
        tls: { rejectUnauthorized: false },
      });
      await transport.sendMail({ envelope: { from, to: [...to] }, raw: readFileSync(crlfFile) });
      transport.close();
    },
  },
  {
    name: "msmtp",
    missing: () => found("msmtp"),
    verbatim: true,
    send: ({ port, from, to, lfFile }) =>
      run(
        "msmtp",
        [
          "--file=/dev/null",
          "--host=127.0.0.1",
          `--port=${port}`,
          "--domain=peer.example",
          `--from=${from}`,
          "--tls=off",
          "--auth=off",
          "--set-date-header=off",
          "--set-msgid-header=off",
          "--set-from-header=off",
          "--",
          ...to,
        ],
        lfFile,
      ),
  },
  {
    name: "s-nail",
    missing: () => found("s-nail"),
    verbatim: false,
    wellFormedOnly: true,
    send: ({ port, from, to, lfFile, directory }) =>
      run(
        "s-nail",
        [
          "-:/",
          "-Sv15-compat",
          `-Smta=smtp://127.0.0.1:${port}`,
          "-Ssmtp-auth=none",
          "-Snosave",
          `-Sfrom=${from}`,
          "-Ssendwait",
          `-Stmpdir=${directory}`,
          "-Sfullnames",
          "-r",
          from,
          "-s",
          "from s-nail",
          ...to,
        ],
        lfFile,
      ),
  },
  {
    name: "Ruby Net::SMTP",
    missing: () => found("ruby"),
    verbatim: true,
    send: ({ port, from, to, crlfFile }) =>
      run("ruby", [script("send.rb"), String(port), from, crlfFile, ...to]),
  },
  {
    name: "Perl Net::SMTP",
    missing: () => found("perl"),
    verbatim: true,
    send: ({ port, from, to, lfFile }) => run("perl", [script("send.pl"), String(port), from, lfFile, ...to]),
  },
  {
    name: "Jakarta Mail",
    missing: () =>
      found("javac") ?? (jars.some((jar) => existsSync(jar)) ? undefined : "libjakarta-mail-java"),
    verbatim: false,
    wellFormedOnly: true,
    send: async ({ port, from, to, crlfFile, directory }) => {
      const classPath = [...jars.filter((jar) => existsSync(jar)), directory].join(":");
      if (!existsSync(join(directory, "Send.class")))
        await run("javac", ["-cp", classPath, "-d", directory, script("Send.java")]);
      await run("java", [
        "-XX:TieredStopAtLevel=1",
        "-Xshare:auto",
        "-cp",
        classPath,
        "Send",
        String(port),
        from,
        crlfFile,
        ...to,
      ]);
    },
  },
];

/** Postfix's load generator: makes its own messages. */
export const smtpSource = "/usr/sbin/smtp-source";

export function version(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(command, args, (_, stdout, stderr) => resolve((stdout || stderr).split("\n")[0] ?? ""));
  });
}
