/**
 * Of several nodes: -Server goes with every question that it narrows, and who did not answer is said once. Where there is one
 * relay, that is said: lines written for Exchange name a server, and are answered all the same.
 */
import type { AdminClient } from "../admin/client.ts";
import { spreadOperations } from "../admin/spread-operations.ts";

interface Unanswered {
  readonly unanswered?: readonly { readonly server: string; readonly reason: string }[] | undefined;
}

export function ofNodes(
  relay: AdminClient,
  server: string | undefined,
  complain: (text: string) => void,
): AdminClient {
  const narrowed = <Input extends object>(name: string, input: Input): Input =>
    server === undefined || !Object.hasOwn(spreadOperations, name) ? input : { ...input, server };
  let isTold = false;
  const tellAlone = async (name: string): Promise<void> => {
    if (server === undefined || isTold || !Object.hasOwn(spreadOperations, name)) return;
    isTold = true;
    // Who must not ask that learns of it by the answer itself.
    const { nodes } = await relay.call("listNodes", {}).catch(() => ({ nodes: undefined }));
    if (nodes?.length === 0)
      complain(`-Server ${server} is left aside: there is one relay here, and no other node\n`);
  };
  const told = new Set<string>();
  const tell = ({ unanswered = [] }: Unanswered): void => {
    for (const { server: silent, reason } of unanswered) {
      if (told.has(silent)) continue;
      told.add(silent);
      complain(`${silent} did not answer: ${reason}; what it has is missing here\n`);
    }
  };
  return {
    socket: relay.socket,
    async call(name, input, options) {
      const answer = await relay.call(name, narrowed(name, input), options);
      tell(answer as Unanswered);
      await tellAlone(name);
      return answer;
    },
    async *stream(name, input, options) {
      await tellAlone(name);
      for await (const item of relay.stream(name, narrowed(name, input), options)) {
        // Of what takes a while the answer is the last of it.
        tell((item as { readonly answer?: Unanswered | null }).answer ?? {});
        yield item;
      }
    },
    async octets(name, input) {
      await tellAlone(name);
      return relay.octets(name, narrowed(name, input));
    },
  };
}
