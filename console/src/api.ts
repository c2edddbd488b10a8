/** The admin API as the browser asks it, with the types of its contract; signing in and out. */
import { signal } from "@preact/signals";
import type {
  ConfigurationFault,
  ErrorBody,
  Input,
  OctetsName,
  Output,
  StreamName,
} from "../../src/admin/contract.ts";
import { answered, doubted, unanswered } from "./connection.ts";
import { heard } from "./partial-answers.ts";
import { place } from "./router.ts";
import { routes, type OperationName, type Role, type Route } from "../../src/admin/routes.ts";

export interface Session {
  readonly name: string;
  readonly role: Role;
  readonly csrfToken: string;
}

/** Undefined: not yet known; null: nobody is signed in. */
export const session = signal<Session | null | undefined>(undefined);

/** Which relay this is; told also to who is not signed in. Undefined: not yet known. */
export const relayName = signal<string | undefined>(undefined);

/** Somebody was signed in, and is no more without having signed out. */
export const hasSessionEnded = signal(false);

/** What the relay answered instead of doing it. */
export class ApiError extends Error {
  readonly code: string;
  readonly faults: readonly ConfigurationFault[];

  constructor(code: string, message: string, faults: readonly ConfigurationFault[] = []) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.faults = faults;
  }
}

const ranks: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, administrator: 2 };

/** Whether who is signed in may; the relay checks it again. */
export function may(name: OperationName): boolean {
  const role = session.value?.role;
  return role !== undefined && ranks[role] >= ranks[routes[name].role];
}

/**
 * Rejects with ApiError; a session that ended leads to the sign-in page. An answer that takes longer than
 * `patienceMs` is none.
 */
export async function call<Name extends OperationName>(
  name: Name,
  input: Input<Name>,
  patienceMs?: number,
): Promise<Output<Name>> {
  const route: Route = routes[name];
  const { method } = route;
  const askedOn = place.peek();
  const askedIn = session.peek();
  const { url, rest } = addressed(name, input);
  const inQuery = method === "GET" || method === "DELETE";
  const response = await asked(inQuery ? url + query(rest) : url, {
    method,
    headers: {
      ...(method === "GET" ? {} : { "x-weir-csrf": session.value?.csrfToken ?? "" }),
      ...(inQuery ? {} : { "content-type": "application/json" }),
    },
    ...(inQuery ? {} : { body: JSON.stringify(Object.fromEntries(rest)) }),
    ...(patienceMs === undefined ? {} : { signal: AbortSignal.timeout(patienceMs) }),
  });
  if (response.status === 401) ended(askedIn);
  if (!response.ok) throw await errorOf(response);
  const answer = (await response.json()) as Output<Name>;
  heard(name, route, askedOn, answer as object);
  return answer;
}

const reopenMs = 2_000;

/** Follows a stream, also over a relay that is gone for a while, until the function returned is called. */
export function follow<Name extends StreamName>(
  name: Name,
  input: Input<Name>,
  onItem: (item: Output<Name>) => void,
): () => void {
  const { url, rest } = addressed(name, input);
  let source: EventSource;
  let reopening: ReturnType<typeof setTimeout> | undefined;
  const open = (): void => {
    source = new EventSource(url + query(rest));
    source.addEventListener("message", ({ data }) => {
      answered();
      onItem(JSON.parse(String(data)) as Output<Name>);
    });
    source.addEventListener("error", () => {
      doubted();
      // After an answer that is no stream the browser does not try again.
      if (source.readyState === EventSource.CLOSED) reopening = setTimeout(open, reopenMs);
    });
  };
  open();
  return () => {
    clearTimeout(reopening);
    source.close();
  };
}

/** For a link that saves what an operation answers in octets. */
export function urlOf<Name extends OctetsName>(name: Name, input: Input<Name>): string {
  const { url, rest } = addressed(name, input);
  return url + query(rest);
}

/** The first `most` octets of an answer; the rest is not read. */
export async function octetsOf<Name extends OctetsName>(
  name: Name,
  input: Input<Name>,
  most: number,
): Promise<Uint8Array> {
  const askedIn = session.peek();
  const response = await asked(urlOf(name, input), {});
  if (response.status === 401) ended(askedIn);
  if (!response.ok) throw await errorOf(response);
  const octets = new Uint8Array(most);
  let length = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined && length < most) {
    const { done, value } = await reader.read();
    if (done) break;
    const part = value.subarray(0, most - length);
    octets.set(part, length);
    length += part.length;
  }
  await reader?.cancel();
  return octets.subarray(0, length);
}

export async function signIn(token: string): Promise<void> {
  const response = await asked("/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (!response.ok) throw await errorOf(response);
  session.value = (await response.json()) as Session;
  hasSessionEnded.value = false;
}

export async function findSession(): Promise<void> {
  const response = await asked("/session", {});
  session.value = response.ok ? ((await response.json()) as Session) : null;
}

export async function signOut(): Promise<void> {
  await asked("/session", {
    method: "DELETE",
    headers: { "x-weir-csrf": session.value?.csrfToken ?? "" },
  });
  session.value = null;
}

/** An answer to what was asked in an earlier session says nothing of this one. */
function ended(askedIn: Session | null | undefined): void {
  if (session.value !== askedIn) return;
  if (askedIn !== null && askedIn !== undefined) hasSessionEnded.value = true;
  session.value = null;
}

async function asked(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, credentials: "same-origin" });
  } catch {
    unanswered();
    throw new ApiError("unreachable", "The relay does not answer.");
  }
  answered();
  relayName.value = response.headers.get("weir-hostname") ?? relayName.value;
  return response;
}

async function errorOf(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as ErrorBody;
    return new ApiError(error.code, error.message, error.faults);
  } catch {
    return new ApiError("fault", `The relay answered ${response.status}.`);
  }
}

/** The path with its places filled, and what of the input is left. */
function addressed(name: OperationName, input: object): { url: string; rest: Map<string, unknown> } {
  const rest = new Map<string, unknown>(Object.entries(input));
  const url = routes[name].path.replace(/\{(\w+)\}/g, (_, part: string) => {
    const value = String(rest.get(part));
    rest.delete(part);
    return encodeURIComponent(value);
  });
  return { url, rest };
}

function query(rest: ReadonlyMap<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of rest) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value])
      parameters.append(key, typeof one === "string" ? one : JSON.stringify(one));
  }
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}
