/** A peer that repeats what it was sent must not bring a password or a token into the protocol log or an error. */
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";

/** Shorter ones stand in any text by chance. Characters. */
const shortestForm = 6;
/** A piece of a secret as long as that is no chance; peers cut what they repeat. */
const pieces = /[A-Za-z0-9+/=_.~-]{15,}[A-Za-z0-9+/=_-]/g;

type Credential = SmtpSendConnector["authenticationCredential"];

/** What no text of one connection may show. */
export class HiddenWords {
  private readonly forms: string[] = [];

  constructor(credential: Credential) {
    if (credential !== undefined && credential.password !== "") this.add(...formsOf(credential));
  }

  /** Secrets in each form in which they are sent. */
  add(...forms: readonly string[]): void {
    this.forms.push(...forms.filter(({ length }) => length >= shortestForm));
  }

  /** The text with stars in their place. Cost: some searches in a short text. */
  hide(text: string): string {
    if (this.forms.length === 0) return text;
    let shown = text;
    for (const form of this.forms) shown = shown.replaceAll(form, "****");
    return shown.replace(pieces, (piece) =>
      this.forms.some((form) => form.includes(piece)) ? "****" : piece,
    );
  }
}

/** A token alone, and in the string of XOAUTH2 or OAUTHBEARER that `message` is. */
export function tokenForms(token: string, message: string): readonly string[] {
  const encoded = Buffer.from(message, "utf8").toString("base64");
  return [encoded, encoded.replace(/=+$/, ""), token, Buffer.from(token, "utf8").toString("base64")];
}

function formsOf({ userName, password }: NonNullable<Credential>): readonly string[] {
  const encoded = [`\0${userName}\0${password}`, `${userName}\0${userName}\0${password}`, password].map(
    (text) => Buffer.from(text, "utf8").toString("base64"),
  );
  return [...encoded, ...encoded.map((text) => text.replace(/=+$/, "")), password];
}
