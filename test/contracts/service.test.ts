/** The service suspended and resumed, and the test of the listeners, over the admin API and the shell. */
import { dirname } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";

let relay: AdministeredRelay;
let configuration: string;
let port: number;

beforeAll(async () => {
  port = await freePort();
  const outside = await freePort();
  configuration = `receiveConnectors:
  - name: A
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
  - name: Production
    bindings: ["127.0.0.1:${outside}"]
    remoteIpRanges: ["10.1.4.0/24"]
    permissionGroups: [AnonymousUsers]
sendConnectors:
  - name: Drop
    addressSpaces: ["*"]
    dropDirectory: drop
`;
  relay = await startAdministeredRelay(configuration);
});
afterAll(() => relay.stop());

const weir = async (...words: string[]) => {
  const output = recordingOutput();
  const code = await main([...words, "--config", relay.file], output);
  return { code, out: output.out(), complaints: output.complaints() };
};
const connect = (to: number) => connectScriptedClient({ port: to });
const named = (name: string) => relay.events.filter((event) => event.name === name);

test("a suspended service turns away who comes, ends what is under way, and says so, over a restart too", async () => {
  const client = await connect(port);
  await client.reply();
  await client.command("EHLO app.test");
  await client.command("MAIL FROM:<a@a.test>");
  await client.command("RCPT TO:<b@b.test>");
  const suspended = await weir("Suspend-Service");
  expect(suspended.out).toMatch(
    /^the service is suspended: it takes no new mail; 0 messages wait .*1 session is open/,
  );
  expect((await weir("Suspend-Service")).out).toMatch(/suspended already/);

  expect((await client.command("DATA")).last).toMatch(/^354 /);
  expect((await client.command("Subject: x\r\n\r\nx\r\n.")).last).toMatch(/^250 /);
  expect((await client.command("MAIL FROM:<a@a.test>")).last).toMatch(/^421 4\.3\.2 Service not active/);
  const other = await connect(port);
  expect((await other.reply()).last).toMatch(/^421 4\.3\.2 Service not active/);

  const about = await relay.client.call("about", {});
  expect(about).toMatchObject({ ready: false, suspended: { by: "shell (socket)" } });
  expect(about.reasons[0]).toMatch(/^the service is suspended since .*: it takes no new mail, and /);
  expect((await weir("status")).out).toMatch(/^Service +: suspended since /m);
  expect(await weir("healthcheck")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^answers, but takes no mail: /),
  });
  expect(await weir("healthcheck", "-Ready")).toMatchObject({
    code: 1,
    complaints: expect.stringMatching(/^weir: no mail is taken: /),
  });
  const { headlines } = await relay.client.call("getOverview", { points: false });
  expect(headlines[0]).toMatchObject({ subject: "service", severity: "error" });
  expect(named("ServiceSuspended")).toHaveLength(1);
  // It is delivered all the same.
  await expect.poll(() => relay.relay.queued).toBe(0);

  await relay.halt();
  relay = await startAdministeredRelay(configuration, { directory: dirname(relay.file) });
  const later = await connect(port);
  expect((await later.reply()).last).toMatch(/^421 4\.3\.2 Service not active/);
  expect((await weir("Resume-Service")).out).toBe("the service takes mail again\n");
  expect(await weir("healthcheck", "-Ready")).toMatchObject({ code: 0, out: "takes mail\n" });
  expect((await weir("Resume-Service")).out).toBe("the service is not suspended\n");
  const last = await connect(port);
  expect((await last.reply()).last).toMatch(/^220 /);
  await last.command("QUIT");
  expect((await relay.client.call("about", {})).ready).toBe(true);
});

test("the listeners are tested from a machine they are not for, and nobody is warned", async () => {
  const { code, out } = await weir("Test-SmtpConnectivity");
  expect([code, out]).toEqual([0, expect.stringMatching(/^Production .*Success/m)]);
  expect(out.replaceAll(/\s+/g, " ")).toContain("this machine (127.0.0.1) is outside its remoteIpRanges");
  expect(named("NoConnectorMatched")).toEqual([]);
  // Whoever else comes from there is told of.
  const outside = relay.relay.bindings().find(({ connectors }) => connectors.includes("Production"));
  const stranger = await connect(outside?.bound.port ?? 0);
  expect((await stranger.reply()).last).toMatch(/^421 4\.3\.2 Service not available/);
  await expect.poll(() => named("NoConnectorMatched")).toHaveLength(1);
});

test("a file with faults is told with each, and changes nothing; an embedded relay is not stopped from here", async () => {
  expect((await weir("reload")).code).toBe(0);
  expect(await weir("stop")).toMatchObject({
    code: 2,
    complaints: expect.stringContaining("embedded") as string,
  });
});
