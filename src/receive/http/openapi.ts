/** The HTTP door as an OpenAPI 3.1 document, made from its schemas; its examples are read by them in a test. */
import { z } from "zod";
import { version } from "../../version.ts";
import { emailSchema, rawSchema } from "./email-schema.ts";
import { recipientStatuses } from "./get-email.ts";

type Json = Readonly<Record<string, unknown>>;

export const emailExamples: Readonly<Record<string, Json>> = {
  text: {
    from: "Shop <shop@contoso.com>",
    to: "jane@example.net",
    subject: "Your order",
    text: "It is on its way.",
  },
  everything: {
    from: { email: "shop@contoso.com", name: "Shop" },
    to: ["Jane <jane@example.net>", "joe@example.net"],
    cc: "office@contoso.com",
    bcc: ["archive@contoso.com"],
    reply_to: "service@contoso.com",
    subject: "Your order",
    text: "It is on its way.",
    html: '<p>It is on its way. <img src="cid:logo">',
    headers: { "X-Order": "4711" },
    attachments: [
      { filename: "logo.png", content: "iVBORw0KGgo=", content_id: "logo" },
      { filename: "invoice.pdf", content: "JVBERi0xLjQK", content_type: "application/pdf" },
    ],
    envelope: { mail_from: "bounces@contoso.com" },
    dsn: { notify: ["failure", "delay"], ret: "hdrs", envid: "4711" },
    require_tls: true,
    priority: "low",
    partial: true,
    tags: [{ name: "order", value: "4711" }],
  },
  whole: {
    raw: "U3ViamVjdDogSGkNCg0KSGVsbG8NCg==",
    envelope: { mail_from: "a@contoso.com", rcpt_to: ["b@example.net"] },
  },
};

const problem = {
  type: "object",
  required: ["type", "title", "status", "detail", "name", "message", "statusCode", "reference", "smtp"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    name: { type: "string", description: "What programs go by." },
    message: { type: "string" },
    statusCode: { type: "integer" },
    reference: { type: "string", description: "For `weir explain`." },
    smtp: { type: "string", description: "The reply SMTP would have given." },
    limit: {
      type: "object",
      properties: {
        name: { type: "string" },
        value: { type: "number" },
        current: { type: ["number", "null"] },
        retryAfter: { type: ["number", "null"] },
      },
    },
    errors: {
      type: "array",
      items: { type: "object", properties: { path: { type: "string" }, message: { type: "string" } } },
    },
    recipients: { type: "array", items: { type: "object" }, description: "Up to 100 that are refused." },
    recipientsUnchecked: { type: "integer", description: "How many more there are." },
  },
} as const;

const taken = {
  type: "object",
  required: ["id", "message_id", "recipients"],
  properties: {
    id: { type: "string" },
    message_id: { type: ["string", "null"] },
    recipients: {
      type: "array",
      items: {
        type: "object",
        required: ["address", "status"],
        properties: {
          address: { type: "string" },
          status: { enum: ["queued", "refused"] },
          smtp: { type: "string" },
          reference: { type: "string" },
        },
      },
    },
  },
} as const;

const shown = {
  type: "object",
  properties: {
    object: { const: "email" },
    id: { type: "string" },
    message_id: { type: ["string", "null"] },
    from: { type: "string" },
    to: { type: "array", items: { type: "string" } },
    subject: { type: ["string", "null"] },
    created_at: { type: "string", format: "date-time" },
    last_event: { enum: ["queued", "delivery_delayed", "delivered", "bounced"] },
    recipients: {
      type: "array",
      items: {
        type: "object",
        properties: {
          address: { type: "string" },
          status: { enum: recipientStatuses },
          last_error: { type: ["string", "null"] },
        },
      },
    },
  },
} as const;

