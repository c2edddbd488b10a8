/** Devices that still need TLS 1.0 or 1.1. */
import { z } from "zod";
import { onServer } from "./across-nodes.ts";
import { countSchema, instantSchema } from "./values.ts";

export const legacyTlsOperations = {
  listLegacyTlsClients: {
    input: z.object({ connector: z.string().max(255).optional() }),
    output: z.object({
      /** The latest first; a thousand at most. */
      clients: z.array(
        z.object({
          ...onServer,
          connector: z.string(),
          address: z.string(),
          /** Its name in EHLO; empty where the handshake was refused. */
          helloName: z.string(),
          application: z.string().nullable(),
          user: z.string().nullable(),
          /** `TLSv1`, `TLSv1.1`; null: refused, for it offers nothing as new as the connector's tlsMinVersion. */
          version: z.string().nullable(),
          cipher: z.string().nullable(),
          connections: countSchema,
          firstSeen: instantSchema,
          lastSeen: instantSchema,
        }),
      ),
    }),
  },
} as const;
