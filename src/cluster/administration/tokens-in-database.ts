/** Tokens of administrators in the database that nodes share: one that is removed is gone on all of them in a second. */
import type { KeptToken, KeptTokens } from "../../ports/kept-tokens.ts";
import type { Session } from "../database/session.ts";

const usualLookMs = 1_000;

interface TokenRow {
  readonly name: string;
  readonly role: KeptToken["role"];
  readonly created_at: Date;
  readonly hash: string;
}

/** `name`: a table or function of the schema, as SQL has it. */
export function tokensInDatabase(
  session: Session,
  name: (of: string) => string,
  lookMs = usualLookMs,
): KeptTokens {
  return {
    lookMs,
    async read() {
      const rows = await session.query<TokenRow>(
        `select name, role, created_at, encode(hash, 'hex') as hash from ${name("admin_token")} order by created_at, name`,
      );
      return rows.map(({ created_at: createdAt, ...rest }) => ({
        ...rest,
        createdAt: createdAt.toISOString(),
      }));
    },
    async add({ name: called, role, createdAt, hash }) {
      const [row] = await session.query<{ added: boolean }>(
        `select ${name("add_token_1")}($1, $2, $3, decode($4, 'hex')) as added`,
        [called, role, createdAt, hash],
      );
      return row?.added === true;
    },
    async remove(called) {
      const [row] = await session.query<{ gone: number }>(`select ${name("remove_token_1")}($1) as gone`, [
        called,
      ]);
      return (row?.gone ?? 0) > 0;
    },
  };
}
