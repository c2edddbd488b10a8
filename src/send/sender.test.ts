/** The sending half put together; what its parts do is tried beside them. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createEventLog } from "../events/event-log.ts";
import { createSystemPorts } from "../ports/system-ports.ts";
import { createTestSubmissions } from "../testing/test-submissions.ts";
import { testSettings } from "../testing/test-settings.ts";
import { openSuspensions } from "./delivery/suspensions.ts";
import { openSender } from "./sender.ts";

/** Of this process, below a folder. */
const openFiles = (folder: string): string[] =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder) ? [fd] : [];
    } catch {
      // The one that reads the list.
      return [];
    }
  });

test.skipIf(process.platform !== "linux")("what it opened is closed when its close is over", async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "weir-sender-"));
  try {
    const { clock, spool, metrics } = createTestSubmissions();
    const settings = testSettings({ dataDirectory });
    const sender = await openSender(() => settings, {
      ports: { ...createSystemPorts(), clock },
      http: () => Promise.reject(new Error("nobody is asked")),
      spool,
      suspensions: await openSuspensions(join(dataDirectory, "suspended-queues.json")),
      events: createEventLog({ clock, levels: {} }),
      metrics,
      tracking: { enabled: false, track: () => undefined },
      protocolLog: {} as never,
    });
    // The store of TLS results is opened by the first question.
    expect(openFiles(dataDirectory)).toEqual([]);
    await sender.tlsReports({}, 10);
    expect(openFiles(dataDirectory)).not.toEqual([]);
    await sender.stop(0);
    await sender.close();
    expect(openFiles(dataDirectory)).toEqual([]);
  } finally {
    rmSync(dataDirectory, { recursive: true });
  }
});
