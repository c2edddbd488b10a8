/** The largest and the least of however many: arguments of `Math.max` find no room on the stack from some 100,000 on. */
export function largestOf<Any>(all: readonly Any[], of: (one: Any) => number, atLeast = -Infinity): number {
  let largest = atLeast;
  for (const one of all) {
    const value = of(one);
    if (value > largest) largest = value;
  }
  return largest;
}

export function leastOf<Any>(all: readonly Any[], of: (one: Any) => number): number {
  return -largestOf(all, (one) => -of(one));
}
