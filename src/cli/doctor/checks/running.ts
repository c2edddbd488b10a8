/** Whether a relay runs on the data directory, whether it is one, and what it says of itself. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { counted } from "../../../core/units/counted.ts";
import { version } from "../../../version.ts";
import type { Check } from "../context.ts";
import type { Finding } from "../finding.ts";
import { spoolHolders } from "../spool-holders.ts";

export const running: Check = async ({ relay, isDenied, silentMs, dataDirectory }) => {
  const check = "relay";
  const holders = await spoolHolders(dataDirectory);
  if (holders.length > 1)
    return [
      {
        check,
        level: "bad",
        code: "twoOwners",
        text: `${holders.length} processes hold the spool of ${dataDirectory}: ${holders.join(", ")}`,
        advice: "stop all but one at once; mail is delivered twice and overwritten meanwhile",
      },
    ];
  if (silentMs !== undefined)
    return [
      {
        check,
        level: "bad",
        code: "relayHangs",
        text: `${holders.length === 1 ? `process ${holders[0]}` : "a relay"} has taken the question and not answered for ${silentMs / 1000} s`,
        advice:
          "it hangs, or was halted (kill -CONT wakes it); else end it by kill -9 and start it anew: nothing acknowledged is lost",
      },
    ];
  if (relay === undefined)
    return [
      isDenied
        ? {
            check,
            level: "note",
            code: "relayDenied",
            text: "a relay may run, and this user may not ask it",
            advice: "run weir doctor as the user the relay runs as, or as root",
          }
        : holders.length === 1
          ? {
              check,
              level: "warning",
              code: "relayMute",
              text: `process ${holders[0]} holds the spool, and answers on no admin socket`,
              advice: "see its log for event 20006; stop it if it is none of yours",
            }
          : { check, level: "note", code: "relayStopped", text: "no relay runs on the data directory" },
    ];
  const { about } = relay;
  const findings: Finding[] = [];
  if (about.version !== version)
    findings.push({
      check,
      level: "warning",
      code: "relayOld",
      text: `Weir ${about.version} runs, and Weir ${version} is installed`,
      advice: "restart it when it suits: mail that waits is found again",
    });
  for (const reason of about.reasons)
    findings.push({
      check,
      level: "bad",
      code: "relayNotReady",
      text: `it takes no mail: ${reason}`,
      advice: "weir status shows what is wrong, and weir Get-EventLog since when",
    });
  if (about.configuration === "rejected")
    findings.push({
      check,
      level: "warning",
      code: "configurationRejected",
      text: "the configuration file has faults, and what held before it was changed still holds",
      advice: "weir check",
    });
  if (findings.length === 0)
    findings.push({
      check,
      level: "good",
      code: "relayFine",
      text: `Weir ${about.version}, process ${about.pid}, takes mail; ${counted(about.queued, "message waits", "messages wait")}`,
    });
  return findings;
};

/** The configuration against what it is used for: what the relay itself finds worth a word. */
export const use: Check = async ({ relay, dataDirectory }) => {
  const check = "use";
  const findings: Finding[] = [];
  const aside = (await readdir(join(dataDirectory, "spool/damaged")).catch(() => [])).length;
  if (aside > 0)
    findings.push({
      check,
      level: "warning",
      code: "damagedMessages",
      text: `${counted(aside, "file")} of damaged messages are in ${join(dataDirectory, "spool/damaged")}`,
      advice: "read the reason beside each, tell the senders, then remove them",
    });
  if (relay === undefined) return findings;
  const { headlines } = await relay.client.call("getOverview", { points: false });
  for (const { severity, text, source } of headlines)
    if (severity !== "information")
      findings.push({
        check,
        level: severity === "error" ? "bad" : "warning",
        code: "headline",
        text,
        advice:
          source === undefined
            ? "weir status, weir Get-LimitUsage and weir Get-Queue show more"
            : `weir explain ${source}`,
      });
  return findings;
};
