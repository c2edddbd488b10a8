/** Password hashes as PHC strings: `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`, Base64 without padding. */
export interface ScryptHash {
  /** N is 2 to this power. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const style =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Most memory one verification may take, in octets (128·N·r). */
const maxMemoryBytes = 256 * 1024 * 1024;

/** Undefined for any other text, and for costs too low to protect or too high to compute. */
export function parseScryptPhc(text: string): ScryptHash | undefined {
  const match = style.exec(text);
  if (!match) return undefined;
  const [ln, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (ln < 10 || ln > 20 || r < 1 || p < 1 || p > 4 || 128 * 2 ** ln * r > maxMemoryBytes) return undefined;
  return {
    ln,
    r,
    p,
    salt: Buffer.from(match[4] ?? "", "base64"),
    hash: Buffer.from(match[5] ?? "", "base64"),
  };
}

export function formatScryptPhc({ ln, r, p, salt, hash }: ScryptHash): string {
  const text = (octets: Buffer): string => octets.toString("base64").replace(/=+$/, "");
  return `$scrypt$ln=${ln},r=${r},p=${p}$${text(salt)}$${text(hash)}`;
}
