/**
 * Every operation of the admin API: where it is asked for, and who may. Plain data, so that a client needs nothing
 * else; what goes in and comes out stands in contract.ts.
 *
 * `{name}` in a path is taken from the input. The rest of the input travels in the query for GET and DELETE, as a
 * JSON body otherwise. `stream` routes answer with Server-Sent Events, one item of the output each; `octets` routes
 * with a file.
 */
export type Role = "viewer" | "operator" | "administrator";

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  /** The least role that may. */
  readonly role: Role;
  readonly summary: string;
  readonly stream?: true;
  /** Answers with octets of this media type. */
  readonly octets?: "message/rfc822" | "text/csv" | "text/html; charset=utf-8" | "application/octet-stream";
}

export const routes = {
  about: { method: "GET", path: "/v1/about", role: "viewer", summary: "Which relay answers, and how it is." },

  listReceiveConnectors: {
    method: "GET",
    path: "/v1/receive-connectors",
    role: "viewer",
    summary: "All receive connectors with their settings and status.",
  },
  getReceiveConnector: {
    method: "GET",
    path: "/v1/receive-connectors/{name}",
    role: "viewer",
    summary: "One receive connector with its settings and status.",
  },
  newReceiveConnector: {
    method: "POST",
    path: "/v1/receive-connectors",
    role: "administrator",
    summary: "Adds a receive connector.",
  },
  setReceiveConnector: {
    method: "PATCH",
    path: "/v1/receive-connectors/{name}",
    role: "administrator",
    summary: "Changes settings of a receive connector; null puts one back to its default.",
  },
  enableReceiveConnector: {
    method: "POST",
    path: "/v1/receive-connectors/{name}/enable",
    role: "administrator",
    summary: "Lets a receive connector listen.",
  },
  disableReceiveConnector: {
    method: "POST",
    path: "/v1/receive-connectors/{name}/disable",
    role: "administrator",
    summary: "Stops a receive connector from listening; open sessions go on.",
  },
  removeReceiveConnector: {
    method: "DELETE",
    path: "/v1/receive-connectors/{name}",
    role: "administrator",
    summary: "Removes a receive connector; open sessions go on.",
  },
  testReceiveConnector: {
    method: "POST",
    path: "/v1/receive-connectors/{name}/test",
    role: "viewer",
    summary:
      "What other limits, or a connector that is not there yet, would have done to the recorded traffic: who would have been refused, when, by which limit, and the highest use.",
  },
  followReceiveConnectorTest: {
    method: "GET",
    path: "/v1/receive-connectors/{name}/test/stream",
    role: "viewer",
    summary: "The same, told how far it is.",
    stream: true,
  },
  getLimitAdvice: {
    method: "GET",
    path: "/v1/limit-advice",
    role: "viewer",
    summary:
      "Values for limits out of the recorded traffic, with reasons and what they would have refused; what a connector that learns has learned.",
  },
  followLimitAdvice: {
    method: "GET",
    path: "/v1/limit-advice/stream",
    role: "viewer",
    summary: "The same, told how far it is.",
    stream: true,
  },
  exportTrafficRecord: {
    method: "GET",
    path: "/v1/traffic-record",
    role: "viewer",
    summary: "The traffic record of one node, of the days that are asked for: nodes ask each other for it.",
    octets: "application/octet-stream",
  },

  listSendConnectors: {
    method: "GET",
    path: "/v1/send-connectors",
    role: "viewer",
    summary: "All send connectors with their settings and status.",
  },
  getSendConnector: {
    method: "GET",
    path: "/v1/send-connectors/{name}",
    role: "viewer",
    summary: "One send connector with its settings and status.",
  },
  newSendConnector: {
    method: "POST",
    path: "/v1/send-connectors",
    role: "administrator",
    summary: "Adds a send connector.",
  },
  setSendConnector: {
    method: "PATCH",
    path: "/v1/send-connectors/{name}",
    role: "administrator",
    summary: "Changes settings of a send connector; null puts one back to its default.",
  },
  enableSendConnector: {
    method: "POST",
    path: "/v1/send-connectors/{name}/enable",
    role: "administrator",
    summary: "Lets a send connector take mail.",
  },
  disableSendConnector: {
    method: "POST",
    path: "/v1/send-connectors/{name}/disable",
    role: "administrator",
    summary: "A send connector takes no mail any more; what waited for it is routed again.",
  },
  removeSendConnector: {
    method: "DELETE",
    path: "/v1/send-connectors/{name}",
    role: "administrator",
    summary: "Removes a send connector; what waited for it is routed again.",
  },
  testSendConnector: {
    method: "POST",
    path: "/v1/send-connectors/{name}/test",
    role: "operator",
    summary:
      "Opens every address of a send connector as delivery does, tells each step, and sends a message if asked.",
  },
  resolveNextHop: {
    method: "GET",
    path: "/v1/resolve-next-hop",
    role: "viewer",
    summary: "Where mail of a domain would go now, and why: send connector, MX records, addresses, order.",
  },
  listTlsReports: {
    method: "GET",
    path: "/v1/tls-reports",
    role: "viewer",
    summary: "What TLS with the mail hosts of recipient domains came to, by day, in the form of RFC 8460.",
  },
  getMtaStsPolicy: {
    method: "GET",
    path: "/v1/mta-sts-policies/{domain}",
    role: "viewer",
    summary: "The MTA-STS policy of a recipient domain, as delivery has it.",
  },
  testRoute: {
    method: "GET",
    path: "/v1/test-route",
    role: "viewer",
    summary: "Which send connector a message would go by, and why no other. Nothing is sent.",
  },

  listAcceptedDomains: {
    method: "GET",
    path: "/v1/accepted-domains",
    role: "viewer",
    summary: "Domains that anybody who may submit may send to.",
  },
  newAcceptedDomain: {
    method: "POST",
    path: "/v1/accepted-domains",
    role: "administrator",
    summary: "Adds an accepted domain.",
  },
  setAcceptedDomain: {
    method: "PATCH",
    path: "/v1/accepted-domains/{domainName}",
    role: "administrator",
    summary: "Changes an accepted domain: its name, and whether its subdomains belong to it.",
  },
  removeAcceptedDomain: {
    method: "DELETE",
    path: "/v1/accepted-domains/{domainName}",
    role: "administrator",
    summary: "Removes an accepted domain.",
  },

  listUsers: {
    method: "GET",
    path: "/v1/users",
    role: "viewer",
    summary: "Accounts for AUTH; not their passwords.",
  },
  newUser: {
    method: "POST",
    path: "/v1/users",
    role: "administrator",
    summary: "Adds an account; only the hash of its password is kept.",
  },
  setUser: {
    method: "PATCH",
    path: "/v1/users/{name}",
    role: "administrator",
    summary: "Gives an account another password or name.",
  },
  removeUser: {
    method: "DELETE",
    path: "/v1/users/{name}",
    role: "administrator",
    summary: "Removes an account.",
  },

  listApiKeys: {
    method: "GET",
    path: "/v1/api-keys",
    role: "viewer",
    summary: "Keys that programs hand mail in with; not the keys themselves.",
  },
  newApiKey: {
    method: "POST",
    path: "/v1/api-keys",
    role: "administrator",
    summary: "Makes a key, which is told in this answer only.",
  },
  setApiKey: {
    method: "PATCH",
    path: "/v1/api-keys/{name}",
    role: "administrator",
    summary: "Changes what a key may do; null puts a setting back to its default.",
  },
  removeApiKey: {
    method: "DELETE",
    path: "/v1/api-keys/{name}",
    role: "administrator",
    summary: "Removes a key.",
  },

  listApplications: {
    method: "GET",
    path: "/v1/applications",
    role: "viewer",
    summary: "Names, owners and purposes of sources, and what came of them.",
  },
  listSenders: {
    method: "GET",
    path: "/v1/senders",
    role: "viewer",
    summary: "Who used the relay, by source and account, and what is remarkable about it.",
  },
  exportSenders: {
    method: "GET",
    path: "/v1/senders.csv",
    role: "viewer",
    summary: "The same as a CSV file.",
    octets: "text/csv",
  },
  getSenderActivity: {
    method: "GET",
    path: "/v1/sender-activity",
    role: "viewer",
    summary:
      "What came of one application, or one sender that belongs to none, by hour and day, against its limits.",
  },
  newApplication: {
    method: "POST",
    path: "/v1/applications",
    role: "administrator",
    summary: "Gives sources a name.",
  },
  setApplication: {
    method: "PATCH",
    path: "/v1/applications/{name}",
    role: "administrator",
    summary: "Changes an application; null puts a setting back to its default.",
  },
  removeApplication: {
    method: "DELETE",
    path: "/v1/applications/{name}",
    role: "administrator",
    summary: "Removes an application; its sources have no name any more.",
  },

  listAddressRewriteEntries: {
    method: "GET",
    path: "/v1/address-rewrite-entries",
    role: "viewer",
    summary: "What senders are called on their way out.",
  },
  newAddressRewriteEntry: {
    method: "POST",
    path: "/v1/address-rewrite-entries",
    role: "administrator",
    summary: "Gives senders another address on their way out.",
  },
  setAddressRewriteEntry: {
    method: "PATCH",
    path: "/v1/address-rewrite-entries/{name}",
    role: "administrator",
    summary: "Changes an address rewrite entry; null puts a setting back to its default.",
  },
  removeAddressRewriteEntry: {
    method: "DELETE",
    path: "/v1/address-rewrite-entries/{name}",
    role: "administrator",
    summary: "Removes an address rewrite entry.",
  },

  listWebhooks: {
    method: "GET",
    path: "/v1/webhooks",
    role: "viewer",
    summary: "URLs that are told of events, and how that goes.",
  },
  newWebhook: {
    method: "POST",
    path: "/v1/webhooks",
    role: "administrator",
    summary: "Has events told to a URL.",
  },
  setWebhook: {
    method: "PATCH",
    path: "/v1/webhooks/{name}",
    role: "administrator",
    summary: "Changes a webhook; null puts a setting back to its default.",
  },
  removeWebhook: {
    method: "DELETE",
    path: "/v1/webhooks/{name}",
    role: "administrator",
    summary: "Removes a webhook, and what it was not told of yet.",
  },
  testWebhook: {
    method: "POST",
    path: "/v1/webhooks/{name}/test",
    role: "operator",
    summary: "Sends one request at once, and tells what came back.",
  },

  listDkimKeys: {
    method: "GET",
    path: "/v1/dkim-keys",
    role: "viewer",
    summary: "Keys that sign what goes out, and the records DNS should have.",
  },
  newDkimKey: {
    method: "POST",
    path: "/v1/dkim-keys",
    role: "administrator",
    summary: "Makes a key for a domain; it signs nothing before it is set active.",
  },
  setDkimKey: {
    method: "PATCH",
    path: "/v1/dkim-keys/{name}",
    role: "administrator",
    summary: "Signs with a key, or not any more.",
  },
  removeDkimKey: {
    method: "DELETE",
    path: "/v1/dkim-keys/{name}",
    role: "administrator",
    summary: "Forgets a key; its file stays.",
  },
  testDkimKey: {
    method: "POST",
    path: "/v1/dkim-keys/test",
    role: "operator",
    summary: "Asks DNS whether it has the keys.",
  },

  suspendService: {
    method: "POST",
    path: "/v1/service/suspend",
    role: "operator",
    summary: "Takes no new mail any more and delivers what waits, also after a restart.",
  },
  resumeService: {
    method: "POST",
    path: "/v1/service/resume",
    role: "operator",
    summary: "Takes mail again.",
  },
  stopRelay: {
    method: "POST",
    path: "/v1/service/stop",
    role: "administrator",
    summary: "Ends the relay's process as SIGTERM does; what waits stays on disk.",
  },

  listAudit: {
    method: "GET",
    path: "/v1/audit",
    role: "viewer",
    summary: "Who changed what, newest first; of several nodes on any of them.",
  },
  listNodes: {
    method: "GET",
    path: "/v1/nodes",
    role: "viewer",
    summary: "The nodes that share the queue: whether they live, and what each has.",
  },
  suspendNode: {
    method: "POST",
    path: "/v1/nodes/{name}/suspend",
    role: "operator",
    summary: "Drains a node: it takes no new mail and leaves what waits to others, also after a restart.",
  },
  resumeNode: {
    method: "POST",
    path: "/v1/nodes/{name}/resume",
    role: "operator",
    summary: "Lets a suspended node take mail again.",
  },
  removeNode: {
    method: "DELETE",
    path: "/v1/nodes/{name}",
    role: "operator",
    summary: "Forgets a node that is gone for good.",
  },

  getTransportService: {
    method: "GET",
    path: "/v1/transport-service",
    role: "viewer",
    summary: "The settings of the section transport.",
  },
  setTransportService: {
    method: "PATCH",
    path: "/v1/transport-service",
    role: "administrator",
    summary: "Changes settings of the section transport; null puts one back to its default.",
  },

  getTransportConfig: {
    method: "GET",
    path: "/v1/transport-config",
    role: "viewer",
    summary:
      "What Exchange keeps for the organisation: the largest of all connectors' limits, and how reports are written.",
  },
  setTransportConfig: {
    method: "PATCH",
    path: "/v1/transport-config",
    role: "administrator",
    summary:
      "Sets a limit of all connectors at once, or how reports are written; null puts it back to its default.",
  },

  listEventLevels: {
    method: "GET",
    path: "/v1/event-levels",
    role: "viewer",
    summary: "Every category with its diagnostic logging level.",
  },
  setEventLevel: {
    method: "PUT",
    path: "/v1/event-levels",
    role: "operator",
    summary: "Sets the level of a category, or of all.",
  },

  queryEvents: { method: "GET", path: "/v1/events", role: "viewer", summary: "Stored events, newest first." },
  followEvents: {
    method: "GET",
    path: "/v1/events/stream",
    role: "viewer",
    summary: "Events as they are written.",
    stream: true,
  },

  listConnections: {
    method: "GET",
    path: "/v1/connections",
    role: "viewer",
    summary: "Open SMTP sessions, oldest first.",
  },
  listConnectionSources: {
    method: "GET",
    path: "/v1/connection-sources",
    role: "viewer",
    summary: "Open connections by connector and source, against the limits.",
  },
  getLimitUsage: {
    method: "GET",
    path: "/v1/limit-usage",
    role: "viewer",
    summary: "For each connector and limit: configured, in use, highest, refusals, top sources.",
  },
  listRefusals: {
    method: "GET",
    path: "/v1/refusals",
    role: "viewer",
    summary: "What was refused within the last day, of any kind: to whom, how often, and what was wrong.",
  },
  getResourcePressure: {
    method: "GET",
    path: "/v1/resource-pressure",
    role: "viewer",
    summary: "How short disk, memory, queue and time are, and what is refused for it.",
  },
  explainSource: {
    method: "GET",
    path: "/v1/explanations/sources/{source}",
    role: "viewer",
    summary: "What happened to a source, which value would have been enough, and the command that sets it.",
  },
  explainReference: {
    method: "GET",
    path: "/v1/explanations/references/{reference}",
    role: "viewer",
    summary: "The refusal whose reply named this reference.",
  },
  searchMessageTracking: {
    method: "GET",
    path: "/v1/message-tracking",
    role: "viewer",
    summary: "Entries of the message tracking log, newest first.",
  },
  exportMessageTracking: {
    method: "GET",
    path: "/v1/message-tracking/export",
    role: "viewer",
    summary: "Lines of the message tracking log as a file of their own (Exchange's MSGTRK), oldest first.",
    octets: "text/csv",
  },
  explainMessage: {
    method: "GET",
    path: "/v1/explanations/messages/{message}",
    role: "viewer",
    summary: "The whole way of one message, oldest entry first, and where it waits now.",
  },
  testConnectivity: {
    method: "POST",
    path: "/v1/connectivity-test",
    role: "operator",
    summary: "Connects to each binding of each receive connector and says EHLO and QUIT.",
  },

  getOverview: {
    method: "GET",
    path: "/v1/overview",
    role: "viewer",
    summary: "The last ten minutes second by second, and the sentences that matter now.",
  },
  followOverview: {
    method: "GET",
    path: "/v1/overview/stream",
    role: "viewer",
    summary: "One point of the overview each second.",
    stream: true,
  },

  listQueues: {
    method: "GET",
    path: "/v1/queues",
    role: "viewer",
    summary: "Queues and what they wait for.",
  },
  listCaptured: {
    method: "GET",
    path: "/v1/captured",
    role: "viewer",
    summary: "Captured messages that fit, the latest first; with `wait` as soon as there is one.",
  },
  getCaptured: {
    method: "GET",
    path: "/v1/captured/{id}",
    role: "operator",
    summary: "A captured message with its text, HTML, header fields and attachments.",
  },
  getCapturedSource: {
    method: "GET",
    path: "/v1/captured/{id}/source",
    role: "operator",
    summary: "A captured message, octet for octet.",
    octets: "message/rfc822",
  },
  getCapturedHtml: {
    method: "GET",
    path: "/v1/captured/{id}/html",
    role: "operator",
    summary: "Its HTML, to be shown: it can run and fetch nothing.",
    octets: "text/html; charset=utf-8",
  },
  getCapturedAttachment: {
    method: "GET",
    path: "/v1/captured/{id}/attachments/{index}",
    role: "operator",
    summary: "One of its attachments.",
    octets: "application/octet-stream",
  },
  removeCaptured: {
    method: "DELETE",
    path: "/v1/captured/{id}",
    role: "operator",
    summary: "Deletes a captured message.",
  },
  removeAllCaptured: {
    method: "DELETE",
    path: "/v1/captured",
    role: "operator",
    summary: "Deletes the captured messages that fit, or all.",
  },
  listLegacyTlsClients: {
    method: "GET",
    path: "/v1/legacy-tls-clients",
    role: "viewer",
    summary: "Clients that speak TLS 1.0 or 1.1, or were refused because they know nothing newer.",
  },
  listSendBudgets: {
    method: "GET",
    path: "/v1/send-budgets",
    role: "viewer",
    summary: "What mailboxes and send connectors with a limit have used of it, what waits and how long.",
  },
  retryQueue: {
    method: "POST",
    path: "/v1/queues/retry",
    role: "operator",
    summary: "Tries a queue, or all, at once; with `resubmit` its messages are routed again.",
  },
  suspendQueue: {
    method: "POST",
    path: "/v1/queues/suspend",
    role: "operator",
    summary: "Suspends a queue: it takes mail and delivers none, also after a restart.",
  },
  resumeQueue: {
    method: "POST",
    path: "/v1/queues/resume",
    role: "operator",
    summary: "Lets a suspended queue go on.",
  },

  listMessages: {
    method: "GET",
    path: "/v1/messages",
    role: "viewer",
    summary: "Messages that wait, of a queue or all, and only those a filter fits.",
  },
  getMessage: {
    method: "GET",
    path: "/v1/messages/{identity}",
    role: "viewer",
    summary: "One message that waits, with each of its recipients.",
  },
  exportMessage: {
    method: "GET",
    path: "/v1/messages/{identity}/content",
    role: "administrator",
    summary: "The content of a message that waits, octet for octet.",
    octets: "message/rfc822",
  },
  suspendMessages: {
    method: "POST",
    path: "/v1/messages/suspend",
    role: "operator",
    summary: "Holds back a message, or those a filter fits, also after a restart.",
  },
  resumeMessages: {
    method: "POST",
    path: "/v1/messages/resume",
    role: "operator",
    summary: "Lets a suspended message, or those a filter fits, go on.",
  },
  retryMessages: {
    method: "POST",
    path: "/v1/messages/retry",
    role: "operator",
    summary: "Tries a message, several, or those a filter fits, at once, whenever they were due.",
  },
  redirectMessages: {
    method: "POST",
    path: "/v1/messages/redirect",
    role: "operator",
    summary:
      "Moves a message, several, or those a filter fits, to another send connector, also over a restart.",
  },
  removeMessages: {
    method: "POST",
    path: "/v1/messages/remove",
    role: "operator",
    summary: "Gives up a message, or those a filter fits, with a report to the sender or without.",
  },

  getConfiguration: {
    method: "GET",
    path: "/v1/configuration",
    role: "administrator",
    summary: "The configuration's text, and where it stands.",
  },
  checkConfiguration: {
    method: "POST",
    path: "/v1/configuration/check",
    role: "administrator",
    summary: "Checks a text, or the file as it is, and changes nothing.",
  },
  editConfiguration: {
    method: "POST",
    path: "/v1/configuration/edits",
    role: "administrator",
    summary: "Makes several changes of the configuration in one step, all or none.",
  },
  reloadConfiguration: {
    method: "POST",
    path: "/v1/configuration/reload",
    role: "administrator",
    summary: "Reads the file again and applies it.",
  },
  listConfigurationVersions: {
    method: "GET",
    path: "/v1/configuration/versions",
    role: "administrator",
    summary: "Versions of the configuration that the nodes share, and how far each node has come.",
  },
  getConfigurationVersion: {
    method: "GET",
    path: "/v1/configuration/version",
    role: "administrator",
    summary: "One version's text, and what it changed.",
  },
  restoreConfigurationVersion: {
    method: "POST",
    path: "/v1/configuration/restore",
    role: "administrator",
    summary: "Makes a new version with the text of an earlier one, and applies it.",
  },

  startBackup: {
    method: "POST",
    path: "/v1/backup",
    role: "administrator",
    summary: "Begins a backup into a directory of the relay's machine; mail goes on.",
  },
  getBackup: {
    method: "GET",
    path: "/v1/backup",
    role: "viewer",
    summary: "How far the backup is that was begun last, or what came of it.",
  },
  cancelBackup: {
    method: "DELETE",
    path: "/v1/backup",
    role: "administrator",
    summary: "Breaks off the backup that is being made.",
  },

  listAdminTokens: {
    method: "GET",
    path: "/v1/admin-tokens",
    role: "administrator",
    summary: "The tokens that let somebody use the console; not their secrets.",
  },
  newAdminToken: {
    method: "POST",
    path: "/v1/admin-tokens",
    role: "administrator",
    summary: "Makes a token; its secret is told in this answer only.",
  },
  removeAdminToken: {
    method: "DELETE",
    path: "/v1/admin-tokens/{name}",
    role: "administrator",
    summary: "Removes a token; its sessions end at once.",
  },
} as const satisfies Record<string, Route>;

export type OperationName = keyof typeof routes;
