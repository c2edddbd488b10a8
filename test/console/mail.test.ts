/** What an administrator does about mail, in a browser against a relay with mail: tracking, queues, connectors. */
import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";
import { openNameServer, type ScriptedNameServer } from "../../src/testing/name-server.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { closeDialog } from "./browser-page.ts";
import { type BrowsedRelay, browseRelay, missing } from "./browsed-relay.ts";

if (missing.length > 0) console.warn(`test/console/mail.test.ts is skipped: missing ${missing.join(", ")}`);

const reply = "450 4.2.1 Mailbox busy";
let sink: RecordingSink;
let dns: ScriptedNameServer;
let browsed: BrowsedRelay;
let port: number;
let queue: string;

const waiting = async (filter = "") => (await browsed.relay.client.call("listMessages", { filter })).messages;
const dialog = () => browsed.page.getByRole("dialog");
const press = (name: string | RegExp) => browsed.page.getByRole("button", { name }).first().click();

describe.skipIf(missing.length > 0)("mail on the console", () => {
  beforeAll(async () => {
    port = await freePort();
    sink = await startRecordingSink({ behave: ({ at }) => (at === "RCPT" ? { reply } : undefined) });
    dns = await openNameServer(({ name, type }) => {
      if (name === "mx.test" && type === "MX")
        return [{ type, name, data: { preference: 10, exchange: "a.mx.test" } }];
      return name === "a.mx.test" && type === "A" ? [{ type, name, data: "127.0.0.1" }] : [];
    });
    browsed = await browseRelay(`receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    tarpitInterval: 0s
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["127.0.0.1:${sink.port}"]
  - name: Internet
    addressSpaces: ["mx.test"]
    dnsRoutingEnabled: true
    mxAllowPrivateHosts: true
    port: ${sink.port}
transport:
  externalDnsServers: ["127.0.0.1:${dns.server.port}"]
`);
    await submit(["one", "two", "three"]);
    await vi.waitFor(
      async () => {
        const messages = await waiting("RetryCount -ge 1");
        if (messages.length < 3) throw new Error(`${messages.length} were tried`);
        queue = messages[0]?.queue ?? "";
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
    await dns?.close();
  });

  test("a search by wildcards finds a message, and its story tells what the next hop said", async () => {
    const { page } = browsed;
    await browsed.open("/tracking");
    await page.getByLabel("Recipient").fill("TWO@*");
    await page.getByLabel("Event").selectOption("DEFER");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.getByText(/entr(y|ies), newest first/).waitFor();
    expect(await page.getByRole("cell", { name: "one@next.test" }).count()).toBe(0);
    await page.getByRole("link", { name: "About two" }).first().click();
    const story = page.getByRole("region", { name: "Message", exact: true });
    await story.getByText("Taken from the client").waitFor();
    await story.locator("code", { hasText: reply }).first().waitFor();
    await story
      .getByText(/^after \d/)
      .first()
      .waitFor();
    expect(await browsed.violations()).toEqual([]);
    await page.getByRole("link", { name: "Back to the search" }).click();
    await expect.poll(() => page.getByLabel("Recipient").inputValue()).toBe("TWO@*");
  });

  test("what is found is saved as Exchange's CSV", async () => {
    const { page } = browsed;
    await browsed.open("/tracking?eventId=RECEIVE");
    await page.getByText("About three").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^MSGTRK\d+\.LOG$/);
    const lines = (await readFile(await download.path(), "utf8")).split("\r\n");
    expect(lines[0]).toBe("#Software: Weir");
    expect(lines.filter((line) => line.includes(",RECEIVE,"))).toHaveLength(3);
  });

  test("a message's header and text are looked at as text, and it is exported", async () => {
    const { page } = browsed;
    await browsed.open(`/queues?${new URLSearchParams({ queue, from: "app@*", subject: "one" }).toString()}`);
    await press("About one");
    await dialog().getByRole("button", { name: "Show header and text" }).click();
    await dialog().getByLabel("Text", { exact: true }).getByText("<b>Grüße</b>").waitFor();
    await dialog().getByLabel("Header").getByText("Subject: About one").waitFor();
    expect(await dialog().locator("b").count()).toBe(0);
    expect(await browsed.violations()).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      dialog().getByRole("link", { name: "Export .eml" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^\d+\.eml$/);
    expect(await readFile(await download.path(), "utf8")).toMatch(
      /Subject: About one\r\n[^]*PGI\+R3LDvMOfZTwvYj4=/,
    );
    await closeDialog(page);
  });

  test("a chosen message is suspended once that is confirmed, then all are resumed", async () => {
    const { page } = browsed;
    await browsed.open(`/queues?${new URLSearchParams({ queue }).toString()}`);
    const row = page.getByRole("row", { name: /About two/ });
    await row.getByRole("checkbox").check();
    await press("Suspend…");
    await dialog().getByRole("heading", { name: "Suspend 1 message?" }).waitFor();
    expect(await waiting("Status -eq 'Suspended'")).toEqual([]);
    await dialog().getByRole("button", { name: "Suspend 1 message" }).click();
    await row.getByText("Suspended").waitFor();
    expect((await waiting("Status -eq 'Suspended'")).map(({ subject }) => subject)).toEqual(["About two"]);
    await row.getByRole("checkbox").uncheck();
    await press("Resume…");
    await dialog().getByRole("heading", { name: "Resume 1 message?" }).waitFor();
    await dialog().getByRole("button", { name: "Resume 1 message" }).click();
    await expect.poll(() => waiting("Status -eq 'Suspended'")).toEqual([]);
  });

  test("what a filter fits is removed without reports; its number is named first", async () => {
    const { page } = browsed;
    const filter = "Subject -like '*t*o*' -and Size -gt 1B";
    await browsed.open(`/queues?${new URLSearchParams({ queue: "*", opath: filter }).toString()}`);
    await page.getByRole("cell", { name: "About two" }).waitFor();
    await press("Remove…");
    await dialog()
      .getByRole("heading", { name: /^Remove \d+ messages?\?$/ })
      .waitFor();
    await dialog().getByText(filter).waitFor();
    expect(await browsed.violations()).toEqual([]);
    await dialog().getByLabel("Send each sender a non-delivery report").uncheck();
    const fitting = (await waiting(filter)).length;
    await dialog()
      .getByRole("button", { name: new RegExp(`^Remove ${fitting} message`) })
      .click();
    await page.getByText("No message that waits fits the filter.").waitFor();
    expect((await waiting()).map(({ fromAddress }) => fromAddress)).not.toContain("");
    expect(await waiting(filter)).toEqual([]);
  });

  test("messages are sorted by a column's title", async () => {
    const { page } = browsed;
    await browsed.open(`/queues?${new URLSearchParams({ queue }).toString()}`);
    await page.getByRole("link", { name: "Size" }).click();
    await page
      .getByRole("columnheader", { name: "Size", exact: false })
      .and(page.locator("[aria-sort=ascending]"))
      .waitFor();
  });

  test("from an event to the message it is about", async () => {
    const { page } = browsed;
    // Somebody looked into it above, which is told.
    await browsed.open("/events?category=TransportService");
    await press(/MessageExported/);
    await page.getByRole("link", { name: "This message" }).click();
    await page.getByRole("heading", { level: 2, name: "About one" }).waitFor();
  });

  test("a receive connector is disabled and enabled, each seen in the file's text first", async () => {
    const { page, relay } = browsed;
    await browsed.open("/receive-connectors");
    await press("Disable AppRelay");
    await dialog().getByText("+ enabled: false").waitFor();
    expect(await relay.text()).not.toContain("enabled: false");
    await dialog().getByRole("button", { name: "Disable", exact: true }).click();
    await page.getByText("disabled", { exact: true }).waitFor();
    expect(await relay.text()).toContain("enabled: false");
    await press("Enable AppRelay");
    await dialog().getByRole("button", { name: "Enable", exact: true }).click();
    await page.getByText("listening", { exact: true }).waitFor();
  });

  test("the form for a new receive connector warns of 20 per source, 2 % and an open relay", async () => {
    const { page } = browsed;
    await browsed.open("/receive-connectors");
    await press("New…");
    const notes = dialog().getByRole("list", { name: "Mind" });
    await notes.getByText(/20 connections per source/).waitFor();
    await notes.getByText(/2 % per source/).waitFor();
    await dialog().getByLabel("anonymousRelay").selectOption("true");
    await notes.getByText(/Open relay/).waitFor();
    await dialog().getByLabel("remoteIpRanges").fill("10.1.4.0/24");
    await expect.poll(() => notes.getByText(/Open relay/).count()).toBe(0);
    await closeDialog(page);
  });

  test("a send connector is made and removed", async () => {
    const { page, relay } = browsed;
    await browsed.open("/send-connectors");
    await press("New…");
    await dialog().getByLabel("name", { exact: true }).fill("Partner");
    await dialog().getByLabel("addressSpaces").fill("partner.test");
    await dialog().getByLabel("smartHosts").fill("smtp.partner.test:587");
    await dialog()
      .getByRole("list", { name: "Mind" })
      .getByText(/Without requireTls/)
      .waitFor();
    await page.keyboard.press("Enter");
    await dialog().getByText("+ - name: Partner").waitFor();
    await dialog().getByRole("button", { name: "Apply" }).click();
    await page.getByRole("heading", { name: "Partner" }).waitFor();
    await press("Remove Partner");
    await dialog().getByText("- - name: Partner").waitFor();
    await dialog().getByRole("button", { name: "Remove", exact: true }).click();
    await expect.poll(() => relay.text()).not.toContain("Partner");
  });

  test("a connector that delivers by MX record shows where TLS failed today", async () => {
    const { page, relay } = browsed;
    const row = page.getByRole("definition").filter({ hasText: "domains" });
    await browsed.open("/send-connectors");
    await page.getByText("nothing was counted yet").waitFor();
    expect(await page.getByText("TLS today").count(), "of connectors by MX record alone").toBe(1);
    await submit(["four"], "mx.test");
    const counted = async () => (await relay.client.call("listTlsReports", {})).reports.length;
    await vi.waitFor(async () => expect(await counted()).toBe(1), { interval: 100 });
    await page.reload();
    await row.getByText("0 successes; failures with 1 of 1 domains").waitFor();
    await row.getByText(/^mx\.test: 1 × starttls-not-supported at a\.mx\.test \(.*offers no TLS/).waitFor();
    expect(await browsed.violations()).toEqual([]);
  });

  test("an API key is made with its rights, shown once, disabled and removed", async () => {
    const { page, relay } = browsed;
    await browsed.open("/api-keys");
    await page.getByText(/^No API key/).waitFor();
    await press("New…");
    await dialog()
      .getByRole("list", { name: "Mind" })
      .getByText(/Without sendAs/)
      .waitFor();
    await dialog().getByLabel("name", { exact: true }).fill("Shop");
    await dialog().getByLabel("sendAs").fill("shop.test, *.shop.test");
    await dialog().getByLabel("expires").fill("2099-01-01");
    await page.keyboard.press("Enter");
    await dialog().getByText("+ - name: Shop").waitFor();
    expect(await relay.text()).not.toContain("Shop");
    await dialog().getByRole("button", { name: "Apply" }).click();
    const secret = dialog().getByText(/^weir_[0-9A-Za-z]{27}$/);
    await secret.waitFor();
    const key = await secret.textContent();
    expect(await browsed.violations(), "the key").toEqual([]);
    await dialog().getByRole("button", { name: "Done" }).click();
    await page.getByRole("heading", { name: "Shop" }).waitFor();
    for (const text of ["active", "shop.test, *.shop.test"])
      await page.getByText(text, { exact: true }).waitFor();
    await page.getByText(/never used · ends 2099-01-01/).waitFor();
    expect(await page.content()).not.toContain(key);
    expect(await relay.text()).not.toContain(key);
    expect(JSON.stringify(relay.events)).not.toContain(key);
    await press("Disable Shop");
    await dialog()
      .getByText(/It was never used/)
      .waitFor();
    await dialog().getByRole("button", { name: "Disable", exact: true }).click();
    await page.getByText("disabled", { exact: true }).waitFor();
    await press("Remove Shop");
    await dialog().getByText("- - name: Shop").waitFor();
    await dialog().getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByText(/^No API key/).waitFor();
    expect(await relay.text()).not.toContain("Shop");
  });

  test("a token is made on About, shown once, and removed", async () => {
    const { page, relay } = browsed;
    await browsed.open("/about");
    await page.getByText("takes mail").waitFor();
    await press("New token…");
    await dialog().getByLabel("Name").fill("Bob");
    await page.keyboard.press("Enter");
    await dialog()
      .getByText(/^weir_/)
      .waitFor();
    await dialog().getByRole("button", { name: "Done" }).click();
    await press("Remove Bob");
    await dialog().getByRole("button", { name: "Remove", exact: true }).click();
    await expect
      .poll(async () => (await relay.client.call("listAdminTokens", {})).tokens.map(({ name }) => name))
      .toEqual(["Ann"]);
  });
});

async function submit(names: readonly string[], domain = "next.test"): Promise<void> {
  const client = await connectScriptedClient({ port });
  await client.expect(220);
  await client.command("EHLO app.test");
  for (const name of names) {
    await client.command("MAIL FROM:<app@app.test>");
    await client.command(`RCPT TO:<${name}@${domain}>`);
    await client.command("DATA");
    const text = Buffer.from("<b>Grüße</b>").toString("base64");
    client.send(
      `Subject: About ${name}\r\nMessage-ID: <${name}@app.test>\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${text}\r\n.\r\n`,
    );
    await client.expect(250);
  }
  client.close();
}
