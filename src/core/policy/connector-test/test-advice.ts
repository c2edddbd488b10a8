/** What to do about a step that failed, by its cause. Pure. Sources of the replies: docs/decisions/0036. */
import { commandWord } from "../../units/command-word.ts";
import type { SmtpSendConnector } from "../send-connector.ts";
import type { TestStepName } from "./test-step.ts";

export interface FailedStep {
  readonly step: TestStepName;
  /** What was said, on one line. */
  readonly words: string;
}

export interface AdviceFacts {
  readonly connector: Pick<
    SmtpSendConnector,
    | "name"
    | "tlsAuthLevel"
    | "tlsDomain"
    | "implicitTls"
    | "requireTls"
    | "smartHostAuthMechanism"
    | "preset"
    | "oauth"
    | "sourceIpAddress"
  >;
  readonly host: string;
  readonly port: number;
  /** Names of the certificate that was shown. */
  readonly certificateNames: readonly string[];
  /** What the token that was used says of itself. */
  readonly claims: Readonly<Record<string, string>>;
  /** How long ago the configuration was changed; undefined: nobody knows. */
  readonly changedAgoMs: number | undefined;
}

interface Rule {
  readonly at: readonly TestStepName[];
  readonly says: RegExp;
  readonly advice: (facts: AdviceFacts) => string | readonly string[];
}

const minuteMs = 60_000;
/** How long a grant in Exchange Online may take to count; up to 90 minutes were measured (docs/decisions/0035). */
export const grantMs = 120 * minuteMs;

const set = ({ connector }: AdviceFacts, setting: string): string =>
  `weir Set-SendConnector ${commandWord(connector.name)} ${setting}`;

