/** Tokens of the console: shown, made, removed. */
import type { Administered, Handlers } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";

export function tokenHandlers({
  tokens,
  clock,
}: Pick<Administered, "tokens" | "clock">): Pick<
  Handlers,
  "listAdminTokens" | "newAdminToken" | "removeAdminToken"
> {
  const readable = (): void => {
    if (tokens.fault !== undefined) throw new AdminRefusal("fileFault", tokens.fault);
  };
  return {
    listAdminTokens() {
      readable();
      return { tokens: [...tokens.list()] };
    },
    async newAdminToken({ name, role }) {
      readable();
      if (tokens.named(name) !== undefined)
        throw new AdminRefusal("alreadyExists", `there is a token ${name} already`);
      const token = { name, role, createdAt: clock.wall().toISOString() };
      return { ...token, token: await tokens.add(token) };
    },
    async removeAdminToken({ name }) {
      readable();
      const found = tokens.named(name);
      if (found === undefined || !(await tokens.remove(name)))
        throw new AdminRefusal("notFound", `there is no token ${name}`);
      return { name: found.name };
    },
  };
}