const json = (schema: Json, examples?: Json) => ({
  "application/json": {
    schema,
    ...(examples === undefined
      ? undefined
      : { examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])) }),
  },
});
const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const rate = Object.fromEntries(
  [
    ["limit", "Messages a minute, of the rate that refuses first."],
    ["remaining", "How many of them are left."],
    ["reset", "Seconds until there is one more."],
  ].map(([name, description]) => [`ratelimit-${name}`, { schema: { type: "integer" }, description }]),
);
const answerHeaders = {
  ...rate,
  "Weir-Would-Refuse": {
    schema: { type: "string" },
    description:
      "Limits that are only looked at (reportOnly) and would have refused this: `messageRateLimit, maxMessageSize`.",
  },
};
const refusal = {
  description: "Nobody gets it; or, for GET, there is none.",
  headers: {
    ...answerHeaders,
    "Retry-After": { schema: { type: "integer" }, description: "Seconds; with 409, 429, 500 and 503." },
  },
  content: { "application/problem+json": { schema: reference("Problem") } },
};
const accepted = {
  description: "It is on disk.",
  headers: {
    ...answerHeaders,
    Location: { schema: { type: "string" } },
    "Idempotency-Replayed": { schema: { const: "true" }, description: "It was answered before." },
  },
  content: json(reference("Taken")),
};
const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  schema: { type: "string", minLength: 1, maxLength: 256 },
  description: "The same request with the same key within 24 hours is one message, with one answer.",
};

/** Cost: some milliseconds; made once. */
export function submissionApi() {
  const schemas: Record<string, Json> = { Problem: problem, Taken: taken, SentEmail: shown };
  const bodies = [emailSchema, rawSchema].map((schema) =>
    moved(z.toJSONSchema(schema, { io: "input" }), schemas),
  );
  return {
    openapi: "3.1.0",
    info: { title: "Weir: mail by HTTP", version, description: "docs/http-submission.md tells more." },
    security: [{}, { key: [] }, { apiKey: [] }, { password: [] }],
    paths: {
      "/v1/emails": {
        post: {
          operationId: "postEmail",
          summary: "Hands a message in.",
          parameters: [idempotencyKey],
          requestBody: { required: true, content: json({ anyOf: bodies }, emailExamples) },
          responses: { "202": accepted, default: refusal },
        },
      },
      "/v1/emails/raw": {
        post: {
          operationId: "postRawEmail",
          summary: "Hands a message in as it stands, of any size that the connector takes.",
          parameters: [
            idempotencyKey,
            {
              name: "Mail-From",
              in: "header",
              schema: { type: "string" },
              description: "Default: Sender or From of the message. `<>`: no reports.",
            },
            {
              name: "Rcpt-To",
              in: "header",
              schema: { type: "string" },
              description: "Each time one. Default: To, Cc and Bcc of the message, and Bcc goes.",
            },
            { name: "from", in: "query", schema: { type: "string" }, description: "As Mail-From." },
            {
              name: "to",
              in: "query",
              schema: { type: "array", items: { type: "string" } },
              description: "As Rcpt-To.",
            },
            ...["partial", "require_tls"].map((name) => ({
              name,
              in: "query",
              schema: { enum: ["true", "false"] },
              description: "As in JSON.",
            })),
            {
              name: "priority",
              in: "query",
              schema: { enum: ["low", "normal", "high"] },
              description: "As in JSON.",
            },
          ],
          requestBody: { required: true, content: { "message/rfc822": { schema: { type: "string" } } } },
          responses: { "202": accepted, default: refusal },
        },
      },
      "/v1/emails/{id}": {
        get: {
          operationId: "getEmail",
          summary: "What became of a message of one's own, as far as the tracking log goes back.",
          parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
          responses: {
            "200": { description: "The message.", content: json(reference("SentEmail")) },
            default: refusal,
          },
        },
      },
    },
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
        password: { type: "http", scheme: "basic" },
      },
      schemas,
    },
  };
}

/** Definitions that zod puts beside a schema move to the document's components. */
function moved(schema: Json, schemas: Record<string, Json>): Json {
  const { $schema: _, $defs = {}, ...own } = schema;
  const inComponents = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inComponents);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        key === "$ref" && typeof inner === "string"
          ? inner.replace("#/$defs/", "#/components/schemas/")
          : inComponents(inner),
      ]),
    );
  };
  for (const [name, definition] of Object.entries($defs as Record<string, Json>))
    schemas[name] = inComponents(definition) as Json;
  return inComponents(own) as Json;
}
