/** A relay that stops takes no new settings; the next start reads them. */
export class RelayStoppingError extends Error {
  constructor() {
    super("the relay is stopping");
  }
}
