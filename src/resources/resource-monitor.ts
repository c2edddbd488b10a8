/**
 * Looks at the resources every two seconds and holds the verdict that sessions ask for. Exchange: ResourceManager.
 * Delivery is not touched, so that the queue drains.
 */
import {
  noPressure,
  pressAgain,
  pressurePollMs,
  type BackPressure,
  type PressureVerdict,
  type ResourcePressure,
  type ResourceReading,
} from "../core/policy/back-pressure.ts";
import {
  resourceThresholds,
  type BackPressureSettings,
  type PressureResource,
} from "../core/policy/back-pressure-thresholds.ts";
import type { Events } from "../events/events.ts";
import type { Clock, ResourceMeter, ResourceSample, Timer } from "../ports/ports.ts";

export interface ResourceMonitor {
  /** Takes a first sample, then one every two seconds. */
  start(): Promise<void>;
  reconfigure(settings: BackPressureSettings): void;
  /** Of the last sample; nothing in it before the first one and while it is switched off. */
  readonly pressure: BackPressure;
  /** Undefined when all is Low. Cost: one look-up. */
  readonly verdict: PressureVerdict | undefined;
  /** Ends the sampling; the meter is closed. */
  stop(): void;
}

export function createResourceMonitor(options: {
  readonly meter: ResourceMeter;
  readonly settings: BackPressureSettings;
  readonly clock: Clock;
  readonly events: Events;
  /** Messages in the spool. */
  readonly queueLength: () => number;
}): ResourceMonitor {
  const { meter, clock, events, queueLength } = options;
  let { settings } = options;
  let pressure = noPressure;
  let timer: Timer | undefined;
  let stopped = false;
  let meterFailed = false;

  const take = (next: BackPressure): void => {
    const before = pressure;
    pressure = next;
    tell(before, next, events);
  };

  const poll = async (): Promise<void> => {
    timer = undefined;
    if (settings.backPressureEnabled) {
      try {
        const sample = await meter.sample();
        meterFailed = false;
        if (!stopped) take(pressAgain(pressure, readingsOf(sample, queueLength(), settings)));
      } catch (fault) {
        // Told once: a meter that cannot be read is no reason to refuse mail.
        if (!meterFailed && !stopped) tellFailed(fault, events);
        meterFailed = true;
        pressure = noPressure;
      }
    }
    if (!stopped) timer = clock.after(pressurePollMs, () => void poll());
  };

  return {
    start: poll,
    reconfigure(next) {
      settings = next;
      if (!next.backPressureEnabled) take(noPressure);
    },
    get pressure() {
      return pressure;
    },
    get verdict() {
      return pressure.verdict;
    },
    stop() {
      stopped = true;
      timer?.cancel();
      meter.close();
    },
  };
}

function readingsOf(
  sample: ResourceSample,
  queued: number,
  settings: BackPressureSettings,
): readonly ResourceReading[] {
  const { diskSizeBytes, memoryLimitBytes } = sample;
  const thresholds = resourceThresholds(settings, Math.max(1, diskSizeBytes));
  const reading = (resource: PressureResource, current: number): ResourceReading => ({
    resource,
    current,
    thresholds: thresholds[resource],
  });
  return [
    reading("UsedDiskSpace", percentOf(sample.diskUsedBytes, diskSizeBytes)),
    reading("PrivateBytes", percentOf(sample.memoryUsedBytes, memoryLimitBytes)),
    reading("QueueLength[SubmissionQueue]", queued),
    reading("EventLoopLag", sample.eventLoopLagMs),
  ];
}

/** A file system that tells no size is not full. */
function percentOf(part: number, whole: number): number {
  return whole > 0 ? (100 * part) / whole : 0;
}

function tellFailed(fault: unknown, events: Events): void {
  const { code } = fault as { readonly code?: unknown };
  // A directory that is gone is told by the spool.
  if (code === "ENOENT") return;
  if (code === "EMFILE" || code === "ENFILE") {
    events.emit("FileDescriptorsUsedUp", {});
    return;
  }
  events.emit("RelayFault", {
    where: "the measuring of resources",
    error: fault instanceof Error ? fault.message : String(fault),
  });
}

const order = ["Low", "Medium", "High"] as const;

function tell(before: BackPressure, after: BackPressure, events: Events): void {
  const resources = after.resources.filter(({ level }) => level !== "Low").map(resourceText);
  const text = resources.join("; ") || "All resources are at Low.";
  if (before.level !== after.level) {
    const rose = order.indexOf(after.level) > order.indexOf(before.level);
    events.emit(rose ? "ResourcePressureIncreased" : "ResourcePressureDecreased", {
      before: before.level,
      after: after.level,
      resources: text,
    });
  }
  if (refuses(after, "UsedDiskSpace") && !refuses(before, "UsedDiskSpace"))
    events.emit("ResourceDiskSpaceLow", { resources: text });
  if (refuses(after, "PrivateBytes") && !refuses(before, "PrivateBytes"))
    events.emit("ResourceMemoryLow", { resources: text });
}

function refuses({ verdict }: BackPressure, resource: PressureResource): boolean {
  return (
    verdict !== undefined &&
    verdict.refuse !== "nobody" &&
    verdict.resources.some((pressed) => pressed.resource === resource)
  );
}

/** `UsedDiskSpace is at High: 95.2 (Medium from 89, High from 95, Low below 80)` */
function resourceText({ resource, level, current, thresholds }: ResourcePressure): string {
  const { lowToMedium, mediumToHigh, mediumToLow } = thresholds;
  return `${resource} is at ${level}: ${rounded(current)} (Medium from ${rounded(lowToMedium)}, High from ${rounded(mediumToHigh)}, Low below ${rounded(mediumToLow)})`;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
