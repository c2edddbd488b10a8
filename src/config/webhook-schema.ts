/** Reads the section `webhooks`: where events are told. */
import { z } from "zod";
import { type EventChoice, isChosen, parseEventChoice, usualEvents } from "../core/webhooks/event-choice.ts";
import { webhookFormats, type WebhookSettings } from "../core/webhooks/webhook-settings.ts";
import { type Parsed, parsed, quoted, unparsable } from "../core/units/parsed.ts";
import { catalogue } from "../events/catalogue.ts";
import type { Findings, Path } from "./fault.ts";
import { readPiece } from "./issues.ts";
import { parseWholeSecretUrl } from "./oauth-schema.ts";
import { certificatesOf, secretOfFile, type SecretSources, textOf } from "./secret-sources.ts";
import {
  choice,
  duration,
  filePath,
  flag,
  listOf,
  name,
  notASection,
  optionalSetting,
  parsedText,
  requiredSetting,
  setting,
} from "./value-type.ts";

const second = 1_000;
const hour = 3_600_000;
export const mostWebhooks = 50;

export const webhookSchema = z.strictObject(
  {
    name: requiredSetting(name(64), "What it is called."),
    enabled: setting(flag(), true, "False: nothing is told; what waits, waits."),
    url: optionalSetting(
      parsedText({ kind: "URL" }, parseWholeSecretUrl),
      "in urlFile",
      "Where events are told by POST: https, or http to this machine. Redirects are not followed.",
    ),
    urlFile: optionalSetting(
      filePath(),
      "none",
      "File whose first line is the URL, where that is a secret, as those of Slack and Teams are.",
    ),
    events: setting(
      listOf(parsedText({ kind: "event" }, parseEvent), { kind: "list of events" }),
      [usualEvents],
      "Which are told: `applications` (20410 to 20416), `errors`, `warnings` (errors too), an id, a range such as 20410-20416, or a name such as SenderSilent.",
    ),
    format: setting(
      choice(webhookFormats),
      "weir",
      "weir: JSON with all there is. slack: a text, for Slack, Mattermost, Rocket.Chat, Google Chat. teams: a card, for Microsoft Teams.",
    ),
    secretFile: optionalSetting(
      filePath(),
      "none: not signed",
      "File with the key of the signature (Standard Webhooks), `whsec_` and 24 to 64 bytes in base64; a second and a third line may have older keys.",
    ),
    authorizationFile: optionalSetting(
      filePath(),
      "none",
      "File whose first line is the value of the header Authorization, such as `Bearer …`.",
    ),
    caFile: optionalSetting(
      filePath(),
      "those that Node.js brings, and NODE_EXTRA_CA_CERTS",
      "PEM file of the CAs that the receiver's certificate may be of, in place of the usual ones.",
    ),
    proxy: optionalSetting(
      parsedText({ kind: "URL" }, parseProxy),
      "none",
      "HTTP proxy on the way to an https URL: `http://proxy.contoso.com:3128`.",
    ),
    timeout: setting(
      duration({ min: second, max: 120 * second }),
      "10s",
      "How long the whole request may take.",
    ),
    groupWait: setting(
      duration({ min: 0, max: hour }),
      "5s",
      "How long the first event waits for others, which are told in the same request.",
    ),
    groupInterval: setting(
      duration({ min: second, max: 24 * hour }),
      "1m",
      "At least so long between two requests; what happens meanwhile is told in one.",
    ),
    expirationTimeout: setting(
      duration({ min: 60 * second, max: 30 * 24 * hour }),
      "24h",
      "How long events are kept that nobody takes; then event 20422 says how many were given up.",
    ),
  },
  { error: notASection },
);

const idsByName = new Map(Object.entries(catalogue).map(([event, { id }]) => [event.toLowerCase(), id]));

function parseEvent(input: string): Parsed<EventChoice> {
  const chosen = parseEventChoice(input, (named) => idsByName.get(named.toLowerCase()));
  if (chosen.ok && !Object.values(catalogue).some((event) => isChosen([chosen.value], event)))
    return unparsable(`there is no event ${quoted(input)}; docs/events.md lists them`);
  return chosen;
}

