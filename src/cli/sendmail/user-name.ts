/** Who runs the program, as the local part of an address. */
import { userInfo } from "node:os";

/** By the system's accounts; a container may have none for its user. */
export function userName(env: Readonly<Record<string, string | undefined>>): string {
  try {
    return localPartOf(userInfo().username);
  } catch {
    return localPartOf(env["LOGNAME"] || env["USER"] || `uid${process.getuid?.() ?? ""}`);
  }
}

/** Account names may hold what no address takes without quotes: `Jane Doe`, `CONTOSO\jane`. */
export function localPartOf(account: string): string {
  const atoms = account
    .split(".")
    .map((atom) => atom.replaceAll(/[^A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+/g, "_"))
    .filter((atom) => atom !== "");
  return atoms.length === 0 ? "unknown" : atoms.join(".");
}
