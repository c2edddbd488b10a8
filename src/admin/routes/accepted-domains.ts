/** Accepted domains. */
import type { Route } from "./route.ts";

export const acceptedDomainRoutes = {
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
} as const satisfies Record<string, Route>;
