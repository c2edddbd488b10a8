/** In which form a peer is given a job's message: as it came, or made 7-bit; and why it cannot be given it at all. */
import type { ErrorPolicy } from "../../../../core/policy/send-connector.ts";
import type { Claim } from "../../../../spool/spool.ts";
import type { Verdict } from "../../delivery.ts";
import type { Capabilities } from "../wire/ehlo-capabilities.ts";
import { envelopeRefusal, needsSevenBit, unconvertedRefusal, type Framing } from "./envelope-commands.ts";
import type { Job } from "./job.ts";

/** Undefined where the 7-bit form is needed and not made yet (seven-bit-form.ts). */
export function formOf(job: Job, capabilities: Capabilities, framing: Framing): Claim | undefined {
  const { envelope, content } = job.claim.message;
  const converted = needsSevenBit(envelope, content, capabilities, framing);
  return converted ? job.sevenBit?.claim : job.form;
}

/** For a form that is not made yet: as far as one can tell. */
export function refusalOf(
  job: Job,
  capabilities: Capabilities,
  framing: Framing,
  errorPolicies: readonly ErrorPolicy[],
): Verdict | undefined {
  const { form: asItCame, sevenBit } = job;
  const form = formOf(job, capabilities, framing) ?? asItCame;
  if (sevenBit !== undefined && form === sevenBit.claim) {
    const refusal = unconvertedRefusal(sevenBit.plan, capabilities, errorPolicies);
    if (refusal !== undefined) return refusal;
  }
  const { envelope, content } = form.message;
  return envelopeRefusal(envelope, content, capabilities, framing);
}
