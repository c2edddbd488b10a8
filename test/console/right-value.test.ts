/** "Is this the right value?", in a browser, on what a relay recorded. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { burst, daily, dayMs, daysFrom, hourMs, writeRecord } from "../contracts/recorded-days.ts";
import { coverage, coverageNotes } from "../../src/admin/handlers/all-records.ts";
import { settled } from "./browser-page.ts";
import { type BrowsedRelay, browseRelay, missing } from "./browsed-relay.ts";

if (missing.length > 0)
  console.warn(`test/console/right-value.test.ts is skipped: missing ${missing.join(", ")}`);

let browsed: BrowsedRelay;
const days = 6;

/** Of 3, 6 and 15 connections at once. */
const stays = [3, 6, 15].flatMap((connections, index) =>
  daily(daysFrom(0, days), (4 + index) * hourMs, (atMs) => burst(`10.0.0.${index + 1}`, atMs, connections)),
);

describe.skipIf(missing.length > 0)("is this the right value?", () => {
  beforeAll(async () => {
    browsed = await browseRelay(
      `receiveConnectors:
  - name: In
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["10.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxInboundConnectionPerSource: 10
    maxInboundConnectionPercentagePerSource: 100
applications:
  - name: ERP
    addresses: ["10.0.0.3"]
`,
      (dataDirectory) => writeRecord(dataDirectory, stays, Date.now() - days * dayMs),
    );
    const { page, url, secret } = browsed;
    await page.goto(url);
    await page.getByLabel("Token").fill(secret);
    await page.keyboard.press("Enter");
    await page.locator("main h1").waitFor();
  });
  afterEach(() => expect(browsed.complaints).toEqual([]));
  afterAll(() => browsed?.close());

  test("what is advised and why, what each value would have refused, and applied from there", async () => {
    const { page } = browsed;
    // As who was never here: by what the page shows.
    await page.getByRole("link", { name: "Receive connectors" }).click();
    await page.getByRole("heading", { level: 1, name: "Receive connectors" }).waitFor();
    await settled(page);
    await page.getByRole("button", { name: "Is this the right value? In" }).click();
    const limit = page.getByRole("region", { name: "maxInboundConnectionPerSource" });
    await limit.getByText(/^10 is too low; 20 is right\./).waitFor();
    await limit.getByText(/ERP \(10\.0\.0\.3\) had 15 connections at once on .*; 10 refuses that/).waitFor();
    await limit.getByText("Most: ERP 15, 10.0.0.2 6, 10.0.0.1 3").waitFor();
    await limit.getByText(/^By itself it would have refused nobody since \d{4}-/).waitFor();
    // What another limit refuses is no answer to this one.
    const rate = page.getByRole("region", { name: "messageRateLimit" });
    await rate.getByText(/^By itself it would have refused nobody since \d{4}-/).waitFor();
    const slider = limit.getByRole("slider", { name: "Try a value" });
    await slider.fill("0");
    await limit
      .getByText(
        /^By itself it would have refused \d+ times since \d{4}-.*, \d+ messages lost with it: ERP, 10\.0\.0\.2/,
      )
      .waitFor();
    await expect.poll(() => limit.locator(".refusals-by-hour .full").count()).toBeGreaterThan(6);
    expect(await browsed.violations()).toEqual([]);
    const shots = process.env["SCREENSHOTS"];
    if (shots !== undefined) await page.screenshot({ path: `${shots}/right-value.png` });
    while ((await limit.getByRole("status").textContent()) !== "20") await slider.press("ArrowRight");
    await limit.getByRole("button", { name: "Apply maxInboundConnectionPerSource 20" }).click();
    await page.getByText(/\+\s+maxInboundConnectionPerSource: 20/).waitFor();
    await page.getByRole("button", { name: "Apply", exact: true }).click();
    await expect.poll(() => browsed.relay.text()).toContain("maxInboundConnectionPerSource: 20\n");
  });

  test("of several nodes it says whose traffic it is about and who did not answer, before something is applied too", async () => {
    const { page } = browsed;
    await browsed.open("/receive-connectors");
    const gathered = { others: [], servers: ["a", "b"], unanswered: [{ server: "c", reason: "it is down" }] };
    await page.route("**/v1/limit-advice/stream*", async (route) => {
      const { search } = new URL(route.request().url());
      const response = await page.request.get(new URL(`/v1/limit-advice${search}`, browsed.url).href);
      const advice = (await response.json()) as { notes: string[] };
      const notes = [...coverageNotes(gathered), ...advice.notes];
      const item = { part: 1, ahead: 0, answer: { ...advice, notes, ...coverage(gathered) }, fault: null };
      await route.fulfill({ contentType: "text/event-stream", body: `data: ${JSON.stringify(item)}\n\n` });
    });
    await page.getByRole("button", { name: "Is this the right value? In" }).click();
    const restsOn = page.getByRole("list", { name: "What this rests on" });
    await restsOn.getByText("It is about what came to a and b, taken together").waitFor();
    await restsOn.getByText("c did not answer (it is down): what came to it is missing here").waitFor();
    await restsOn.getByText("A client that is refused is taken to be gone").waitFor();
    expect(await browsed.violations()).toEqual([]);
    const limit = page.getByRole("region", { name: "maxInboundConnectionPerSource" });
    await limit.getByRole("slider", { name: "Try a value" }).fill("0");
    await limit.getByRole("button", { name: /^Apply maxInboundConnectionPerSource/ }).click();
    await page.getByText("What came to c is missing in what was tried").waitFor();
    const apply = page.getByRole("button", { name: "Apply", exact: true });
    // Behind the preview it waits for nothing but that.
    await page.getByText(/\+\s+maxInboundConnectionPerSource: /).waitFor();
    await expect.poll(() => apply.isDisabled()).toBe(true);
    await page.getByLabel("Apply it all the same, without what came to c").check();
    await expect.poll(() => apply.isEnabled()).toBe(true);
    expect(await browsed.violations()).toEqual([]);
    await page.unrouteAll({ behavior: "ignoreErrors" });
  });
});
