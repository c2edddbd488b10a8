/** Of several nodes: -Server goes with every question that it narrows, and who did not answer is said once. */
import type { AdminClient } from "../admin/client.ts";
import { spreadOperations } from "../admin/spread-operations.ts";

interface Unanswered {
  readonly unanswered?: readonly { readonly server: string; readonly reason: string }[];
}

export function ofNodes(
  relay: AdminClient,
  server: string | undefined,
  complain: (text: string) => void,
): AdminClient {
  const narrowed = <Input extends object>(name: string, input: Input): Input =>
    server === undefined || !Object.hasOwn(spreadOperations, name) ? input : { ...input, server };
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
      return answer;
    },
    stream: (name, input, options) => relay.stream(name, narrowed(name, input), options),
    octets: (name, input) => relay.octets(name, narrowed(name, input)),
  };
}
