/**
 * Password hashes for AUTH, by scrypt (RFC 7914). One takes about 100 ms and 32 MiB on a thread of the pool
 * that also serves the spool, so at most two run at once; the others wait their turn.
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { formatScryptPhc, parseScryptPhc, type ScryptHash } from "../core/authentication/scrypt-phc.ts";

const cost = { ln: 15, r: 8, p: 1 } as const;
const saltLength = 16;
const hashLength = 32;
const maxAtOnce = 2;

let running = 0;
const waiting: (() => void)[] = [];

async function derive(
  plain: string,
  { ln, r, p, salt }: Omit<ScryptHash, "hash">,
  length: number,
): Promise<Buffer> {
  if (running >= maxAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const N = 2 ** ln;
      scrypt(plain.normalize("NFC"), salt, length, { N, r, p, maxmem: 128 * N * r * 2 }, (error, key) =>
        error ? reject(error) : resolve(key),
      );
    });
  } finally {
    // A waiting one takes this place over, so the count stays.
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

/** A PHC string with a fresh salt, for `users` in the configuration. */
export async function hashPassword(plain: string): Promise<string> {
  const salt = randomBytes(saltLength);
  return formatScryptPhc({ ...cost, salt, hash: await derive(plain, { ...cost, salt }, hashLength) });
}

const nobody: ScryptHash = { ...cost, salt: Buffer.alloc(saltLength), hash: Buffer.alloc(hashLength) };

/**
 * True when `plain` is the password of the PHC string. Takes as long for `undefined` (no such user) and for
 * text that is no hash as for a wrong password, so that time does not tell which users exist.
 */
export async function verifyPassword(plain: string, phc: string | undefined): Promise<boolean> {
  const stored = phc === undefined ? undefined : parseScryptPhc(phc);
  const { hash, ...parameters } = stored ?? nobody;
  const derived = await derive(plain, parameters, hash.length);
  return timingSafeEqual(derived, hash) && stored !== undefined;
}
