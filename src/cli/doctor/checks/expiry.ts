/** What ends by its date: certificates that are presented, and what the relay proves itself with. */
import { credentialEnds, credentialWarningMs, daysUntil } from "../../../core/policy/credential-expiry.ts";
import { readKeyPair } from "../../../receive/tls/key-pair.ts";
import type { Check } from "../context.ts";
import type { Finding } from "../finding.ts";

const certificateWarningMs = 21 * 86_400_000;

export const certificates: Check = async ({ settings, now }) => {
  if (settings === undefined) return [];
  const uses = [
    ...settings.receiveConnectors.filter(({ enabled }) => enabled),
    ...(settings.admin.tls === undefined ? [] : [settings.admin.tls]),
    ...(settings.metrics.tls === undefined ? [] : [settings.metrics.tls]),
  ];
  const pairs = new Map(
    uses.flatMap(({ tlsCertificateFile, tlsKeyFile }) =>
      tlsCertificateFile.map((certificateFile, index): [string, string] => [
        certificateFile,
        tlsKeyFile[index] ?? certificateFile,
      ]),
    ),
  );
  return Promise.all(
    [...pairs].map(async ([certificateFile, keyFile]) => {
      try {
        const { validFrom, validTo, subject } = await readKeyPair({ certificateFile, keyFile });
        const what = `the certificate of ${subject} in ${certificateFile}`;
        if (validFrom > now.getTime())
          return {
            check: "certificate",
            level: "bad" as const,
            code: "beginsLater",
            text: `${what} holds from ${new Date(validFrom).toISOString()} on, and it is ${now.toISOString()}: clients that verify it refuse it`,
            advice: "set the clock right if it is wrong; else put the pair before this one back",
          };
        return endFinding("certificate", what, validTo, now, {
          warningMs: certificateWarningMs,
          advice: "renew it; a new pair in these files is taken within ten seconds, without a restart",
        });
      } catch (fault) {
        return {
          check: "certificate",
          level: "bad" as const,
          code: "certificateUnusable",
          text: `${certificateFile} cannot be used: ${fault instanceof Error ? fault.message : String(fault)}`,
          advice: "put both files right; they must be readable for the user the relay runs as",
        };
      }
    }),
  );
};

export const credentials: Check = async ({ settings, now }) =>
  credentialEnds(settings?.sendConnectors ?? []).map(({ connector, credential, expiresAt }) =>
    endFinding("secret", `the ${credential} of send connector ${connector}`, expiresAt, now, {
      warningMs: credentialWarningMs,
      advice:
        "make a new one at the provider and put it into the configuration; weir Test-SendConnector tries it",
    }),
  );

export function endFinding(
  check: string,
  what: string,
  endsAt: number,
  now: Date,
  { warningMs, advice }: { readonly warningMs: number; readonly advice: string },
): Finding {
  const until = new Date(endsAt).toISOString().slice(0, 10);
  if (endsAt <= now.getTime())
    return { check, level: "bad", code: "ended", text: `${what} ended on ${until}`, advice };
  const days = daysUntil(endsAt, now.getTime());
  const text = `${what} holds until ${until}, ${days} days`;
  return endsAt - now.getTime() <= warningMs
    ? { check, level: "warning", code: "endsSoon", text, advice }
    : { check, level: "good", code: "holds", text };
}
