/** The users of the configuration, by password. Good log-ons are remembered for minutes, because scrypt is costly by design. */
import { createHmac, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import { userKey } from "../../core/authentication/user-key.ts";
import { verifyPassword } from "../../ports/password-hash.ts";
import { createHashTurns } from "./hash-turns.ts";
import type { LogonOutcome } from "./logon.ts";

export interface Account {
  readonly name: string;
  /** Undefined: it does not log on by password. */
  readonly passwordHash?: string | undefined;
}

export interface Accounts {
  /** Whether the password is the account's. Rejects when it cannot be told now. Cost: a hash, once in five minutes. */
  authenticate(user: string, password: string, source: string): Promise<LogonOutcome>;
  /** The account of this name, as it is written. */
  find(user: string): Account | undefined;
  replace(accounts: readonly Account[]): void;
}

const rememberMs = 5 * 60_000;
/** Checked for unknown users, so that they take as long as known ones. No password has this hash. */
const nobody = "$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

export function createAccounts(initial: readonly Account[]): Accounts {
  const secret = randomBytes(32);
  const good = new LRUCache<string, true>({ max: 1_000, ttl: rememberMs });
  const turns = createHashTurns();
  let accounts = new Map<string, Account>();

  const replace = (next: readonly Account[]): void => {
    accounts = new Map(next.map((account) => [userKey(account.name), account]));
    good.clear();
  };
  replace(initial);

  return {
    replace,
    find: (user) => accounts.get(userKey(user)),
    async authenticate(user, password, source) {
      const account = accounts.get(userKey(user));
      const hash = account?.passwordHash;
      const key = createHmac("sha256", secret)
        .update(`${hash ?? ""}\0${password}`)
        .digest("base64");
      if (account !== undefined && hash !== undefined && good.has(key)) return { user: account.name };
      const genuine = await turns.run(source, () => verifyPassword(password, hash ?? nobody));
      if (account === undefined) return { denied: "there is no such account" };
      // As it is written in the configuration: in whatever case a client gives it, it is one account to all that counts.
      const { name } = account;
      if (hash === undefined) return { denied: "the account has no password", account: name };
      if (!genuine) return { denied: "the password is wrong", account: name };
      good.set(key, true);
      turns.proved(source);
      return { user: name };
    },
  };
}
