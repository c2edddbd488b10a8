/** The whole configuration file. The one source for reading it, its JSON Schema and its reference. */
import { z } from "zod";
import { applicationPriorities } from "../core/policy/application.ts";
import { parseKeyHash } from "../core/authentication/api-key.ts";
import { parseCertificateName } from "../core/authentication/certificate-name.ts";
import { parseIpRange } from "../core/units/ip-range.ts";
import { parseEndpoint } from "../core/units/endpoint.ts";
import { parseWeeklyHours } from "../core/units/weekly-hours.ts";
import { parseAcceptedDomain } from "./accepted-domain.ts";
import { addressRewriteEntrySchema } from "./address-rewrite-entries.ts";
import { clientRightsShape } from "./client-rights-schema.ts";
import { clusterSchema } from "./cluster-schema.ts";
import { directorySchema } from "./directory-schema.ts";
import { loggingSchema } from "./logging-schema.ts";
import { parseDate } from "./oauth-schema.ts";
import { receiveConnectorSchema } from "./receive-connector-schema.ts";
import { sendConnectorSchema } from "./send-connector-schema.ts";
import { tokenIssuerSchema } from "./token-issuer-schema.ts";
import { transportSchema } from "./transport-schema.ts";
import {
  choice,
  duration,
  filePath,
  flag,
  hostName,
  integer,
  kinds,
  line,
  listOf,
  name,
  notASection,
  optionalSetting,
  parsedText,
  requiredSetting,
  setting,
} from "./value-type.ts";
import { webhookSchema } from "./webhook-schema.ts";

const certificateNames = listOf(parsedText({ kind: "certificate" }, parseCertificateName), {
  kind: "list of certificates",
});
const certificatesHelp =
  'Client certificates it logs on with (AUTH EXTERNAL): `sha256:…`, or the whole subject, `"CN=printer-7,O=Contoso"`.';

export const userSchema = z.strictObject(
  {
    name: requiredSetting(name(256), "What the client logs on with; case does not matter."),
    password: optionalSetting(
      line(512),
      "none: it logs on by token or certificate",
      "The password's hash, as `weir hash-password` prints it: `$scrypt$…`.",
    ),
    certificates: setting(certificateNames, [], certificatesHelp),
    ...clientRightsShape,
  },
  { error: notASection },
);

export const applicationSchema = z.strictObject(
  {
    name: requiredSetting(name(64), "What the source is called wherever it is shown."),
    owner: optionalSetting(line(256), "none", "Who answers for it: a person, a team."),
    contact: optionalSetting(line(256), "none", "How the owner is reached: a mailbox, a number."),
    purpose: optionalSetting(line(256), "none", "What it sends."),
    addresses: setting(
      listOf(parsedText({ kind: "IP range" }, parseIpRange), { kind: "list of IP ranges" }),
      [],
      "Its client addresses; the smallest range that holds an address names it.",
    ),
    users: setting(listOf(line(256), { kind: "list of names" }), [], "The accounts it logs on with."),
    priority: setting(
      choice(applicationPriorities),
      "Normal",
      "Whose mail goes first where a send connector's rate lets it leave one by one: High has four turns while Normal has one, Normal four while Low has one. Nobody's waits for ever.",
    ),
    expectedVolumePerDay: optionalSetting(
      integer({ min: 1, max: 2_147_483_647 }),
      "learned from the traffic record",
      "Messages of a usual day; ten times as many are told (event 20412).",
    ),
    expectedHours: setting(
      listOf(parsedText({ kind: "time of the week" }, parseWeeklyHours), {
        kind: "list of times of the week",
      }),
      [],
      "When mail of it is expected, by this machine's clock: `Mon-Fri 08:00-18:00`, `02:00-03:00`. A time that goes by without any is told (event 20411). Empty: as it is learned from the traffic record.",
    ),
    certificates: setting(
      certificateNames,
      [],
      "Client certificates it logs on with (AUTH EXTERNAL), under the first of its users, or under its own name.",
    ),
    ...clientRightsShape,
  },
  { error: notASection },
);

