/** The configuration as one text: shown, checked, edited, read again; its versions where nodes share it. */
import type { Route } from "./route.ts";

export const configurationRoutes = {
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
} as const satisfies Record<string, Route>;
