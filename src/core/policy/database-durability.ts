/** Whether a database keeps what it has confirmed: through a crash of its machine, and where that machine is lost. */

export interface DatabaseFacts {
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  /** `synchronous_standby_names`. Empty: a commit waits for no standby. */
  readonly standbyNames: string;
  /** What follows the server, as a standby or as something else. */
  readonly followers: number;
  /** Standbys that commits wait for. Undefined: the role may not see which they are. */
  readonly synchronous: number | undefined;
}

/** `standby`: a synchronous standby keeps mail safe. `service`: whoever runs the database does, below PostgreSQL. */
export type DurabilityBy = "standby" | "service";

export type DurabilityFaultCode = "fsyncOff" | "fullPageWritesOff" | "noStandby" | "standbyAway";

export interface DurabilityFault {
  readonly code: DurabilityFaultCode;
  /** A sentence without its beginning capital and its full stop. */
  readonly text: string;
  readonly advice: string;
}

/** The worst first. Empty: as it should be. */
export function durabilityFaults(facts: DatabaseFacts, by: DurabilityBy): readonly DurabilityFault[] {
  const { fsync, fullPageWrites, standbyNames } = facts;
  const faults: DurabilityFault[] = [];
  if (!fsync)
    faults.push({
      code: "fsyncOff",
      text: "the database runs with fsync off: when its machine crashes, acknowledged mail is lost, or the whole queue is damaged",
      advice: "set fsync to on in postgresql.conf, and reload it",
    });
  if (!fullPageWrites)
    faults.push({
      code: "fullPageWritesOff",
      text: "the database runs with full_page_writes off: a crash of its machine may damage the queue",
      advice: "set full_page_writes to on in postgresql.conf, and reload it",
    });
  if (standbyNames === "") {
    if (by === "standby")
      faults.push({
        code: "noStandby",
        text: "no synchronous standby is waited for: acknowledged mail is lost with the disk of the database",
        advice:
          "set synchronous_standby_names, or what your HA manager has for it; where a service keeps copies itself: cluster.database.durability: service",
      });
  } else if (!isStandbyThere(facts))
    faults.push({
      code: "standbyAway",
      text: `the database waits with each commit for a synchronous standby (synchronous_standby_names is ${standbyNames}), and none is connected: no mail is acknowledged until one is`,
      advice: "start the standby",
    });
  return faults;
}

/** Who may not see which ones are synchronous takes any for one: a commit that waits for one that is not there is not confirmed. */
function isStandbyThere({ followers, synchronous }: DatabaseFacts): boolean {
  return (synchronous ?? followers) > 0;
}
