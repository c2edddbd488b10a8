/** Reads what OctetWriter wrote. */

/** The octets are no segment, or end within an entry. */
export class TrafficDamage extends Error {
  override readonly name = "TrafficDamage";
}

export class OctetReader {
  readonly octets: Uint8Array;
  at: number;

  constructor(octets: Uint8Array, at = 0) {
    this.octets = octets;
    this.at = at;
  }

  number(): number {
    const { octets } = this;
    let octet = octets[this.at++];
    if (octet === undefined) throw new TrafficDamage("a segment ends within an entry");
    if (octet < 128) return octet;
    let value = octet - 128;
    let factor = 128;
    for (;;) {
      octet = octets[this.at++];
      if (octet === undefined) throw new TrafficDamage("a segment ends within an entry");
      if (octet < 128) return value + octet * factor;
      value += (octet - 128) * factor;
      factor *= 128;
      if (factor > 2 ** 56) throw new TrafficDamage("a number is too large");
    }
  }

  text(): string {
    const bytes = this.number();
    const end = this.at + bytes;
    if (end > this.octets.length) throw new TrafficDamage("a segment ends within a text");
    const { buffer, byteOffset } = this.octets;
    const text = Buffer.from(buffer, byteOffset + this.at, bytes).toString();
    this.at = end;
    return text;
  }
}
