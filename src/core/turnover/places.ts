/**
 * What holds things that come and go at the pace of mail. A Map or a Set is rebuilt whenever it has filled up with what was deleted,
 * and V8 links each table to the one that follows it: once one of them has grown old, whatever stood in a later one is kept, and all
 * that hangs on it, until the next major collection (docs/decisions/0015). Here things stand in an array whose places are used again.
 */

/** More free places than that are given back once all are free. */
const keptPlaces = 1024;

/** Things, each at a place of its own. Cost of each call: next to nothing. */
export class Places<Item extends object> {
  readonly #items: (Item | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#items.length - this.#free.length;
  }

  /** Returns its place, which is its own until it is removed. */
  add(item: Item): number {
    const place = this.#free.pop() ?? this.#items.length;
    this.#items[place] = item;
    return place;
  }

  at(place: number): Item | undefined {
    return this.#items[place];
  }

  put(place: number, item: Item): void {
    this.#items[place] = item;
  }

  /** Given back by whom it belongs to: who asks twice, or when it is another's by now, changes nothing. */
  remove(place: number, item: Item): void {
    if (this.#items[place] !== item) return;
    this.#items[place] = undefined;
    this.#free.push(place);
    if (this.#items.length > keptPlaces && this.size === 0) this.clear();
  }

  clear(): void {
    this.#items.length = 0;
    this.#free.length = 0;
  }

  /** In no order. One that is removed meanwhile is not told any more; one that is added may be. */
  *[Symbol.iterator](): IterableIterator<Item> {
    for (let place = 0; place < this.#items.length; place++) {
      const item = this.#items[place];
      if (item !== undefined) yield item;
    }
  }
}

/** As a Map with keys that nothing hangs on; values in no order. */
export class TurnoverMap<Key extends string | number, Value extends object> {
  readonly #placeOf = new Map<Key, number>();
  readonly #values = new Places<Value>();

  get size(): number {
    return this.#placeOf.size;
  }

  get(key: Key): Value | undefined {
    const place = this.#placeOf.get(key);
    return place === undefined ? undefined : this.#values.at(place);
  }

  set(key: Key, value: Value): void {
    const place = this.#placeOf.get(key);
    if (place === undefined) this.#placeOf.set(key, this.#values.add(value));
    else this.#values.put(place, value);
  }

  delete(key: Key): void {
    const place = this.#placeOf.get(key);
    if (place === undefined) return;
    this.#placeOf.delete(key);
    this.#values.remove(place, this.#values.at(place) as Value);
  }

  /** As `Places` tells them. */
  values(): Iterable<Value> {
    return this.#values;
  }
}
