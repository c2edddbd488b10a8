/** The JSON of `POST /v1/emails`: Resend's names, and Weir's own beside them. Source: resend.com, API reference, Send Email. */
import { z } from "zod";

export const addressSchema = z
  .union([
    z.string().min(1).max(1_000),
    z.strictObject({ email: z.string().min(1).max(600), name: z.string().max(200).optional() }),
  ])
  .meta({ description: "`a@contoso.com`, `Name <a@contoso.com>`, or an object.", id: "Address" });

const addresses = z
  .union([addressSchema, z.array(addressSchema)])
  .meta({ description: "One address or several.", id: "Addresses" });

const attachment = z
  .strictObject({
    filename: z.string().min(1).max(400).optional(),
    content: z
      .union([
        z.string(),
        z.strictObject({
          type: z.literal("Buffer"),
          // Millions of them, that are looked at once, where they become octets.
          data: z.unknown().meta({ type: "array", items: { type: "integer", minimum: 0, maximum: 255 } }),
        }),
      ])
      .meta({ description: "Base64, or a Buffer as Node.js writes it in JSON." }),
    content_type: z.string().max(300).optional().meta({ description: "Default: by the file name." }),
    content_id: z
      .string()
      .regex(/^[!#-'*-;=?-[\]-~]{1,200}$/, { error: "is no Content-ID, such as logo or logo@contoso.com" })
      .optional()
      .meta({ description: "What `cid:` in the HTML names, without angle brackets." }),
    content_disposition: z.enum(["attachment", "inline"]).optional(),
  })
  .meta({ id: "Attachment" });

const label = z.strictObject({ name: z.string().min(1).max(256), value: z.string().max(256) });

/** Of every request that hands a message in, whatever its form. */
const shared = {
  envelope: z
    .strictObject({
      mail_from: z.string().max(1_000).optional().meta({ description: "Empty or `<>`: no reports." }),
      rcpt_to: z.array(z.string().max(1_000)).min(1).optional(),
    })
    .optional()
    .meta({ description: "In place of from, and of to, cc and bcc." }),
  dsn: z
    .strictObject({
      notify: z
        .array(z.enum(["never", "success", "failure", "delay"]))
        .min(1)
        .optional(),
      ret: z.enum(["full", "hdrs"]).optional(),
      envid: z
        .string()
        .regex(/^[\x20-\x7e]{1,80}$/, { error: "has characters outside ASCII, or more than 80" })
        .optional(),
    })
    .optional()
    .meta({ description: "Reports that are wanted (RFC 3461)." }),
  require_tls: z.boolean().optional().meta({
    description: "True: it goes on over TLS that is checked, or not at all (REQUIRETLS, RFC 8689).",
  }),
  priority: z.enum(["low", "normal", "high"]).optional().meta({
    description: "Whose turn it is sooner where mail leaves one by one; no more than its application has.",
  }),
  partial: z
    .boolean()
    .optional()
    .meta({ description: "True: recipients that are refused keep the others from nothing." }),
  tags: z.array(label).max(10).optional().meta({ description: "For the message tracking log." }),
  metadata: z
    .record(z.string().min(1).max(256), z.string().max(256))
    .refine((all) => Object.keys(all).length <= 10, { error: "has more than 10 entries" })
    .optional()
    .meta({ description: "The same as an object." }),
};

export const emailSchema = z
  .strictObject({
    from: addressSchema,
    to: addresses.optional(),
    cc: addresses.optional(),
    bcc: addresses.optional(),
    reply_to: addresses.optional(),
    subject: z.string().max(10_000).optional(),
    text: z.string().optional(),
    html: z.string().optional(),
    headers: z
      .union([z.record(z.string(), z.string()), z.array(z.tuple([z.string(), z.string()]))])
      .optional()
      .meta({ description: "Further header fields, as an object or as a list of [name, value]." }),
    attachments: z.array(attachment).max(500).optional(),
    ...shared,
  })
  .meta({ id: "Email" });

export const rawSchema = z
  .strictObject({
    raw: z.string().min(1).meta({ description: "The whole message, Base64." }),
    ...shared,
  })
  .meta({ id: "RawEmail" });

export type GivenAddress = z.output<typeof addressSchema>;
export type GivenEmail = z.output<typeof emailSchema>;
export type GivenRaw = z.output<typeof rawSchema>;
/** What it says beside the message. */
export type GivenDelivery = Pick<
  GivenRaw,
  "envelope" | "dsn" | "require_tls" | "priority" | "partial" | "tags" | "metadata"
>;

/** Fields that others have and this relay has not, each with the reason. */
export const notOffered: Readonly<Record<string, string>> = {
  path: "attachments are not fetched from paths or addresses; send their content",
  react: "templates are not rendered here; send html",
  scheduled_at: "mail is sent at once",
  template: "templates are not rendered here; send html",
  topic_id: "there are no topics here",
};
