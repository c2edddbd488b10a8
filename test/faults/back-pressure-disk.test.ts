/** The data directory on a small file system that fills up: refused before it is full, taken again with space. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { startTemporaryRelay } from "../../src/testing/temporary-relay.ts";

const mount = mkdtempSync(join(tmpdir(), "weir-pressure-"));
const canMount = (() => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", mount], { stdio: "ignore" });
    return true;
  } catch {
    console.log("SKIPPED: the test of back pressure on a full disk needs the right to mount a tmpfs");
    return false;
  }
})();
afterAll(() => {
  if (canMount) execFileSync("umount", [mount]);
  rmSync(mount, { recursive: true });
});

describe.skipIf(!canMount)("a data directory on a disk of 64 MB", () => {
  test("refuses before the disk is full, keeps what it has, and takes mail again", async () => {
    const relay = await startTemporaryRelay({
      dataDirectory: mount,
      transport: { backPressureEnabled: true },
    });
    const ballast = join(mount, "ballast");
    const client = await connectScriptedClient({ port: relay.port });
    try {
      await client.expect(220);
      await client.command("EHLO app.example");
      const send = async (): Promise<string> => {
        const mail = await client.command("MAIL FROM:<a@b.example>");
        if (mail.code !== 250) return mail.last;
        await client.command("RCPT TO:<c@d.example>");
        await client.command("DATA");
        client.send("Subject: x\r\n\r\nhello\r\n.\r\n");
        return (await client.reply()).last;
      };
      const free = async (): Promise<number> => {
        const { bavail, bsize } = await statfs(mount);
        return bavail * bsize;
      };
      expect(await send()).toMatch(/^250 /);
      const kept = relay.relay.queued;
      // To 97 %: the disk has room yet, the relay keeps it.
      await writeFile(ballast, Buffer.alloc((await free()) - 2 * 1024 * 1024));
      await expect.poll(() => relay.relay.pressure().level).toBe("High");
      expect(await send()).toBe("452 4.3.1 Insufficient system resources");
      expect(await free()).toBeGreaterThan(1024 * 1024);
      expect(relay.relay.queued).toBe(kept);
      expect(relay.events.map(({ definition }) => definition.id)).toEqual(
        expect.arrayContaining([15004, 15006, 20027]),
      );
      await rm(ballast);
      await expect.poll(() => relay.relay.pressure().level).toBe("Low");
      expect(await send()).toMatch(/^250 /);
      expect(relay.relay.queued).toBe(kept + 1);
    } finally {
      client.close();
      await relay.halt();
    }
  });
});
