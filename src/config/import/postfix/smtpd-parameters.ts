/** Parameters of smtpd, and the settings of a receive connector with the same meaning. */
import type { Counterpart } from "../carried.ts";
import { restrictionLists } from "./restrictions.ts";
import { countOf, durationOf, isYes, sizeOf } from "./values.ts";

export const smtpdCounterparts: readonly Counterpart[] = [
  {
    parameter: "message_size_limit",
    setting: "maxMessageSize",
    read: (value) => (value === "0" ? "2147483647" : sizeOf(value)),
  },
  {
    parameter: "header_size_limit",
    setting: "maxHeaderSize",
    read: sizeOf,
    differs: "a longer header is refused here, not cut",
  },
  { parameter: "smtpd_recipient_limit", setting: "maxRecipientsPerMessage", read: countOf },
  { parameter: "hopcount_limit", setting: "maxHopCount", read: countOf },
  { parameter: "smtpd_hard_error_limit", setting: "maxProtocolErrors", read: countOf },
  {
    parameter: "smtpd_error_sleep_time",
    setting: "tarpitInterval",
    read: (value) => durationOf(value, "s"),
    differs: "it delays each refusal to a client that has not logged on",
  },
  {
    parameter: "smtpd_timeout",
    setting: "connectionInactivityTimeout",
    read: (value) => durationOf(value, "s"),
  },
  { parameter: "smtputf8_enable", setting: "smtpUtf8Enabled", read: isYes },
  { parameter: "strict_rfc821_envelopes", setting: "strictAddresses", read: isYes },
  {
    parameter: "smtpd_forbid_bare_newline",
    setting: "bareLinefeedRejectionEnabled",
    read: (value) => value.toLowerCase() === "reject",
  },
];

/** Parameters that end in receive connectors. */
export const receiveParameters: ReadonlySet<string> = new Set([
  ...smtpdCounterparts.map(({ parameter }) => parameter),
  ...restrictionLists,
  "anvil_rate_time_unit",
  "default_process_limit",
  "inet_interfaces",
  "myhostname",
  "mynetworks",
  "smtpd_banner",
  "smtpd_client_connection_count_limit",
  "smtpd_client_event_limit_exceptions",
  "smtpd_client_message_rate_limit",
  "smtpd_discard_ehlo_keywords",
  "smtpd_enforce_tls",
  "smtpd_sasl_auth_enable",
  "smtpd_tls_auth_only",
  "smtpd_tls_cert_file",
  "smtpd_tls_chain_files",
  "smtpd_tls_key_file",
  "smtpd_tls_security_level",
  "smtpd_use_tls",
]);
