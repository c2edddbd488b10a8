import { expect, test } from "vitest";
import { hashPassword } from "../../ports/password-hash.ts";
import { createAccounts } from "./accounts.ts";

test("an account is called as the configuration has it, in whatever case a client writes it", async () => {
  const accounts = createAccounts([{ name: "Erp@contoso.com", passwordHash: await hashPassword("right") }]);
  // Also where the password is remembered.
  for (const given of ["ERP@CONTOSO.COM", "erp@contoso.com", "Erp@contoso.com"])
    expect(await accounts.authenticate(given, "right", "a")).toEqual({ user: "Erp@contoso.com" });
  expect(await accounts.authenticate("eRP@contoso.com", "wrong", "a")).toMatchObject({
    account: "Erp@contoso.com",
  });
});
