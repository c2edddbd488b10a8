/** Applications in a real browser, over a relay that was there for a month already: the inventory, and the page of one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "../../src/ports/ports.ts";
import { openTrafficRecord } from "../../src/traffic/traffic-record.ts";
import { browseRelay, missing, type BrowsedRelay } from "./browsed-relay.ts";

if (missing.length > 0)
  console.warn(`test/console/applications.test.ts is skipped: missing ${missing.join(", ")}`);

const hourMs = 3_600_000;
const hostile = `<img src=x onerror="document.title='owned'">`;

/** 28 days until an hour ago: ERP each hour, a batch that stopped three days ago, somebody new since yesterday. */
async function record(dataDirectory: string): Promise<void> {
  const nowMs = Math.floor(Date.now() / hourMs) * hourMs;
  let at = nowMs - 28 * 24 * hourMs;
  /** Nothing is to fall due: what there is, is flushed. */
  const clock: Clock = {
    now: () => at,
    wall: () => new Date(at),
    after: () => ({ cancel: () => undefined }),
  };
  const traffic = openTrafficRecord({
    dataDirectory,
    clock,
    settings: {
      trafficRecordEnabled: true,
      trafficRecordMaxAge: 35 * 24 * hourMs,
      trafficRecordMaxDirectorySize: 1e9,
    },
  });
  const visit = (source: string, heloName: string, messages: number): void => {
    const client = { connector: "AppRelay", source, address: source, door: "SMTP" } as const;
    const connection = traffic.admitted(client);
    traffic.described(connection, "", "", heloName, "TLSv1.3", "");
    for (let n = 0; n < messages; n++) {
      traffic.message(connection);
      traffic.kept(connection, 2, 4_000);
    }
    traffic.left(connection);
  };
  for (let hour = 0; hour < 28 * 24; hour++) {
    visit("10.1.0.1", "erp-1", 4 + (hour % 5));
    if (hour % 24 === 3)
      traffic.turnedAway(
        { connector: "AppRelay", source: "10.1.0.1", address: "10.1.0.1", door: "SMTP" },
        "connectionLimitPerSource",
      );
    if (hour % 24 === 2 && hour < 25 * 24) visit("10.2.0.1", "batch-7.contoso.test", 30);
    if (hour > 27 * 24) visit("10.3.0.1", hostile, 1);
    if (hour % 24 === 0) await traffic.flush();
    at += hourMs;
  }
  await traffic.close();
}

describe.skipIf(missing.length > 0)("applications in the console", () => {
  let browsed: BrowsedRelay;

  beforeAll(async () => {
    browsed = await browseRelay(
      `receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["10.0.0.0/8", "127.0.0.1"]
    permissionGroups: [AnonymousUsers]
    maxInboundConnectionPerSource: 5
    messageRateLimit: 20
sendConnectors:
  - { name: Out, addressSpaces: ["*"], dropDirectory: drop }
applications:
  - { name: ERP, owner: Finance IT, contact: erp@contoso.test, addresses: ["10.1.0.0/24"] }
`,
      record,
    );
    await browsed.relay.relay.inventory.judge();
    await browsed.page.goto(browsed.url);
    await browsed.page.getByLabel("Token").fill(browsed.secret);
    await browsed.page.keyboard.press("Enter");
    await browsed.page.locator("main h1").waitFor();
  });
  afterAll(() => browsed.close());

  it("lists who has a name, who has none, and what is remarkable", async () => {
    const { page } = browsed;
    await browsed.open("/applications");
    const applications = page.getByRole("table", { name: "Applications" });
    await applications.getByRole("row", { name: /ERP Finance IT .*TLSv1\.3/ }).waitFor();
    const unknown = page.getByRole("table", { name: "Senders without a name" });
    await unknown.getByRole("row", { name: /10\.2\.0\.1 Name… batch-7\.contoso\.test/ }).waitFor();
    const remarkable = page.getByRole("list", { name: "Remarkable" });
    await remarkable.getByText(/10\.2\.0\.1 sends no mail any more/).waitFor();
    await remarkable.getByText(/10\.3\.0\.1 is new here and belongs to no application/).waitFor();
    expect(await browsed.violations()).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export as CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("senders.csv");
  });

  it("shows one with its day, week and month against its limits", async () => {
    const { page } = browsed;
    await browsed.open("/applications?name=ERP");
    await page.getByText("erp@contoso.test").waitFor();
    const month = page.getByRole("figure").filter({ hasText: "Month" });
    await expect
      .poll(() => month.textContent())
      .toMatch(/Highest 14\d in a day, [\d,]+ in all, \d+ refusals\./);
    await page.getByText(/Highest: 1 in 24 hours, 1 in 7 days, 1 in 31 days\./).waitFor();
    await page.getByRole("link", { name: "Messages in a minute" }).click();
    await page
      .getByText(/Highest 8, limit 20/)
      .first()
      .waitFor();
    expect(await browsed.violations()).toEqual([]);
  });

  it("gives a sender a name, filled in with what is known of it", async () => {
    const { page } = browsed;
    await browsed.open("/applications?source=10.2.0.1");
    await page.getByRole("button", { name: "Name…" }).click();
    const dialog = page.getByRole("dialog");
    await expect.poll(() => dialog.getByLabel("name", { exact: true }).inputValue()).toBe("batch-7");
    await expect.poll(() => dialog.getByLabel(/^addresses/).inputValue()).toBe("10.2.0.1");
    await dialog.getByLabel(/^owner/).fill("Operations");
    await dialog.getByRole("button", { name: "Preview" }).click();
    await dialog.getByRole("button", { name: "Apply" }).click();
    await dialog.waitFor({ state: "detached" });
    await browsed.open("/applications?name=batch-7");
    await page.getByText("Operations").waitFor();
    expect(await browsed.relay.text()).toContain("owner: Operations");
    expect(browsed.complaints).toEqual([]);
    expect(await page.title()).not.toBe("owned");
  });
});