export const apiKeySchema = z.strictObject(
  {
    name: requiredSetting(
      name(64),
      "What the key is for, or who has it; shown wherever its mail is refused.",
    ),
    keyHash: requiredSetting(
      parsedText({ kind: "hash" }, parseKeyHash),
      "SHA-256 of the key, as New-ApiKey writes it: `sha256:…`. The key itself is kept nowhere.",
    ),
    enabled: setting(flag(), true, "False: what is handed in with it is refused."),
    expires: optionalSetting(
      parsedText({ kind: "date" }, parseDate),
      "never",
      "The day (UTC) from which on it is refused, such as 2027-05-01; warnings come 30 days ahead.",
    ),
    application: optionalSetting(
      name(64),
      "by address",
      "The application its mail belongs to, from whatever address it comes.",
    ),
    ...clientRightsShape,
  },
  { error: notASection },
);

export const diagnosticsSchema = z.strictObject(
  {
    levels: setting(
      z
        .record(z.string(), choice(["Lowest", "Low", "Medium", "High", "Expert"]), { error: notASection })
        .register(kinds, { kind: "category: level", range: "Lowest, Low, Medium, High, Expert" }),
      {},
      "Diagnostic logging level per category, such as `MSExchangeTransport\\SmtpReceive: Expert`. Others are Lowest.",
    ),
  },
  { error: notASection },
);

/** TLS of what is served by HTTP. */
const httpTls = {
  tls: optionalSetting(
    flag(),
    "true with tlsCertificateFile, else false",
    "HTTPS instead of HTTP; without tlsCertificateFile with the relay's self-signed certificate.",
  ),
  tlsCertificateFile: optionalSetting(
    filePath(),
    "none",
    "PEM file with the certificate and its chain; read again when it changes.",
  ),
  tlsKeyFile: optionalSetting(filePath(), "none", "PEM file with the private key of tlsCertificateFile."),
};

export const adminSchema = z.strictObject(
  {
    console: optionalSetting(
      parsedText({ kind: "address:port" }, parseEndpoint),
      "none",
      "Address of the web console, such as 127.0.0.1:8025.",
    ),
    cluster: optionalSetting(
      parsedText({ kind: "address:port" }, parseEndpoint),
      "none",
      "Of one of several nodes: the address at which the others ask it, such as 10.0.0.1:8026; of 0.0.0.0:8026 they are told the machine's first address. TLS; only nodes of the cluster are answered.",
    ),
    ...httpTls,
    allowedHosts: setting(
      listOf(hostName(), { kind: "list of domain names" }),
      [],
      "Names the console is called by in a browser, beside hostname, IP addresses and localhost.",
    ),
    socketGroup: optionalSetting(
      name(64),
      "none: the relay's user and root alone",
      "Group of the system whose members may use the commands of the shell: the relay's socket and the way to it are open to them. The relay's user must be one of them.",
    ),
  },
  { error: notASection },
);

export const dkimKeySchema = z.strictObject(
  {
    name: requiredSetting(
      name(253),
      "Where DNS has it, `selector._domainkey.domain`. It signs mail whose From is of that domain or a subdomain.",
    ),
    keyFile: requiredSetting(
      filePath(),
      "PEM file with the private key, RSA or Ed25519; `weir New-DkimKey` makes one. Relative to the configuration file.",
    ),
    state: setting(
      choice(["published", "active", "retired"]),
      "active",
      "published: DNS is being told, nothing is signed with it yet. retired: nothing is signed any more; leave the record until no such mail is on its way.",
    ),
  },
  { error: notASection },
);

export const dkimSchema = z.strictObject(
  {
    headerCanonicalization: setting(
      choice(["relaxed", "simple"]),
      "relaxed",
      "relaxed outlives a header that is folded anew on its way.",
    ),
    bodyCanonicalization: setting(
      choice(["relaxed", "simple"]),
      "relaxed",
      "relaxed outlives changed white space.",
    ),
    oversign: setting(
      choice(["default", "fromOnly", "none"]),
      "default",
      "default: From, To, Subject and the like cannot be added to signed mail. fromOnly, none: for next hops that add some.",
    ),
    signatureLifetime: setting(
      duration({ min: 3_600_000, max: 365 * 86_400_000 }),
      "10d",
      "How long a signature holds. More than mail may take, queues of others included.",
    ),
  },
  { error: notASection },
);

