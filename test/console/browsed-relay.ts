/** A relay with its console open in a browser: what the page tells on its own, and what axe finds in it. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { openAdminTokens } from "../../src/admin/admin-tokens.ts";
import { builtConsole } from "../../src/admin/console/assets.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { browserPath, goTo, openBrowserPage } from "./browser-page.ts";

/** What is not there to run a console in a browser. */
export const missing: readonly string[] = [browserPath, `${builtConsole}index.html`].filter(
  (file) => !existsSync(file),
);

export interface BrowsedRelay {
  readonly relay: AdministeredRelay;
  readonly page: Page;
  readonly url: string;
  /** An administrator's token. */
  readonly secret: string;
  /** Scripts that failed, breaches of the page's security policy, dialogs of the browser: should stay empty. */
  readonly complaints: string[];
  /** Paths that the page asked the relay for. */
  readonly asked: Set<string>;
  /** Goes to a page by its path, `/events`, and waits until it is shown. */
  open(path: string): Promise<void>;
  /** All that axe holds against WCAG 2.1 A and AA. */
  violations(): Promise<readonly string[]>;
  /** What is too faint for WCAG 2.1 AA in the dark: colours are all that differs there. */
  faintInTheDark(): Promise<readonly string[]>;
  close(): Promise<void>;
}

interface Axe {
  run(options: unknown): Promise<{ violations: readonly AxeViolation[] }>;
}
interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What the page asks again after seconds, it asks again after tenths of them: tests need not wait for it. */
const hurry = `for (const name of ["setTimeout", "setInterval"]) {
  const usual = globalThis[name];
  globalThis[name] = (run, ms, ...given) => usual(run, ms >= 1000 && ms <= 5000 ? ms / 10 : ms, ...given);
}`;

/** `configuration` without hostname, dataDirectory and admin. `prepare` fills the data directory before. */
export async function browseRelay(
  configuration: string,
  prepare: (dataDirectory: string) => Promise<void> = () => Promise.resolve(),
): Promise<BrowsedRelay> {
  const directory = await mkdtemp(join(tmpdir(), "weir-browsed-"));
  await mkdir(join(directory, "data"));
  await prepare(join(directory, "data"));
  const tokens = await openAdminTokens(join(directory, "data"));
  const createdAt = new Date().toISOString();
  const secret = await tokens.add({ name: "Ann", role: "administrator", createdAt });
  const relay = await startAdministeredRelay(`admin: { console: "127.0.0.1:0" }\n${configuration}`, {
    directory,
  });
  const url = relay.admin.console?.url ?? "";
  const page = await openBrowserPage();
  await page.addInitScript(hurry);
  const complaints: string[] = [];
  const asked = new Set<string>();
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) complaints.push(message.text());
  });
  page.on("dialog", (dialog) => {
    complaints.push(dialog.message());
    void dialog.dismiss();
  });
  page.on("request", (request) => asked.add(new URL(request.url()).pathname));
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

  const axeFinds = async (runOnly: readonly string[]): Promise<readonly string[]> => {
    // By the debugger, which the page's own security policy does not hold up.
    if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe);
    return page.evaluate(async (rules) => {
      const { axe: found } = globalThis as unknown as { axe: Axe };
      const { violations } = await found.run({ runOnly: rules, resultTypes: ["violations"] });
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    }, runOnly);
  };

  return {
    relay,
    page,
    url,
    secret,
    complaints,
    asked,
    async open(path) {
      await goTo(page, `${url}/#${path}`);
    },
    violations: () => axeFinds(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]),
    async faintInTheDark() {
      await page.emulateMedia({ colorScheme: "dark" });
      const found = await axeFinds(["color-contrast"]);
      await page.emulateMedia({ colorScheme: "light" });
      return found;
    },
    async close() {
      await page.context().close();
      await relay.stop();
    },
  };
}
