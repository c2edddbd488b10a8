/** What one of several nodes answered. */
export interface OneAnswer<Of = never> {
  readonly server: string;
  readonly output: Of;
}

/** Puts streams together. */
export interface Follower {
  hear(server: string, item: unknown): void;
  end(): void;
}

/** The rows of all, with whose they are. */
export function rowsOf<Of, Row extends object>(
  answers: readonly OneAnswer<Of>[],
  of: (output: Of) => readonly Row[],
): (Row & { server: string })[] {
  return answers.flatMap(({ server, output }) => of(output).map((row) => ({ ...row, server })));
}
