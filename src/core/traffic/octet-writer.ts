/** Numbers and texts one behind the other, in octets that grow as they must. */
export class OctetWriter {
  #octets: Buffer;
  #length = 0;

  constructor(roomBytes: number) {
    this.#octets = Buffer.allocUnsafe(roomBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** A whole number from 0 to 2⁵³ − 1: 7 bits an octet, the low ones first. */
  number(value: number): void {
    if (this.#length + 8 > this.#octets.length) this.#grow(8);
    const octets = this.#octets;
    let rest = value;
    while (rest > 127) {
      octets[this.#length++] = (rest % 128) + 128;
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 128);
    }
    octets[this.#length++] = rest;
  }

  text(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.number(bytes);
    if (this.#length + bytes > this.#octets.length) this.#grow(bytes);
    this.#octets.write(text, this.#length);
    this.#length += bytes;
  }

  /** What was written since it was taken last. */
  take(): Buffer {
    const taken = Buffer.from(this.#octets.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  #grow(bytes: number): void {
    const grown = Buffer.allocUnsafe(2 * this.#octets.length + bytes);
    this.#octets.copy(grown, 0, 0, this.#length);
    this.#octets = grown;
  }
}
