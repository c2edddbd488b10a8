/** A browser for all files of a test process, since it takes longer to start than most of them take. */
import { chromium, type Browser, type Page } from "playwright-core";
import { vi } from "vitest";
import { waitMs } from "../setup/wait.ts";

export const browserPath = "/usr/bin/chromium";

let browser: Promise<Browser> | undefined;

/**
 * Which place is shown. The browser is at another one of the same page before the page hears of it, and until then what is
 * there is of the place before.
 */
const tellPlace = `globalThis.shownPlace = location.hash;
addEventListener("hashchange", () =>
  setTimeout(() => setTimeout(() => (globalThis.shownPlace = location.hash))));`;

/** How many questions to the relay are under way, or answered and not yet drawn. */
const tellAsks = `globalThis.asksUnderWay = 0;
const usualFetch = globalThis.fetch;
globalThis.fetch = async (...given) => {
  globalThis.asksUnderWay++;
  try {
    return await usualFetch(...given);
  } finally {
    requestAnimationFrame(() => setTimeout(() => globalThis.asksUnderWay--));
  }
};`;

/** Knows nothing of other pages: cookies and storage are its own, and go when it is closed. */
export async function openBrowserPage(): Promise<Page> {
  // It ends with this process; what it leaves on disk then, scripts/test.mjs removes.
  browser ??= chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"], timeout: waitMs });
  const page = await (await browser).newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(waitMs);
  await page.addInitScript(tellPlace);
  await page.addInitScript(tellAsks);
  return page;
}

/** Resolves when the console shows what is at `url`, with its heading and what it asked the relay for. */
export async function goTo(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await vi.waitUntil(() => page.evaluate("shownPlace === location.hash"));
  await page.locator("main h1").waitFor();
  await settled(page);
}

/**
 * Resolves when what the page asks for as it opens is there: what comes into it later moves what is below, and a button that
 * moves between the press and the release is not clicked.
 */
export async function settled(page: Page): Promise<void> {
  // It asks after it was painted.
  await page.evaluate(
    "new Promise((done) => requestAnimationFrame(() => setTimeout(() => setTimeout(done))))",
  );
  await vi.waitUntil(() => page.evaluate("asksUnderWay === 0"));
}

/** Escape, until no dialog is there: a key that comes while a busy browser is at something else is lost now and then. */
export async function closeDialog(page: Page): Promise<void> {
  await vi.waitUntil(async () => {
    await page.keyboard.press("Escape");
    return (await page.getByRole("dialog").count()) === 0;
  });
}
