/** A peer that repeats what it was sent must not bring a password into the protocol log or an error. */
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";

/** Shorter ones stand in any text by chance. Characters. */
const shortestForm = 6;

type Credential = SmtpSendConnector["authenticationCredential"];

/** `text` without the password, in each form in which AUTH sends it. Cost: some searches in a short text. */
export function withoutCredential(text: string, credential: Credential): string {
  if (credential === undefined || credential.password === "") return text;
  let shown = text;
  for (const form of formsOf(credential)) shown = shown.replaceAll(form, "****");
  return shown;
}

function formsOf({ userName, password }: NonNullable<Credential>): readonly string[] {
  const encoded = [`\0${userName}\0${password}`, `${userName}\0${userName}\0${password}`, password].map(
    (text) => Buffer.from(text, "utf8").toString("base64"),
  );
  const forms = [...encoded, ...encoded.map((text) => text.replace(/=+$/, "")), password];
  return forms.filter(({ length }) => length >= shortestForm);
}
