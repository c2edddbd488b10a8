#!/usr/bin/env node
// Keeps what V8 compiles of the program, for the Node and the flags that run this: once at the build or the installation,
// in place of at each start (parts.js); with --missing where that was not done. It uses the program a little first, in a folder of its own: what is kept is what was used.
const { existsSync, mkdtempSync, mkdirSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { EventEmitter } = require("node:events");
const { Server, connect } = require("node:net");
const { tmpdir } = require("node:os");
const path = require("node:path");

const configuration = `hostname: compile.invalid
dataDirectory: data
receiveConnectors:
  - name: Compile
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
sendConnectors:
  - name: Drop
    addressSpaces: ["*"]
    dropDirectory: drop
`;
/** Each is asked of the relay once. */
const commands = [
  "status",
  "Get-Queue",
  "Get-Message",
  "Get-ReceiveConnector",
  "Get-EventLog",
  "Get-MessageTrackingLog",
];

async function use(program, folder) {
  const config = path.join(folder, "weir.yaml");
  writeFileSync(config, configuration);
  const weir = (...words) => program.main([...words, "--config", config], silent);
  await program.main(["--help"], silent);
  await weir("check");
  await weir("Get-Queue");
  const port = listening();
  const relay = weir("start");
  await sendMessage(await port);
  for (const command of commands) await weir(command);
  // It waits for the end of this process.
  void weir("stop");
  await relay;
}

/** Takes what commands print. */
const silent = {
  write() {},
  complain() {},
  octets: () => Promise.resolve(),
  progress() {},
  width: 80,
  style: (_, text) => text,
  signal: new AbortController().signal,
};

/** The port of the first listener that opens. */
function listening() {
  return new Promise((resolve) => {
    Server.prototype.emit = function (event, ...rest) {
      const port = event === "listening" ? this.address()?.port : undefined;
      if (port !== undefined) {
        // That of what it inherits from again.
        delete Server.prototype.emit;
        resolve(port);
      }
      return EventEmitter.prototype.emit.call(this, event, ...rest);
    };
  });
}

function sendMessage(port) {
  const lines = [
    "EHLO compile.invalid",
    "MAIL FROM:<>",
    "RCPT TO:<a@compile.invalid>",
    "DATA",
    "Subject: a\r\n\r\nb\r\n.",
    "QUIT",
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.setEncoding("latin1").on("error", reject).on("close", resolve);
    socket.on("data", (replies) => {
      if (/^\d{3} .*\r\n$/m.test(replies)) socket.write(`${lines.shift() ?? "QUIT"}\r\n`);
    });
  });
}

async function compile() {
  const { load, scripts, compiled } = require("./parts.js");
  if (process.argv.includes("--missing") && existsSync(compiled)) return;
  const folder = mkdtempSync(path.join(tmpdir(), "weir-compile-"));
  try {
    await use(load("program.cjs"), folder);
    load("sendmail.cjs");
    const fresh = `${compiled}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    for (const [key, script] of scripts) writeFileSync(path.join(fresh, key), script.createCachedData());
    rmSync(compiled, { recursive: true, force: true });
    renameSync(fresh, compiled);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Nobody waits for it for long: without what it makes the program starts later, and no more.
setTimeout(() => process.exit(1), 60_000).unref();
void compile().then(
  () => process.exit(),
  (error) => {
    process.stderr.write(`weir: nothing is kept compiled: ${error?.stack ?? error}\n`, () => process.exit(1));
  },
);
