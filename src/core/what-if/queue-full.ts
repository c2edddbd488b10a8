/** As many questions wait already as may. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
  /** That were asked before, and are not answered yet. */
  readonly ahead: number;

  constructor(ahead: number) {
    super(`${ahead} questions were asked before and are not answered yet`);
    this.ahead = ahead;
  }
}
