/** Who asks: an API key, an account by password or token, or anybody where the connector lets anybody submit. */
import { isApiKey } from "../../core/authentication/api-key.ts";
import { ownerKey, mayUseConnector, type RightsOwner } from "../../core/policy/client-rights.ts";
import { rightsOf } from "../../core/policy/relay-permission.ts";
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import { isDenied, type LogonDenied } from "../authentication/logon.ts";
import { logonDenied, logonFault, logonUnchecked } from "../authentication/logon-refusals.ts";
import type { Submitter } from "../transaction/submitter.ts";
import type { HttpExchange } from "./http-exchange.ts";
import type { HttpServices } from "./http-services.ts";
import { ownerOf, type Owner } from "./owner-note.ts";

interface Known {
  readonly user?: string | undefined;
  readonly owner?: RightsOwner | undefined;
  readonly mechanism?: string | undefined;
}

/** Who asks, and whose its messages are. */
export interface Identified {
  readonly submitter: Submitter;
  readonly owner: Owner;
}

/** Whose mail the request is, or what refuses it. */
export async function identify(
  exchange: HttpExchange,
  services: HttpServices,
): Promise<Identified | Refused> {
  const authorizations = exchange.headers("authorization");
  const keys = exchange.headers("x-api-key");
  if (authorizations.length + keys.length > 1)
    return refused("requestMalformed", {
      detail: "it says more than once who it is (Authorization, X-API-Key)",
    });
  const [authorization] = authorizations;
  const [key] = keys;
  if (key?.trim() === "" || (authorization !== undefined && /^\s*(?:bearer|basic)?\s*$/i.test(authorization)))
    return refused("notAuthenticated", {
      detail: "the request has an empty key: the variable it is taken from may not be set",
    });
  const known =
    authorization === undefined && key === undefined
      ? undefined
      : await logOn(exchange, services, authorization ?? `Bearer ${key}`);
  if (known !== undefined && "refused" in known) return known;
  const submitter = known === undefined ? anonymous(exchange) : submitterOf(exchange, services, known);
  if ("refused" in submitter) return submitter;
  const keyName = known?.owner?.kind === "key" ? known.owner.name : undefined;
  return { submitter, owner: ownerOf(submitter, keyName, services.applicationOf(submitter) ?? "") };
}

function anonymous({ connection: { anonymous: submitter } }: HttpExchange): Submitter | Refused {
  return submitter.rights.submit
    ? submitter
    : refused("notAuthenticated", {
        detail: "the request has no key and no password, and permissionGroups has no AnonymousUsers",
      });
}

function submitterOf(
  exchange: HttpExchange,
  services: HttpServices,
  { user, owner, mechanism }: Known,
): Submitter | Refused {
  const { connection } = exchange;
  const { connector, peer, id, watch } = connection.anonymous;
  const receivedProtocol = connection.tls === undefined ? "HTTP" : "HTTPS";
  const rights = rightsOf(connector, { authenticated: true });
  const who = user ?? owner?.name;
  if (!rights.submit) return refused("accountMayNotSubmit", { user: who, about: who });
  const submitter = services.submissions.submitter({
    door: "HTTP",
    connection: connection.anonymous.connection,
    connector,
    watch,
    peer,
    receivedProtocol,
    user,
    rights,
    ...(owner === undefined ? undefined : { owner }),
    mechanism: mechanism ?? (owner?.kind === "key" ? "API key" : undefined),
    tls: connection.tls,
  });
  const { limits } = submitter;
  if (limits.receiveConnectors !== undefined && !mayUseConnector(limits, connector.name))
    return refused("accountNotOnConnector", { user: who, about: ownerKey(limits.receiveConnectors.owner) });
  connection.user = who;
  exchange.isIdentified = true;
  return { ...submitter, id };
}

async function logOn(
  exchange: HttpExchange,
  services: HttpServices,
  authorization: string,
): Promise<Known | Refused> {
  const [, scheme = "", given = ""] = /^([A-Za-z]+) +(.+)$/.exec(authorization) ?? [];
  switch (scheme.toLowerCase()) {
    case "basic":
      return byPassword(exchange, services, given);
    case "bearer":
      return byToken(exchange, services, given);
    default:
      return logonFault("authenticationMechanismUnknown", "UnknownMechanism", "(another)");
  }
}

function byPassword(
  exchange: HttpExchange,
  services: HttpServices,
  given: string,
): Promise<Known | Refused> | Refused {
  const { connector, peer, tls } = exchange.connection.anonymous;
  const { authMechanism } = connector;
  if (!authMechanism.includes("BasicAuth"))
    return logonFault("authenticationNotOffered", "NotOffered", "Basic");
  if (authMechanism.includes("BasicAuthRequireTLS") && tls === undefined)
    return logonFault("authenticationNeedsTls", "EncryptionRequired", "Basic");
  const text = Buffer.from(given, "base64").toString("utf8");
  const at = text.indexOf(":");
  if (at < 1) return logonFault("authenticationMalformed", "IllegalMessage", "Basic");
  const logon = services.authenticate(text.slice(0, at), text.slice(at + 1), peer.source);
  return settle(exchange, services, "Basic", logon);
}

function byToken(
  exchange: HttpExchange,
  services: HttpServices,
  token: string,
): Promise<Known | Refused> | Known | Refused {
  if (isApiKey(token) || !exchange.connection.client.connector.authMechanism.includes("OAuth")) {
    const logon = services.authenticateKey(token);
    return isDenied(logon) ? failed(exchange, services, "ApiKey", logon) : logon;
  }
  const logon = services.authenticateToken({ user: undefined, token });
  return settle(exchange, services, "OAuthBearer", logon);
}

async function settle(
  exchange: HttpExchange,
  services: HttpServices,
  mechanism: string,
  logon: ReturnType<HttpServices["authenticate"]>,
): Promise<Known | Refused> {
  try {
    const outcome = await logon;
    if (isDenied(outcome)) return failed(exchange, services, mechanism, outcome);
    return { user: outcome.user, owner: outcome.group, mechanism };
  } catch (fault) {
    return logonUnchecked(mechanism, fault);
  }
}

function failed(
  { connection }: HttpExchange,
  services: HttpServices,
  mechanism: string,
  denied: LogonDenied,
): Refused {
  const { maxLogonFailures } = connection.client.connector;
  const { refusal, limit } = logonDenied(mechanism, denied, ++connection.logonFailures, maxLogonFailures);
  if (limit === undefined) return refusal;
  services.refuse(connection.anonymous, refusal);
  connection.closing = true;
  return limit;
}
