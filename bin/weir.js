#!/usr/bin/env node
import { basename } from "node:path";

const [, script = "", ...words] = process.argv;
const link = basename(script).replace(/\.js$/, "");
const isLink = ["sendmail", "mailq", "newaliases"].includes(link);
const isSendmail = isLink || (words[0] === "sendmail" && !/^(--?help|-\?)$/.test(words[1] ?? ""));

// Disk commits, DNS and password hashes share this pool; it must be sized before its first use.
process.env.UV_THREADPOOL_SIZE ||= "16";

// A reader that leaves (`weir … | head`) is no fault of ours. Who sends mail prints nothing.
for (const name of isSendmail ? [] : ["stdout", "stderr"])
  process[name].on("error", ({ code }) => {
    if (code !== "EPIPE") process.exitCode = 1;
  });

let program;
try {
  program = await (isSendmail ? import("../dist/sendmail.js") : import("../dist/program.js"));
} catch (error) {
  const missing = error?.code === "ERR_MODULE_NOT_FOUND" && /dist[/\\]\w+\.js/.test(error.message);
  process.stderr.write(
    missing ? "weir: not built yet; run: npm run build\n" : `weir: ${error?.stack ?? error}\n`,
  );
  process.exitCode = isSendmail ? 70 : 1;
}
if (program) {
  program.nameSources();
  process.exitCode = await (isSendmail
    ? program.main(isLink ? link : "sendmail", isLink ? words : words.slice(1), !isLink)
    : program.main(words));
}
