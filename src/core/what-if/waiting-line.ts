/**
 * Who waits for a place of one connector, as receive/admission/waiting-room.ts has it: a freed place is offered to the
 * sources in turn, to the longest waiting of each.
 */
export const roomPerConnector = 1_000;
/** Of one source. */
export const roomPerSource = 250;

export class WaitingLine<Waiter> {
  /** In the order of their next turn. */
  readonly #sources = new Map<number, Waiter[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Only where there is room. */
  wait(source: number, waiter: Waiter): void {
    const queue = this.#sources.get(source);
    if (queue === undefined) this.#sources.set(source, [waiter]);
    else queue.push(waiter);
    this.#count++;
  }

  hasRoom(source: number): boolean {
    return this.#count < roomPerConnector && (this.#sources.get(source)?.length ?? 0) < roomPerSource;
  }

  /** False: it did not wait. */
  leave(source: number, waiter: Waiter): boolean {
    const queue = this.#sources.get(source);
    const index = queue?.indexOf(waiter) ?? -1;
    if (queue === undefined || index === -1) return false;
    queue.splice(index, 1);
    this.#count--;
    if (queue.length === 0) this.#sources.delete(source);
    return true;
  }

  clear(): void {
    this.#sources.clear();
    this.#count = 0;
  }

  /** One place came free: the first that `enters` has it. */
  offer(enters: (waiter: Waiter) => boolean): Waiter | undefined {
    for (const [source, queue] of Array.from(this.#sources)) {
      const first = queue[0];
      if (first === undefined || !enters(first)) continue;
      this.leave(source, first);
      const rest = this.#sources.get(source);
      if (rest !== undefined) {
        this.#sources.delete(source);
        this.#sources.set(source, rest);
      }
      return first;
    }
    return undefined;
  }
}
