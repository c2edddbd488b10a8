/** The sending half put together; what its parts do is tried beside them. */
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createEventLog } from "../events/event-log.ts";
import { createSystemPorts } from "../ports/system-ports.ts";
import { zoneResolver } from "../testing/dns-zone.ts";
import { createTestSubmissions } from "../testing/test-submissions.ts";
import { smartHostConnector, testSettings, type TestSettings } from "../testing/test-settings.ts";
import { openSuspensions } from "./delivery/suspensions.ts";
import { openSender, type SenderSettings } from "./sender.ts";

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
    // The store of TLS results is opened by the first question; without a file there is nothing to open.
    mkdirSync(join(dataDirectory, "outgoing-tls"));
    writeFileSync(join(dataDirectory, "outgoing-tls", "values-1"), "");
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

/** With a name server that knows one domain and does not check signatures; nothing is connected to. */
async function withSender(
  given: Omit<TestSettings, "dataDirectory">,
  use: (
    it: ReturnType<typeof createTestSubmissions> & {
      readonly sender: Awaited<ReturnType<typeof openSender>>;
      readonly resolver: ReturnType<typeof zoneResolver>;
      /** Names of events, with whom they are about. */
      readonly told: readonly string[];
      readonly change: (next: Omit<TestSettings, "dataDirectory">) => Promise<void>;
    },
  ) => Promise<void>,
): Promise<void> {
  const dataDirectory = mkdtempSync(join(tmpdir(), "weir-sender-"));
  try {
    const around = createTestSubmissions();
    const { clock, spool, metrics } = around;
    const resolver = zoneResolver({
      "a.test MX": ["10 mx.a.test"],
      "mx.a.test A": ["93.184.216.34"],
      "_mta-sts.a.test TXT": ["v=STSv1; id=1;"],
    });
    resolver.dnssec = () => Promise.resolve({ kind: "off", reason: "it does not check" });
    let settings: SenderSettings = testSettings({ dataDirectory, ...given });
    const events = createEventLog({ clock, levels: {} });
    const told: string[] = [];
    events.subscribe(({ name, fields }) => {
      told.push([name, fields["connector"], fields["key"]].filter((each) => each !== undefined).join(" "));
    });
    const sender = await openSender(() => settings, {
      ports: {
        clock,
        resolver,
        random: () => 0,
        dns: { addresses: () => Promise.reject(new Error("no such host")) },
        dial: () => Promise.reject(new Error("nobody is there")),
      },
      http: () => Promise.reject(new Error("nobody is asked")),
      spool,
      suspensions: await openSuspensions(join(dataDirectory, "suspended-queues.json")),
      events,
      metrics,
      tracking: { enabled: false, track: () => undefined },
      protocolLog: {} as never,
    });
    const change = async (next: Omit<TestSettings, "dataDirectory">): Promise<void> => {
      settings = testSettings({ dataDirectory, ...next });
      await sender.reconfigure(settings);
    };
    await use({ ...around, sender, resolver, told, change });
  } finally {
    rmSync(dataDirectory, { recursive: true });
  }
}

const day = 86_400_000;
const expiring = (name: string, at: number) =>
  smartHostConnector(25, {
    name,
    tlsClient: {
      tlsCertificateFile: "a",
      tlsKeyFile: "b",
      certificate: "",
      privateKey: "",
      expiresAt: at,
    },
  });
const byDane = smartHostConnector([], { kind: "dns", name: "Dane", daneEnabled: true });
const dkim = (name: string) => ({
  ...testSettings({ dataDirectory: "" }).dkim,
  keys: [
    { name, state: "active", domain: "a.test", selector: "s", keyFile: "", key: { record: "v=DKIM1; p=x" } },
  ],
});

