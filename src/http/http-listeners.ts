/** Listening sockets for HTTP that follow the configuration: what is new opens, what is gone closes. */
import type { RequestListener } from "node:http";
import type { Endpoint } from "../core/policy/receive-connector.ts";
import { formatEndpoint } from "../core/units/endpoint.ts";
import { type CertificateSource, type HttpListener, listenHttp } from "./http-listener.ts";

export interface HttpPlace {
  readonly endpoint: Endpoint;
  /** Undefined: in the clear. `name` tells one certificate from another. */
  readonly tls: { readonly name: string; readonly certificate: CertificateSource } | undefined;
}

export interface OpenHttp {
  readonly endpoint: Endpoint;
  /** `http://127.0.0.1:9464` */
  readonly url: string;
}

export interface HttpListeners {
  /** One call at a time. Never rejects: what cannot be opened is told, and tried again by the next call. */
  apply(places: readonly HttpPlace[]): Promise<void>;
  readonly open: readonly OpenHttp[];
  /** For good. Lets requests under way end, for a second at most. */
  close(): Promise<void>;
}

export function createHttpListeners(
  answer: RequestListener,
  told: {
    readonly opened: (url: string) => void;
    readonly closed: (url: string) => void;
    readonly failed: (address: string, error: string) => void;
  },
): HttpListeners {
  const open = new Map<string, OpenHttp & { readonly listener: HttpListener }>();
  let closed = false;

  const shut = async (key: string): Promise<void> => {
    const found = open.get(key);
    if (found === undefined) return;
    open.delete(key);
    await found.listener.close();
    told.closed(found.url);
  };

  const listen = async (key: string, { endpoint, tls }: HttpPlace): Promise<void> => {
    try {
      const listener = await listenHttp(endpoint, answer, tls?.certificate);
      const url = `${tls === undefined ? "http" : "https"}://${formatEndpoint(listener.endpoint)}`;
      if (closed) return await listener.close();
      open.set(key, { listener, endpoint: listener.endpoint, url });
      told.opened(url);
    } catch (fault) {
      told.failed(formatEndpoint(endpoint), fault instanceof Error ? fault.message : String(fault));
    }
  };

  return {
    async apply(places) {
      const wanted = new Map(places.map((place) => [keyOf(place), place]));
      await Promise.all([...open.keys()].filter((key) => !wanted.has(key)).map(shut));
      for (const [key, place] of wanted) if (!open.has(key) && !closed) await listen(key, place);
    },
    get open() {
      return [...open.values()].map(({ endpoint, url }) => ({ endpoint, url }));
    },
    async close() {
      closed = true;
      await Promise.all([...open.keys()].map(shut));
    },
  };
}

/** Where certificates are looked up by the files that hold them. */
interface Certificates<Use> {
  pairFor(use: Use): ReturnType<CertificateSource["pair"]>;
  onLoaded(listener: () => void): () => void;
}

/** The TLS of a place, by one of the relay's certificates. */
export function httpTls<Use extends object>(
  certificates: Certificates<Use>,
  use: Use | undefined,
): HttpPlace["tls"] {
  if (use === undefined) return undefined;
  return {
    name: JSON.stringify(use),
    certificate: {
      pair: () => certificates.pairFor(use),
      onChange: (listener) => certificates.onLoaded(listener),
    },
  };
}

function keyOf({ endpoint, tls }: HttpPlace): string {
  return `${formatEndpoint(endpoint)} ${tls?.name ?? ""}`;
}
