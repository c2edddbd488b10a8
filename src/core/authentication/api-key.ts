/** Keys that programs hand mail in with, in place of a name and a password. */
import type { ClientRights } from "../policy/client-rights.ts";
import { parsed, unparsable, type Parsed } from "../units/parsed.ts";

export interface ApiKey extends ClientRights {
  readonly name: string;
  /** SHA-256 of the key; hexadecimal, lower case. The key itself is kept nowhere. */
  readonly keyHash: string;
  readonly enabled: boolean;
  /** Wall clock, milliseconds; undefined: never. */
  readonly expires?: number | undefined;
  /** The application its mail belongs to; undefined: by address. */
  readonly application?: string | undefined;
}

/** 160 bits: nobody guesses one, so a fast hash is enough. */
export const apiKeyBytes = 20;
const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** So many digits hold 160 bits. */
const digitCount = 27;
const form = /^weir_[0-9A-Za-z]{27}$/;

/** `weir_` and 27 digits of base 62: found by a double click, and by scanners for secrets. */
export function formatApiKey(random: Uint8Array): string {
  let value = 0n;
  for (const octet of random) value = value * 256n + BigInt(octet);
  let text = "";
  for (let left = digitCount; left > 0; left--) {
    text = `${digits[Number(value % 62n)]}${text}`;
    value /= 62n;
  }
  return `weir_${text}`;
}

export function isApiKey(text: string): boolean {
  return form.test(text);
}

/** `sha256:` and 64 hexadecimal digits, as the configuration has it. */
export function parseKeyHash(text: string): Parsed<string> {
  const [, hash] = /^sha256:([0-9a-f]{64})$/i.exec(text.trim()) ?? [];
  return hash === undefined
    ? unparsable("is not the hash of an API key; keys are not kept here, make one with: weir New-ApiKey NAME")
    : parsed(hash.toLowerCase());
}