const rules: readonly Rule[] = [
  {
    at: ["resolve"],
    says: /give -To, whose domain/,
    advice: ({ connector }) =>
      `weir Test-SendConnector ${commandWord(connector.name)} -To someone@example.com`,
  },
  {
    at: ["resolve"],
    says: /^[45]\d\d [45]\.[14]\.\d+ /,
    advice: ({ host }) => `weir Resolve-NextHop ${host} shows each step, with -Refresh by asking DNS anew.`,
  },
  {
    at: ["resolve"],
    says: /does not exist|has no address/,
    advice: ({ host }) =>
      `DNS has no such name. Check the spelling of ${host} in smartHosts, and that this machine asks a name server that knows it.`,
  },
  {
    at: ["resolve"],
    says: /./,
    advice: () =>
      "The name server did not answer. Check /etc/resolv.conf and that UDP and TCP port 53 are open to it.",
  },
  {
    at: ["connect"],
    says: /./,
    advice: (facts) => {
      const tried = `Nothing reaches port ${facts.port} of ${facts.host}.`;
      if (facts.port === 25)
        return [
          `${tried} Many providers and clouds block port 25 to the outside.`,
          `Try the submission port: ${set(facts, `-SmartHosts '${facts.host}:587'`)}`,
        ];
      return `${tried} Check the port, that a server listens there, and firewalls on the way${facts.connector.sourceIpAddress === undefined ? "" : `, and that sourceIpAddress ${facts.connector.sourceIpAddress} is an address of this machine`}.`;
    },
  },
  {
    at: ["greeting"],
    says: /./,
    advice: (facts) =>
      facts.port === 465 && !facts.connector.implicitTls
        ? `Port 465 speaks TLS from the first octet: ${set(facts, "-ImplicitTls true")}`
        : "It accepts connections and does not greet: an overloaded server, one that refuses this machine's address, or none that speaks SMTP on this port.",
  },
  {
    at: ["startTls"],
    says: /offers no TLS/,
    advice: (facts) => [
      "STARTTLS is not offered: a firewall or a proxy on the way may hide it (Cisco's “SMTP fixup” does), or the server offers it on another port only.",
      `Try port 587, or port 465 with ${set(facts, "-ImplicitTls true")}. Credentials are never sent without TLS.`,
    ],
  },
  {
    at: ["tls", "startTls"],
    says: /certificate is not for/,
    advice: (facts) => {
      const names = facts.certificateNames.map((name) => name.replace(/^DNS:/, ""));
      const [first] = names.filter((name) => !name.startsWith("*") && !name.startsWith("IP "));
      return [
        `The certificate names ${names.join(", ") || "nobody"}, and ${facts.connector.tlsDomain ?? facts.host} is asked for.`,
        first === undefined
          ? "Use the name of the certificate in smartHosts, or in tlsDomain."
          : `If that is the right server: ${set(facts, `-TlsDomain ${first}`)}`,
      ];
    },
  },
  {
    at: ["tls", "startTls"],
    says: /expired/,
    advice: () => "The peer's certificate has expired, or the clock of this machine is wrong (date).",
  },
  {
    at: ["tls", "startTls"],
    says: /self-signed|self signed|issuer|verify|unknown authority|not trusted|chain/i,
    advice: (facts) =>
      `The chain does not end at a root this machine trusts. For a server with a CA of your own: ${set(facts, "-TlsCaFile /etc/weir/ca.pem")}`,
  },
  {
    at: ["tls"],
    says: /does not speak TLS here/,
    advice: (facts) =>
      facts.connector.implicitTls
        ? `The port begins in clear text: ${set(facts, "-ImplicitTls false")}`
        : "What answers there is no TLS: something on the way interferes.",
  },
  {
    at: ["tls"],
    says: /client certificate/,
    advice: () =>
      "The peer asks for a certificate of ours and does not take the one it got: see tlsCertificateFile and tlsKeyFile.",
  },
  {
    at: ["tls"],
    says: /./,
    advice: () => "The TLS handshake fails. TLS 1.2 is the least that is spoken; see the words of the step.",
  },
  {
    at: ["auth"],
    says: /not offer/,
    advice: (facts) => [
      `The server does not offer what smartHostAuthMechanism ${facts.connector.smartHostAuthMechanism} needs; what it offers stands at EHLO.`,
      "Many offer AUTH on port 587 or 465 only.",
    ],
  },
  {
    at: ["auth"],
    says: /SmtpClientAuthentication is disabled for the Tenant/i,
    advice: () =>
      "SMTP AUTH is off for the tenant: Set-TransportConfig -SmtpClientAuthenticationDisabled $false, or Set-CASMailbox MAILBOX -SmtpClientAuthenticationDisabled $false, which goes before it.",
  },
  {
    at: ["auth"],
    says: /SmtpClientAuthentication is disabled/i,
    advice: () =>
      "SMTP AUTH is off for the mailbox: Set-CASMailbox MAILBOX -SmtpClientAuthenticationDisabled $false",
  },
  {
    at: ["auth"],
    says: /\b5\.7\.139\b/,
    advice: () => "Security defaults or conditional access of the tenant forbid this log-on.",
  },
  {
    at: ["auth"],
    says: /\b5\.7\.30\b/,
    advice: () => "Passwords are not taken any more there: give the connector oauth.",
  },
  {
    at: ["auth"],
    says: /\b535\b/,
    advice: (facts) => (facts.connector.oauth === undefined ? passwordRefused : tokenRefused(facts)),
  },
  {
    at: ["mail", "rcpt", "data"],
    says: /\b5\.7\.60\b|SendAsDenied|\b5\.2\.252\b/i,
    advice: () =>
      "The mailbox that is logged on may not send as this sender: grant it (Add-RecipientPermission MAILBOX -Trustee … -AccessRights SendAs), or name the sender's own mailbox in senderMailboxes.",
  },
  {
    at: ["mail", "rcpt", "data"],
    says: /^5(?:30|50) 5\.7\.(?:57|1|0)\b|authentication required|not authenticated/i,
    advice: ({ connector }) =>
      connector.smartHostAuthMechanism === "None"
        ? "The server wants a log-on, or does not relay for this machine: give the connector smartHostAuthMechanism and a credential, or have this machine's address allowed there."
        : "The server does not let this log-on send so; see its words.",
  },
  {
    at: ["rcpt"],
    says: /./,
    advice: () => "The server refuses this recipient; -To names another one, and sends it a message.",
  },
  {
    at: ["mail"],
    says: /./,
    advice: () => "The server refuses this sender; -From names another one.",
  },
];

