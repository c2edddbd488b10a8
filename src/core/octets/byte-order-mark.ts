/** The mark that some programs put in front of UTF-8: U+FEFF as three octets. It says nothing in mail. */

export const byteOrderMark: readonly number[] = [0xef, 0xbb, 0xbf];

/** Index behind the mark that stands at `at`; `at` without one. */
export function behindByteOrderMark(octets: Buffer, at: number): number {
  return byteOrderMark.every((octet, i) => octets[at + i] === octet) ? at + byteOrderMark.length : at;
}
