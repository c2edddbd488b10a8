/** What a message that waits is doing. A plain list: the console reads it too. */
export { messageStatuses } from "../core/policy/waiting-state.ts";
