import { describe, expect, it } from "vitest";
import { cmdlets } from "../cmdlets/all.ts";
import { completeWords, kebabCase } from "./complete-words.ts";

const known: Readonly<Record<string, readonly string[]>> = {
  receiveConnector: ["AppRelay", "Default Relay"],
  sendConnector: ["Out"],
  category: ["SmtpReceive", "SmtpSend"],
};
const complete = (...words: string[]) =>
  completeWords(words, cmdlets, (candidates) => Promise.resolve(known[candidates] ?? []));

describe("completion", () => {
  it.each([
    [["set-r"], ["Set-ReceiveConnector"]],
    [["expl"], ["explain"]],
    [["complet"], ["completion"]],
    [["Set-ReceiveConnector", "ap"], ["AppRelay"]],
    [
      ["Set-ReceiveConnector", ""],
      ["AppRelay", "Default Relay"],
    ],
    [
      ["set-receiveconnector", "AppRelay", "-maxinboundconnectionp"],
      ["-MaxInboundConnectionPerSource", "-MaxInboundConnectionPercentagePerSource"],
    ],
    [["Set-ReceiveConnector", "AppRelay", "--tar"], ["--tarpit-interval"]],
    [["Set-ReceiveConnector", "AppRelay", "-TarpitInterval", "0s", "-Tar"], []],
    [
      ["Set-ReceiveConnector", "AppRelay", "-Enabled", ""],
      ["true", "false"],
    ],
    [["Set-ReceiveConnector", "AppRelay", "-Enabled", "t"], ["true"]],
    [["Set-ReceiveConnector", "AppRelay", "-MaxInboundConnection", "u"], ["unlimited"]],
    [["Set-ReceiveConnector", "AppRelay", "-MessageRateSource", "us"], ["User"]],
    [
      ["Set-ReceiveConnector", "AppRelay", "-AuthMechanism", "Tls,basic"],
      ["Tls,BasicAuth", "Tls,BasicAuthRequireTLS"],
    ],
    [["Get-EventLog", "-Connector", "D"], ["Default Relay"]],
    [["Set-EventLogLevel", "smtps"], ["SmtpSend"]],
    [["Set-EventLogLevel", "SmtpSend", "E"], ["Expert"]],
    [
      ["Set-EventLogLevel", "-Level", ""],
      ["Lowest", "Low", "Medium", "High", "Expert"],
    ],
    [["Set-SendConnector", ""], ["Out"]],
    [["completion", "p"], ["powershell"]],
    [["nonsense", ""], []],
  ])("%j → %j", async (words, found) => {
    expect(await complete(...words)).toEqual(found);
  });

  it("offers commands, and parameters where no place is left", async () => {
    expect(await complete("")).toContain("Get-ReceiveConnector");
    expect(await complete("Set-ReceiveConnector", "AppRelay", "")).toContain(
      "-MaxInboundConnectionPerSource",
    );
  });
});

it.each([
  ["MaxInboundConnection", "max-inbound-connection"],
  ["RemoteIPRanges", "remote-ip-ranges"],
  ["RequireTLS", "require-tls"],
  ["IgnoreSTARTTLS", "ignore-starttls"],
  ["Json", "json"],
])("%s is --%s", (name, kebab) => {
  expect(kebabCase(name)).toBe(kebab);
});
