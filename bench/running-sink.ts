/** Where a load ends. */
export interface RunningSink {
  /** Resolves when as many messages have come as it was started for. */
  readonly drained: Promise<void>;
  stop(): void;
}
