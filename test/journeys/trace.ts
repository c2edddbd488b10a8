/** The trace header that the relay puts in front, and what stands behind it. */

/** Splits off the first header field, which must be a Received field. Throws when it is not. */
export function splitTrace(content: Buffer): { readonly received: string; readonly rest: Buffer } {
  if (content.subarray(0, 9).toString("latin1") !== "Received:")
    throw new Error(
      `no Received field in front: ${JSON.stringify(content.subarray(0, 80).toString("latin1"))}`,
    );
  let end = 0;
  for (;;) {
    end = content.indexOf("\r\n", end);
    if (end === -1) throw new Error("the Received field does not end");
    end += 2;
    const next = content[end];
    if (next !== 0x20 && next !== 0x09) break;
  }
  return { received: content.subarray(0, end).toString("latin1"), rest: content.subarray(end) };
}

/** Compares large contents with a short message on failure. */
export function firstDifference(actual: Buffer, expected: Buffer): string | undefined {
  if (actual.equals(expected)) return undefined;
  const length = Math.min(actual.length, expected.length);
  let at = 0;
  while (at < length && actual[at] === expected[at]) at++;
  const around = (octets: Buffer): string => JSON.stringify(octets.subarray(at, at + 40).toString("latin1"));
  return `differs at ${at} (lengths ${actual.length} and ${expected.length}): ${around(actual)} for ${around(expected)}`;
}
