/** What runs short or runs out, as sentences: back pressure, and certificates near their end. */
import type { BackPressure, ResourcePressure } from "../../core/policy/back-pressure.ts";
import type { PressureResource } from "../../core/policy/back-pressure-thresholds.ts";
import type { Administered } from "../administered.ts";
import type { Headline } from "./headline.ts";

type Certificates = ReturnType<Administered["relay"]["certificates"]["inUse"]>;

const dayMs = 24 * 60 * 60_000;
/** As in contrib/prometheus/alerts.yaml. */
export const certificateWarningDays = 21;

/** None while all is Low. */
export function pressureHeadlines({ level, verdict }: BackPressure): Headline[] {
  if (verdict === undefined) return [];
  const resources = verdict.resources.map(pressedText).join("; ");
  return [
    {
      subject: "resources",
      severity: verdict.refuse === "nobody" ? "warning" : "error",
      text: `Back pressure is ${level}: ${resources}. ${effectOf(verdict)} Delivery goes on.`,
    },
  ];
}

function effectOf({ refuse, mailTarpitMs }: NonNullable<BackPressure["verdict"]>): string {
  switch (refuse) {
    case "everyone":
      return "All new messages are refused with 452 4.3.1.";
    case "anonymous":
      return "New messages of anonymous clients are refused with 452 4.3.1.";
    case "nobody":
      return mailTarpitMs > 0
        ? `Anonymous clients wait ${Math.round(mailTarpitMs / 1000)} s at MAIL; nobody is refused yet.`
        : "Nobody is refused yet.";
  }
}

function pressedText({ resource, level, current, thresholds }: ResourcePressure): string {
  const { what, unit } = words[resource];
  const from = level === "High" ? thresholds.mediumToHigh : thresholds.lowToMedium;
  return `${what} ${number(current)}${unit} (${level} from ${number(from)}${unit})`;
}

const words: Readonly<Record<PressureResource, { readonly what: string; readonly unit: string }>> = {
  UsedDiskSpace: { what: "the disk is used to", unit: " %" },
  PrivateBytes: { what: "memory is used to", unit: " %" },
  "QueueLength[SubmissionQueue]": { what: "messages queued are", unit: "" },
  EventLoopLag: { what: "the event loop is late by", unit: " ms" },
};

/** Those that expire within `certificateWarningDays`, the first to expire first. `now`: the wall clock. */
export function certificateHeadlines(certificates: Certificates, now: number): Headline[] {
  return certificates
    .filter(({ validTo }) => validTo - now < certificateWarningDays * dayMs)
    .toSorted((one, other) => one.validTo - other.validTo)
    .map(({ file, subject, validTo }) => {
      const days = Math.floor((validTo - now) / dayMs);
      const on = new Date(validTo).toISOString().slice(0, 10);
      const expired = validTo <= now;
      const when = expired
        ? `expired on ${on}`
        : days === 0
          ? `expires within a day, on ${on}`
          : `expires in ${days} ${days === 1 ? "day" : "days"}, on ${on}`;
      return {
        subject: "certificate",
        severity: expired ? "error" : "warning",
        text: `Certificate ${file} (${subject}) ${when}. Replace the file; it is loaded without a restart.`,
      };
    });
}

function number(value: number): string {
  return (Math.round(value * 10) / 10).toLocaleString("en");
}
