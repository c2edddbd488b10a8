/** The pages Events, Diagnostic logging, Queues and Tracking in a real browser, against a real relay with mail. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openAdminTokens } from "../../src/admin/admin-tokens.ts";
import { builtConsole } from "../../src/admin/console/assets.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { startRecordingSink, type RecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { browserPath, goTo, openBrowserPage } from "./browser-page.ts";

const missing = [browserPath, `${builtConsole}index.html`].filter((file) => !existsSync(file));
if (missing.length > 0) console.warn(`test/console/pages.test.ts is skipped: missing ${missing.join(", ")}`);

/** Would run, or be seen as an element, were it taken for HTML. */
const hostile = `<img src=x onerror="document.title='owned'">`;

let page: Page;
let sink: RecordingSink;
let relay: AdministeredRelay;
let url: string;
const pages = ["", "events", "logging", "queues"];
const consoleErrors: string[] = [];

const open = (hash: string): Promise<void> => goTo(page, `${url}/#/${hash}`);
const violations = async (): Promise<readonly string[]> => {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  // By the debugger, which the pages' own security policy does not hold up.
  await page.evaluate(source);
  return page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: Axe }).axe;
    const found = await axe.run({ resultTypes: ["violations"] });
    return found.violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
};
interface Axe {
  run(options: { resultTypes: ["violations"] }): Promise<{ violations: AxeViolation[] }>;
}
interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

describe.skipIf(missing.length > 0)("the console's pages", () => {
  beforeAll(async () => {
    sink = await startRecordingSink({
      behave: ({ at }) => (at === "connect" ? { reply: `421 4.3.2 ${hostile}` } : undefined),
    });
    const directory = await mkdtemp(join(tmpdir(), "weir-pages-"));
    await mkdir(join(directory, "data"));
    const tokens = await openAdminTokens(join(directory, "data"));
    const secret = await tokens.add({
      name: "Ann",
      role: "administrator",
      createdAt: new Date().toISOString(),
    });
    relay = await startAdministeredRelay(
      `admin: { console: "127.0.0.1:0" }
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    tarpitInterval: 0s
    maxInboundConnectionPerSource: 2
    maxInboundConnectionPercentagePerSource: 100
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["127.0.0.1:${sink.port}"]
`,
      { directory },
    );
    url = relay.admin.console?.url ?? "";
    page = await openBrowserPage();
    page.on("pageerror", ({ message }) => consoleErrors.push(message));
    await submit();
    await refuse();
    await page.goto(url);
    await page.getByLabel(/token/i).fill(secret);
    await page.keyboard.press("Enter");
    await page.locator("main h1").waitFor();
  });
  afterEach(() => expect(consoleErrors).toEqual([]));
  afterAll(async () => {
    await page?.context().close();
    await relay?.stop();
    await sink?.close();
  });

  test("hostile text from a client and a next hop is text on every page", async () => {
    await open("queues");
    await page.getByText(hostile).first().waitFor();
    await open("events");
    await page
      .getByRole("button", { name: /MaxConnectionPerSource/ })
      .first()
      .waitFor();
    expect(await page.locator("main img").count()).toBe(0);
    expect(await page.title()).not.toBe("owned");
  });

  test("from an event to the limit that refused the source, and its fix", async () => {
    await open("events?severity=Warning&source=127.0.0.1");
    await page
      .getByRole("button", { name: /MaxConnectionPerSource/ })
      .first()
      .click();
    await page.getByRole("button", { name: "Explain and fix" }).click();
    await page.getByText(/Set-ReceiveConnector AppRelay -MaxInboundConnectionPerSource \d+/).waitFor();
    await page.getByRole("button", { name: "Preview the change" }).click();
    await page.getByText(/\+\s+maxInboundConnectionPerSource/).waitFor();
    await page.getByRole("button", { name: "Apply" }).click();
    await expect.poll(() => relay.text()).not.toContain("maxInboundConnectionPerSource: 2\n");
  });

  test("events follow live and are filtered by severity, by keyboard alone", async () => {
    await open("events");
    await page.getByLabel("Error", { exact: true }).focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.url()).toContain("severity=Error");
  });

  test("a category's level is applied, and all are put back", async () => {
    await open("logging");
    await page.getByRole("button", { name: /^SmtpReceive/ }).click();
    await page.getByRole("radio", { name: /^Expert/ }).check();
    await page.getByRole("button", { name: "Apply" }).click();
    const level = async () =>
      (await relay.client.call("listEventLevels", {})).levels.find(
        ({ category }) => category === "SmtpReceive",
      )?.level;
    await expect.poll(level).toBe("Expert");
    await page.getByRole("button", { name: "Reset all" }).click();
    await expect.poll(level).toBe("Lowest");
  });

  test("Suspend and Resume do what they say", async () => {
    await open("queues");
    const status = async () =>
      (await relay.client.call("listQueues", {})).queues.find(({ connector }) => connector === "Out")?.status;
    await page.getByRole("button", { name: /^Suspend Out;/ }).click();
    await expect.poll(status).toBe("Suspended");
    await page.getByRole("button", { name: /^Resume Out;/ }).click();
    await expect.poll(status).not.toBe("Suspended");
  });

  test("Retry tries the queue at once", async () => {
    await open("queues");
    const tried = sink.connections;
    await page.getByRole("button", { name: /^Retry Out;/ }).click();
    await expect.poll(() => sink.connections).toBeGreaterThan(tried);
  });

  test.each([1280, 390])("no page has a serious fault for axe or spills over at %i px", async (width) => {
    await page.setViewportSize({ width, height: 800 });
    for (const hash of pages) {
      await open(hash);
      expect(await violations(), hash).toEqual([]);
      expect(
        await page.evaluate("document.documentElement.scrollWidth - innerWidth"),
        hash,
      ).toBeLessThanOrEqual(0);
    }
  });
});

async function submit(): Promise<void> {
  const client = await connectScriptedClient({ port: relay.relay.listeners()[0]?.port ?? 0 });
  await client.expect(220);
  await client.command("EHLO app.test");
  await client.command("MAIL FROM:<a@app.test>");
  await client.command("RCPT TO:<b@next.test>");
  await client.command("DATA");
  client.send(`Subject: ${hostile}\r\nMessage-ID: <one@app.test>\r\n\r\n${hostile}\r\n.\r\n`);
  await client.expect(250);
  client.close();
  await vi.waitFor(
    async () => {
      const { queues } = await relay.client.call("listQueues", {});
      if (!queues.some(({ lastError }) => /\b421 /.test(lastError ?? "")))
        throw new Error(JSON.stringify(queues));
    },
    { interval: 100 },
  );
}

/** One connection more than a source may have. */
async function refuse(): Promise<void> {
  const port = relay.relay.listeners()[0]?.port ?? 0;
  const clients = [];
  for (let at = 0; at < 3; at++) clients.push(await connectScriptedClient({ port }));
  await clients[2]?.expect(421);
  for (const client of clients) client.close();
}
