/** The admin API as an HTTP application: reads inputs, calls handlers, answers JSON or a stream of events. */
import { Hono, type Context } from "hono";
import type { z } from "zod";
import { asAuthor } from "../config/change-author.ts";
import type { Events } from "../events/events.ts";
import type { Clock } from "../ports/ports.ts";
import type { Asked, Handlers, Octets } from "./administered.ts";
import { adminAction, isChange, tellsItself } from "./audit.ts";
import type { AdminBindings } from "./caller.ts";
import type { OctetsName, OperationName, Role, StreamName } from "./contract.ts";
import { octetsResponse } from "./octets-response.ts";
import { bodyText } from "./read-body.ts";
import type { openApiDocument } from "./openapi.ts";
import { queryValues, readInput } from "./read-input.ts";
import { AdminRefusal, storeRefusal, statusOf } from "./refusal.ts";
import { routes } from "./routes.ts";
import { type OpenStreams, streamEvents } from "./stream-events.ts";

/** A configuration text is a million characters at most. */
const maxBodyBytes = 4 * 1024 * 1024;

/** With the first request: what goes in and out of two hundred operations takes as long to set up as half a start. */
const contract = () => import("./contract.ts");

const ranks: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, administrator: 2 };

export function createAdminApp(options: {
  readonly handlers: Handlers;
  readonly events: Events;
  readonly clock: Clock;
  readonly streams: OpenStreams;
  /** Others are not there. Default: all are. */
  readonly only?: (name: OperationName) => boolean;
}): Hono<{ Bindings: AdminBindings }> {
  const { handlers, events, clock, streams, only = () => true } = options;
  const app = new Hono<{ Bindings: AdminBindings }>();

  const refuse = (context: Context, refusal: AdminRefusal): Response =>
    context.json(refusal.body, statusOf[refusal.code]);

  app.notFound((context) =>
    refuse(context, new AdminRefusal("notFound", `there is no ${context.req.method} ${context.req.path}`)),
  );
  app.onError((fault, context) => {
    if (fault instanceof AdminRefusal) return refuse(context, fault);
    const refusal = storeRefusal(fault);
    if (refusal !== undefined) return refuse(context, refusal);
    events.emit("RelayFault", {
      where: `admin API ${context.req.path}`,
      error: fault.stack ?? fault.message,
    });
    return refuse(context, new AdminRefusal("fault", `a fault in the relay: ${fault.message}`));
  });

  let document: ReturnType<typeof openApiDocument> | undefined;
  app.get("/v1/openapi.json", async (context) => {
    if (context.env.caller === undefined)
      throw new AdminRefusal("forbidden", "the document needs the role viewer");
    const { openApiDocument } = await import("./openapi.ts");
    return context.json((document ??= openApiDocument()));
  });

  for (const name of Object.keys(routes) as OperationName[]) {
    if (!only(name)) continue;
    const { method, path, role } = routes[name];
    app.on(method, path.replace(/\{([A-Za-z]+)\}/g, ":$1"), async (context) => {
      const { caller } = context.env;
      if (caller === undefined || ranks[caller.role] < ranks[role]) {
        if (caller !== undefined && isChange(name, {}))
          events.emit("AdminAction", adminAction(caller, name, context.req.param(), "was refused"));
        throw new AdminRefusal("forbidden", `${name} needs the role ${role}`);
      }
      const schema = (await contract()).operations[name].input;
      const input = readInput(schema, await givenTo(context, name, schema));
      if (isStream(name)) {
        // The input was read by this operation's own schema.
        const follow = handlers[name] as (
          input: unknown,
          push: (item: unknown) => void,
          asked: Asked,
        ) => () => void;
        const followed: Asked = { caller, signal: context.req.raw.signal };
        return streamEvents((push) => follow(input, push, followed), {
          clock,
          streams,
          signal: context.req.raw.signal,
          ended: caller.ended,
        });
      }
      const asked: Asked = { caller, signal: context.req.raw.signal };
      if (isOctets(name)) {
        const handler = handlers[name] as (input: unknown, asked: Asked) => Octets | Promise<Octets>;
        return octetsResponse(await handler(input, asked), routes[name].octets);
      }
      const handler = handlers[name] as (input: unknown, asked: Asked) => unknown;
      if (!isChange(name, input)) return context.json((await handler(input, asked)) as object);
      const action = adminAction(caller, name, input, "did");
      const author = { name: action.who, from: action.from, doing: `${name} ${action.target}`.trim() };
      const output = (await asAuthor(author, () => handler(input, asked))) as object;
      if (!tellsItself(name)) events.emit("AdminAction", action);
      return context.json(output);
    });
  }
  return app;
}

function isStream(name: OperationName): name is StreamName {
  return "stream" in routes[name];
}

function isOctets(name: OperationName): name is OctetsName {
  return "octets" in routes[name];
}

async function givenTo(
  context: Context,
  name: OperationName,
  schema: z.ZodObject,
): Promise<Record<string, unknown>> {
  const { method } = routes[name];
  const params: Record<string, unknown> = context.req.param();
  if (method === "GET" || method === "DELETE") {
    return { ...queryValues(schema, context.req.queries()), ...params };
  }
  const text = await bodyText(context.req.raw, maxBodyBytes);
  if (text.trim() === "") return params;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new AdminRefusal("invalidInput", "the body is not JSON");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new AdminRefusal("invalidInput", "the body is not a JSON object");
  return { ...body, ...params };
}
