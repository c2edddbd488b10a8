/** The machine and the program on it: Node, the clock, descriptors. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Check } from "../context.ts";
import type { Finding } from "../finding.ts";

/** Node's releases: when each gets no fixes any more. Source: github.com/nodejs/release. */
const endOfLife: Readonly<Record<number, string>> = {
  20: "2026-04-30",
  22: "2027-04-30",
  24: "2028-04-30",
  26: "2029-04-30",
};

export const node: Check = async ({ now }) => [nodeFinding(process.versions.node, now)];

export function nodeFinding(running: string, now: Date): Finding {
  const check = "Node";
  const major = Number(running.split(".")[0]);
  const end = endOfLife[major];
  const advice = "install Node 24, the release with the longest support";
  if (major < 20)
    return { check, level: "bad", code: "nodeTooOld", text: `Node ${running} is too old for Weir`, advice };
  if (major % 2 === 1)
    return {
      check,
      level: "warning",
      code: "nodeOdd",
      text: `Node ${running} is a release that is supported for half a year only`,
      advice,
    };
  if (end !== undefined && now.getTime() > Date.parse(end))
    return {
      check,
      level: "warning",
      code: "nodeEnded",
      text: `Node ${running} gets no security fixes since ${end}`,
      advice,
    };
  return { check, level: "good", code: "nodeFine", text: `Node ${running}` };
}

/** What daemons that keep the time leave while they do. */
const timeKeepers = [
  "/run/systemd/timesync/synchronized",
  "/run/chrony",
  "/run/ntpd.pid",
  "/run/openntpd.pid",
];
const aheadMs = 5 * 60_000;

export const clock: Check = async ({ dataDirectory, now }) => {
  const check = "clock";
  const text = `it is ${now.toISOString()}`;
  const newest = await newestFile(dataDirectory);
  if (newest !== undefined && newest > now.getTime() + aheadMs)
    return [
      {
        check,
        level: "warning",
        code: "clockBehind",
        text: `${text}, and a file in the data directory is from ${new Date(newest).toISOString()}: the clock was ahead, or is behind now`,
        advice:
          "set the clock and keep it by NTP: Received and Date fields, certificates and logs depend on it",
      },
    ];
  if (now.getUTCFullYear() < 2025)
    return [
      {
        check,
        level: "bad",
        code: "clockWrong",
        text: `${text}: no certificate is valid then`,
        advice: "set the clock and keep it by NTP",
      },
    ];
  const keeps = await Promise.all(
    timeKeepers.map((path) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  const isKept = process.platform !== "linux" || keeps.includes(true);
  return [
    isKept
      ? { check, level: "good", code: "clockFine", text }
      : {
          check,
          level: "note",
          code: "clockUnkept",
          text: `${text}; no time daemon was found here`,
          advice:
            "see that something keeps the clock: chrony, systemd-timesyncd, or the host of this container",
        },
  ];
};

/** Of what the relay writes all the time. */
async function newestFile(dataDirectory: string): Promise<number | undefined> {
  let newest: number | undefined;
  for (const folder of ["", "events", "logs/MessageTracking", "spool/journal"])
    for (const name of await readdir(join(dataDirectory, folder)).catch(() => [])) {
      const found = await stat(join(dataDirectory, folder, name)).catch(() => undefined);
      if (found !== undefined && found.mtimeMs > (newest ?? 0)) newest = found.mtimeMs;
    }
  return newest;
}

/** What a relay needs beside its clients: files, next hops, the console. */
const besideClients = 512;

export const descriptors: Check = async ({ settings, relay }) => {
  const pid = relay?.about.pid ?? "self";
  const limits = await readFile(`/proc/${pid}/limits`, "utf8").catch(() => "");
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
  if (settings === undefined || !Number.isFinite(soft)) return [];
  const wanted = settings.receiveConnectors
    .filter(({ enabled }) => enabled)
    .reduce((sum, { maxInboundConnection: most }) => sum + (Number.isFinite(most) ? most : 5000), 0);
  return [descriptorFinding(soft, wanted + besideClients, relay !== undefined)];
};

export function descriptorFinding(soft: number, wanted: number, isRelay: boolean): Finding {
  const whose = isRelay ? "the relay" : "a program started here";
  const text = `${whose} may have ${soft} files and connections open; all receive connectors together may want ${wanted}`;
  if (soft >= wanted) return { check: "descriptors", level: "good", code: "descriptorsFine", text };
  return {
    check: "descriptors",
    level: soft < 1024 ? "warning" : "note",
    code: "descriptorsFew",
    text,
    advice: `raise LimitNOFILE of the unit (ulimit -n) to ${wanted}, or lower maxInboundConnection`,
  };
}
