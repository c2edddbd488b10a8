/** Answers other nodes: where `admin.cluster` says, over TLS, to who has the certificate of a node that lives. */
import type { IncomingMessage } from "node:http";
import { networkInterfaces } from "node:os";
import type { TLSSocket } from "node:tls";
import { getRequestListener } from "@hono/node-server";
import { reachableEndpoint } from "../../core/policy/reachable-address.ts";
import type { Settings } from "../../config/settings.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import { createHttpListeners } from "../../http/http-listeners.ts";
import type { Relay } from "../../relay-contract.ts";
import type { AdminBindings, Caller } from "../caller.ts";
import { AdminRefusal, statusOf } from "../refusal.ts";
import type { Role } from "../routes.ts";
import { callerHeader, fingerprintOf, fingerprintOfPem, type NodePair } from "./node-channel.ts";

export interface NodeListener {
  /** Of this node, which it shows to who asks and to whom it asks. */
  pair(): NodePair | undefined;
  close(): Promise<void>;
}

/** The self-signed pair of the data directory: what counts is its fingerprint in the node's row. */
const own = { tlsCertificateFile: [], tlsKeyFile: [] };
const roles: ReadonlySet<string> = new Set<Role>(["viewer", "operator", "administrator"]);
/** A stranger does not make this node ask the database again and again. */
const lookAgainMs = 1_000;

export async function openNodeListener(options: {
  readonly relay: Pick<Relay, "settings" | "events" | "certificates" | "onReconfigured">;
  readonly node: NonNullable<Relay["node"]>;
  readonly api: (request: Request, bindings: AdminBindings) => Response | Promise<Response>;
}): Promise<NodeListener> {
  const { relay, node, api } = options;
  const { events, certificates } = relay;
  await certificates.load("cluster", [own]);
  const pair = (): NodePair | undefined => certificates.pairFor(own);

  let lookedAt = Number.NEGATIVE_INFINITY;
  const nameOf = (fingerprint: string): string | undefined =>
    node.peers.find((peer) => peer.gone === undefined && peer.fingerprint === fingerprint)?.name;
  const peerOf = async ({ socket }: IncomingMessage): Promise<string | undefined> => {
    const { raw } = (socket as TLSSocket).getPeerCertificate() as { raw?: Buffer };
    if (raw === undefined) return undefined;
    const fingerprint = fingerprintOf(raw);
    const known = nameOf(fingerprint);
    if (known !== undefined || performance.now() - lookedAt < lookAgainMs) return known;
    lookedAt = performance.now();
    await node.look().catch(() => undefined);
    return nameOf(fingerprint);
  };

  const answer = async (request: Request, incoming: IncomingMessage): Promise<Response> => {
    const name = await peerOf(incoming);
    const caller = name === undefined ? undefined : callerOf(request, name);
    if (caller !== undefined) return api(request, { caller });
    const { body, code } = new AdminRefusal("forbidden", "only nodes of this cluster are answered here");
    return Response.json(body, { status: statusOf[code] });
  };
  const respond = getRequestListener(
    (request, { incoming }) => answer(request, incoming as IncomingMessage),
    { overrideGlobalObjects: false },
  );
  const listeners = createHttpListeners((request, response) => void respond(request, response), {
    opened: (url) => events.emit("NodeListenerOpened", { url }),
    closed: (url) => events.emit("NodeListenerClosed", { url }),
    failed: (address, error) => events.emit("NodeListenerFault", { address, error }),
  });

  const introduce = (): Promise<void> => {
    const [open] = listeners.open;
    const mine = pair();
    return node.introduce(
      open === undefined || mine === undefined
        ? undefined
        : {
            address: formatEndpoint(reachableEndpoint(open.endpoint, ownAddresses())),
            fingerprint: fingerprintOfPem(mine.cert),
          },
    );
  };
  const follow = async ({ admin: { cluster: endpoint } }: Settings): Promise<void> => {
    const certificate = {
      pair,
      onChange: (listener: () => void) => certificates.onLoaded(listener),
      asksClients: true,
    };
    await listeners.apply(endpoint === undefined ? [] : [{ endpoint, tls: { name: "node", certificate } }]);
    await introduce();
  };
  await follow(relay.settings);
  const leave = relay.onReconfigured(follow);
  const forget = certificates.onLoaded(() => void introduce());
  return {
    pair,
    async close() {
      leave();
      forget();
      await listeners.close();
    },
  };
}

const ownAddresses = () => Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);

/** As the other node tells it, which has let them in. */
function callerOf(request: Request, node: string): Caller | undefined {
  try {
    const told: unknown = JSON.parse(
      Buffer.from(request.headers.get(callerHeader) ?? "", "base64").toString("utf8"),
    );
    const { name, role, from } = told as Partial<Caller>;
    if (typeof name !== "string" || typeof from !== "string" || !roles.has(role ?? "")) return undefined;
    return { name, role: role as Role, from: `${from} by node ${node}`, byNode: node };
  } catch {
    return undefined;
  }
}
