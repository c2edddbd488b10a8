/** Whether two names are one user's. */

// oxlint-disable-next-line no-control-regex
const ascii = /^[\x00-\x7f]*$/;

/**
 * Equal for names that differ in case alone. A letter that is ASCII in lower case only (the sign of the kelvin is a `k` then)
 * stays what it is: whoever issues names may give `KARL`, so written, to somebody other than Karl.
 */
export function userKey(name: string): string {
  if (ascii.test(name)) return name.toLowerCase();
  let key = "";
  for (const letter of name) {
    const lower = letter.toLowerCase();
    key += lower !== letter && letter > "\x7f" && lower[0]! <= "\x7f" ? letter : lower;
  }
  return key;
}
