/**
 * Memory that the queues of domains share: how many claims and octets of content they hold together, waiting or on the wire.
 * Where there is no more, mail waits on disk, and queues get room in the order in which they asked for it.
 */
import {
  mayHavePlace,
  placesLeft,
  standings,
  type Places,
  type Standing,
} from "../../core/policy/outbound-share.ts";

/** Who waits for room. */
export interface Roomer {
  /** There is room: mail may be taken from disk. */
  roomFreed(): void;
}

/** What one queue has of it. */
export interface Share {
  /** How many more claims it may take. */
  readonly left: number;
  readonly standing: Standing;
  take(bytes: number): void;
  giveBack(bytes: number): void;
  /** For claims that are being read from disk. */
  reserve(claims: number): void;
  unreserve(claims: number): void;
  become(standing: Standing): void;
  /** Is told when there is room. */
  wait(): void;
}

/** Where more than half of the room is in use a queue has no more claims than this. */
const tightClaims = 16;

export class SharedRoom {
  private readonly most: number;
  private readonly mostBytes: number;
  private readonly taken: Record<Standing, number> = { proven: 0, new: 0, failing: 0 };
  private bytes = 0;
  private readonly waiting: Readonly<Record<Standing, Set<Roomer>>> = {
    proven: new Set(),
    new: new Set(),
    failing: new Set(),
  };
  private isServing = false;

  constructor(most: number, mostBytes: number) {
    this.most = most;
    this.mostBytes = mostBytes;
  }

  get claims(): Places {
    return this.taken;
  }

  /** For a queue that has nothing yet. */
  get hasRoom(): boolean {
    return this.bytes < this.mostBytes && mayHavePlace("new", this.taken, this.most);
  }

  /** A queue begins. */
  share(roomer: Roomer): Share {
    let standing: Standing = "new";
    let claims = 0;
    const change = (by: number): void => {
      claims += by;
      this.taken[standing] += by;
    };
    const left = (): number => this.leftFor(standing, claims);
    const wait = (): void => {
      // Who has some of it is served when that ends.
      if (claims === 0) this.waiting[standing].add(roomer);
    };
    return {
      get left() {
        return left();
      },
      get standing() {
        return standing;
      },
      take: (bytes) => {
        change(1);
        this.bytes += bytes;
      },
      giveBack: (bytes) => {
        change(-1);
        this.bytes -= bytes;
        this.serveSoon();
      },
      reserve: change,
      unreserve: (reserved) => {
        change(-reserved);
        this.serveSoon();
      },
      become: (next) => {
        if (next === standing) return;
        this.taken[standing] -= claims;
        this.taken[next] += claims;
        if (this.waiting[standing].delete(roomer)) this.waiting[next].add(roomer);
        standing = next;
        this.serveSoon();
      },
      wait,
    };
  }

  private leftFor(standing: Standing, claims: number): number {
    if (this.bytes >= this.mostBytes) return 0;
    const left = placesLeft(standing, this.taken, this.most);
    const { proven, new: fresh, failing } = this.taken;
    const isTight = proven + fresh + failing > this.most / 2;
    return isTight ? Math.min(left, Math.max(0, tightClaims - claims)) : left;
  }

  private serveSoon(): void {
    if (this.isServing || standings.every((standing) => this.waiting[standing].size === 0)) return;
    this.isServing = true;
    process.nextTick(() => {
      this.isServing = false;
      this.serve();
    });
  }

  /** One of each kind in turn, as long as there is room for it; whoever has no use for it makes room for the next. */
  private serve(): void {
    for (let isServed = true; isServed;) {
      isServed = false;
      for (const standing of standings) {
        const [first] = this.waiting[standing];
        if (first === undefined || this.leftFor(standing, 0) === 0) continue;
        this.waiting[standing].delete(first);
        first.roomFreed();
        isServed = true;
      }
    }
  }
}
