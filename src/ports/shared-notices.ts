/** What several nodes tell people once. Each call rejects while nobody answers; then a node tells by itself: better twice than never. */

/** When a sender, or an application, was here. Wall clock. */
export interface SeenParty {
  readonly who: string;
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface BegunFinding {
  /** Kind and whose. */
  readonly key: string;
  readonly kind: string;
  readonly who: string;
  readonly sinceMs: number;
  /** When it was here last, as far as this node knows. */
  readonly lastMs: number;
  /** How long it had been away when this node found that remarkable. */
  readonly patienceMs: number;
}

/** `notYet`: another node has seen it since; it is asked again. `told`: another node told it, or knows better. */
export type Verdict = "tell" | "told" | "notYet";

export interface SharedNotices {
  /** Of findings about applications; in the order of `begun` and of the keys of `over`: whether this node tells it. */
  findings(round: {
    readonly nowMs: number;
    readonly seen: readonly SeenParty[];
    readonly begun: readonly BegunFinding[];
    readonly over: readonly string[];
  }): Promise<{ readonly begun: readonly Verdict[]; readonly over: readonly boolean[] }>;
  /** Of each key whether this node tells it: nobody else has within that time. */
  claim(notices: readonly { readonly key: string; readonly forMs: number }[]): Promise<readonly boolean[]>;
}
