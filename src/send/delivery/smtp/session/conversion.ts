/** A job whose content is made 7-bit, and signed as it is then, before it runs. The connection waits for it; when it is lost the job runs elsewhere. */
import { SpoolError } from "../../../../spool/spool.ts";
import type { Job } from "../job/job.ts";
import { sevenBitForm, tellConversion } from "../job/seven-bit-form.ts";
import type { Signer } from "../../../../dkim/signer.ts";
import type { EvidenceContext } from "../peer/peer-evidence.ts";
import type { TransactionEnd } from "../transaction/transaction-contract.ts";
import type { SmtpClientError } from "../wire/client-error.ts";
import { failureWords } from "../wire/failure-words.ts";
import { localVerdict } from "../wire/peer-verdict.ts";

/** Leaves the form in the job. Resolves with how the job ends where none can be made. Never rejects. */
export async function convert(
  job: Job,
  host: string,
  { connector, events, signer }: EvidenceContext & { readonly signer: Signer | undefined },
): Promise<TransactionEnd | undefined> {
  try {
    const form = await sevenBitForm(job.claim);
    job.sevenBit = signer?.isActive === true ? { ...form, claim: await signer.sign(form.claim) } : form;
    tellConversion(job.claim, form, host, connector, events);
    return undefined;
  } catch (error) {
    if (error instanceof SpoolError && error.code === "damaged")
      return { kind: "damaged", what: error.message };
    const verdict = localVerdict("4.3.0", `the content could not be converted: ${failureWords(error)}`);
    return { kind: "unsent", verdict, free: false, leaving: false };
  }
}

/** The connection was lost meanwhile. */
export function endOfLostConversion({ code, verdict }: SmtpClientError): TransactionEnd {
  return code === "aborted" ? { kind: "aborted" } : { kind: "unsent", verdict, free: true, leaving: false };
}
