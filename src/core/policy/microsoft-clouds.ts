/**
 * Microsoft's clouds: where tokens come from, and where mail goes. Sources: entra-docs, authentication-national-cloud;
 * Graph docs, deployments. The SMTP hosts and scopes of national clouds are what public projects agree on, no page of
 * Microsoft's says them; a connector's own `smartHosts`, `authority` and `scope` take their place.
 */
export interface MicrosoftCloud {
  /** Before `/{tenant}/oauth2/v2.0/token`. */
  readonly authority: string;
  readonly smtpHost: string;
  readonly smtpScope: string;
  readonly graphRoot: string;
}

export const cloudNames = ["global", "usGovHigh", "usGovDod", "china"] as const;
export type CloudName = (typeof cloudNames)[number];

export const microsoftClouds: Readonly<Record<CloudName, MicrosoftCloud>> = {
  global: {
    authority: "https://login.microsoftonline.com",
    smtpHost: "smtp.office365.com",
    smtpScope: "https://outlook.office365.com/.default",
    graphRoot: "https://graph.microsoft.com",
  },
  usGovHigh: {
    authority: "https://login.microsoftonline.us",
    smtpHost: "smtp.office365.us",
    smtpScope: "https://outlook.office365.us/.default",
    graphRoot: "https://graph.microsoft.us",
  },
  usGovDod: {
    authority: "https://login.microsoftonline.us",
    smtpHost: "outlook-dod.office365.us",
    smtpScope: "https://outlook-dod.office365.us/.default",
    graphRoot: "https://dod-graph.microsoft.us",
  },
  china: {
    authority: "https://login.partner.microsoftonline.cn",
    smtpHost: "smtp.partner.outlook.cn",
    smtpScope: "https://partner.outlook.cn/.default",
    graphRoot: "https://microsoftgraph.chinacloudapi.cn",
  },
};
