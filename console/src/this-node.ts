/** Whether this relay is one of several nodes, and which. Where it is not, nothing of nodes is shown. */
import { signal } from "@preact/signals";
import { call } from "./api.ts";
import { recoveries } from "./connection.ts";

/** Null: it is the only relay; undefined: not yet known. */
export const thisNode = signal<string | null | undefined>(undefined);

/** Asks now, and again whenever the relay is back, until the function returned is called. */
export function findNode(): () => void {
  return recoveries.subscribe(() => {
    call("about", {}).then(
      ({ node }) => {
        thisNode.value = node;
      },
      () => {
        // Without an answer connection.ts knows; it is asked again when there is one.
      },
    );
  });
}
