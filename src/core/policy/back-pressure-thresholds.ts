/**
 * When a resource is under pressure: four thresholds each, so that a level does not flap. Exchange: "Understanding
 * back pressure". The settings give the two upward ones, the way back follows from them in Exchange's proportions.
 */

/** Exchange's names where it has the resource; the lag of the event loop is Weir's own. */
export type PressureResource =
  | "UsedDiskSpace"
  | "PrivateBytes"
  | "QueueLength[SubmissionQueue]"
  | "EventLoopLag";

export interface ResourceThresholds {
  readonly lowToMedium: number;
  readonly mediumToHigh: number;
  readonly highToMedium: number;
  readonly mediumToLow: number;
}

export interface BackPressureSettings {
  /** False: no resource is looked at, nothing is refused for it. */
  readonly backPressureEnabled: boolean;
  /** Percent of the data directory's file system; undefined: by its size (`diskThresholds`). */
  readonly backPressureDiskMedium?: number | undefined;
  readonly backPressureDiskHigh?: number | undefined;
  /** Percent of the memory the process may use. */
  readonly backPressureMemoryMedium: number;
  readonly backPressureMemoryHigh: number;
  /** Messages in the spool. */
  readonly backPressureQueueMedium: number;
  readonly backPressureQueueHigh: number;
  /** Milliseconds. */
  readonly backPressureLagMedium: number;
  readonly backPressureLagHigh: number;
}

type ThresholdSetting = Exclude<keyof BackPressureSettings, "backPressureEnabled">;

/** The settings that a resource's upward thresholds come from. */
export const thresholdSettings: Readonly<
  Record<PressureResource, { readonly medium: ThresholdSetting; readonly high: ThresholdSetting }>
> = {
  UsedDiskSpace: { medium: "backPressureDiskMedium", high: "backPressureDiskHigh" },
  PrivateBytes: { medium: "backPressureMemoryMedium", high: "backPressureMemoryHigh" },
  "QueueLength[SubmissionQueue]": { medium: "backPressureQueueMedium", high: "backPressureQueueHigh" },
  EventLoopLag: { medium: "backPressureLagMedium", high: "backPressureLagHigh" },
};

const mib = 1024 * 1024;
/** Free octets below which Exchange's disk is High: 100 * (size - 1152 MB) / size. */
const exchangeReserveBytes = 1152 * mib;
/** On a small disk at most this part is kept free. */
const largestReserve = 0.05;
/** Exchange's Medium leaves 11 % free; on a large disk that is more than ten reserves, and none too few. */
const mediumReserves = 10;

/** Each resource's thresholds. A High below its Medium counts as the Medium. `diskSizeBytes` > 0. */
export function resourceThresholds(
  settings: BackPressureSettings,
  diskSizeBytes: number,
): Readonly<Record<PressureResource, ResourceThresholds>> {
  return {
    UsedDiskSpace: diskThresholds(
      diskSizeBytes,
      settings.backPressureDiskMedium,
      settings.backPressureDiskHigh,
    ),
    PrivateBytes: thresholds(
      settings.backPressureMemoryMedium,
      settings.backPressureMemoryHigh,
      // Exchange: 72, 75, 73, 71.
      (medium, high) => [Math.max(medium, high - 2), medium - 1],
    ),
    "QueueLength[SubmissionQueue]": thresholds(
      settings.backPressureQueueMedium,
      settings.backPressureQueueHigh,
      // Exchange: 9999, 15000, 10000, 2000.
      (medium) => [medium, Math.floor(medium / 5)],
    ),
    EventLoopLag: thresholds(settings.backPressureLagMedium, settings.backPressureLagHigh, (medium) => [
      medium,
      medium / 5,
    ]),
  };
}

/**
 * Exchange's 89, 99, 90, 80 in percent, with these bounds: High keeps 1152 MB free, of a small disk at most 5 %;
 * Medium never asks for more than ten times that, so that a disk of a terabyte may fill to 98.8 %.
 */
export function diskThresholds(
  sizeBytes: number,
  givenMedium?: number,
  givenHigh?: number,
): ResourceThresholds {
  const reserve = Math.min(exchangeReserveBytes, sizeBytes * largestReserve) / sizeBytes;
  const high = givenHigh ?? 100 * (1 - reserve);
  const medium = givenMedium ?? Math.min(high, Math.max(89, 100 * (1 - mediumReserves * reserve)));
  return thresholds(medium, high, (from, to) => {
    const free = 100 - from;
    return [Math.min(to, 100 - (free * 10) / 11), Math.max(0, 100 - (free * 20) / 11)];
  });
}

function thresholds(
  lowToMedium: number,
  high: number,
  back: (medium: number, high: number) => readonly [highToMedium: number, mediumToLow: number],
): ResourceThresholds {
  const mediumToHigh = Math.max(lowToMedium, high);
  const [highToMedium, mediumToLow] = back(lowToMedium, mediumToHigh);
  return { lowToMedium, mediumToHigh, highToMedium, mediumToLow };
}