/** Empty where nothing is known to help but the words themselves. */
export function testAdvice({ step, words }: FailedStep, facts: AdviceFacts): readonly string[] {
  if (step === "token") return tokenAdvice(words, facts.connector.oauth?.tokenEndpoint);
  const rule = rules.find(({ at, says }) => at.includes(step) && says.test(words));
  if (rule === undefined) return [];
  const advice = rule.advice(facts);
  return typeof advice === "string" ? [advice] : advice;
}

/** Of whatever connector logs on by token. What an authority says has its advice in it already. */
export function tokenAdvice(words: string, tokenEndpoint: string | undefined): readonly string[] {
  const isAnswer = /AADSTS|invalid_|unauthorized_client/.test(words);
  if (isAnswer || !/does not exist|refused|no route|does not answer|took longer|in time/.test(words))
    return [];
  return [
    `The token endpoint ${endpointOf(tokenEndpoint)} is not reached: check DNS and that HTTPS to it is open from this machine.`,
  ];
}

const passwordRefused: readonly string[] = [
  "User name or password is not accepted. Check authenticationCredential; some services want a password for applications, or an API key.",
];

function tokenRefused({ connector, claims, changedAgoMs }: AdviceFacts): readonly string[] {
  if (connector.preset === "google")
    return [
      "The service account may not act for this mailbox: allow its client id the scope https://mail.google.com/ under domain-wide delegation, and see that the mailbox exists.",
    ];
  if (connector.preset !== "microsoft365") return ["The server does not take the token: see its scope."];
  const advice: string[] = [];
  const { aud = "", roles } = claims;
  if (/graph\.microsoft\.com|^00000003-0000-0000-c000-000000000000$/.test(aud))
    advice.push(
      `The token is for Microsoft Graph (aud ${aud}), which SMTP does not take: the scope must be https://outlook.office365.com/.default`,
    );
  if (Object.keys(claims).length > 0 && roles === undefined)
    advice.push(
      "The token has no roles: right for RBAC for Applications (role Application SMTP.SendAsApp, see Test-ServicePrincipalAuthorization); with the application permission SMTP.SendAsApp it means that an administrator has not consented.",
    );
  else if (roles !== undefined && !/\bSMTP\.SendAsApp\b/.test(roles))
    advice.push(`The token's roles (${roles}) do not hold SMTP.SendAsApp.`);
  advice.push(
    "Check in Exchange Online that New-ServicePrincipal was given the object id of the enterprise application (not that of the app registration), and that it has rights on this mailbox.",
    waitForGrant(changedAgoMs),
  );
  return advice;
}

function waitForGrant(changedAgoMs: number | undefined): string {
  const usual = "A grant takes up to two hours to count";
  if (changedAgoMs === undefined || changedAgoMs < 0 || changedAgoMs >= grantMs)
    return `${usual}: if you made it lately, test again later.`;
  const ago = Math.round(changedAgoMs / minuteMs);
  const left = Math.max(1, Math.ceil((grantMs - changedAgoMs) / minuteMs));
  return `${usual}, and the configuration was changed ${ago} minutes ago: wait ${left} minutes more before you conclude that something is wrong.`;
}

function endpointOf(url: string | undefined): string {
  return url === undefined ? "" : (/^https?:\/\/[^/?#]+/.exec(url)?.[0] ?? "");
}
