/** Settings of a scheduler under test: short, even retry times and no jitter, so that a table can name each instant. */
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import type { SchedulerSettings } from "../send/delivery/scheduler-contract.ts";

const minute = 60_000;

export function schedulerSettings(...sendConnectors: readonly SendConnectorSettings[]): SchedulerSettings {
  return {
    hostname: "relay.test",
    sendConnectors,
    transport: {
      queueGlitchRetryCount: 2,
      queueGlitchRetryInterval: minute,
      transientFailureRetryCount: 2,
      transientFailureRetryInterval: 5 * minute,
      outboundConnectionFailureRetryInterval: 10 * minute,
      messageRetryInterval: 15 * minute,
      delayNotificationTimeout: 240 * minute,
      messageExpirationTimeout: 2880 * minute,
      maxOutboundConnections: 1000,
      retryJitter: 0,
      externalPostmasterAddress: "postmaster@relay.test",
      dsnMaxMessageAttachSize: 10_000,
    },
  };
}
