/** `weir hash-password`: a password in, its hash out. The password is never echoed and never an argument. */
import { hashPassword } from "../ports/password-hash.ts";
import { readPassword } from "./read-password.ts";

/** Throws CommandFault when there is no password, or the two that were typed differ. */
export async function hashPasswordCommand(): Promise<number> {
  process.stdout.write(`${await hashPassword(await readPassword(process.stdin.isTTY ? undefined : "-"))}\n`);
  return 0;
}
