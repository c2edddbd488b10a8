/** Receive and send connectors, and the settings they share. */
import type { Route } from "./route.ts";

export const connectorRoutes = {
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
} as const satisfies Record<string, Route>;
