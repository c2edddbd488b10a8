/**
 * Memory that the queues of domains share: how many claims and octets of content they hold together, waiting or on the wire.
 * Where there is no more, mail waits on disk, and queues get room in the order in which they asked for it.
 */
import {
  mayHavePlace,
  placesLeft,
  standings,
  PlacesTaken,
  type Places,
  type Standing,
} from "../../core/policy/outbound-share.ts";

/** Who waits for room. */
export interface Roomer {
  /** There is room: mail may be taken from disk. */
  roomFreed(): void;
}

/** Where more than half of the room is in use a queue has no more claims than this. */
const tightClaims = 16;

export class SharedRoom {
  private readonly most: number;
  private readonly mostBytes: number;
  private readonly taken = new PlacesTaken();
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
    return new Share(this, roomer);
  }

  /** For `Share`. */
  change(standing: Standing, claims: number, bytes: number): void {
    this.taken.add(standing, claims);
    this.bytes += bytes;
    if (claims < 0) this.serveSoon();
  }

  /** For `Share`. */
  queueUp(roomer: Roomer, standing: Standing): void {
    this.waiting[standing].add(roomer);
  }

  /** For `Share`. */
  moveUp(roomer: Roomer, from: Standing, to: Standing, claims: number): void {
    this.taken.add(from, -claims);
    this.taken.add(to, claims);
    if (this.waiting[from].delete(roomer)) this.waiting[to].add(roomer);
    this.serveSoon();
  }

  /** For `Share`: how many more one may take that has so many. */
  leftFor(standing: Standing, claims: number): number {
    if (this.bytes >= this.mostBytes) return 0;
    const left = placesLeft(standing, this.taken, this.most);
    const { proven, new: fresh, failing } = this.taken;
    const isTight = proven + fresh + failing > this.most / 2;
    return isTight ? Math.min(left, Math.max(0, tightClaims - claims)) : left;
  }

  private serveSoon(): void {
    const { proven, new: fresh, failing } = this.waiting;
    if (this.isServing || proven.size + fresh.size + failing.size === 0) return;
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

/** What one queue has of it. */
export class Share {
  standing: Standing = "new";
  private claims = 0;
  private readonly room: SharedRoom;
  private readonly roomer: Roomer;

  constructor(room: SharedRoom, roomer: Roomer) {
    this.room = room;
    this.roomer = roomer;
  }

  /** How many more claims it may take. */
  get left(): number {
    return this.room.leftFor(this.standing, this.claims);
  }

  take(bytes: number): void {
    this.claims++;
    this.room.change(this.standing, 1, bytes);
  }

  giveBack(bytes: number): void {
    this.claims--;
    this.room.change(this.standing, -1, -bytes);
  }

  /** For claims that are being read from disk. */
  reserve(claims: number): void {
    this.claims += claims;
    this.room.change(this.standing, claims, 0);
  }

  unreserve(claims: number): void {
    this.claims -= claims;
    this.room.change(this.standing, -claims, 0);
  }

  become(standing: Standing): void {
    if (standing === this.standing) return;
    this.room.moveUp(this.roomer, this.standing, standing, this.claims);
    this.standing = standing;
  }

  /** Is told when there is room. Who has some of it is served when that ends. */
  wait(): void {
    if (this.claims === 0) this.room.queueUp(this.roomer, this.standing);
  }
}
