/** A place in the record of a run in one number: a segment never has so many entries. */
const entries = 2 ** 22;

export function placeOf(sequence: number, entry: number): number {
  return sequence * entries + entry;
}
