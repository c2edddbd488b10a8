/** Ids of sessions, and of what other doors have in their place: 16 hexadecimal digits that go on growing. */
import { randomBytes } from "node:crypto";

export function sessionIds(): () => string {
  let sequence = BigInt(`0x${randomBytes(7).toString("hex")}`);
  return () => (sequence++).toString(16).toUpperCase().padStart(16, "0");
}
