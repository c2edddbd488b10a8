/** What is served by HTTP while the configuration changes: metrics, health and the console, with TLS and without. */
import { writeFile } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeSelfSigned } from "../../src/receive/tls/self-signed.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";

let relay: AdministeredRelay;
let port: number;

const mail = `receiveConnectors:
  - name: A
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
`;
const told = (): string[] =>
  relay.events.map(({ name }) => name).filter((name) => /Metrics|Console/.test(name));

async function change(more: string): Promise<readonly string[]> {
  await writeFile(relay.file, `hostname: relay.test\ndataDirectory: data\n${mail}${more}`);
  const outcome = await relay.configuration.reload();
  return outcome.kind === "changed" ? outcome.problems : [`not applied: ${JSON.stringify(outcome)}`];
}

beforeEach(async () => {
  port = await freePort();
});
afterEach(() => relay.stop());

describe("the metrics listener", () => {
  test("serves its three paths to who is allowed, and says what else is not there", async () => {
    relay = await startAdministeredRelay(`${mail}metrics: { listen: ["127.0.0.1:${port}"] }\n`);
    const get = (path: string, method = "GET") => fetch(`http://127.0.0.1:${port}${path}`, { method });
    const metrics = await get("/metrics");
    expect([metrics.status, metrics.headers.get("content-type")]).toEqual([
      200,
      expect.stringContaining("text/plain; version=0.0.4"),
    ]);
    expect(await metrics.text()).toContain("\nweir_connections_open");
    expect(await (await get("/livez")).json()).toEqual({
      live: true,
      eventLoopLagMs: expect.any(Number) as number,
    });
    expect(await (await get("/readyz")).json()).toEqual({
      ready: true,
      reasons: [],
      warnings: [],
      checks: {
        state: "running",
        service: "active",
        listeners: 1,
        spool: "writable",
        backPressure: "Low",
        configuration: "applied",
        node: null,
      },
    });
    expect((await get("/")).status).toBe(404);
    expect((await get("/v1/about")).status).toBe(404);
    expect([(await get("/metrics", "POST")).status, (await get("/metrics", "HEAD")).status]).toEqual([
      405, 200,
    ]);
    await expect(spoken("EHLO client.test\r\n")).resolves.toMatch(/^HTTP\/1\.1 400 /);
  });

  test("refuses others, and tells of each once", async () => {
    relay = await startAdministeredRelay(
      `${mail}metrics: { listen: ["127.0.0.1:${port}"], allow: ["192.0.2.0/24"] }\n`,
    );
    for (let times = 0; times < 3; times++) {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      expect([response.status, await response.text()]).toEqual([403, "127.0.0.1 is not in metrics.allow.\n"]);
    }
    expect(told()).toEqual(["MetricsOpened", "MetricsRefused"]);
    // Who is allowed is asked at each request.
    expect(await change(`metrics: { listen: ["127.0.0.1:${port}"] }\n`)).toEqual([]);
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
  });

  test("opens, moves and closes with the configuration; what cannot be opened is told", async () => {
    relay = await startAdministeredRelay(mail);
    const second = await freePort();
    expect(await change(`metrics: { listen: ["127.0.0.1:${port}", "127.0.0.1:${second}"] }\n`)).toEqual([]);
    expect(relay.relay.monitoring().map(({ url }) => url)).toEqual([
      `http://127.0.0.1:${port}`,
      `http://127.0.0.1:${second}`,
    ]);
    expect(await change(`metrics: { listen: ["127.0.0.1:${second}"] }\n`)).toEqual([]);
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow();
    expect((await fetch(`http://127.0.0.1:${second}/livez`)).status).toBe(200);
    const [problem] = await change(`metrics: { listen: ["127.0.0.1:${second}", "192.0.2.1:9464"] }\n`);
    expect(problem).toContain("cannot be served on 192.0.2.1:9464");
    expect((await fetch(`http://127.0.0.1:${second}/livez`)).status).toBe(200);
    expect(told()).toEqual(["MetricsOpened", "MetricsOpened", "MetricsClosed", "MetricsFault"]);
  });

  test("is not ready without a listener for mail, and knows of a rejected configuration", async () => {
    relay = await startAdministeredRelay(`${mail}metrics: { listen: ["127.0.0.1:${port}"] }\n`);
    const outcome = await change(`metrics: { listen: ["127.0.0.1:${port}"], alow: [] }\n`);
    expect(outcome[0]).toContain("not applied");
    const readyz = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`);
      return [
        response.status,
        (await response.json()) as { reasons: string[]; checks: { configuration: string } },
      ] as const;
    };
    expect(await readyz()).toMatchObject([200, { checks: { configuration: "rejected" } }]);
    await writeFile(
      relay.file,
      `hostname: relay.test\nreceiveConnectors: []\nmetrics: { listen: ["127.0.0.1:${port}"] }\n`,
    );
    await relay.configuration.reload();
    expect(await readyz()).toMatchObject([
      503,
      { reasons: ["no listener for mail is open"], checks: { configuration: "applied" } },
    ]);
  });
});

describe("the console", () => {
  test("moves and turns to TLS without signing anybody out", async () => {
    relay = await startAdministeredRelay(`${mail}admin: { console: "127.0.0.1:${port}" }\n`);
    const { token } = await relay.client.call("newAdminToken", { name: "Ann" });
    const signIn = await fetch(`http://127.0.0.1:${port}/session`, {
      method: "POST",
      body: JSON.stringify({ token }),
    });
    const cookie = signIn.headers.get("set-cookie")?.split(";")[0] ?? "";
    const second = await freePort();
    expect(await change(`admin: { console: "127.0.0.1:${second}" }\n`)).toEqual([]);
    expect(relay.admin.console?.url).toBe(`http://127.0.0.1:${second}`);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    expect((await fetch(`http://127.0.0.1:${second}/v1/about`, { headers: { cookie } })).status).toBe(200);
    expect(await change(`admin: { console: "127.0.0.1:${second}", tls: true }\n`)).toEqual([]);
    expect(relay.admin.console?.url).toBe(`https://127.0.0.1:${second}`);
    expect((await secure(second, "/v1/about", { headers: { cookie } })).status).toBe(200);
    const again = await secure(second, "/session", { method: "POST", body: JSON.stringify({ token }) });
    expect([again.status, again.cookie]).toEqual([200, expect.stringMatching(/; Secure/)]);
    expect(await change("")).toEqual([]);
    expect(relay.admin.console).toBeUndefined();
    expect(told()).toEqual([
      "ConsoleOpened",
      "ConsoleClosed",
      "ConsoleOpened",
      "ConsoleClosed",
      "ConsoleOpened",
      "ConsoleClosed",
    ]);
  });

  test("presents a new certificate when its files change; without a usable one it does not open", async () => {
    relay = await startAdministeredRelay(mail);
    const files = { cert: join(relay.dataDirectory, "own.pem"), key: join(relay.dataDirectory, "own.key") };
    const admin = `admin: { console: "127.0.0.1:${port}", tlsCertificateFile: ${files.cert}, tlsKeyFile: ${files.key} }\n`;
    expect((await change(admin)).join()).toMatch(/own\.pem cannot be used.*its certificate cannot be used/);
    const write = async (hostname: string) => {
      const pair = await makeSelfSigned(hostname, new Date());
      await writeFile(files.key, pair.key);
      await writeFile(files.cert, pair.certificate);
    };
    await write("one.test");
    expect(await change(admin)).toEqual([]);
    expect(await presented(port)).toBe("one.test");
    await write("another.test");
    // SIGHUP asks for the same.
    expect(await change(admin)).toEqual([]);
    expect(await presented(port)).toBe("another.test");
    await expect(presented(port, "TLSv1.1")).rejects.toThrow();
  });
});

function spoken(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1")));
    socket.on("close", () => resolve(heard));
    socket.on("error", reject);
  });
}

function presented(at: number, maxVersion: "TLSv1.1" | "TLSv1.3" = "TLSv1.3"): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      port: at,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      minVersion: "TLSv1.1",
      maxVersion,
    } as const;
    const socket = connectTls(options, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

function secure(
  at: number,
  path: string,
  {
    body,
    ...init
  }: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  },
): Promise<{ readonly status: number | undefined; readonly cookie: string | undefined }> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      { ...init, host: "127.0.0.1", port: at, path, rejectUnauthorized: false, agent: false },
      (response) => {
        response.resume();
        resolve({ status: response.statusCode, cookie: response.headers["set-cookie"]?.[0] });
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}
