/**
 * The console as a function from request to response: its pages, signing in, and the admin API for who is signed in
 * or brings a token.
 */
import { parseAddress } from "../../core/units/ip-address.ts";
import { sourceKey } from "../../core/policy/source.ts";
import type { AdminTokens } from "../admin-tokens.ts";
import type { AdminBindings, Caller } from "../caller.ts";
import { bodyText } from "../read-body.ts";
import { AdminRefusal, statusOf, storeRefusal } from "../refusal.ts";
import { type Assets, assetResponse } from "./assets.ts";
import { crossSiteFault, isAllowedHost } from "./request-origin.ts";
import { isCsrfToken, type Session, type Sessions } from "./sessions.ts";
import type { SignInLimit } from "./sign-in-limit.ts";

export interface ConsoleParts {
  readonly api: (request: Request, bindings: AdminBindings) => Response | Promise<Response>;
  readonly tokens: AdminTokens;
  readonly sessions: Sessions;
  readonly limit: SignInLimit;
  readonly assets: () => Assets;
  /** Which relay it is, as its greeting tells anybody: on the sign-in page. */
  readonly hostname: () => string;
  /** Names, beside addresses and localhost, that a browser may call the console by. */
  readonly allowedHosts: () => readonly string[];
  /** Health: answered without signing in. By path. */
  readonly open: ReadonlyMap<string, () => Response | Promise<Response>>;
  /** Answered to every role. By path. */
  readonly viewed: ReadonlyMap<string, () => Response | Promise<Response>>;
  readonly onFault: (where: string, fault: unknown) => void;
}

export type ConsoleApp = (request: Request, from: { readonly address: string }) => Promise<Response>;

const cookieName = "weir_session";
/** Of a sign-in. */
const maxBodyBytes = 4096;

