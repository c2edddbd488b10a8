/** What devices do that SMTP does not have: taken where the connector says so. */
import { beforeAll, expect, test } from "vitest";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { message, octets, playAll, quit } from "./dialog.ts";
import { type TestRelay, startTestRelay, stopAfterAll } from "./test-relay.ts";

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay();
});
stopAfterAll(() => relay);

playAll("without a hello, where requireHello is off", () => relay.portOf("NoHello"), [
  [
    "a whole message",
    [
      ["MAIL FROM: scanner@app.example", "250 2.1.0"],
      ["RCPT TO: someone@dest.example", "250 2.1.5"],
      ...message,
      quit,
    ],
  ],
  ["parameters are offered to nobody yet", [["MAIL FROM:<a@b.example> RET=HDRS", "555 5.5.4"]]],
  ["RCPT still needs MAIL", [["RCPT TO:<a@b.example>", "503 5.5.2"]]],
  [
    "a hello behind it begins anew",
    [
      ["MAIL FROM:<a@b.example>", "250"],
      ["EHLO [10.1.1.1]", "250"],
      ["MAIL FROM:<a@b.example> SIZE=10", "250"],
    ],
  ],
]);
playAll("elsewhere", () => relay.port, [
  ["it is refused", [["MAIL FROM:<a@b.example>", "503 5.5.2 Send hello first"]]],
]);
playAll("strictAddresses", () => relay.portOf("StrictAddresses"), [
  [
    "an address without brackets is refused",
    [
      ["EHLO c.example", "250"],
      ["MAIL FROM:a@b.example", "501 5.1.7"],
      ["MAIL FROM:<a@b.example>", "250"],
      ["RCPT TO:c@d.example", "501 5.1.3"],
    ],
  ],
]);
playAll(
  "names in EHLO as devices have them",
  () => relay.port,
  ["", " _printer", " 10.1.1.1", " [10.1.1.1", " Canon MF 8500", " dr\u00fccker"].map(
    (name) => [`EHLO${name}`, [[octets(`EHLO${name}\r\n`), "250"]]] as const,
  ),
);

test("AUTH= stands beside AUTH where legacyAuthLineEnabled says so", async () => {
  for (const [name, offers] of [
    ["LegacyAuthLine", true],
    ["ClearAccounts", false],
  ] as const) {
    const client = await connectScriptedClient({ port: relay.portOf(name) });
    await client.expect(220);
    const { lines } = await client.command("EHLO c.example");
    expect([lines.includes("AUTH LOGIN PLAIN"), lines.includes("AUTH=LOGIN PLAIN")]).toEqual([true, offers]);
    client.close();
  }
});
