/** Signs what leaves: finds the keys of a message's author, and remembers signatures that others will ask for. */
import { LRUCache } from "lru-cache";
import { authorDomain } from "../core/dkim/author-domain.ts";
import { keysFor } from "../core/dkim/choose-keys.ts";
import { fieldTexts, type FieldText } from "../core/dkim/header-fields.ts";
import { queryName } from "../dns/domain-name.ts";
import type { Clock } from "../ports/ports.ts";
import type { Claim } from "../spool/spool.ts";
import type { DkimKey, DkimSettings } from "./dkim-settings.ts";
import { dividedOctets, hashContent, type HashedContent } from "./hash-content.ts";
import { signedClaim } from "./signed-claim.ts";
import { signMessage, type SignatureOptions, type SigningRequest } from "./sign.ts";
import { createSigningThreads, type RsaSignatures } from "./signing-threads.ts";

export interface Signer {
  /** Any key signs now. Asked for at each message, so that those of a relay without keys wait for nothing. */
  readonly isActive: boolean;
  /**
   * The claim with signatures in front of its content; the same one where no key is the author's. Rejects with what the
   * content's reader throws, or a key: such a message is not to be sent as it is.
   */
  sign(claim: Claim): Promise<Claim>;
  /**
   * The same without a promise: calls one of the two, once; within this call where there is nothing to wait for. Cost: half of
   * `sign`'s garbage.
   */
  signThen(claim: Claim, signed: (form: Claim) => void, failed: (fault: unknown) => void): void;
}

export interface OpenSigner extends Signer {
  /** Ends its threads; what is being signed rejects. */
  close(): void;
}

const rememberedMessages = 10_000;
/** A signature tells when it was made, and holds from then on: a late attempt gets a new one. */
const rememberMs = 3_600_000;

interface SignedMessage {
  readonly by: DkimSettings;
  readonly at: number;
  readonly fields: Promise<string>;
}

/** Of settings, as messages need it. */
interface Prepared {
  readonly of: DkimSettings;
  readonly options: SignatureOptions;
  /** Of the last author: an application mostly writes as one. */
  lastFrom: string | undefined;
  lastKeys: readonly DkimKey[];
}

interface SignaturesRequest extends SigningRequest {
  readonly keys: readonly DkimKey[];
}

/** `settings`: asked for at each message. `rsa`: for tests. */
export function createSigner(
  settings: () => DkimSettings,
  clock: Clock,
  rsa: RsaSignatures = createSigningThreads(),
): OpenSigner {
  let known: LRUCache<string, SignedMessage> | undefined;
  let prepared: Prepared | undefined;
  const preparedFor = (by: DkimSettings): Prepared =>
    prepared?.of === by ? prepared : (prepared = prepare(by));

  /** Undefined: no key is the author's. */
  const requestFor = (
    { header, hashBody }: HashedContent,
    by: DkimSettings,
  ): SignaturesRequest | undefined => {
    const forMail = preparedFor(by);
    const fields = fieldTexts(header);
    const keys = keysOf(fields, forMail);
    if (keys.length === 0) return undefined;
    return { keys, header: fields, hashedBody: hashBody(), options: forMail.options, now: clock.wall() };
  };

  /** Gives `made` the fields of all keys that sign, or none. */
  const signFields = (
    content: HashedContent,
    by: DkimSettings,
    made: (fields: string) => void,
    failed: (fault: unknown) => void,
  ): void => {
    let request: SignaturesRequest | undefined;
    try {
      request = requestFor(content, by);
    } catch (error) {
      return failed(error);
    }
    if (request === undefined) made("");
    else signByAll(request, rsa, made, failed);
  };

  const fieldsOf = async ({ content }: Claim, by: DkimSettings): Promise<string> => {
    const form = by.bodyCanonicalization;
    const { inMemory } = content;
    const read = inMemory === undefined ? await hashContent(content, form) : dividedOctets(inMemory, form);
    return await new Promise((resolve, reject) => signFields(read, by, resolve, reject));
  };

  const signThen: Signer["signThen"] = (claim, signed, failed) => {
    const by = settings();
    const { id, content, envelope } = claim.message;
    const { inMemory } = claim.content;
    const made = (fields: string): void => signed(fields === "" ? claim : signedClaim(claim, fields));
    // Most mail has one queue and is gone with its first attempt; what is large is not read again for a later one.
    if (inMemory !== undefined && claim.recipients.length === envelope.recipients.length) {
      return signFields(dividedOctets(inMemory, by.bodyCanonicalization), by, made, failed);
    }
    // Its 7-bit form is another content, and so is one with other senders.
    const key = `${id} ${content.sizeBytes} ${content.headDigest ?? ""}`;
    known ??= new LRUCache({ max: rememberedMessages });
    let entry = known.get(key);
    if (entry?.by !== by || clock.now() - entry.at > rememberMs) {
      const fields = fieldsOf(claim, by);
      entry = { by, at: clock.now(), fields };
      known.set(key, entry);
      fields.catch(() => known?.delete(key));
    }
    entry.fields.then(made, failed);
  };

  return {
    get isActive() {
      return settings().keys.some(({ state }) => state === "active");
    },
    signThen,
    sign: (claim) => new Promise((resolve, reject) => signThen(claim, resolve, reject)),
    close: () => rsa.close(),
  };
}

