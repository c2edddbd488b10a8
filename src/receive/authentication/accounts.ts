/** The accounts that AUTH checks against. Good log-ins are remembered for minutes, because scrypt is costly by design. */
import { createHmac, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import { verifyPassword } from "../../ports/password-hash.ts";

export interface Account {
  readonly name: string;
  readonly passwordHash: string;
}

export interface Accounts {
  /** True when the password is the account's. Rejects when it cannot be told now. Cost: a hash, once in five minutes. */
  authenticate(user: string, password: string): Promise<boolean>;
  /** There is an account of this name. */
  has(user: string): boolean;
  replace(accounts: readonly Account[]): void;
}

const rememberMs = 5 * 60_000;
/** Checked for unknown users, so that they take as long as known ones. No password has this hash. */
const nobody = "$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

export function createAccounts(initial: readonly Account[]): Accounts {
  const secret = randomBytes(32);
  const good = new LRUCache<string, true>({ max: 1_000, ttl: rememberMs });
  let hashes = new Map<string, string>();

  const replace = (accounts: readonly Account[]): void => {
    hashes = new Map(accounts.map(({ name, passwordHash }) => [name.toLowerCase(), passwordHash]));
    good.clear();
  };
  replace(initial);

  return {
    replace,
    has: (user) => hashes.has(user.toLowerCase()),
    async authenticate(user, password) {
      const hash = hashes.get(user.toLowerCase());
      const key = createHmac("sha256", secret)
        .update(`${hash ?? ""}\0${password}`)
        .digest("base64");
      if (hash !== undefined && good.has(key)) return true;
      const genuine = await verifyPassword(password, hash ?? nobody);
      if (!genuine || hash === undefined) return false;
      good.set(key, true);
      return true;
    },
  };
}
