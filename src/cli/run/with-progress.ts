/** Asks the relay for what takes a while, and shows how far it is. */
import type { AdminClient } from "../../admin/client.ts";
import type { Input, Output as Answer } from "../../admin/contract.ts";
import { counted } from "../../core/units/counted.ts";
import { CommandFault } from "../exit-code.ts";
import type { Output } from "../output/output.ts";

type Followed = "followReceiveConnectorTest" | "followLimitAdvice";

/** `doing`: `Replaying the recorded traffic`. Rejects with CommandFault as the relay says no. */
export async function answerWithProgress<Name extends Followed>(
  relay: AdminClient,
  name: Name,
  input: Input<Name>,
  output: Output,
  doing: string,
): Promise<NonNullable<Answer<Name>["answer"]>> {
  output.progress(`${doing} …`);
  try {
    for await (const { part, ahead, answer, fault } of relay.stream(name, input, { signal: output.signal })) {
      if (answer !== null) return answer as NonNullable<Answer<Name>["answer"]>;
      if (fault !== null) throw new CommandFault(fault.message, 1);
      output.progress(
        ahead > 0
          ? `Waiting: ${counted(ahead, "question")} of others ${ahead === 1 ? "is" : "are"} answered first …`
          : `${doing}: ${Math.floor(part * 100)} %`,
      );
    }
  } finally {
    output.progress("");
  }
  throw new CommandFault("it was ended before there was an answer", 1);
}
