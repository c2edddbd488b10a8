/** What a limit says when it is reached: one verdict, told as reply and as event under one reference. */
import type { ConnectionRefusal } from "../../core/policy/connection-limits.ts";
import type { PressureVerdict } from "../../core/policy/back-pressure.ts";
import { thresholdSettings } from "../../core/policy/back-pressure-thresholds.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { explain, referenceOf, type Refusal } from "../../core/policy/refusal.ts";
import { replies, replyLine, type Reply } from "../../core/smtp/reply.ts";
import { parseAddress } from "../../core/units/ip-address.ts";
import { isPrivateAddress } from "../../core/units/private-address.ts";
import { catalogue, type EventName } from "../../events/catalogue.ts";
import type { EventFields, Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Client } from "./client.ts";
import type { LimitUsage } from "./usage.ts";

export interface Refusals {
  connection(client: Client, verdict: ConnectionRefusal): Reply;
  connectionHeld(client: Client, verdict: ConnectionRefusal): void;
  connectionRate(client: Client, verdict: Counts): Reply;
  messageRate(client: Client, user: string | undefined, verdict: Counts): Reply;
  messageHeld(client: Client): void;
  /** The resource pressed hardest is named. */
  pressure(client: Client, user: string | undefined, verdict: PressureVerdict): Reply;
  /** A limit that a session ran into: the reply explained where the connector allows it, nothing counted. */
  session(client: Client, reply: Reply, setting: string, configured: number): Reply;
}

interface Counts {
  readonly configured: number;
  readonly allowed?: number;
  readonly seen: number;
}

export function createRefusals(clock: Clock, events: Events, usage: LimitUsage): Refusals {
  // References go on growing over restarts.
  let sequence = clock.wall().getTime();

  /** One verdict, one reference: gives the reply and tells the event. */
  const refuse = (
    client: Client,
    reply: Reply,
    event: EventName,
    setting: string,
    counts: Counts,
    user?: string,
  ): Reply => {
    const refusal: Refusal = {
      connector: client.connector.name,
      limit: setting,
      configured: counts.configured,
      allowed: counts.allowed ?? counts.configured,
      seen: counts.seen,
      source: client.address,
      eventId: catalogue[event].id,
      reference: referenceOf(sequence++),
    };
    usage.refused(refusal.connector, client.source, refusal);
    const said = explains(client.connector, client.address) ? explain(reply, refusal) : reply;
    events.emit(event, {
      connector: refusal.connector,
      source: refusal.source,
      setting,
      limit: refusal.allowed,
      configured: refusal.configured,
      seen: refusal.seen,
      user: user ?? "",
      reference: refusal.reference,
      reply: replyLine(said),
    } as unknown as EventFields<typeof event>);
    return said;
  };

  return {
    connection(client, verdict) {
      return verdict.limit === "maxInboundConnection"
        ? refuse(client, replies.connectionLimit, "SmtpReceiveMaxConnectionReached", verdict.limit, verdict)
        : refuse(
            client,
            replies.connectionLimitPerSource,
            "SmtpReceiveMaxConnectionPerSourceReached",
            verdict.limit,
            verdict,
          );
    },
    connectionHeld({ connector, address }, verdict) {
      events.emit("ConnectionHeld", {
        connector: connector.name,
        source: address,
        setting: verdict.limit,
        limit: verdict.allowed,
        seen: verdict.seen,
        delaySeconds: connector.limitDelay / 1000,
      });
    },
    connectionRate: (client, verdict) =>
      refuse(client, replies.connectionRate, "ConnectionRateExceeded", "maxConnectionRatePerMinute", verdict),
    messageRate: (client, user, verdict) =>
      refuse(
        client,
        replies.messageRate,
        "SmtpReceiveMessageRateLimitExceeded",
        "messageRateLimit",
        verdict,
        user,
      ),
    messageHeld({ connector, address }) {
      events.emit("MessageHeld", {
        connector: connector.name,
        source: address,
        setting: "messageRateLimit",
        limit: connector.messageRateLimit,
        delaySeconds: connector.limitDelay / 1000,
      });
    },
    pressure(client, user, { resources }) {
      const [hardest] = resources;
      if (hardest === undefined) return replies.insufficientResources;
      const { resource, level, current, thresholds } = hardest;
      const high = level === "High";
      return refuse(
        client,
        replies.insufficientResources,
        "MessageRefusedByBackPressure",
        thresholdSettings[resource][high ? "high" : "medium"],
        {
          configured: rounded(high ? thresholds.mediumToHigh : thresholds.lowToMedium),
          seen: rounded(current),
        },
        user,
      );
    },
    session(client, reply, setting, configured) {
      return refuse(client, reply, "SessionLimitReached", setting, { configured, seen: configured });
    },
  };
}

/** Percents are no whole numbers. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function explains(connector: ReceiveConnectorSettings, address: string): boolean {
  if (connector.explainRefusals !== undefined) return connector.explainRefusals;
  const parsed = parseAddress(address);
  return parsed !== undefined && isPrivateAddress(parsed);
}
