/** From the section `oauth` to where tokens come from. */
import { microsoftClouds } from "../core/policy/microsoft-clouds.ts";
import type { ClientCertificate, ClientSecret, OAuthSettings } from "../core/policy/oauth-settings.ts";
import type { Findings, Path } from "./fault.ts";
import { type GivenOAuth, parseSecretUrl } from "./oauth-schema.ts";
import {
  keyPairOf,
  parsedKey,
  secretOfEnv,
  secretOfFile,
  type SecretSources,
  textOf,
} from "./secret-sources.ts";

/** Google knows no narrower one for SMTP. */
const googleScope = "https://mail.google.com/";
const ofClient = [
  "tenant",
  "clientId",
  "clientSecretFile",
  "clientSecretEnv",
  "clientSecretExpires",
  "certificateFile",
  "keyFile",
] as const;

/** `forGraph`: the tokens are for Graph, not for SMTP. Undefined, with every fault told, when it cannot be used. */
export function readOAuth(
  given: GivenOAuth,
  forGraph: boolean,
  path: Path,
  from: SecretSources,
  findings: Findings,
): OAuthSettings | undefined {
  return given.serviceAccountFile === undefined
    ? readClient(given, forGraph, path, from, findings)
    : readServiceAccount(given, given.serviceAccountFile, path, from, findings);
}

function readClient(
  given: GivenOAuth,
  forGraph: boolean,
  path: Path,
  from: SecretSources,
  findings: Findings,
): OAuthSettings | undefined {
  const { tenant, clientId, cloud, authority } = given;
  const credential = readClientCredential(given, path, from, findings);
  if (clientId === undefined) findings.fault([...path, "clientId"], "is missing");
  if (tenant === undefined && given.tokenEndpoint === undefined)
    findings.fault([...path, "tenant"], "is missing: tokens are given by a tenant, or by a tokenEndpoint");
  if (tenant !== undefined && ["common", "organizations", "consumers"].includes(tenant.toLowerCase()))
    findings.fault(
      [...path, "tenant"],
      `${tenant} gives no tokens to an application; name the tenant by its id or domain`,
    );
  if (credential === undefined || clientId === undefined) return undefined;
  return {
    grant: { kind: "clientCredentials", clientId, credential },
    tokenEndpoint:
      given.tokenEndpoint ??
      `${authority ?? microsoftClouds[cloud].authority}/${encodeURIComponent(tenant ?? "")}/oauth2/v2.0/token`,
    scope:
      given.scope ??
      (forGraph ? `${microsoftClouds[cloud].graphRoot}/.default` : microsoftClouds[cloud].smtpScope),
    shown: shownOf(given),
  };
}

function readClientCredential(
  given: GivenOAuth,
  path: Path,
  from: SecretSources,
  findings: Findings,
): ClientSecret | ClientCertificate | undefined {
  const { clientSecretFile: file, clientSecretEnv: variable, certificateFile, keyFile } = given;
  const isCertificate = certificateFile !== undefined || keyFile !== undefined;
  const ways = [file, variable, isCertificate ? "" : undefined].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    findings.fault(
      path,
      "needs exactly one of clientSecretFile, clientSecretEnv, and certificateFile with keyFile",
    );
    return undefined;
  }
  if (isCertificate) {
    const pair = keyPairOf(
      { certificateFile, keyFile },
      ["certificateFile", "keyFile"],
      path,
      from,
      findings,
    );
    if (pair === undefined) return undefined;
    const { certificate, privateKey, expiresAt, keyType } = pair;
    if (keyType !== "rsa") findings.fault([...path, "keyFile"], "is no RSA key, which PS256 needs");
    return { kind: "certificate", certificate, privateKey, expiresAt };
  }
  const clientSecret =
    file === undefined
      ? secretOfEnv(variable ?? "", [...path, "clientSecretEnv"], from, findings)
      : secretOfFile(file, [...path, "clientSecretFile"], from, findings);
  if (clientSecret === undefined) return undefined;
  return { kind: "secret", clientSecret, expiresAt: given.clientSecretExpires };
}

function readServiceAccount(
  given: GivenOAuth,
  file: string,
  path: Path,
  from: SecretSources,
  findings: Findings,
): OAuthSettings | undefined {
  for (const name of ofClient)
    if (given[name] !== undefined)
      findings.fault([...path, name], "means nothing beside serviceAccountFile; take it out");
  const at = [...path, "serviceAccountFile"];
  const text = textOf(file, at, from, findings);
  if (text === undefined) return undefined;
  const fields = jsonSection(text);
  const field = (name: string): string => {
    const value = fields?.[name];
    return typeof value === "string" ? value : "";
  };
  const [clientEmail, privateKeyId, privateKey] = [
    field("client_email"),
    field("private_key_id"),
    field("private_key"),
  ];
  if (clientEmail === "" || privateKeyId === "" || parsedKey(privateKey)?.asymmetricKeyType !== "rsa") {
    findings.fault(at, "is no key file of a service account (client_email, private_key_id, private_key)");
    return undefined;
  }
  const own = parseSecretUrl(field("token_uri"));
  const standard = own.ok ? own.value : "https://oauth2.googleapis.com/token";
  return {
    grant: { kind: "serviceAccount", clientEmail, privateKeyId, privateKey },
    tokenEndpoint:
      given.tokenEndpoint ?? (given.authority === undefined ? standard : `${given.authority}/token`),
    scope: given.scope ?? googleScope,
    shown: shownOf(given),
  };
}

function jsonSection(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function shownOf(given: GivenOAuth): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]): [string, string][] =>
      value === undefined
        ? []
        : [[name, typeof value === "number" ? new Date(value).toISOString().slice(0, 10) : value]],
    ),
  );
}