function parseProxy(input: string): Parsed<string> {
  const url = URL.canParse(input) ? new URL(input) : undefined;
  if (url?.protocol !== "http:" || url.pathname !== "/" || url.search !== "" || url.username !== "")
    return unparsable(`${quoted(input)} is no proxy; write it like http://proxy.contoso.com:3128`);
  return parsed(url.origin);
}

/** Fewer where there are faults, which are told. */
export function readWebhooks(
  list: readonly unknown[],
  { absolute, ...from }: SecretSources & { readonly absolute: (file: string) => string },
  homeOf: (name: string) => string | undefined,
  findings: Findings,
): readonly WebhookSettings[] {
  if (list.length > mostWebhooks) findings.fault(["webhooks"], `has more than ${mostWebhooks} entries`);
  return list.flatMap((raw, index) => {
    const path: Path = ["webhooks", index];
    const given = readPiece(webhookSchema, raw, path, findings, homeOf).value;
    return given === undefined ? [] : (readWebhook(given, path, absolute, from, findings) ?? []);
  });
}

function readWebhook(
  given: z.output<typeof webhookSchema>,
  path: Path,
  absolute: (file: string) => string,
  from: SecretSources,
  findings: Findings,
): WebhookSettings | undefined {
  const { url: written, urlFile, secretFile, authorizationFile, caFile, proxy, ...settings } = given;
  if ((written === undefined) === (urlFile === undefined)) {
    findings.fault([...path, "url"], "give url or urlFile, one of them");
    return undefined;
  }
  const file = (place: string | undefined): string | undefined => place && absolute(place);
  const url = written ?? urlOf(file(urlFile) ?? "", [...path, "urlFile"], from, findings);
  const secrets =
    secretFile === undefined ? [] : secretsOf(absolute(secretFile), [...path, "secretFile"], from, findings);
  const authorization =
    authorizationFile &&
    secretOfFile(absolute(authorizationFile), [...path, "authorizationFile"], from, findings);
  if (authorization !== undefined && /[^\t\x20-\x7e]/.test(authorization))
    findings.fault([...path, "authorizationFile"], "holds what cannot stand in a header");
  const ca = caFile && certificatesOf(absolute(caFile), [...path, "caFile"], from, findings);
  if (settings.events.length === 0) findings.fault([...path, "events"], "is empty; it would tell nothing");
  if (url === undefined) return undefined;
  return {
    ...settings,
    url,
    secrets,
    authorization,
    ca: ca === "" ? undefined : ca,
    proxy,
    given: { url: written, urlFile, secretFile, authorizationFile, caFile },
  };
}

function urlOf(file: string, path: Path, from: SecretSources, findings: Findings): string | undefined {
  const line = secretOfFile(file, path, from, findings);
  if (line === undefined) return undefined;
  const url = parseWholeSecretUrl(line.trim());
  if (url.ok) return url.value;
  // The text of the other fault would show it.
  findings.fault(path, "its first line is no URL with https (http is for this machine only)");
  return undefined;
}

const mostSecrets = 3;

function secretsOf(file: string, path: Path, from: SecretSources, findings: Findings): readonly Uint8Array[] {
  const text = textOf(file, path, from, findings);
  if (text === undefined) return [];
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const secrets = lines.slice(0, mostSecrets).map((line) => keyOf(line.trim()));
  if (lines.length === 0 || secrets.includes(undefined))
    findings.fault(
      path,
      "its lines are no keys; each is whsec_ and 24 to 64 bytes in base64, such as: openssl rand -base64 32",
    );
  return secrets.filter((secret) => secret !== undefined);
}

function keyOf(line: string): Uint8Array | undefined {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(line)?.[1];
  const key = base64 === undefined ? undefined : Buffer.from(base64, "base64");
  return key !== undefined && key.length >= 24 && key.length <= 64 ? key : undefined;
}
