/** The running relay a command talks to. */
import { connectAdmin, type AdminClient } from "../admin/client.ts";
import type { Context } from "./cmdlet.ts";
import { ofNodes } from "./one-node.ts";
import { meantRelay } from "./data-directory.ts";

/** Rejects as `meantRelay` does; calls reject with NoRelayError where none runs. */
export async function relayOf({
  config,
  server,
  complain = () => undefined,
}: Pick<Context, "config" | "server" | "complain">): Promise<AdminClient> {
  const { dataDirectory } = await meantRelay(config);
  return ofNodes(await connectAdmin({ dataDirectory }), server, complain);
}
