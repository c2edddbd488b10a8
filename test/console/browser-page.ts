/** A browser for all files of a test process, since it takes longer to start than most of them take. */
import { chromium, type Browser, type Page } from "playwright-core";

export const browserPath = "/usr/bin/chromium";

let browser: Promise<Browser> | undefined;

/** Knows nothing of other pages: cookies and storage are its own, and go when it is closed. */
export async function openBrowserPage(): Promise<Page> {
  // It ends with this process; what it leaves on disk then, scripts/test.mjs removes.
  browser ??= chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
  return (await browser).newPage({ viewport: { width: 1280, height: 800 } });
}
