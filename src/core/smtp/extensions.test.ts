import { describe, expect, it } from "vitest";
import type { ReceiveConnectorSettings } from "../policy/receive-connector.ts";
import { ehloLines, nothingOffered, offeredBy } from "./extensions.ts";

const everything = {
  authMechanism: ["Tls", "BasicAuth"],
  maxMessageSize: 37748736,
  sizeEnabled: "Enabled",
  pipeliningEnabled: true,
  chunkingEnabled: true,
  binaryMimeEnabled: true,
  eightBitMimeEnabled: true,
  deliveryStatusNotificationEnabled: true,
  enhancedStatusCodesEnabled: true,
  smtpUtf8Enabled: true,
  requireTlsExtensionEnabled: true,
} satisfies Partial<ReceiveConnectorSettings>;

function lines(change: Partial<ReceiveConnectorSettings> = {}, session = {}): string[] {
  const settings = { ...everything, ...change } as ReceiveConnectorSettings;
  return ehloLines(
    offeredBy(settings, { tlsActive: false, tlsAvailable: true, hasCertificate: false, ...session }),
  );
}

describe("ehloLines", () => {
  const all = [
    "SIZE 37748736",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "STARTTLS",
    "AUTH LOGIN PLAIN",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "SMTPUTF8",
  ];

  it("stand in Exchange's order", () => {
    expect(lines()).toEqual(all);
  });

  it.each<[Partial<ReceiveConnectorSettings>, string[]]>([
    [{ sizeEnabled: "Disabled" }, ["SIZE 37748736"]],
    [{ pipeliningEnabled: false }, ["PIPELINING"]],
    [{ deliveryStatusNotificationEnabled: false }, ["DSN"]],
    [{ enhancedStatusCodesEnabled: false }, ["ENHANCEDSTATUSCODES"]],
    [{ authMechanism: [] }, ["STARTTLS", "AUTH LOGIN PLAIN"]],
    [{ authMechanism: ["Tls"] }, ["AUTH LOGIN PLAIN"]],
    [{ authMechanism: ["BasicAuth"] }, ["STARTTLS"]],
    [{ authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"] }, ["AUTH LOGIN PLAIN"]],
    [{ eightBitMimeEnabled: false }, ["8BITMIME", "SMTPUTF8"]],
    [{ binaryMimeEnabled: false }, ["BINARYMIME"]],
    [{ chunkingEnabled: false }, ["BINARYMIME", "CHUNKING"]],
    [{ smtpUtf8Enabled: false }, ["SMTPUTF8"]],
  ])("%j takes %j away", (change, gone) => {
    expect(lines(change)).toEqual(all.filter((line) => !gone.includes(line)));
  });

  it("tell the size only when there is one to tell", () => {
    expect(lines({ sizeEnabled: "EnabledwithoutValue" })[0]).toBe("SIZE");
    expect(lines({ maxMessageSize: Infinity })[0]).toBe("SIZE");
  });

  it("change inside TLS", () => {
    const required = ["Tls", "BasicAuth", "BasicAuthRequireTLS"] as const;
    const within = [...all.filter((line) => line !== "STARTTLS"), "REQUIRETLS"];
    expect(lines({ authMechanism: required }, { tlsActive: true })).toEqual(within);
    expect(lines({ requireTlsExtensionEnabled: false }, { tlsActive: true })).toEqual(within.slice(0, -1));
    expect(lines({}, { tlsAvailable: false })).not.toContain("STARTTLS");
  });

  it("are none after HELO", () => {
    expect(ehloLines(nothingOffered)).toEqual([]);
  });
});
