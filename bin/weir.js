#!/usr/bin/env node
const { load } = require("./parts.js");

const [, script = "", ...words] = process.argv;
const link = /[^/\\]*$/.exec(script)[0].replace(/\.js$/, "");

if (["sendmail", "mailq", "newaliases"].includes(link)) sendmail(link, words, false);
else if (words[0] === "sendmail" && !/^(--?help|-\?)$/.test(words[1] ?? ""))
  sendmail("sendmail", words.slice(1), true);
else void weir();

function sendmail(...given) {
  let program;
  try {
    program = load("sendmail.cjs");
  } catch (error) {
    return notLoaded(error, 70);
  }
  program.nameSources();
  void program.main(...given).then((code) => (process.exitCode = code));
}

async function weir() {
  // Disk commits, DNS and password hashes share this pool; it must be sized before its first use.
  process.env.UV_THREADPOOL_SIZE ||= "16";
  // A relay reads its file anyway while it starts; and nobody's signal ends it but one that asks for that, nor makes Node listen
  // for a debugger.
  if (/^start$/i.test(words[0] ?? ""))
    for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2"]) process.on(signal, () => undefined);
  for (const name of ["stdout", "stderr"]) forgiving(name);
  let program;
  try {
    program = load("program.cjs");
  } catch (error) {
    return notLoaded(error, 1);
  }
  program.nameSources();
  process.exitCode = await program.main(words);
  // Nothing is under way any more: the system takes the memory back sooner than Node does piece by piece.
  process.once("beforeExit", () => process.exit());
}

/** A reader that leaves (`weir … | head`) is no fault of ours. Node makes a stream when it is first used, which of stderr is seldom. */
function forgiving(name) {
  const ofNode = Object.getOwnPropertyDescriptor(process, name);
  const value = () => {
    const stream = ofNode.get.call(process);
    Object.defineProperty(process, name, { value: stream, configurable: true, enumerable: true });
    stream.on("error", ({ code }) => {
      if (code !== "EPIPE") process.exitCode = 1;
    });
    return stream;
  };
  Object.defineProperty(process, name, { get: value, configurable: true, enumerable: true });
}

function notLoaded(error, exitCode) {
  const missing = error?.code === "ENOENT" && /dist[/\\]\w+\.cjs/.test(error.message);
  process.stderr.write(
    missing ? "weir: not built yet; run: npm run build\n" : `weir: ${error?.stack ?? error}\n`,
  );
  process.exitCode = exitCode;
}