export const metricsSchema = z.strictObject(
  {
    listen: setting(
      listOf(parsedText({ kind: "address:port" }, parseEndpoint), { kind: "list of address:port" }),
      [],
      "Where /metrics, /livez and /readyz are served without a token, such as 127.0.0.1:9464.",
    ),
    allow: setting(
      listOf(parsedText({ kind: "IP range" }, parseIpRange), { kind: "list of IP ranges" }),
      ["127.0.0.0/8", "::1"],
      "Client addresses that are answered there; others get 403.",
    ),
    ...httpTls,
    bySource: setting(
      flag(),
      false,
      "Series for each source too (open connections, recent refusals): hundreds of them on a busy relay.",
    ),
  },
  { error: notASection },
);

export const configurationSchema = z.strictObject({
  hostname: optionalSetting(
    hostName(),
    "the system's host name",
    "Name of this relay in SMTP, logs and reports.",
  ),
  dataDirectory: setting(filePath(), "data", "Where the spool is kept; relative to the configuration file."),
  requirePersistentSpool: setting(
    flag(),
    false,
    "The relay does not start where the data directory goes with a container or with a restart: on no volume of its own, or in memory. Else it warns (event 20219).",
  ),
  receiveConnectors: requiredSetting(
    listOf(receiveConnectorSchema, { kind: "list of receive connectors" }),
    "Where mail comes in, with its permissions and limits.",
  ),
  sendConnectors: setting(
    listOf(sendConnectorSchema, { kind: "list of send connectors" }),
    [],
    "Where mail goes out.",
  ),
  acceptedDomains: setting(
    listOf(parsedText({ kind: "domain" }, parseAcceptedDomain), { kind: "list of domains" }),
    [],
    'Domains anybody who may submit may send to: `contoso.com`, or `"*.contoso.com"` with its subdomains.',
  ),
  addressRewriteEntries: setting(
    listOf(addressRewriteEntrySchema, { kind: "list of entries" }),
    [],
    "What senders are called on their way out, in the envelope and in the fields From and Sender.",
  ),
  directory: optionalSetting(directorySchema, "none", "Users in LDAP or Active Directory."),
  tokenIssuers: setting(
    listOf(tokenIssuerSchema, { kind: "list of token issuers" }),
    [],
    "Whose tokens clients may log on with, where authMechanism has OAuth.",
  ),
  users: setting(listOf(userSchema, { kind: "list of users" }), [], "Accounts for AUTH."),
  apiKeys: setting(
    listOf(apiKeySchema, { kind: "list of keys" }),
    [],
    "Keys that programs hand mail in with over HTTP.",
  ),
  applications: setting(
    listOf(applicationSchema, { kind: "list of applications" }),
    [],
    "Names for sources, shown wherever a source is shown.",
  ),
  proxyProtocolFrom: setting(
    listOf(parsedText({ kind: "IP range" }, parseIpRange), { kind: "list of IP ranges" }),
    [],
    "Load balancers whose connections begin with a PROXY header (version 1 or 2) that tells the true source.",
  ),
  transport: setting(transportSchema, {}, "Retries, expiry and reports."),
  dkimKeys: setting(
    listOf(dkimKeySchema, { kind: "list of keys" }),
    [],
    "Keys that sign what goes out (DKIM); several for a domain, RSA first and Ed25519 beside it.",
  ),
  dkim: setting(dkimSchema, {}, "How they sign."),
  webhooks: setting(
    listOf(webhookSchema, { kind: "list of webhooks" }),
    [],
    "URLs that are told of events: of applications, of errors.",
  ),
  diagnostics: setting(diagnosticsSchema, {}, "What is told in the log."),
  logging: setting(loggingSchema, {}, "Where the log goes, and in what form."),
  admin: setting(adminSchema, {}, "How the relay is administered."),
  cluster: optionalSetting(
    clusterSchema,
    "none: one machine, one spool",
    "Several nodes with one queue and one set of limits, in PostgreSQL. Read at the start.",
  ),
  metrics: setting(metricsSchema, {}, "Where monitoring systems ask, and who may."),
});
