/** What is served by HTTP: which request is whose, and what goes before all of them. */
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import { SourceGone } from "../transaction/submission-source.ts";
import { getEmail } from "./get-email.ts";
import { createGate } from "./gate.ts";
import type { AnswerChanges, HttpExchange } from "./http-exchange.ts";
import type { HttpServices } from "./http-services.ts";
import { identify } from "./identify.ts";
import { withoutKeys } from "./log-line.ts";
import { submissionApi } from "./openapi.ts";
import { postEmail } from "./post-email.ts";
import { postRaw } from "./post-raw.ts";
import { BodyRefused, ClientLeft, createBodyMemory } from "./request-body.ts";

/** For JSON that has to be there whole. Octets. */
const jsonMemoryBytes = 96 * 1024 * 1024;
/** Searches of the tracking log at a time. */
const searchesAtOnce = 4;

/** One of what is served, found by its path. */
interface Resource {
  readonly route: string;
  readonly method: "GET" | "POST";
  /** Of its body. */
  readonly mediaType?: string;
  /** Without asking who wants it. */
  readonly open?: true;
  readonly serve: (exchange: HttpExchange) => Promise<void> | void;
}

export function createRequests(services: HttpServices): (exchange: HttpExchange) => Promise<void> {
  const memory = createBodyMemory(jsonMemoryBytes);
  const searches = createGate(searchesAtOnce);
  let document: string | undefined;
  const post: Resource = {
    route: "/v1/emails",
    method: "POST",
    mediaType: "application/json",
    serve: (exchange) => postEmail(exchange, services, memory),
  };
  const raw: Resource = {
    route: "/v1/emails/raw",
    method: "POST",
    mediaType: "message/rfc822",
    serve: (exchange) => postRaw(exchange, services),
  };
  const description: Resource = {
    route: "/openapi.json",
    method: "GET",
    open: true,
    serve: (exchange) =>
      exchange.send(200, (document ??= JSON.stringify(submissionApi())), "application/json", []),
  };

  const resourceAt = (path: string): Resource | undefined => {
    const [, rest] = /^(?:\/v1)?\/emails(?:\/(.*))?$/.exec(path) ?? [];
    if (path === "/openapi.json") return description;
    if (/^(?:\/v1)?\/emails$/.test(path)) return post;
    if (rest === "raw") return raw;
    return rest === undefined || !/^\d+$/.test(rest)
      ? undefined
      : {
          route: "/v1/emails/{id}",
          method: "GET",
          serve: (exchange) => searches.pass(() => getEmail(exchange, services, rest, exchange.owner)),
        };
  };

  const serve = async (exchange: HttpExchange): Promise<void> => {
    const { path } = exchange;
    const resource = resourceAt(path);
    const strange = resource === undefined ? noSuchPath(path) : unfit(exchange, resource);
    if (strange !== undefined) return exchange.refuse(strange.what, strange.changes);
    if (resource === undefined) return;
    if (resource.open !== true) {
      const client = await identify(exchange, services);
      if ("refused" in client) return exchange.refuse(client);
      exchange.submitter = client.submitter;
      exchange.owner = client.owner;
    }
    exchange.route = resource.route;
    return resource.serve(exchange);
  };

  return async (exchange) => {
    try {
      await serve(exchange);
    } catch (fault) {
      if (fault instanceof ClientLeft || fault instanceof SourceGone) return;
      if (!(fault instanceof BodyRefused)) throw fault;
      await exchange.refuse(fault.refusal);
    }
  };
}

interface Unfit {
  readonly what: Refused;
  readonly changes?: AnswerChanges;
}

function noSuchPath(path: string): Unfit {
  return { what: notServed(`there is no ${shownPath(path)} here; GET /openapi.json tells what there is`) };
}

/** What keeps a request from being looked at. */
function unfit(exchange: HttpExchange, { method, mediaType }: Resource): Unfit | undefined {
  if (!exchange.hasOneHost)
    return {
      what: refused("requestMalformed", { detail: "it has no Host, or several (RFC 9112, section 3.2)" }),
    };
  if (isFromBrowser(exchange))
    return {
      what: notServed(
        "a browser sent it (Origin, Sec-Fetch-Site): mail is handed in by programs, not from web pages",
      ),
      changes: { status: 403, name: "browser_not_allowed" },
    };
  const given = exchange.method === "HEAD" ? "GET" : exchange.method;
  if (given !== method)
    return {
      what: notServed(`${shownPath(exchange.path)} is for ${method}`),
      changes: { status: 405, name: "method_not_allowed", headers: [["allow", method]] },
    };
  const fault = mediaType === undefined ? undefined : mediaFault(exchange, mediaType);
  return fault === undefined
    ? undefined
    : { what: notServed(fault), changes: { status: 415, name: "unsupported_media_type" } };
}

function notServed(detail: string): Refused {
  return refused("requestNotServed", { detail });
}

/** Web pages must not send mail through the computers of who looks at them. */
function isFromBrowser(exchange: HttpExchange): boolean {
  return exchange.header("origin") !== undefined || exchange.header("sec-fetch-site") !== undefined;
}

/** Nothing is unpacked: a small body must not become a large one. */
function mediaFault(exchange: HttpExchange, wanted: string): string | undefined {
  const coding = exchange.header("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (coding !== "identity") return "its Content-Encoding; bodies are taken as they are";
  const transfer = exchange.header("transfer-encoding")?.trim().toLowerCase() ?? "chunked";
  if (transfer !== "chunked") return "its Transfer-Encoding; only chunked is taken";
  const type = (exchange.header("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  return type === wanted ? undefined : `its Content-Type, which has to be ${wanted}`;
}

/** Repeated in answers and events: what is printable of it. */
function shownPath(path: string): string {
  return withoutKeys(path)
    .slice(0, 60)
    .replaceAll(/[^\x21-\x7e]/g, "?");
}
