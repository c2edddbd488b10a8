/** Receive connectors, send connectors, the transport section. */
import { z } from "zod";
import { sendConnectorStates } from "../../core/policy/send-connector-state.ts";
import { testOutcomes, testSteps } from "../../core/policy/connector-test/test-step.ts";
import { usages } from "../../config/receive-connector-schema.ts";
import {
  changeSchema,
  countSchema,
  describedSettings,
  instantSchema,
  nameSchema,
  settingsSchema,
} from "./values.ts";

const whatIf = z.boolean().default(false);
const identity = z.object({ name: nameSchema });
const changeOf = z.object({ name: nameSchema, whatIf });

export const receiveConnectorSchema = z.object({
  name: z.string(),
  ...describedSettings,
  status: z.object({
    endpoints: z.array(
      z.object({
        binding: z.string(),
        listening: z.boolean(),
        /** Why nothing listens there, in words; null where something does, or where nobody wants it to. */
        reason: z.string().nullable(),
      }),
    ),
    openConnections: countSchema,
    /** Until when it is learned what its limits should be (learnUntil); null: it is not, or nothing is only looked at any more. */
    learning: z.object({ until: instantSchema, isOver: z.boolean() }).nullable(),
  }),
});

export const sendConnectorSchema = z.object({
  name: z.string(),
  kind: z.enum(["smartHost", "dns", "drop", "graph"]),
  ...describedSettings,
  status: z.object({
    /** `CannotReach`: no next hop answers. `PutOff`: it answers, and takes nothing now. `lastError` says why. */
    state: z.enum(sendConnectorStates),
    lastError: z.string().nullable(),
    queues: countSchema,
    messages: countSchema,
    /** The send connector that its mail goes by now, because it cannot hand it over. */
    fallback: z.string().nullable(),
    /** What it proves itself with and when that ends (ISO 8601), where it is known. */
    credentials: z.array(
      z.object({ credential: z.string(), expires: z.string(), daysLeft: countSchema, warning: z.boolean() }),
    ),
  }),
});

const testStepSchema = z.object({
  step: z.enum(testSteps),
  /** The smart host's name; empty for a token and a drop directory. */
  host: z.string(),
  /** `192.0.2.1:587`, `smtp.example.com:587`; the drop directory; the token endpoint's host. */
  endpoint: z.string(),
  /** `warning`: it failed, and mail goes nevertheless. */
  outcome: z.enum(testOutcomes),
  elapsedMs: countSchema,
  /** What was said and seen, a line each; nothing secret. */
  details: z.array(z.string()),
  /** What to do about it. */
  advice: z.array(z.string()),
  certificates: z.array(
    z.object({
      subject: z.string(),
      issuer: z.string(),
      names: z.array(z.string()),
      validFrom: z.string(),
      validTo: z.string(),
    }),
  ),
  /** Of a token: aud, roles, appid, tid, exp. */
  claims: z.record(z.string(), z.string()),
});

const settingsChange = z.object({ name: nameSchema, settings: settingsSchema, whatIf });

export const connectorOperations = {
  listReceiveConnectors: {
    input: z.object({}),
    output: z.object({ connectors: z.array(receiveConnectorSchema) }),
  },
  getReceiveConnector: { input: identity, output: receiveConnectorSchema },
  newReceiveConnector: {
    input: z.object({
      name: nameSchema,
      usage: z.enum(usages).optional(),
      settings: settingsSchema.default({}),
      /** Its limits are only looked at, and for so long it is learned what they should be. */
      learnMs: z
        .int()
        .min(60_000)
        .max(366 * 86_400_000)
        .optional(),
      whatIf,
    }),
    output: changeSchema,
  },
  setReceiveConnector: { input: settingsChange, output: changeSchema },
  enableReceiveConnector: { input: changeOf, output: changeSchema },
  disableReceiveConnector: { input: changeOf, output: changeSchema },
  removeReceiveConnector: { input: changeOf, output: changeSchema },

  listSendConnectors: { input: z.object({}), output: z.object({ connectors: z.array(sendConnectorSchema) }) },
  getSendConnector: { input: identity, output: sendConnectorSchema },
  newSendConnector: {
    input: z.object({ name: nameSchema, settings: settingsSchema.default({}), whatIf }),
    output: changeSchema,
  },
  setSendConnector: { input: settingsChange, output: changeSchema },
  enableSendConnector: { input: changeOf, output: changeSchema },
  disableSendConnector: { input: changeOf, output: changeSchema },
  removeSendConnector: { input: changeOf, output: changeSchema },
  testSendConnector: {
    input: z.object({
      name: nameSchema,
      /** Sends a small message there. Without: MAIL and RCPT are asked for and taken back. */
      to: z.string().max(320).optional(),
      /** Default: a sender the connector knows. */
      from: z.string().max(320).optional(),
      /** For each address. */
      timeoutMs: z.int().min(100).max(600_000).default(30_000),
    }),
    output: z.object({
      ok: z.boolean(),
      from: z.string(),
      /** Null: no message was sent. */
      to: z.string().nullable(),
      steps: z.array(testStepSchema),
    }),
  },

  getTransportService: {
    input: z.object({}),
    /** `paths`: where the relay keeps what it writes; they follow from dataDirectory. */
    output: z.object({ ...describedSettings, paths: z.record(z.string(), z.string()) }),
  },
  setTransportService: { input: z.object({ settings: settingsSchema, whatIf }), output: changeSchema },
} as const;
