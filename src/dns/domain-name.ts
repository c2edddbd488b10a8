/** Names as they are asked for: A-labels, lower case, no final dot. */
import { domainToASCII } from "node:url";

/** RFC 1035 §2.3.4. */
const longestName = 253;
const longestLabel = 63;
// Underscores stand in names of TLSA and policy records, and in exchangers of the wild.
const label = /^[a-z0-9_-]+$/u;

/** The name to ask for, or undefined for what is none: empty or long labels, blanks, anything a label does not hold. */
export function queryName(name: string): string | undefined {
  const bare = name.endsWith(".") ? name.slice(0, -1) : name;
  const ascii = isAscii(bare) ? bare.toLowerCase() : domainToASCII(bare);
  if (ascii === "" || ascii.length > longestName) return undefined;
  const isName = ascii.split(".").every((one) => one.length <= longestLabel && label.test(one));
  return isName ? ascii : undefined;
}

/** As names out of answers are compared and shown. The root is "". */
export const answeredName = (name: string): string =>
  (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();

// oxlint-disable-next-line no-control-regex
const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/u.test(text);
