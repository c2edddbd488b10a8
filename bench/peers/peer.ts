/** A mail server under load: started on a free port, relaying everything to one next hop. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly port: number;
  /** The root of its process tree. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface PeerKind {
  readonly name: string;
  /** What is missing to run it here, or undefined. */
  missing(): string | undefined;
  start(options: { readonly directory: string; readonly sinkPort: number }): Promise<Peer>;
}
