/** Parameters of main.cf that mean nothing here, or whose work this relay does not do. */
import { ownValue } from "../own-value.ts";

const nothing = new Set([
  "alias_database",
  "append_at_myorigin",
  "append_dot_mydomain",
  "biff",
  "bounce_template_file",
  "command_directory",
  "compatibility_level",
  "config_directory",
  "daemon_directory",
  "data_directory",
  "debug_peer_level",
  "debugger_command",
  "default_database_type",
  "disable_vrfy_command",
  "html_directory",
  "inet_protocols",
  "local_recipient_maps",
  "mail_name",
  "mail_owner",
  "mailbox_size_limit",
  "mailq_path",
  "manpage_directory",
  "maillog_file",
  "mydomain",
  "mynetworks_style",
  "newaliases_path",
  "queue_directory",
  "readme_directory",
  "recipient_delimiter",
  "sample_directory",
  "sendmail_path",
  "setgid_group",
  "shlib_directory",
  "meta_directory",
  "smtp_address_preference",
  "smtp_tls_loglevel",
  "smtp_tls_note_starttls_offer",
  "smtp_tls_session_cache_database",
  "smtpd_helo_required",
  "smtpd_tls_loglevel",
  "smtpd_tls_received_header",
  "smtpd_tls_session_cache_database",
  "soft_bounce",
  "unknown_local_recipient_reject_code",
  "virtual_alias_domains",
]);

const noMailboxes = "there are no mailboxes here; what is accepted goes on by a send connector";
const rewriting =
  "senders are rewritten by addressRewriteEntries: weir New-AddressRewriteEntry -InternalAddress old.local -ExternalAddress contoso.com; recipients are not";
const noRewriting = "recipients are not rewritten here; let the next hop do it";
const noFilters = "there are no filters here; let the next hop do it";
const noRate =
  "sources are limited by open connections and by messages per minute; maxConnectionRatePerMinute counts over the whole relay";

const reasons: Readonly<Record<string, string>> = {
  alias_maps: noMailboxes,
  home_mailbox: noMailboxes,
  local_transport: noMailboxes,
  luser_relay: noMailboxes,
  mailbox_command: noMailboxes,
  mailbox_transport: noMailboxes,
  virtual_mailbox_domains: noMailboxes,
  virtual_mailbox_maps: noMailboxes,
  virtual_transport: noMailboxes,
  canonical_maps: rewriting,
  generic_maps: rewriting,
  masquerade_domains: rewriting,
  recipient_canonical_maps: noRewriting,
  relocated_maps: noRewriting,
  sender_canonical_maps: rewriting,
  smtp_generic_maps: rewriting,
  virtual_alias_maps: noRewriting,
  always_bcc: "no copies are made here",
  recipient_bcc_maps: "no copies are made here",
  sender_bcc_maps: "no copies are made here",
  body_checks: noFilters,
  content_filter: noFilters,
  header_checks: noFilters,
  milter_default_action: noFilters,
  milter_protocol: noFilters,
  mime_header_checks: noFilters,
  non_smtpd_milters: noFilters,
  smtp_header_checks: noFilters,
  smtpd_milters: noFilters,
  smtpd_client_auth_rate_limit: noRate,
  smtpd_client_connection_rate_limit: noRate,
  smtpd_client_new_tls_session_rate_limit: noRate,
  smtpd_client_recipient_rate_limit: noRate,
  sender_dependent_default_transport_maps:
    "senders choose a send connector by its senderSpaces (weir Set-SendConnector NAME -SenderSpaces contoso.com)",
  smtpd_sender_login_maps: "users who log on may send as anybody",
  relay_recipient_maps: "recipients are not looked up here; the next hop refuses those it does not know",
  bounce_queue_lifetime: "messageExpirationTimeout holds for reports, too",
  minimal_backoff_time:
    "retries follow messageRetryInterval and the queue's own intervals (Set-TransportService)",
  maximal_backoff_time:
    "retries follow messageRetryInterval and the queue's own intervals (Set-TransportService)",
  queue_run_delay: "queues are not run at intervals: each is due when it is due",
  smtp_bind_address: "the system chooses the local address of outgoing connections",
  smtp_bind_address6: "the system chooses the local address of outgoing connections",
  smtp_tls_CAfile:
    "the certificates of well-known authorities that come with Node are trusted; NODE_EXTRA_CA_CERTS adds others",
  smtp_tls_CApath:
    "the certificates of well-known authorities that come with Node are trusted; NODE_EXTRA_CA_CERTS adds others",
  smtp_tls_cert_file: "client certificates are not supported; use authenticationCredential",
  smtp_tls_key_file: "client certificates are not supported; use authenticationCredential",
  smtpd_tls_CAfile: "client certificates are not asked for",
  smtpd_tls_CApath: "client certificates are not asked for",
  smtpd_tls_ask_ccert: "client certificates are not asked for",
  relay_clientcerts: "client certificates are not asked for",
  smtpd_sasl_path: "accounts are kept in weir.yaml (users)",
  smtpd_sasl_type: "accounts are kept in weir.yaml (users)",
  smtpd_sasl_local_domain: "accounts are kept in weir.yaml (users)",
};

export function isWithoutMeaning(name: string): boolean {
  return nothing.has(name);
}

export function reasonFor(name: string): string {
  return ownValue(reasons, name) ?? "there is no such setting here";
}
