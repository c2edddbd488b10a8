/**
 * How much of what all next hops share (connections, memory) those may have that may never get anywhere. Where many domains
 * hang at once, mail for those that answer goes on.
 */

/**
 * `proven`: it has taken mail, or is one of few that the administrator named. `new`: nothing is known of it. `failing`: the
 * last attempt came to nothing.
 */
export type Standing = "proven" | "new" | "failing";

export const standings: readonly Standing[] = ["proven", "new", "failing"];

/** Places in use, by standing. */
export type Places = Readonly<Record<Standing, number>>;

/** Counted. With each message: a property that is looked up by a name that varies costs some ten times as much. */
export class PlacesTaken implements Places {
  proven = 0;
  new = 0;
  failing = 0;

  add(standing: Standing, places: number): void {
    if (standing === "proven") this.proven += places;
    else if (standing === "new") this.new += places;
    else this.failing += places;
  }
}

/** How many more of that standing may have a place. `most`: of all together, Infinity for no limit. */
export function placesLeft(standing: Standing, taken: Places, most: number): number {
  const unproven = taken.new + taken.failing;
  const any = most - taken.proven - unproven;
  if (standing === "proven") return Math.max(0, any);
  const left = Math.min(any, atLeastOne(most * 0.75) - unproven);
  return Math.max(0, standing === "new" ? left : Math.min(left, atLeastOne(most / 2) - taken.failing));
}

export function mayHavePlace(standing: Standing, taken: Places, most: number): boolean {
  return placesLeft(standing, taken, most) > 0;
}

function atLeastOne(share: number): number {
  return Math.max(1, Math.floor(share));
}
