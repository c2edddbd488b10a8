/** The console over a relay that is gone for a while: it says so everywhere, calls nothing well, and recovers by itself. */
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { type BrowsedRelay, browseRelay, missing } from "./browsed-relay.ts";
import { goTo } from "./browser-page.ts";
import { openWayTo, type WayTo } from "./cut-off.ts";

if (missing.length > 0)
  console.warn(`test/console/no-answer.test.ts is skipped: missing ${missing.join(", ")}`);

let browsed: BrowsedRelay;
let way: WayTo;
const silence = () => browsed.page.getByText(/^No answer from relay\.test since/);
const go = (path: string): Promise<void> => goTo(browsed.page, `http://127.0.0.1:${way.port}/#${path}`);

describe.skipIf(missing.length > 0)("the console without an answer", () => {
  beforeAll(async () => {
    browsed = await browseRelay(`receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
`);
    way = await openWayTo(Number(new URL(browsed.url).port));
    const { page, secret } = browsed;
    await page.goto(`http://127.0.0.1:${way.port}/`);
    await page.getByRole("heading", { name: "Weir on relay.test" }).waitFor();
    await vi.waitFor(async () =>
      expect(await page.evaluate("document.activeElement?.getAttribute('name')")).toBe("token"),
    );
    await page.keyboard.type(secret);
    await page.keyboard.press("Enter");
    await page.getByText(/All is well/).waitFor();
  });
  afterAll(async () => {
    await way?.close();
    await browsed?.close();
  });

  test("a relay that is gone is told on every page, in the title, and nothing is well", async () => {
    const { page } = browsed;
    await expect.poll(() => page.title()).toBe("Now · relay.test – Weir");
    await way.cut();
    await silence().waitFor();
    expect(await page.getByText("All is well").count()).toBe(0);
    await expect.poll(() => page.title()).toBe("No answer · Now · relay.test – Weir");
    await page.locator("main.stale").waitFor();
    expect(await browsed.violations()).toEqual([]);
    for (const [name, path, asked] of [
      ["Queues", "/queues", "/v1/queues"],
      ["Messages of all queues", "/queues?queue=*", "/v1/messages"],
      ["Events", "/events", "/v1/event-levels"],
      ["Diagnostic logging", "/logging", "/v1/event-levels"],
      ["Receive connectors", "/receive-connectors", "/v1/receive-connectors"],
    ] as const) {
      // What it asks for is not answered, and that is known to it.
      const failed = page.waitForEvent(
        "requestfailed",
        (request) => new URL(request.url()).pathname === asked,
      );
      await go(path);
      await page.getByRole("heading", { level: 1, name }).waitFor();
      await failed;
      await silence().waitFor();
      // Nothing is said of what is not known, nor twice that there is no answer.
      for (const claim of [
        "No event yet",
        "Nothing waits",
        "No message waits",
        "at Lowest",
        "No receive connector",
        "does not answer",
      ])
        expect(await page.getByText(claim).count(), `${claim} on ${path}`).toBe(0);
    }
  });

  test("it recovers by itself, and the page that was opened meanwhile fills", async () => {
    const { page } = browsed;
    await way.restore();
    await page.getByText("listening", { exact: true }).waitFor();
    await silence().waitFor({ state: "detached" });
    await expect.poll(() => page.title()).toBe("Receive connectors · relay.test – Weir");
    await go("/");
    await page.getByText(/All is well/).waitFor();
    expect(browsed.complaints).toEqual([]);
  });

  test("one that takes connections and says nothing is told too", async () => {
    const { page } = browsed;
    // Its patience is a timer of the browser's own; this one is hurried like the others.
    await page.evaluate(`globalThis.usualTimeout = AbortSignal.timeout;
      AbortSignal.timeout = (ms) => {
        const patience = new AbortController();
        setTimeout(() => patience.abort(new DOMException("", "TimeoutError")), ms);
        return patience.signal;
      };`);
    way.silence();
    await silence().waitFor();
    expect(await page.getByText("All is well").count()).toBe(0);
    await page.evaluate("AbortSignal.timeout = globalThis.usualTimeout");
    await way.restore();
    await page.getByText(/All is well/).waitFor();
    await silence().waitFor({ state: "detached" });
  });

  test("a session that ended says why it asks again, and leads back", async () => {
    const { page, secret } = browsed;
    await go("/queues");
    await page.context().clearCookies();
    await page.getByText(/^Your session has ended/).waitFor();
    await page.getByLabel("Token").fill(secret);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Queues" }).waitFor();
  });

  test("a late answer to what was asked in the session before does not end the next", async () => {
    const { page, secret } = browsed;
    let let401Go = (): void => undefined;
    const late = new Promise<void>((resolve) => (let401Go = resolve));
    await page.route(
      "**/v1/event-levels",
      async (route) => {
        await late;
        await route.fulfill({ status: 401, json: { error: { code: "unauthenticated", message: "no" } } });
      },
      { times: 1 },
    );
    const asked = page.waitForRequest("**/v1/event-levels");
    await page.getByRole("link", { name: "Diagnostic logging" }).click();
    await asked;
    await page.context().clearCookies();
    await page.getByText(/^Your session has ended/).waitFor();
    await page.evaluate("location.hash = '#/queues'");
    await page.getByLabel("Token").fill(secret);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Queues" }).waitFor();
    const answered = page.waitForResponse("**/v1/event-levels");
    let401Go();
    await answered;
    await page.getByText("Nothing waits.").waitFor();
    expect(await page.getByLabel("Token").count()).toBe(0);
  });

  test("over a restart of the relay whoever is signed in stays so", async () => {
    const { page, relay } = browsed;
    const configuration = (await relay.text()).replace(/^(hostname|dataDirectory):.*\n/gm, "");
    await page.getByText("Nothing waits.").waitFor();
    await relay.halt();
    await silence().waitFor();
    const again = await startAdministeredRelay(configuration, { directory: dirname(relay.file) });
    try {
      await way.restore(Number(new URL(again.admin.console?.url ?? "").port));
      await silence().waitFor({ state: "detached" });
      await page.getByText("Nothing waits.").waitFor();
      expect(await page.getByLabel("Token").count()).toBe(0);
    } finally {
      await again.halt();
    }
  });
});
