/** The console tells states as they are: refused recipients, messages of a queue that fails, connectors that reach nobody. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { closeDialog } from "./browser-page.ts";
import { type BrowsedRelay, browseRelay, missing } from "./browsed-relay.ts";
import { tellNodes, type ToldNodes } from "./told-nodes.ts";

if (missing.length > 0) console.warn(`test/console/states.test.ts is skipped: missing ${missing.join(", ")}`);

let sink: RecordingSink;
let browsed: BrowsedRelay;
let port: number;
/** Nothing listens there. */
let deadPort: number;
/** Of a connector that relays for nobody. */
let strictPort: number;
const dialog = () => browsed.page.getByRole("dialog");
const press = (name: string | RegExp) => browsed.page.getByRole("button", { name }).first().click();

describe.skipIf(missing.length > 0)("states on the console", () => {
  beforeAll(async () => {
    port = await freePort();
    deadPort = await freePort();
    strictPort = await freePort();
    sink = await startRecordingSink({
      behave({ at, line }) {
        if (at !== "RCPT") return undefined;
        if (line.includes("gone")) return { reply: "550 5.1.1 No such user" };
        return line.includes("busy") ? { reply: "450 4.2.1 Mailbox busy" } : undefined;
      },
    });
    browsed = await browseRelay(`applications:
  - name: Helpdesk
    addresses: ["127.0.0.1"]
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    tarpitInterval: 0s
  - name: Strict
    bindings: ["127.0.0.1:${strictPort}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    tarpitInterval: 0s
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["127.0.0.1:${sink.port}"]
  - name: Dead
    addressSpaces: ["dead.test"]
    smartHosts: ["127.0.0.1:${deadPort}"]
  - name: Paced
    addressSpaces: ["paced.test"]
    smartHosts: ["127.0.0.1:${sink.port}"]
    recipientRateLimit: 5
`);
    await submit("Mixed", ["gone@next.test", "busy@next.test", "here@next.test"]);
    for (let at = 0; at < 12; at++) await submit(`Storm ${at}`, ["gone@next.test"]);
    await submit("Stuck", ["anybody@dead.test"]);
    await submit("Stuck too", ["somebody@dead.test"]);
    for (let at = 0; at < 6; at++) await submit(`Paced ${at}`, [`r${at}@paced.test`]);
    await vi.waitFor(
      async () => {
        const { queues } = await browsed.relay.client.call("listQueues", { details: true });
        expect(queues.find(({ connector }) => connector === "Dead")?.lastError).toBeTruthy();
        expect(queues.find(({ connector }) => connector === "Out")?.deferredMessageCount).toBe(1);
      },
      { interval: 100 },
    );
    const { page, url, secret } = browsed;
    await page.goto(url);
    await page.getByLabel("Token").fill(secret);
    await page.keyboard.press("Enter");
    await page.locator("main h1").waitFor();
  });
  afterEach(() => expect(browsed.complaints).toEqual([]));
  afterAll(async () => {
    await browsed?.close();
    await sink?.close();
  });

  test("a storm of 550s and a queue that fails are on the first page, with whose mail it is", async () => {
    const { page } = browsed;
    await browsed.open("/");
    await page
      .getByText(/Mail of 127\.0\.0\.1 \(Helpdesk\) could not be delivered to 13 recipients over Out/)
      .waitFor();
    await page.getByText(/Queue Dead;.* cannot be delivered: cannot connect to .* 2 messages wait/).waitFor();
    expect(await page.getByText("All is well").count()).toBe(0);
    await expect.poll(() => page.title()).toMatch(/^\(\d\) Now · relay\.test – Weir$/);
  });

  test("an application that may not relay is on the first page, and Explain tells the ways out", async () => {
    const { page } = browsed;
    const client = await connectScriptedClient({ port: strictPort });
    await client.expect(220);
    await client.command("EHLO app.test");
    await client.command("MAIL FROM:<app@app.test>");
    client.send("RCPT TO:<you@else.test>\r\n");
    await client.expect(550);
    client.close();
    await browsed.open("/");
    await page
      .getByText(/\(Helpdesk\) is being refused by Strict: else\.test is no accepted domain/)
      .waitFor();
    await browsed.open("/events?connector=Strict");
    await press(/RelayDenied/);
    await press("Explain and fix");
    await page.getByText(/^weir New-AcceptedDomain/).waitFor();
    await page.getByText(/^weir Set-ReceiveConnector Strict -AnonymousRelay/).waitFor();
    expect(await page.getByText(/enough/).count()).toBe(0);
    expect(await browsed.violations()).toEqual([]);
  });

  test("a send connector shows what its budget has used, and what waits for it", async () => {
    const { page } = browsed;
    await browsed.open("/");
    await page.getByText(/^warning Send connector Paced has used up its 5 recipients of 24 hours/).waitFor();
    await page
      .getByText(
        /1 message of Send connector Paced waits for its turn \(5 recipients a day\)\. The last leaves/,
      )
      .waitFor();
    await browsed.open("/send-connectors");
    const card = page.getByRole("region", { name: "Paced" });
    await card.getByText("5 of 5 recipients in 24 hours (100 %)").waitFor();
    await card
      .getByText(/Used up: what comes now waits\..* 1 message waits for its turn, the last leaves in/)
      .waitFor();
    expect(await card.getByText("Last error").count()).toBe(0);
    expect(await browsed.violations()).toEqual([]);
  });

  test("Test… opens a send connector step by step, and sends a message if asked", async () => {
    const { page } = browsed;
    const openTest = async (name: string): Promise<void> => {
      await page.getByRole("region", { name, exact: true }).getByRole("button", { name: "Test…" }).click();
    };
    await browsed.open("/send-connectors");
    await openTest("Dead");
    await press(/^Test$/);
    await dialog().getByText("does not work").waitFor();
    await dialog().getByText("What to do").waitFor();
    expect(await browsed.violations()).toEqual([]);
    await closeDialog(page);
    await openTest("Out");
    await dialog().getByLabel("Send a message to").fill("tested@next.test");
    await dialog().getByRole("button", { name: "Test", exact: true }).click();
    await dialog().getByText("a message was sent to tested@next.test").waitFor();
    await dialog().getByText("250 2.0.0 Ok: recorded").waitFor();
    expect(sink.messages.some(({ recipients }) => recipients[0]?.path === "tested@next.test")).toBe(true);
    await closeDialog(page);
  });

  test("a refused recipient is red and says why; a delivered one is called delivered", async () => {
    await browsed.open(`/queues?${new URLSearchParams({ queue: "*", recipient: "busy@*" }).toString()}`);
    await press("Mixed");
    await dialog().getByText("Helpdesk").waitFor();
    const row = (address: string) => dialog().getByRole("row").filter({ hasText: address });
    await row("gone@next.test").locator(".badge.failed", { hasText: "Failed" }).waitFor();
    await row("gone@next.test").getByText("550 5.1.1 No such user").waitFor();
    await row("here@next.test").locator(".badge.complete", { hasText: "Delivered" }).waitFor();
    await row("busy@next.test").locator(".badge.retry", { hasText: "Retry" }).waitFor();
    expect(await browsed.violations()).toEqual([]);
  });

  test("Try now tries it, and what came of it is seen without asking again", async () => {
    const tried = sink.connections;
    const attempts = async () =>
      (await browsed.relay.client.call("listMessages", { filter: "Subject -eq 'Mixed'" })).messages[0]
        ?.retryCount;
    expect(await attempts()).toBe(1);
    await dialog().getByRole("button", { name: "Try now" }).click();
    await expect.poll(attempts).toBe(2);
    expect(sink.connections).toBeGreaterThanOrEqual(tried);
    await dialog()
      .getByText(/attempt 3 in/)
      .waitFor();
    await closeDialog(browsed.page);
  });

  test("messages of a queue that fails are in Retry, with its error; a connector that reaches nobody says so", async () => {
    const { page } = browsed;
    await browsed.open(`/queues?${new URLSearchParams({ queue: "*", recipient: "*@dead.test" }).toString()}`);
    const rows = page.getByRole("table", { name: "Messages" }).getByRole("row").filter({ hasText: "Stuck" });
    await rows.first().locator(".badge.retry").waitFor();
    await expect.poll(() => rows.getByText(/cannot connect to/).count()).toBe(2);
    await browsed.open("/send-connectors");
    await page.locator(".badge.error", { hasText: "cannot reach" }).waitFor();
    await browsed.open("/queues");
    await page.locator(".badge.warning", { hasText: "1 deferred" }).waitFor();
  });

  test("those chosen are suspended in one request", async () => {
    const { page } = browsed;
    await browsed.open(`/queues?${new URLSearchParams({ queue: "*", recipient: "*@dead.test" }).toString()}`);
    await page.getByLabel("Choose all shown").check();
    const requests: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/messages/suspend")) requests.push(request.url());
    });
    await press("Suspend…");
    // It stays for seconds only.
    const told = page.getByText("2 messages suspended.").waitFor();
    await dialog().getByRole("button", { name: "Suspend 2 messages" }).click();
    await told;
    expect(requests).toHaveLength(1);
    await browsed.open("/");
    await page
      .getByText(/2 messages of queue Dead;.* are suspended and not tried until Resume-Message/)
      .waitFor();
    await page.getByRole("link", { name: "Messages" }).first().click();
  });

  describe("as one of two nodes, one of which is down", () => {
    let told: ToldNodes;
    const mainTexts = (name: string | RegExp) => browsed.page.locator("main").getByText(name);
    beforeAll(async () => {
      told = await tellNodes(browsed.page);
      await browsed.page.reload();
    });
    afterAll(async () => {
      await told?.stop();
      await browsed?.page.reload();
    });

    test("Nodes shows both, why one is behind, and drains one after it was asked", async () => {
      const { page } = browsed;
      await page.getByRole("link", { name: "Nodes", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: "Nodes" }).waitFor();
      await mainTexts("1 of 2 nodes takes mail.").waitFor();
      await mainTexts(/the database runs with fsync off[^]*set fsync to on/i)
        .first()
        .waitFor();
      const down = page.getByRole("row", { name: /^b/ });
      await expect
        .poll(() => down.innerText())
        .toMatch(/Down[^]*6 of 7[^]*dkimKeys\[0\]\.keyFile: cannot be read/);
      expect(await down.innerText()).toContain("Not listening on 10.0.0.2:25 for AppRelay");
      await page.getByRole("button", { name: "Suspend a" }).focus();
      await page.keyboard.press("Enter");
      await dialog().getByText("No other node takes mail").waitFor();
      expect(await browsed.violations()).toEqual([]);
      await closeDialog(page);
      expect(told.done).toEqual([]);
      const suspend = page.getByRole("button", { name: "Suspend a" });
      await suspend.and(page.locator(":focus")).waitFor();
      // The focus goes back where it was, and who presses it again in the same moment is asked again.
      await suspend.press("Enter");
      for (const leave of ["Escape", "Enter"]) {
        await dialog().getByRole("button", { name: "Cancel" }).focus();
        await page.evaluate(`left = document.querySelector("dialog");
          pressed = document.querySelector("[aria-label='Suspend a']");
          pressed.addEventListener("focus", () => pressed.click(), { once: true });`);
        await page.keyboard.press(leave);
        await vi.waitUntil(() => page.evaluate("!left.isConnected"));
      }
      await dialog().getByRole("button", { name: "Suspend", exact: true }).click();
      await mainTexts("Draining").waitFor();
      await press("Resume a");
      await dialog().getByRole("button", { name: "Resume", exact: true }).click();
      await page.getByRole("button", { name: "Suspend a" }).waitFor();
      expect(told.done).toEqual(["POST /v1/nodes/a/suspend", "POST /v1/nodes/a/resume"]);
    });

    test("Events says who did not answer and whose each is; Older brings each of both nodes once", async () => {
      const { page } = browsed;
      await browsed.open("/events");
      await mainTexts("did not answer: it is down; what it has is missing here.").waitFor();
      const rows = page.getByRole("table", { name: "Events" }).locator("tbody tr");
      for (const count of [100, 200, 260]) {
        await expect.poll(() => rows.count()).toBe(count);
        if (count < 260) await page.getByRole("button", { name: "Older" }).click();
      }
      expect(await page.getByRole("button", { name: "Older" }).count()).toBe(0);
      const texts = await rows.locator("td:last-child").allInnerTexts();
      expect(texts).toEqual(Array.from({ length: 260 }, (_, index) => `event ${index}`));
      expect((await rows.locator("td[data-title=Node]").allInnerTexts()).slice(0, 3)).toEqual([
        "a",
        "b",
        "a",
      ]);
      // What is missing there is not missing elsewhere.
      await browsed.open("/logging");
      expect(await mainTexts("did not answer").count()).toBe(0);
    });

    test("Audit log says who did what where; all of it holds at 400 px and in the dark", async () => {
      const { page } = browsed;
      await browsed.open("/audit");
      await page.getByRole("cell", { name: "suspendQueue Out;[10.0.0.9]:25", exact: true }).waitFor();
      await page.setViewportSize({ width: 400, height: 800 });
      for (const path of ["/audit", "/nodes", "/events"]) {
        await browsed.open(path);
        await page.locator("main tbody tr").first().waitFor();
        expect(await browsed.violations(), path).toEqual([]);
        expect(await browsed.faintInTheDark(), path).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth"), path).toBeLessThanOrEqual(400);
      }
      await page.setViewportSize({ width: 1280, height: 800 });
    });
  });

  test("a relay that is alone shows nothing of nodes", async () => {
    const { page } = browsed;
    await browsed.open("/events");
    await page.getByRole("row").nth(1).waitFor();
    for (const name of ["Nodes", "Audit log"])
      expect(await page.getByRole("link", { name, exact: true }).count()).toBe(0);
    expect(await page.getByRole("columnheader", { name: "Node" }).count()).toBe(0);
  });
});

async function submit(subject: string, recipients: readonly string[]): Promise<void> {
  const client = await connectScriptedClient({ port });
  await client.expect(220);
  await client.command("EHLO app.test");
  await client.command("MAIL FROM:<app@app.test>");
  for (const recipient of recipients) await client.command(`RCPT TO:<${recipient}>`);
  await client.command("DATA");
  client.send(`Subject: ${subject}\r\n\r\nText\r\n.\r\n`);
  await client.expect(250);
  client.close();
}
