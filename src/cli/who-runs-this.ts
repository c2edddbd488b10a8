/** Who changes something by a command that asks no relay, for the record. */
import { hostname, userInfo } from "node:os";

export function whoRunsThis(): { readonly name: string; readonly from: string } {
  return { name: nameOfUser(), from: hostname() };
}

/** A container's user may have none. */
function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "somebody");
  }
}
