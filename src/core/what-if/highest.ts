/** The highest value of something, when it first was that high, and whose it was. */
export class Highest {
  value = 0;
  at = 0;
  source = "";

  raise(value: number, at: number, source: string): void {
    if (value <= this.value) return;
    this.value = value;
    this.at = at;
    this.source = source;
  }

  get peak(): { readonly value: number; readonly at: number; readonly source: string } {
    const { value, at, source } = this;
    return { value, at, source };
  }

  copy(): Highest {
    const copy = new Highest();
    copy.raise(this.value, this.at, this.source);
    return copy;
  }
}
