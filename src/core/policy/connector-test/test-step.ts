/** What a test of a send connector finds out, step by step. */

/** In the order in which they are taken; what a connector does not do is left out. */
export const testSteps = [
  "dropDirectory",
  "resolve",
  "token",
  "connect",
  "greeting",
  "ehlo",
  "startTls",
  "tls",
  "auth",
  "mail",
  "rcpt",
  "rset",
  "data",
] as const;
export type TestStepName = (typeof testSteps)[number];

/** As people are shown them. */
export const testStepTitles: Readonly<Record<TestStepName, string>> = {
  dropDirectory: "Drop directory",
  resolve: "Name resolution",
  token: "Token",
  connect: "Connect",
  greeting: "Greeting",
  ehlo: "EHLO",
  startTls: "STARTTLS",
  tls: "TLS",
  auth: "AUTH",
  mail: "MAIL",
  rcpt: "RCPT",
  rset: "RSET",
  data: "Message",
};

/** `warning`: it failed, and mail goes nevertheless; or something about it is remarkable. */
export const testOutcomes = ["ok", "warning", "failed"] as const;
export type TestOutcome = (typeof testOutcomes)[number];

/** One certificate of a chain. */
export interface TestedCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** Subject alternative names as the certificate has them: `DNS:smtp.example.com`. */
  readonly names: readonly string[];
  /** ISO 8601. */
  readonly validFrom: string;
  readonly validTo: string;
}

export interface TestStep {
  readonly step: TestStepName;
  /** The smart host's name; empty for a token and a drop directory. */
  readonly host: string;
  /** `192.0.2.1:587`, `smtp.example.com:587`; the drop directory; the token endpoint's host. */
  readonly endpoint: string;
  readonly outcome: TestOutcome;
  readonly elapsedMs: number;
  /** What was said and seen, a line each. Nothing secret stands in it. */
  readonly details: readonly string[];
  /** What to do about it, in sentences. */
  readonly advice: readonly string[];
  /** Of the peer, its own first; empty where TLS is not the step. */
  readonly certificates: readonly TestedCertificate[];
  /** Of a token that can be read: aud, roles, appid, tid, exp. */
  readonly claims: Readonly<Record<string, string>>;
}

export interface ConnectorTest {
  /** Each address is ready for mail, or the drop directory is. */
  readonly ok: boolean;
  readonly from: string;
  /** Whom a message was sent to; undefined: none was sent. */
  readonly to: string | undefined;
  readonly steps: readonly TestStep[];
}
