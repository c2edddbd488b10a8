/** The running relay a command talks to. */
import { connectAdmin, type AdminClient } from "../admin/client.ts";
import type { Context } from "./cmdlet.ts";
import { meantRelay } from "./data-directory.ts";

/** Rejects as `meantRelay` does; calls reject with NoRelayError where none runs. */
export async function relayOf({ config }: Pick<Context, "config">): Promise<AdminClient> {
  const { dataDirectory } = await meantRelay(config);
  return connectAdmin({ dataDirectory });
}