test("what ends soon is told from the start on, by each configuration, and not when it is stopped", async () => {
  const expiresAt = createTestSubmissions().clock.wall().getTime() + 10 * day;
  const first = {
    sendConnectors: [expiring("One", expiresAt), byDane],
    dkim: dkim("s._domainkey.a.test") as never,
  };
  await withSender(first, async ({ sender, clock, told, change, resolver }) => {
    expect(told).toEqual([]);
    sender.start();
    await clock.advance(60_000);
    expect(told).toEqual(["SendCredentialExpires One", "DaneOff", "DkimKeyUnfit s._domainkey.a.test"]);
    expect(sender.dkimKeys()).toMatchObject([{ name: "s._domainkey.a.test", ok: false }]);
    await change({
      sendConnectors: [expiring("Two", expiresAt)],
      dkim: dkim("t._domainkey.a.test") as never,
    });
    await clock.advance(60_000);
    expect(told.slice(3)).toEqual(["SendCredentialExpires Two", "DkimKeyUnfit t._domainkey.a.test"]);
    await clock.advance(day);
    const count = told.length;
    expect(told.slice(5)).toContain("SendCredentialExpires Two");
    await sender.stop(0);
    const asked = resolver.asked.length;
    await clock.advance(3 * day);
    expect([told.length, resolver.asked.length]).toEqual([count, asked]);
    await sender.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

test("DANE that is wanted by a new configuration, and cannot be had, is told", async () => {
  await withSender({}, async ({ sender, clock, told, change }) => {
    sender.start();
    await change({ sendConnectors: [byDane] });
    await clock.settle();
    expect(told).toEqual(["DaneOff"]);
    await sender.stop(0);
    await sender.close();
  });
});

test("what is asked of it is answered by the settings of now", async () => {
  await withSender({}, async ({ sender, change, resolver }) => {
    const reason = "mta-sts.a.test has no address";
    expect(await sender.mtaStsPolicy("a.test", false)).toMatchObject({ kind: "unknown", reason });
    expect(resolver.forgotten).toEqual([]);
    expect(await sender.mtaStsPolicy("a.test", true)).toMatchObject({ kind: "unknown", reason });
    expect(resolver.forgotten).toEqual(["_mta-sts.a.test"]);
    expect(await sender.resolveNextHop("a.test", false)).toMatchObject({ connector: undefined });
    await change({ sendConnectors: [byDane] });
    expect(await sender.resolveNextHop("a.test", false)).toMatchObject({
      connector: "Dane",
      outcome: "ready",
    });
    expect(resolver.forgotten).toHaveLength(1);
    await sender.resolveNextHop("a.test", true);
    expect(resolver.forgotten).toContain("a.test");
    // A policy that could not be had is no mail: it is counted, and no report is made of it alone.
    const { reports, hasMore } = await sender.tlsReports({}, 10);
    expect(reports).toMatchObject([
      { day: { domain: "a.test" }, sent: false, report: { "organization-name": "relay.test" } },
    ]);
    expect(hasMore).toBe(false);
    expect(sender.usage()).toEqual([]);
    await change({ sendConnectors: [smartHostConnector(25, { messageRateLimit: 30 })] });
    expect(sender.usage()).toMatchObject([{ connectors: ["Out"], limits: { messagesPerMinute: 30 } }]);
    await sender.stop(0);
    await sender.close();
  });
});

test("captured mail ends in the box, whatever connectors there are, and none of it is connected with", async () => {
  await withSender({ sendConnectors: [smartHostConnector(25)] }, async ({ sender, spool, clock }) => {
    sender.start();
    const draft = spool.begin();
    draft.write(Buffer.from("Subject: x\r\n\r\nHello\r\n"));
    await spool.accept(
      draft,
      { reversePath: "app@a.test", recipients: [{ forwardPath: "x@b.test" }], body: "7BIT", smtpUtf8: false },
      { connector: "Test", sourceAddress: "", helloName: "", sessionId: "", captured: true },
      { dotLines: 0, eightBit: false, endsWithCrlf: true, subject: "x" },
    );
    await expect
      .poll(async () => (await sender.captured.all()).map(({ rcptTo, subject }) => [rcptTo, subject]))
      .toEqual([[["x@b.test"], "x"]]);
    await clock.settle();
    expect(spool.size).toBe(0);
    await sender.stop(0);
    await sender.close();
  });
});
