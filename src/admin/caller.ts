/** Who asks the admin API, and from where. */
import type { Role } from "./routes.ts";

export interface Caller {
  /** The token's name; `shell` on the socket. */
  readonly name: string;
  readonly role: Role;
  /** The client's address; `socket` on the socket. */
  readonly from: string;
  /** Aborts when what the caller was let in by holds no longer: its streams end. */
  readonly ended?: AbortSignal;
  /** Another node asks on its behalf. */
  readonly byNode?: string;
}

/** Whoever the system lets open the socket may do everything. */
export const shell: Caller = { name: "shell", role: "administrator", from: "socket" };

/** What a listener hands to the admin application with each request. */
export interface AdminBindings {
  readonly caller?: Caller;
}
