/** What is served by HTTP: which request is whose, and what goes before all of them. */
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import type { HttpExchange } from "./http-exchange.ts";
import type { HttpServices } from "./http-services.ts";
import { identify } from "./identify.ts";
import { postEmail } from "./post-email.ts";
import { BodyRefused, ClientLeft, createBodyMemory } from "./request-body.ts";
import { SourceGone } from "../transaction/submission-source.ts";

/** For JSON that has to be there whole. Octets. */
const jsonMemoryBytes = 96 * 1024 * 1024;

export function createRequests(services: HttpServices): (exchange: HttpExchange) => Promise<void> {
  const memory = createBodyMemory(jsonMemoryBytes);

  const serve = async (exchange: HttpExchange): Promise<void> => {
    const { path, method } = exchange;
    const isEmails = path === "/v1/emails" || path === "/emails";
    if (!isEmails)
      return exchange.refuse(refused("requestNotServed", { detail: `there is no ${shownPath(path)} here` }));
    if (method !== "POST")
      return exchange.refuse(refused("requestNotServed", { detail: `${shownPath(path)} is for POST` }), {
        status: 405,
        name: "method_not_allowed",
        headers: [["allow", "POST"]],
      });
    const fault = mediaFault(exchange, ["application/json"]);
    if (fault !== undefined) return exchange.refuse(fault, { status: 415, name: "unsupported_media_type" });
    const submitter = await identify(exchange, services);
    if ("refused" in submitter) return exchange.refuse(submitter);
    exchange.submitter = submitter;
    return postEmail(exchange, services, memory);
  };

  return async (exchange) => {
    if (exchange.isWithoutHost)
      return exchange.refuse(
        refused("requestMalformed", { detail: "it has no Host (RFC 9112, section 3.2)" }),
      );
    const stranger = browserFault(exchange);
    if (stranger !== undefined)
      return exchange.refuse(stranger, { status: 403, name: "browser_not_allowed" });
    try {
      await serve(exchange);
    } catch (fault) {
      if (fault instanceof ClientLeft || fault instanceof SourceGone) return;
      if (!(fault instanceof BodyRefused)) throw fault;
      await exchange.refuse(fault.refusal);
    }
  };
}

/** Web pages must not send mail through the computers of who looks at them: nothing is answered that a browser sends. */
function browserFault(exchange: HttpExchange): Refused | undefined {
  const isBrowser =
    exchange.header("origin") !== undefined || exchange.header("sec-fetch-site") !== undefined;
  return isBrowser
    ? refused("requestNotServed", {
        detail:
          "a browser sent it (Origin, Sec-Fetch-Site): mail is handed in by programs, not from web pages",
      })
    : undefined;
}

/** Nothing is unpacked: a small body must not become a large one. */
function mediaFault(exchange: HttpExchange, types: readonly string[]): Refused | undefined {
  const coding = exchange.header("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (coding !== "identity")
    return refused("requestNotServed", { detail: "its Content-Encoding; bodies are taken as they are" });
  const transfer = exchange.header("transfer-encoding")?.trim().toLowerCase() ?? "chunked";
  if (transfer !== "chunked")
    return refused("requestNotServed", { detail: "its Transfer-Encoding; only chunked is taken" });
  const type = (exchange.header("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  return types.includes(type)
    ? undefined
    : refused("requestNotServed", { detail: `its Content-Type, which has to be ${types.join(" or ")}` });
}

/** Repeated in answers and events: what is printable of it. */
function shownPath(path: string): string {
  return path.slice(0, 60).replaceAll(/[^\x21-\x7e]/g, "?");
}
