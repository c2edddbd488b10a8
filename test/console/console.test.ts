/** The console in a browser against a relay whose every text is hostile: found, read and used all the same. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient, type ScriptedClient } from "../../src/testing/scripted-client.ts";
import { closeDialog } from "./browser-page.ts";
import { type BrowsedRelay, browseRelay, missing } from "./browsed-relay.ts";

if (missing.length > 0)
  console.warn(`test/console/console.test.ts is skipped: missing ${missing.join(", ")}`);

/** Would run, or be seen as an element, were it taken for HTML. */
const hostile = (where: string): string => `<img src=x onerror=document.title='${where}'>`;

let sink: RecordingSink;
let browsed: BrowsedRelay;
let port: number;
const clients: ScriptedClient[] = [];

describe.skipIf(missing.length > 0)("the console", () => {
  beforeAll(async () => {
    port = await freePort();
    const accountsPort = await freePort();
    sink = await startRecordingSink({
      behave: ({ at }) => (at === "connect" ? { reply: `421 4.3.2 ${hostile("hop")}` } : undefined),
    });
    browsed = await browseRelay(`applications:
  - name: "${hostile("app")}"
    addresses: ["127.0.0.1"]
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    tarpitInterval: 0s
    maxInboundConnectionPerSource: 2
    maxInboundConnectionPercentagePerSource: 100
  - name: "${hostile("in")}"
    bindings: ["127.0.0.1:${accountsPort}"]
    remoteIpRanges: ["127.0.0.0/8"]
    authMechanism: [Tls, BasicAuth]
    permissionGroups: [ExchangeUsers]
    authTarpitInterval: 0s
sendConnectors:
  - name: "${hostile("out")}"
    addressSpaces: ["*"]
    smartHosts: ["127.0.0.1:${sink.port}"]
`);
    await submit();
    await failToLogOn(accountsPort);
    for (let count = 0; count < 3; count++) clients.push(await connectScriptedClient({ port }));
    await clients[2]?.expect(421);
  });
  afterEach(() => expect(browsed.complaints).toEqual([]));
  afterAll(async () => {
    for (const client of clients) client.close();
    await browsed?.close();
    await sink?.close();
  });

  test("a wrong token is told, the right one signs in", async () => {
    const { page, url, secret } = browsed;
    await page.goto(url);
    await page.getByLabel("Token").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("the token is wrong").waitFor();
    expect(await browsed.violations()).toEqual([]);
    await page.getByLabel("Token").fill(secret);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Now" }).waitFor();
  });

  test.each([
    ["/", ["app"]],
    ["/receive-connectors", ["in"]],
    ["/send-connectors", ["out"]],
    ["/queues", ["out", "hop"]],
    ["/tracking", ["subject"]],
    ["/events", ["in"]],
  ])("what strangers say is text on the page %s", async (path, texts) => {
    const { page } = browsed;
    await browsed.open(path);
    for (const where of texts) await page.locator("main").getByText(hostile(where)).first().waitFor();
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).not.toMatch(/^(app|in|out|hop|subject|user|hello)$/);
    expect(browsed.asked).not.toContain("/x");
  });

  test("axe finds nothing against WCAG AA on any page or dialog, in the light and in the dark", async () => {
    const { page } = browsed;
    const look = async (where: string): Promise<void> => {
      expect(await browsed.violations(), where).toEqual([]);
      expect(await browsed.faintInTheDark(), `${where} in the dark`).toEqual([]);
    };
    const ready = (): Promise<void> => page.getByRole("dialog").waitFor();
    for (const path of [
      "/",
      "/receive-connectors",
      "/send-connectors",
      "/api-keys",
      "/queues",
      "/tracking",
      "/about",
    ]) {
      await browsed.open(path);
      await page
        .locator("main")
        .getByText(/AppRelay|hop|out|subject|Data directory|API key/)
        .first()
        .waitFor();
      await look(path);
    }
    for (const [path, button] of [
      ["/", /^Raise /],
      ["/receive-connectors", "Settings of AppRelay"],
      ["/receive-connectors", "New…"],
      ["/send-connectors", "New…"],
      ["/api-keys", "New…"],
    ] as const) {
      await browsed.open(path);
      await page.getByRole("button", { name: button }).first().click();
      await ready();
      await look(`${path} ${String(button)}`);
      await closeDialog(page);
    }
    await browsed.open("/events");
    await page
      .getByRole("button", { name: /MaxConnectionPerSource/ })
      .first()
      .click();
    await page.getByRole("button", { name: "Explain and fix" }).click();
    await page.getByText(/Set-ReceiveConnector AppRelay/).waitFor();
    await look("details");
  });

  test("who never saw it finds the refused application on the first page, raises its limit, and it is let in", async () => {
    const { page, relay } = browsed;
    // Now, however long the tests before took.
    const refused = await connectScriptedClient({ port });
    await refused.expect(421);
    await browsed.open("/");
    await page.getByText(/is being refused by AppRelay/).waitFor();
    await page.getByRole("button", { name: "Raise maxInboundConnectionPerSource…" }).click();
    const field = page.getByLabel("maxInboundConnectionPerSource", { exact: true });
    // Nobody presses a key in a dialog that is not shown yet.
    await field.waitFor();
    await field.press("Enter");
    await page.getByText(/\+ +maxInboundConnectionPerSource: \d+/).waitFor();
    expect(await relay.text()).toContain("maxInboundConnectionPerSource: 2\n");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await relay.text()).not.toContain("maxInboundConnectionPerSource: 2\n");
    // In the past, with the limit as it was then and as it is now.
    await page
      .getByText(/was refused by AppRelay .* until .*: 2 connections per source\. The limit is now \d+\.$/)
      .waitFor();
    expect(await page.getByText(/is being refused by AppRelay: \d+ connections/).count()).toBe(0);
    const client = await connectScriptedClient({ port });
    clients.push(client);
    await client.expect(220);
  });

  test("a value that does not fit is refused in words, and nothing is written", async () => {
    const { page, relay } = browsed;
    const before = await relay.text();
    await browsed.open("/receive-connectors");
    await page.getByRole("button", { name: "Settings of AppRelay" }).click();
    await page.getByRole("textbox", { name: "maxHopCount" }).fill("many");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("alert").first().textContent()).not.toBe("");
    await closeDialog(page);
    expect(await relay.text()).toBe(before);
  });

  test("signing out ends the session", async () => {
    const { page } = browsed;
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
  });
});

async function submit(): Promise<void> {
  const client = await connectScriptedClient({ port });
  await client.expect(220);
  await client.command("EHLO app.test");
  await client.command(`MAIL FROM:<"${hostile("sender")}"@app.test>`);
  await client.command("RCPT TO:<b@next.test>");
  await client.command("DATA");
  client.send(`Subject: ${hostile("subject")}\r\nMessage-ID: <one@app.test>\r\n\r\nText\r\n.\r\n`);
  await client.expect(250);
  client.close();
  // The next hop has said its words.
  await vi.waitFor(
    async () => {
      const { queues } = await browsed.relay.client.call("listQueues", {});
      expect(queues.map(({ lastError }) => lastError ?? "")).toContainEqual(expect.stringMatching(/\b421 /));
    },
    { interval: 100 },
  );
}

async function failToLogOn(accountsPort: number): Promise<void> {
  const client = await connectScriptedClient({ port: accountsPort });
  await client.expect(220);
  await client.command(`EHLO ${hostile("hello")}`);
  await client.command("EHLO app.test");
  const text = (words: string): string => Buffer.from(words).toString("base64");
  await client.command(`AUTH PLAIN ${text(`\0${hostile("user")}\0wrong`)}`);
  client.close();
}
