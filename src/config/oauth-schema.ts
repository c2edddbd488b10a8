/** The section `oauth` of a send connector as a file may give it. */
import { z } from "zod";
import { cloudNames } from "../core/policy/microsoft-clouds.ts";
import { type Parsed, parsed, quoted, unparsable } from "../core/units/parsed.ts";
import {
  choice,
  filePath,
  line,
  name,
  notASection,
  optionalSetting,
  parsedText,
  setting,
} from "./value-type.ts";

/** `2027-05-01`, or with a time (ISO 8601), as milliseconds; a day begins at 00:00 UTC. */
export function parseDate(input: string): Parsed<number> {
  const at = /^\d{4}-\d{2}-\d{2}/.test(input) ? Date.parse(input) : Number.NaN;
  return Number.isNaN(at)
    ? unparsable(`${quoted(input)} is not a date; write it like 2027-05-01`)
    : parsed(at);
}

/** Secrets travel there: `https`, or `http` to this machine. The trailing slash is dropped. */
export function parseSecretUrl(input: string): Parsed<string> {
  const url = parseWholeSecretUrl(input);
  return url.ok ? parsed(url.value.replace(/\/$/, "")) : url;
}

/** The same, with its trailing slash. */
export function parseWholeSecretUrl(input: string): Parsed<string> {
  const url = URL.canParse(input) ? new URL(input) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:"))
    return unparsable(`${quoted(input)} is not a URL; write it like https://login.microsoftonline.com`);
  if (url.username !== "" || url.password !== "" || url.hash !== "")
    return unparsable("a URL without user name, password and fragment is needed here");
  const isHere = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === "http:" && !isHere)
    return unparsable(`${quoted(input)} would send secrets in clear text; http is for this machine only`);
  return parsed(url.href);
}

/** The same, without the version that Weir puts behind it. */
export function parseGraphRoot(input: string): Parsed<string> {
  const root = parseSecretUrl(input);
  if (root.ok && /\/(?:v1\.0|beta)$/i.test(root.value))
    return unparsable(`${quoted(input)} ends in a version, which follows by itself; leave it out`);
  return root;
}

export const oauthSchema = z.strictObject(
  {
    tenant: optionalSetting(name(256), "none", "Entra: the tenant's id or one of its domains."),
    clientId: optionalSetting(name(256), "none", "The application's (client) id."),
    clientSecretFile: optionalSetting(filePath(), "none", "File whose first line is the client secret."),
    clientSecretEnv: optionalSetting(name(256), "none", "Environment variable that holds the client secret."),
    clientSecretExpires: optionalSetting(
      parsedText({ kind: "date" }, parseDate),
      "unknown",
      "The day the secret ends, such as 2027-05-01; a warning comes 30 days ahead.",
    ),
    certificateFile: optionalSetting(
      filePath(),
      "none",
      "PEM file of the certificate that was uploaded for the application, in place of a secret; needs keyFile.",
    ),
    keyFile: optionalSetting(filePath(), "none", "PEM file with the private key (RSA) of certificateFile."),
    serviceAccountFile: optionalSetting(
      filePath(),
      "none",
      "Google: the JSON key file of a service account with domain-wide delegation, in place of all above.",
    ),
    cloud: setting(choice(cloudNames), "global", "Microsoft's cloud the tenant is in."),
    authority: optionalSetting(
      parsedText({ kind: "URL" }, parseSecretUrl),
      "the cloud's",
      "Where tokens come from, in place of the cloud's: `/{tenant}/oauth2/v2.0/token` follows it (Google: `/token`).",
    ),
    tokenEndpoint: optionalSetting(
      parsedText({ kind: "URL" }, parseSecretUrl),
      "made of authority and tenant",
      "The whole URL, for other providers.",
    ),
    scope: optionalSetting(line(1000), "the cloud's, or Google's", "What the token is asked for."),
  },
  { error: notASection },
);

export type GivenOAuth = z.output<typeof oauthSchema>;
