/** Counts as people read them. */

/** `1,200` */
export function number(value: number): string {
  return value.toLocaleString("en");
}

/** `1 message`, `1,200 messages` */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}
