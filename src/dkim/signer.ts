/** Signs what leaves: finds the keys of a message's author, and remembers signatures that others will ask for. */
import { LRUCache } from "lru-cache";
import { authorDomain } from "../core/dkim/author-domain.ts";
import { keysFor } from "../core/dkim/choose-keys.ts";
import { fieldTexts, type FieldText } from "../core/dkim/header-fields.ts";
import { queryName } from "../dns/domain-name.ts";
import type { Clock } from "../ports/ports.ts";
import type { Claim } from "../spool/spool.ts";
import type { DkimKey, DkimSettings } from "./dkim-settings.ts";
import { dividedOctets, hashContent } from "./hash-content.ts";
import { signedClaim } from "./signed-claim.ts";
import { signMessage, type SignatureOptions } from "./sign.ts";
import { createSigningThreads, type RsaSignatures } from "./signing-threads.ts";

export interface Signer {
  /** Any key signs now. Asked for at each message, so that those of a relay without keys wait for nothing. */
  readonly isActive: boolean;
  /**
   * The claim with signatures in front of its content; the same one where no key is the author's. Rejects with what the
   * content's reader throws, or a key: such a message is not to be sent as it is.
   */
  sign(claim: Claim): Promise<Claim>;
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

/** `settings`: asked for at each message. `rsa`: for tests. */
export function createSigner(
  settings: () => DkimSettings,
  clock: Clock,
  rsa: RsaSignatures = createSigningThreads(),
): OpenSigner {
  let known: LRUCache<string, SignedMessage> | undefined;
  let optionsBy: { readonly of: DkimSettings; readonly options: SignatureOptions } | undefined;

  const optionsOf = (by: DkimSettings): SignatureOptions => {
    if (optionsBy?.of !== by) {
      const options = {
        headerForm: by.headerCanonicalization,
        bodyForm: by.bodyCanonicalization,
        oversign: by.oversign,
        lifetimeSeconds: Math.floor(by.signatureLifetime / 1000),
      };
      optionsBy = { of: by, options };
    }
    return optionsBy.options;
  };

  const fieldsOf = async (claim: Claim, by: DkimSettings): Promise<string> => {
    const { content } = claim;
    const form = by.bodyCanonicalization;
    let header: Buffer;
    let hashBody: () => string;
    if (content.inMemory === undefined) {
      const hashed = await hashContent(content, form);
      ({ header } = hashed);
      hashBody = () => hashed.hashedBody;
    } else ({ header, hashBody } = dividedOctets(content.inMemory, form));
    const fields = fieldTexts(header);
    const keys = keysOf(fields, by);
    if (keys.length === 0) return "";
    const hashedBody = hashBody();
    const options = optionsOf(by);
    let signatures = "";
    for (const key of keys)
      signatures += await signMessage(fields, hashedBody, key, options, clock.wall(), rsa);
    return signatures;
  };

  return {
    get isActive() {
      return settings().keys.some(({ state }) => state === "active");
    },
    async sign(claim) {
      const by = settings();
      const { id, content, envelope } = claim.message;
      // Most mail has one queue and is gone with its first attempt; what is large is not read again for a later one.
      if (claim.recipients.length === envelope.recipients.length && claim.content.inMemory !== undefined)
        return withFields(claim, await fieldsOf(claim, by));
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
      return withFields(claim, await entry.fields);
    },
    close: () => rsa.close(),
  };
}

const withFields = (claim: Claim, fields: string): Claim =>
  fields === "" ? claim : signedClaim(claim, fields);

/** A key whose signature is there already, as on mail that comes back to us, adds nothing. */
function keysOf(fields: readonly FieldText[], by: DkimSettings): readonly DkimKey[] {
  const from = fields.find(({ kind }) => kind === "from");
  if (from === undefined) return [];
  const keys = authorsKeys(from, by);
  if (keys.length === 0 || fields.every(({ kind }) => kind !== "dkim-signature")) return keys;
  const signatures = fields.filter(({ kind }) => kind === "dkim-signature").map(valueOf);
  return keys.filter(
    (key) => !signatures.some((text) => tag(text, "d") === key.domain && tag(text, "s") === key.selector),
  );
}

/** Of the last author: an application mostly writes as one. */
const lastAuthors = new WeakMap<DkimSettings, { readonly from: string; readonly keys: readonly DkimKey[] }>();

function authorsKeys(from: FieldText, by: DkimSettings): readonly DkimKey[] {
  const last = lastAuthors.get(by);
  if (last?.from === from.text) return last.keys;
  const author = authorDomain(valueOf(from));
  const domain = author === undefined ? undefined : queryName(author);
  const keys = domain === undefined ? [] : keysFor(by.keys, domain);
  lastAuthors.set(by, { from: from.text, keys });
  return keys;
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