/** One behind the other: fields stand in the order of their keys. */
function signByAll(
  request: SignaturesRequest,
  rsa: RsaSignatures,
  made: (fields: string) => void,
  failed: (fault: unknown) => void,
): void {
  const { keys } = request;
  const signFrom = (at: number, before: string): void => {
    const behind = (field: string): void => {
      if (at + 1 < keys.length) signFrom(at + 1, before + field);
      else made(before + field);
    };
    signMessage(request, keys[at]!, rsa, behind, failed);
  };
  signFrom(0, "");
}

function prepare(by: DkimSettings): Prepared {
  const options = {
    headerForm: by.headerCanonicalization,
    bodyForm: by.bodyCanonicalization,
    oversign: by.oversign,
    lifetimeSeconds: Math.floor(by.signatureLifetime / 1000),
  };
  return { of: by, options, lastFrom: undefined, lastKeys: [] };
}

/** A key whose signature is there already, as on mail that comes back to us, adds nothing. */
function keysOf(fields: readonly FieldText[], forMail: Prepared): readonly DkimKey[] {
  let from: FieldText | undefined;
  let isSigned = false;
  for (const field of fields) {
    if (field.kind === "from") from ??= field;
    else if (field.kind === "dkim-signature") isSigned = true;
  }
  if (from === undefined) return [];
  const keys = authorsKeys(from, forMail);
  if (keys.length === 0 || !isSigned) return keys;
  const signatures = fields.filter(({ kind }) => kind === "dkim-signature").map(valueOf);
  return keys.filter(
    (key) => !signatures.some((text) => tag(text, "d") === key.domain && tag(text, "s") === key.selector),
  );
}

function authorsKeys(from: FieldText, forMail: Prepared): readonly DkimKey[] {
  if (forMail.lastFrom === from.text) return forMail.lastKeys;
  const author = authorDomain(valueOf(from));
  const domain = author === undefined ? undefined : queryName(author);
  forMail.lastKeys = domain === undefined ? [] : keysFor(forMail.of.keys, domain);
  forMail.lastFrom = from.text;
  return forMail.lastKeys;
}

const valueOf = ({ text }: FieldText): string => {
  // oxlint-disable-next-line no-control-regex
  const read = /[^\x00-\x7f]/.test(text) ? Buffer.from(text, "latin1").toString("utf8") : text;
  return read
    .slice(read.indexOf(":") + 1)
    .replaceAll(/\r\n(?=[ \t])/gu, "")
    .trim();
};

const tag = (signature: string, name: string): string | undefined =>
  new RegExp(`(?:^|;)\\s*${name}\\s*=\\s*([^;\\s]*)`, "u").exec(signature)?.[1]?.toLowerCase();
