/** Captured mail in the console: what others wrote is shown, and can neither run, nor reach, nor leave anything. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";
import { sendMessage } from "../journeys/send-message.ts";
import { browseRelay, missing, type BrowsedRelay } from "./browsed-relay.ts";

if (missing.length > 0)
  console.warn(`test/console/captured.test.ts is skipped: missing ${missing.join(", ")}`);

// They run in the browser, whose types are not here.
type Shown = { readonly naturalWidth: number; readonly src: string; click(): void };
const colorOf = (one: unknown): string =>
  (globalThis as unknown as { getComputedStyle(of: unknown): { color: string } }).getComputedStyle(one).color;
const pictureOf = (one: unknown): unknown => [(one as Shown).naturalWidth, (one as Shown).src.slice(0, 15)];
const click = (one: unknown): void => (one as Shown).click();

describe.skipIf(missing.length > 0)("captured mail", () => {
  let browsed: BrowsedRelay;
  let outside: Server;
  /** Paths that mail had the browser ask another server for. */
  const leaked: string[] = [];
  let outsideUrl = "";
  let port = 0;

  beforeAll(async () => {
    outside = createServer((request, response) => {
      leaked.push(request.url ?? "");
      response.end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => outside.once("listening", resolve));
    outsideUrl = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
    port = await freePort();
    browsed = await browseRelay(
      `receiveConnectors:\n  - { name: Tests, bindings: ["127.0.0.1:${port}"], remoteIpRanges: ["127.0.0.0/8"], permissionGroups: [AnonymousUsers], anonymousRelay: true, capture: true }\n`,
    );
    await browsed.page.goto(browsed.url);
    await browsed.page.getByLabel("Token").fill(browsed.secret);
    await browsed.page.getByRole("button", { name: "Sign in" }).click();
    await browsed.page.locator("main h1").waitFor();
  });
  afterAll(async () => {
    await browsed.close();
    outside.close();
  });

  const send = async (subject: string, html: string, more = ""): Promise<void> => {
    const content = `From: a@b.test\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}\r\n${more}--x--\r\n`;
    await sendMessage({ port, content: Buffer.from(content), to: ["someone@dest.example", "b@two.example"] });
  };
  const open = async (subject: string): Promise<void> => {
    await browsed.page.getByRole("link", { name: subject }).click();
    await browsed.page.locator("dialog iframe").waitFor();
  };

  test("without any, the page says how one gets there", async () => {
    await browsed.open("/captured");
    await browsed.page.getByText("-Capture true").waitFor();
    expect(await browsed.violations()).toEqual([]);
  });

  test("is listed, read in every form, and deleted", async () => {
    await send(
      "Order 4711",
      '<h1 style="color: rgb(0, 128, 0)">Thank you</h1><img alt="logo" src="cid:logo">',
      "--x\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==\r\n",
    );
    const { page } = browsed;
    await open("Order 4711");
    const frame = page.frameLocator("dialog iframe");
    await frame.getByText("Thank you").waitFor();
    expect(await frame.locator("h1").evaluate(colorOf)).toBe("rgb(0, 128, 0)");
    // A picture is decoded behind the text.
    await expect.poll(() => frame.locator("img").evaluate(pictureOf)).toEqual([1, "data:image/png;"]);
    expect(await browsed.violations()).toEqual([]);
    for (const [name, text] of [
      ["Headers", "Subject: Order 4711"],
      ["Source", "Received: from client.example"],
      ["Attachments (1)", "image/png"],
    ] as const) {
      await page.getByRole("button", { name, exact: true }).click();
      await page.locator("dialog").getByText(text).waitFor();
    }
    expect(await browsed.violations()).toEqual([]);
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("-Capture true").waitFor();
  });

  test("HTML that wants to run, fetch, move or send does none of it", async () => {
    const own = browsed.url;
    await send(
      "Hostile",
      `<script>parent.alert(1)</script><img src=x onerror="alert(2)"><meta http-equiv="refresh" content="0;url=${outsideUrl}/refresh">
       <base href="${outsideUrl}/base/"><link rel="stylesheet" href="${outsideUrl}/link.css"><style>@import url(${outsideUrl}/import.css); body { background: url(${outsideUrl}/css) }</style>
       <img src="${outsideUrl}/img"><img src="${own}/v1/captured"><img srcset="${outsideUrl}/srcset 1x"><svg><script>alert(3)</script><image href="${outsideUrl}/svg"/><use href="${outsideUrl}/use#a"/></svg>
       <iframe src="${outsideUrl}/frame"></iframe><iframe srcdoc="<script>alert(4)</script>"></iframe><object data="${outsideUrl}/object"></object><embed src="${outsideUrl}/embed">
       <video src="${outsideUrl}/video" autoplay></video><audio src="${outsideUrl}/audio"></audio><form action="${outsideUrl}/form"><input autofocus onfocus="this.form.submit()"><button id="send">send</button></form>
       <a id="top" target="_top" href="${outsideUrl}/top">top</a><a id="blank" target="_blank" href="${outsideUrl}/blank">blank</a><a id="js" href="javascript:parent.alert(5)">js</a>
       <img src="cid:../../v1/about"><p style="background:url(cid:x)">the end</p>`,
      `--x\r\nContent-Type: text/html; name="x\r\n evil.html"\r\nContent-ID: <x>\r\nContent-Disposition: attachment\r\n\r\n<script>alert(6)</script>\r\n--x\r\nContent-Type: image/svg+xml\r\nContent-ID: <svg>\r\n\r\n<svg onload="alert(7)"/>\r\n`,
    );
    const { page } = browsed;
    await browsed.open("/captured");
    const before = page.url();
    await open("Hostile");
    const frame = page.frameLocator("dialog iframe");
    await frame.getByText("the end").waitFor();
    for (const id of ["send", "top", "js"]) await frame.locator(`#${id}`).evaluate(click);
    await page.waitForTimeout(300);
    expect(page.url().startsWith(before)).toBe(true);
    expect(leaked).toEqual([]);
    expect(browsed.complaints.filter((one) => !/content security policy|sandbox/i.test(one))).toEqual([]);
    expect(page.context().pages()).toHaveLength(1);
    browsed.complaints.length = 0;
  });

  test("opened by itself it has no rights either, and attachments are files to save", async () => {
    const { messages } = await browsed.relay.client.call("listCaptured", { subject: "Hostile" });
    const id = messages[0]?.id ?? "";
    const headers = { authorization: `Bearer ${browsed.secret}` };
    const html = await fetch(`${browsed.url}/v1/captured/${id}/html`, { headers });
    expect(html.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none';/);
    expect(html.headers.get("x-frame-options")).toBe("SAMEORIGIN");
    const attachment = await fetch(`${browsed.url}/v1/captured/${id}/attachments/0`, { headers });
    expect(attachment.headers.get("content-type")).toBe("application/octet-stream");
    expect(attachment.headers.get("content-disposition")).toMatch(/^attachment; filename="[\w.-]+"$/);
    expect((await fetch(`${browsed.url}/v1/captured/${id}/html`)).status).toBe(401);
  });
});