const securityHeaders = {
  "content-security-policy":
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Weir</title>
<p>The console's pages are not built. Run <code>npm run build</code> and start the relay again.</p></html>
`;

export function createConsoleApp(parts: ConsoleParts): ConsoleApp {
  return async (request, { address }) => {
    let response: Response;
    try {
      response = await answer(parts, request, address);
    } catch (fault) {
      const known = fault instanceof AdminRefusal ? fault : storeRefusal(fault);
      if (known === undefined) parts.onFault(new URL(request.url).pathname, fault);
      const refusal = known ?? new AdminRefusal("fault", "a fault in the relay");
      response = Response.json(refusal.body, { status: statusOf[refusal.code] });
      if (refusal.retryAfterS !== undefined) response.headers.set("retry-after", String(refusal.retryAfterS));
    }
    if (new URL(request.url).pathname === "/session") response.headers.set("weir-hostname", parts.hostname());
    // What is shown of others' mail has stricter ones of its own.
    for (const [name, value] of Object.entries(securityHeaders))
      if (!response.headers.has(name)) response.headers.set(name, value);
    if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
    return response;
  };
}

async function answer(parts: ConsoleParts, request: Request, address: string): Promise<Response> {
  const { method, headers } = request;
  const { pathname } = new URL(request.url);
  const opened = parts.open.get(pathname);
  // Asked by machines, under whatever name they know the relay.
  if (opened !== undefined && method === "GET") return opened();
  if (!isAllowedHost(headers.get("host"), parts.allowedHosts()))
    throw new AdminRefusal(
      "forbidden",
      "the console is not known by this name; use its address, or put the name into admin.allowedHosts",
    );

  const viewed = parts.viewed.get(pathname);
  const isSession = pathname === "/session";
  if (!isSession && viewed === undefined && !pathname.startsWith("/v1/"))
    return page(parts, request, pathname);

  const crossSite = crossSiteFault(method, headers);
  if (crossSite !== undefined) throw new AdminRefusal("forbidden", crossSite);
  if (isSession && method === "POST") return signIn(parts, request, address);
  const { caller, session } = authenticate(parts, request, address);
  if (!isSession) {
    if (viewed !== undefined && method === "GET") return viewed();
    return parts.api(request, { caller });
  }
  if (session === undefined) throw new AdminRefusal("unauthenticated", "nobody is signed in");
  if (method === "GET") return Response.json(shownSession(session));
  if (method !== "DELETE") throw new AdminRefusal("notFound", `there is no ${method} /session`);
  parts.sessions.end(cookieOf(request) ?? "");
  return new Response(null, { status: 204, headers: { "set-cookie": cookie(request, "", 0) } });
}

/** Throws for who is not let in. */
function authenticate(
  parts: ConsoleParts,
  request: Request,
  address: string,
): { readonly caller: Caller; readonly session?: Session } {
  const { method, headers } = request;
  const bearer = headers.get("authorization");
  if (bearer !== null) {
    const token = checked(parts, /^Bearer +(\S+)$/i.exec(bearer)?.[1] ?? "", address);
    return {
      caller: { name: token.name, role: token.role, from: address, ended: parts.tokens.removed(token) },
    };
  }
  const id = cookieOf(request);
  const session = id === undefined ? undefined : parts.sessions.find(id);
  if (session === undefined) throw new AdminRefusal("unauthenticated", "sign in first");
  if (method !== "GET" && method !== "HEAD" && !isCsrfToken(session, headers.get("x-weir-csrf")))
    throw new AdminRefusal("forbidden", "the header x-weir-csrf is missing or wrong");
  const { token, ended } = session;
  return { caller: { name: token.name, role: token.role, from: address, ended }, session };
}

async function signIn(parts: ConsoleParts, request: Request, address: string): Promise<Response> {
  const given = tokenIn(await bodyText(request, maxBodyBytes));
  const token = checked(parts, given, address);
  const before = cookieOf(request);
  if (before !== undefined) parts.sessions.end(before);
  const { id, session } = parts.sessions.open(token);
  return Response.json(shownSession(session), { headers: { "set-cookie": cookie(request, id) } });
}

function checked({ tokens, limit }: ConsoleParts, secret: string, address: string) {
  const parsed = parseAddress(address);
  const source = parsed === undefined ? address : sourceKey(parsed);
  const retryAfterS = limit.waitS(source);
  if (retryAfterS > 0)
    throw new AdminRefusal(
      "tooManyRequests",
      "too many wrong tokens from this address",
      undefined,
      retryAfterS,
    );
  const token = tokens.find(secret);
  if (token === undefined) {
    limit.failed(source);
    throw new AdminRefusal("unauthenticated", "the token is wrong");
  }
  limit.succeeded(source);
  return token;
}

function tokenIn(text: string): string {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  if (typeof body === "object" && body !== null && "token" in body && typeof body.token === "string")
    return body.token.trim();
  throw new AdminRefusal("invalidInput", 'the body is not {"token": "…"}');
}

function shownSession({ token, csrfToken }: Session) {
  return { name: token.name, role: token.role, csrfToken };
}

function page({ assets }: ConsoleParts, request: Request, pathname: string): Response {
  if (request.method !== "GET" && request.method !== "HEAD")
    throw new AdminRefusal("notFound", `there is no ${request.method} ${pathname}`);
  const asset = assets().get(pathname) ?? assets().get("/index.html");
  if (asset !== undefined) return assetResponse(asset, request);
  return new Response(notBuilt, { status: 503, headers: { "content-type": "text/html; charset=utf-8" } });
}

function cookieOf(request: Request): string | undefined {
  for (const part of (request.headers.get("cookie") ?? "").split(";")) {
    const [name, value] = part.trim().split("=", 2);
    if (name === cookieName && value !== undefined && value !== "") return value;
  }
  return undefined;
}

function cookie(request: Request, value: string, maxAgeS?: number): string {
  const secure = new URL(request.url).protocol === "https:" ? "; Secure" : "";
  const age = maxAgeS === undefined ? "" : `; Max-Age=${maxAgeS}`;
  return `${cookieName}=${value}; HttpOnly; SameSite=Strict; Path=/${secure}${age}`;
}
