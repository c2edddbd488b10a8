import { expect, test } from "vitest";
import { run } from "./spool-processes.ts";
import { wasKilled } from "./struck-spools.ts";

const node = (script: string): readonly string[] => [process.execPath, "-e", script];
const killsItself = node("process.kill(process.pid, 'SIGKILL')");
const standsStill = node("setInterval(() => undefined, 1_000)");

test.runIf(process.platform !== "win32")(
  "a process that was killed is told from one that took too long",
  async () => {
    const killed = await run(killsItself);
    expect(killed).toMatchObject({ signal: "SIGKILL", timedOut: false });
    expect(wasKilled({ ended: killed })).toBe(true);

    const slow = await run(standsStill, 1);
    expect(slow).toMatchObject({ signal: "SIGKILL", timedOut: true });
    expect(wasKilled({ ended: slow })).toBe(false);
  },
);
