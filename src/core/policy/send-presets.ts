/**
 * What is known of providers, as data: a preset stands in for settings that a send connector does not give itself.
 * Sources: Exchange Online limits and the page on SMTP submission; Google support, answer 6140680; SES, ACS and their
 * peers' own pages. Nothing here was tried against a provider (docs/decisions/0036).
 */
import { graphLargestMessageBytes, graphMostAtOnce } from "./graph-limits.ts";
import { type CloudName, microsoftClouds } from "./microsoft-clouds.ts";

export const presetNames = [
  "microsoft365",
  "google",
  "googleRelay",
  "ses",
  "sendgrid",
  "mailgun",
  "acs",
  "graph",
] as const;
export type PresetName = (typeof presetNames)[number];

/** How much the provider takes before it slows mail down or refuses it. */
export interface ProviderBudget {
  /** What it is counted by: the mailbox that is logged on as, or the account. */
  readonly per: "mailbox" | "account";
  readonly messagesPerMinute?: number;
  /** In any 24 hours. */
  readonly recipientsPerDay?: number;
}

export interface SendPreset {
  /** Undefined: it depends on the account, `hostHint` tells on what. */
  readonly host: string | undefined;
  readonly hostHint?: string;
  readonly port: number;
  /** How one logs on where the connector has no `authenticationCredential`. */
  readonly mechanism: "None" | "XOAUTH2" | "BasicAuthRequireTLS";
  readonly maxConcurrentConnections?: number;
  readonly maxRecipientsPerTransaction?: number;
  readonly budget?: ProviderBudget;
}

export const sendPresets: Readonly<Record<PresetName, SendPreset>> = {
  microsoft365: {
    host: microsoftClouds.global.smtpHost,
    port: 587,
    mechanism: "XOAUTH2",
    maxConcurrentConnections: 3,
    maxRecipientsPerTransaction: 500,
    budget: { per: "mailbox", messagesPerMinute: 30, recipientsPerDay: 10_000 },
  },
  google: {
    host: "smtp.gmail.com",
    port: 587,
    mechanism: "XOAUTH2",
    maxConcurrentConnections: 10,
    maxRecipientsPerTransaction: 100,
    budget: { per: "mailbox", recipientsPerDay: 10_000 },
  },
  googleRelay: {
    host: "smtp-relay.gmail.com",
    port: 587,
    mechanism: "None",
    maxRecipientsPerTransaction: 100,
    budget: { per: "mailbox", recipientsPerDay: 10_000 },
  },
  ses: {
    host: undefined,
    hostHint: "email-smtp.REGION.amazonaws.com",
    port: 587,
    mechanism: "BasicAuthRequireTLS",
    maxRecipientsPerTransaction: 50,
  },
  sendgrid: { host: "smtp.sendgrid.net", port: 587, mechanism: "BasicAuthRequireTLS" },
  mailgun: { host: "smtp.mailgun.org", port: 587, mechanism: "BasicAuthRequireTLS" },
  acs: {
    host: "smtp.azurecomm.net",
    port: 587,
    mechanism: "BasicAuthRequireTLS",
    maxRecipientsPerTransaction: 50,
  },
  /** No SMTP: a kind of connector of its own. */
  graph: {
    host: undefined,
    port: 443,
    mechanism: "XOAUTH2",
    maxConcurrentConnections: graphMostAtOnce,
    maxRecipientsPerTransaction: 500,
    budget: { per: "mailbox", messagesPerMinute: 30, recipientsPerDay: 10_000 },
  },
};

/** What a connector gives that decides what its preset stands in for. */
export interface PresetFacts {
  readonly cloud: CloudName;
  readonly hasCredential: boolean;
  readonly hasOAuth: boolean;
}

/** The settings a preset stands in for, as a file would write them. */
export function presetSettings(
  name: PresetName,
  { cloud, hasCredential, hasOAuth }: PresetFacts,
): Readonly<Record<string, string | number | boolean | readonly string[]>> {
  const { port, mechanism, maxConcurrentConnections, maxRecipientsPerTransaction, ...preset } =
    sendPresets[name];
  const limits = {
    ...(maxConcurrentConnections === undefined ? {} : { maxConcurrentConnections }),
    ...(maxRecipientsPerTransaction === undefined ? {} : { maxRecipientsPerTransaction }),
  };
  if (name === "graph")
    return {
      graphRoot: microsoftClouds[cloud].graphRoot,
      maxMessageSize: graphLargestMessageBytes,
      ...limits,
      ...(preset.budget === undefined ? {} : budgetSettings(preset.budget)),
    };
  const host = name === "microsoft365" ? microsoftClouds[cloud].smtpHost : preset.host;
  return {
    ...(host === undefined ? {} : { smartHosts: [`${host}:${port}`] }),
    port,
    requireTls: true,
    // Each of them signs by itself, for the domains that are set up with it.
    dkimSigning: false,
    ...(host === undefined
      ? { tlsAuthLevel: "CertificateValidation" }
      : { tlsAuthLevel: "DomainValidation", tlsDomain: host }),
    smartHostAuthMechanism: hasOAuth ? "XOAUTH2" : hasCredential ? "BasicAuthRequireTLS" : mechanism,
    ...limits,
    ...(preset.budget === undefined ? {} : budgetSettings(preset.budget)),
  };
}

function budgetSettings({
  per,
  messagesPerMinute,
  recipientsPerDay,
}: ProviderBudget): Record<string, number> {
  const [messages, recipients] =
    per === "mailbox"
      ? (["mailboxMessageRateLimit", "mailboxRecipientRateLimit"] as const)
      : (["messageRateLimit", "recipientRateLimit"] as const);
  return {
    ...(messagesPerMinute === undefined ? {} : { [messages]: messagesPerMinute }),
    ...(recipientsPerDay === undefined ? {} : { [recipients]: recipientsPerDay }),
  };
}
