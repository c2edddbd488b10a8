/** anvil's limits for each client. */
import { receiveConnectorSchema } from "../../receive-connector-schema.ts";
import { carry, type Carried, tell } from "../carried.ts";
import type { MainCf } from "./main-cf.ts";
import { countOf } from "./values.ts";

const { shape } = receiveConnectorSchema;

/** Clients of mynetworks, which Postfix does not limit unless told to. */
export function carryLimitsOfNetworks(carried: Carried, main: MainCf): void {
  if (!exemptsNetworks(main)) {
    carryLimits(carried, main);
    return;
  }
  carried.settings["maxInboundConnectionPerSource"] = "unlimited";
  carried.settings["maxInboundConnectionPercentagePerSource"] = 100;
  tell(
    carried,
    "smtpd_client_event_limit_exceptions",
    main.value("smtpd_client_event_limit_exceptions") ?? "$mynetworks",
    "carriedOver",
    "maxInboundConnectionPerSource: unlimited, maxInboundConnectionPercentagePerSource: 100; mynetworks are exempt from limits per client",
  );
}

function exemptsNetworks(main: MainCf): boolean {
  const exceptions = main.parameters.get("smtpd_client_event_limit_exceptions");
  return exceptions === undefined || /\bmynetworks\b/.test(exceptions);
}

/** Of one client; Postfix knows no share of what others leave free. */
export function carryLimits(carried: Carried, main: MainCf): void {
  const count = main.value("smtpd_client_connection_count_limit");
  carry(
    carried,
    shape,
    "maxInboundConnectionPerSource",
    count === "0" ? "unlimited" : countOf(count ?? "50"),
    {
      property: "smtpd_client_connection_count_limit",
      given: count ?? "50",
    },
  );
  carried.settings["maxInboundConnectionPercentagePerSource"] = 100;
  const rate = main.value("smtpd_client_message_rate_limit");
  if (rate === undefined || rate === "0") return;
  const unit = /^(?:60s?|1m)$/.test(main.value("anvil_rate_time_unit") ?? "60s");
  carry(carried, shape, "messageRateLimit", unit ? countOf(rate) : undefined, {
    property: "smtpd_client_message_rate_limit",
    given: unit
      ? rate
      : `${rate} each ${main.value("anvil_rate_time_unit") ?? ""}; here it counts by the minute`,
  });
}
