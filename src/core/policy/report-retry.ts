/** Whether a report that failed is tried once more in its smallest form. Source: docs/decisions/0023. */
import type { Finding } from "./delivery-outcome.ts";

/** The address itself is refused: a smaller report would be too. */
const aboutAddress = /^5\.1\.(?:[12346]|10)$/;

/** `attempts`: how often the next hop was reached. One that expired unheard of would expire again. */
export function isSmallerReportWorthATry(
  { status }: Finding,
  { expired, attempts }: { readonly expired: boolean; readonly attempts: number },
): boolean {
  return !aboutAddress.test(status) && !(expired && attempts === 0);
}
