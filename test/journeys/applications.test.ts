/** Who uses the relay, as an administrator asks in the shell: from real connections, over a restart, named by one command. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Output } from "../../src/admin/contract.ts";
import { main } from "../../src/cli/main.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";

let relay: AdministeredRelay;
let port: number;

beforeAll(async () => {
  port = await freePort();
  relay = await startAdministeredRelay(`receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxInboundConnectionPerSource: 4
sendConnectors:
  - name: Drop
    addressSpaces: ["*"]
    dropDirectory: drop
applications:
  - name: CRM
    addresses: ["10.9.9.9"]
`);
  const client = await connectScriptedClient({ port });
  await client.expect(220);
  await client.command("EHLO erp-prd.contoso.test");
  for (let n = 0; n < 2; n++) {
    client.send("MAIL FROM:<a@s.test>\r\nRCPT TO:<b@d.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n");
    for (const code of [250, 250, 250, 354]) await client.expect(code);
    client.send("Subject: x\r\n\r\nhello\r\n.\r\n");
    await client.expect(250);
  }
  await client.command("QUIT");
});
afterAll(() => relay.stop());

async function weir(...words: string[]) {
  const output = recordingOutput();
  const code = await main([...words, "--config", relay.file], output);
  return { code, out: output.out(), complaints: output.complaints() };
}
const senders = async (...words: string[]): Promise<Output<"listSenders">["senders"]> => {
  const { out, complaints } = await weir("Get-Application", ...words, "-Json");
  expect(complaints).toBe("");
  return JSON.parse(out) as Output<"listSenders">["senders"];
};

it("lists who has no name, with the command that gives one", async () => {
  const { out, complaints } = await weir("Get-Application", "-Unknown");
  expect(out).toMatch(/^Source +User +HeloName .* Messages/);
  expect(out).toMatch(/\n127\.0\.0\.1 +erp-prd\.contoso\.test .* 2 +4 /);
  const command = "weir New-Application erp-prd -Addresses 127.0.0.1";
  expect(complaints).toBe(`One is named with: ${command}\n`);
  const [sender] = await senders("-Unknown", "-Last", "1h");
  expect(sender).toMatchObject({
    source: "127.0.0.1",
    connections: 1,
    messages: 2,
    recipients: 4,
    refusals: 0,
    doors: ["SMTP"],
    tls: ["none"],
    mechanisms: ["none"],
    connectors: ["AppRelay"],
    command,
  });
});

it("that command names it, with its past", async () => {
  const [first] = await senders("-Unknown");
  const [, ...words] = (first?.command ?? "").split(" ");
  expect((await weir(...words, "-Owner", "Finance IT", "-Contact", "erp@contoso.test")).code).toBe(0);
  const { out } = await weir("Get-Application");
  expect(out).toMatch(/\nCRM .* never +0 +0/);
  expect(out).toMatch(/\nerp-prd +Finance IT .* 2 +0/);
  const one = await weir("Get-Application", "ERP-PRD");
  expect(one.out).toMatch(/\nContact +: erp@contoso\.test\n/);
  expect(one.out).toMatch(/\nHeloNames +: erp-prd\.contoso\.test\n/);
  expect((await weir("Get-Application", "-Unknown")).complaints).toBe(
    "every sender of the last 7 days belongs to an application\n",
  );
});

it("exports all of them as CSV", async () => {
  const { out } = await weir("Get-Application", "-Senders", "-Csv");
  const [head, row, end] = out.split("\r\n");
  expect(head).toMatch(/^Application,Source,User,Owner,HeloName,/);
  expect(row).toMatch(/^erp-prd,127\.0\.0\.1,,Finance IT,erp-prd\.contoso\.test,AppRelay,/);
  expect(end).toBe("");
  const chunks: Buffer[] = [];
  for await (const chunk of await relay.client.octets("exportSenders", {})) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toMatch(
    /\r\nerp-prd,Finance IT,erp@contoso\.test,,127\.0\.0\.1,,2\d{3}-/,
  );
});

it("shows one against its limits, and says what it does not know", async () => {
  const activity = await relay.client.call("getSenderActivity", { application: "erp-prd" });
  expect(activity.limits).toContainEqual({
    setting: "maxInboundConnectionPerSource",
    value: 4,
    of: "receive connector AppRelay",
    limits: "highestOpen",
  });
  expect(activity.hours).toMatchObject([{ messages: 2, recipients: 4, highestOpen: 1 }]);
  expect(activity.days).toMatchObject([{ messages: 2 }]);
  await expect(relay.client.call("getSenderActivity", { source: "10.1.1.1" })).rejects.toThrow(
    "nobody without a name came from 10.1.1.1",
  );
  expect((await weir("Get-Application", "-Findings")).complaints).toMatch(/^nobody is new, silent/);
});

it("expects what it is told to expect", async () => {
  const words = ["Set-Application", "erp-prd", "-ExpectedHours"];
  const wrong = await weir(...words, "at noon");
  expect([wrong.code, wrong.complaints]).toEqual([1, expect.stringContaining("is no time of the week")]);
  expect((await weir(...words, "Mon-Fri 08:00-18:00", "-ExpectedVolumePerDay", "50")).code).toBe(0);
  expect(await relay.text()).toContain("expectedVolumePerDay: 50");
  const { out } = await weir("Get-Application", "erp-prd");
  expect(out).toMatch(/\nExpectedHours +: \{Mon-Fri 08:00-18:00\}\n/);
});
