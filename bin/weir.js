#!/usr/bin/env node
// Disk commits, DNS and password hashes share this pool; it must be sized before its first use.
process.env.UV_THREADPOOL_SIZE ||= "16";

// A reader that leaves (`weir … | head`) is no fault of ours.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", ({ code }) => {
    if (code !== "EPIPE") process.exitCode = 1;
  });

let program;
try {
  program = await import("../dist/program.js");
} catch (error) {
  const missing = error?.code === "ERR_MODULE_NOT_FOUND" && /dist[/\\]program\.js/.test(error.message);
  process.stderr.write(
    missing ? "weir: not built yet; run: npm run build\n" : `weir: ${error?.stack ?? error}\n`,
  );
  process.exitCode = 1;
}
if (program) {
  program.nameSources();
  process.exitCode = await program.main(process.argv.slice(2));
}
