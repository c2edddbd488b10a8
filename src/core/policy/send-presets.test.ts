import { describe, expect, test } from "vitest";
import {
  presetNames,
  presetSettings,
  sendPresets,
  type PresetFacts,
  type PresetName,
} from "./send-presets.ts";

const facts: PresetFacts = { cloud: "global", hasCredential: false, hasOAuth: false };
const smtp = (host: string, more: object): object => ({
  smartHosts: [`${host}:587`],
  port: 587,
  requireTls: true,
  dkimSigning: false,
  tlsAuthLevel: "DomainValidation",
  tlsDomain: host,
  ...more,
});
const mailbox = { mailboxMessageRateLimit: 30, mailboxRecipientRateLimit: 10_000 };
const password = { smartHostAuthMechanism: "BasicAuthRequireTLS" };
const token = { smartHostAuthMechanism: "XOAUTH2" };

const expected: Readonly<Record<PresetName, object>> = {
  microsoft365: smtp("smtp.office365.com", {
    ...token,
    maxConcurrentConnections: 3,
    maxRecipientsPerTransaction: 500,
    ...mailbox,
  }),
  google: smtp("smtp.gmail.com", {
    ...token,
    maxConcurrentConnections: 10,
    maxRecipientsPerTransaction: 100,
    mailboxRecipientRateLimit: 10_000,
  }),
  googleRelay: smtp("smtp-relay.gmail.com", {
    smartHostAuthMechanism: "None",
    maxRecipientsPerTransaction: 100,
    mailboxRecipientRateLimit: 10_000,
  }),
  ses: {
    port: 587,
    requireTls: true,
    dkimSigning: false,
    tlsAuthLevel: "CertificateValidation",
    ...password,
    maxRecipientsPerTransaction: 50,
  },
  sendgrid: smtp("smtp.sendgrid.net", password),
  mailgun: smtp("smtp.mailgun.org", password),
  acs: smtp("smtp.azurecomm.net", { ...password, maxRecipientsPerTransaction: 50 }),
  graph: {
    graphRoot: "https://graph.microsoft.com",
    maxMessageSize: expect.any(Number),
    maxConcurrentConnections: 4,
    maxRecipientsPerTransaction: 500,
    ...mailbox,
  },
};

test.each(presetNames)("what %s stands in for", (name) => {
  expect(presetSettings(name, facts)).toStrictEqual(expected[name]);
});

describe("how one logs on", () => {
  test.each<[PresetName, Partial<PresetFacts>, string]>([
    ["googleRelay", { hasCredential: true }, "BasicAuthRequireTLS"],
    ["googleRelay", { hasOAuth: true }, "XOAUTH2"],
    ["microsoft365", { hasCredential: true }, "BasicAuthRequireTLS"],
    ["microsoft365", { hasCredential: true, hasOAuth: true }, "XOAUTH2"],
  ])("%s with %j", (name, given, mechanism) => {
    expect(presetSettings(name, { ...facts, ...given })["smartHostAuthMechanism"]).toBe(mechanism);
  });
});

test("other clouds have hosts of their own", () => {
  for (const name of ["microsoft365", "graph"] as const)
    expect(JSON.stringify(presetSettings(name, { ...facts, cloud: "usGovHigh" }))).toContain(".us");
  expect(presetSettings("google", { ...facts, cloud: "usGovHigh" })["tlsDomain"]).toBe("smtp.gmail.com");
});

test("where the host depends on the account, it is told on what", () => {
  expect(presetNames.filter((name) => sendPresets[name].hostHint !== undefined)).toEqual(["ses"]);
  expect(sendPresets.ses.hostHint).toMatch(/REGION/);
});
