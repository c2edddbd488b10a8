/** The admin API as an HTTP application: reads inputs, calls handlers, answers JSON or a stream of events. */
import { Hono, type Context } from "hono";
import type { Events } from "../events/events.ts";
import type { Clock } from "../ports/ports.ts";
import type { Handlers } from "./administered.ts";
import { operations, type OperationName, type Role } from "./contract.ts";
import { queryValues, readInput } from "./read-input.ts";
import { AdminRefusal, statusOf } from "./refusal.ts";
import { routes } from "./routes.ts";
import { type OpenStreams, streamEvents } from "./stream-events.ts";

/** A configuration text is a million characters at most. */
const maxBodyBytes = 4 * 1024 * 1024;

const ranks: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, administrator: 2 };

export function createAdminApp(options: {
  readonly handlers: Handlers;
  readonly events: Events;
  readonly clock: Clock;
  readonly streams: OpenStreams;
  /** Who asks; undefined: nobody who may. */
  readonly roleOf: (context: Context) => Role | undefined;
}): Hono {
  const { handlers, events, clock, streams, roleOf } = options;
  const app = new Hono();

  const refuse = (context: Context, refusal: AdminRefusal): Response =>
    context.json(refusal.body, statusOf[refusal.code]);

  app.notFound((context) =>
    refuse(context, new AdminRefusal("notFound", `there is no ${context.req.method} ${context.req.path}`)),
  );
  app.onError((fault, context) => {
    if (fault instanceof AdminRefusal) return refuse(context, fault);
    events.emit("RelayFault", {
      where: `admin API ${context.req.path}`,
      error: fault.stack ?? fault.message,
    });
    return refuse(context, new AdminRefusal("fault", `a fault in the relay: ${fault.message}`));
  });

  for (const name of Object.keys(routes) as OperationName[]) {
    const { method, path, role } = routes[name];
    app.on(method, path.replace(/\{([A-Za-z]+)\}/g, ":$1"), async (context) => {
      const caller = roleOf(context);
      if (caller === undefined || ranks[caller] < ranks[role])
        throw new AdminRefusal("forbidden", `${name} needs the role ${role}`);
      const input = readInput(operations[name].input, await givenTo(context, name));
      if (name === "followEvents") {
        // The input was read by this operation's own schema.
        return streamEvents(
          (push) => handlers.followEvents(input as Parameters<Handlers["followEvents"]>[0], push),
          { clock, streams, signal: context.req.raw.signal },
        );
      }
      const handler = handlers[name] as (input: unknown) => unknown;
      return context.json((await handler(input)) as object);
    });
  }
  return app;
}

async function givenTo(context: Context, name: OperationName): Promise<Record<string, unknown>> {
  const { method } = routes[name];
  const params: Record<string, unknown> = context.req.param();
  if (method === "GET" || method === "DELETE") {
    return { ...queryValues(operations[name].input, context.req.queries()), ...params };
  }
  const text = await bodyText(context.req.raw);
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

/** Hono's own limit does not get on with requests that tell no length. */
async function bodyText(request: Request): Promise<string> {
  const tooLarge = new AdminRefusal("tooLarge", `the body is larger than ${maxBodyBytes} octets`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBodyBytes) throw tooLarge;
  if (request.body === null) return "";
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBodyBytes) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
