/** The console while its relay stops, and while another node starts. */
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startAdministeredRelay } from "../../testing/administered-relay.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import type { KeptToken } from "../../ports/kept-tokens.ts";
import { openAdminTokens } from "../admin-tokens.ts";
import { openConsole } from "./open-console.ts";
import { readSessions } from "./session-file.ts";

test("a browser that asks on a connection it has while the relay stops is not told to sign in again", async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-console-"));
  const administered = await startAdministeredRelay("receiveConnectors: []\n", { directory });
  const clock = createFakeClock();
  const tokens = await openAdminTokens(join(directory, "data"));
  const secret = await tokens.add({ name: "Ann", role: "viewer", createdAt: clock.wall().toISOString() });
  let answerSlow = (): void => undefined;
  let asked = (): void => undefined;
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  const { relay } = administered;
  const settings = {
    ...relay.settings,
    admin: { ...relay.settings.admin, console: { address: "127.0.0.1", port: 0 } },
  };
  const browser = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const console = await openConsole({
      relay: { ...relay, settings, onReconfigured: () => () => undefined },
      tokens,
      clock,
      api: ({ url }) => {
        if (!url.endsWith("/slow")) return Response.json({});
        asked();
        return new Promise((resolve) => (answerSlow = () => resolve(Response.json({}))));
      },
      makeFirstToken: false,
    });
    const { url = "" } = console;
    const ask = (path: string, given: { readonly cookie?: string; readonly body?: string } = {}) =>
      new Promise<{ status: number | undefined; cookie: string }>((resolve, reject) => {
        const { cookie, body } = given;
        request(
          `${url}${path}`,
          {
            agent: browser,
            method: body === undefined ? "GET" : "POST",
            headers: { "x-weir-csrf": "1", ...(cookie === undefined ? {} : { cookie }) },
          },
          (response) => {
            const [set = ""] = response.headers["set-cookie"] ?? [];
            response
              .resume()
              .on("end", () =>
                resolve({ status: response.statusCode, cookie: set.slice(0, set.indexOf(";")) }),
              );
          },
        )
          .on("error", reject)
          .end(body);
      });
    const { cookie } = await ask("/session", { body: JSON.stringify({ token: secret }) });
    const first = ask("/v1/slow", { cookie });
    await isAsked;
    const second = ask("/session", { cookie }).catch(() => ({ status: undefined }));
    const closed = console.close();
    await expect.poll(() => console.url).toBeUndefined();
    answerSlow();
    expect(await first).toMatchObject({ status: 200 });
    expect([200, undefined]).toContain((await second).status);
    await closed;
    expect(await readSessions(join(directory, "data", "admin", "sessions.json"))).toHaveLength(1);
  } finally {
    browser.destroy();
    tokens.close();
    await administered.stop();
    await rm(directory, { recursive: true, force: true });
  }
});

test("of two nodes that start at once one shows a first token, and the other's console is as well", async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-console-"));
  const administered = await startAdministeredRelay("receiveConnectors: []\n", { directory });
  const { relay } = administered;
  const admin = { ...relay.settings.admin, console: { address: "127.0.0.1", port: 0 } };
  const clock = createFakeClock();
  let kept: readonly KeptToken[] = [];
  const open = async (isTaken: boolean) => {
    const tokens = await openAdminTokens({
      read: () => Promise.resolve(kept),
      add(made) {
        if (isTaken) kept = [{ ...made, hash: "00".repeat(32) }];
        return Promise.resolve(!isTaken);
      },
      remove: () => Promise.resolve(false),
      lookMs: undefined,
    });
    const console = await openConsole({
      relay: { ...relay, settings: { ...relay.settings, admin }, onReconfigured: () => () => undefined },
      tokens,
      clock,
      api: () => Response.json({}),
      makeFirstToken: true,
    }).finally(() => tokens.close());
    await console.close();
    return console.firstToken;
  };
  try {
    expect(await open(false)).toMatch(/^weir_/);
    expect(await open(true)).toBeUndefined();
  } finally {
    await administered.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
