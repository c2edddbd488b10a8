/** Messages that wait. */
import { parseOpathFilter, type OpathFilter, type PropertyBag } from "../../core/policy/opath-filter.ts";
import type { ListedMessage } from "../../spool/spool.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";

type Message = Output<"listMessages">["messages"][number];
interface Found {
  readonly queue: string;
  readonly identity: string;
  readonly listed: ListedMessage;
}

const maxExamined = 100_000;
const filterable = {
  FromAddress: "text",
  Status: "text",
  Size: "size",
  Subject: "text",
  InternetMessageId: "text",
  MessageSourceName: "text",
  SourceIP: "text",
  DateReceived: "time",
  ExpirationTime: "time",
  LastError: "text",
  RetryCount: "number",
} as const;

export function messageHandlers({
  relay,
  clock,
}: Administered): Pick<Handlers, "listMessages" | "removeMessages"> {
  const filterOf = (text: string): OpathFilter => {
    const parsed = parseOpathFilter(text, filterable);
    if (!parsed.ok) throw new AdminRefusal("invalidInput", parsed.message);
    return parsed.filter;
  };

  const bagOf = ({ message, recipients }: ListedMessage) => {
    const onWall = clock.wall().getTime() - clock.now();
    const { messageId, subject, sizeBytes } = message.content;
    const retryCount = recipients.reduce((most, { attempts }) => Math.max(most, attempts), 0);
    return {
      FromAddress: message.envelope.reversePath,
      Status: retryCount > 0 ? "Retry" : "Ready",
      Size: sizeBytes,
      Subject: subject,
      InternetMessageId: messageId,
      MessageSourceName: message.origin.connector === "DSN" ? "DSN" : `SMTP:${message.origin.connector}`,
      SourceIP: message.origin.sourceAddress,
      DateReceived: message.arrivedAt + onWall,
      ExpirationTime: message.arrivedAt + relay.settings.transport.messageExpirationTimeout + onWall,
      LastError: recipients.find(({ lastError }) => lastError !== undefined)?.lastError,
      RetryCount: retryCount,
    } as const satisfies PropertyBag;
  };

  const find = async (
    queueName: string | undefined,
    filter: OpathFilter,
    limit: number,
  ): Promise<{ found: Found[]; complete: boolean }> => {
    const wanted = queueName?.toLowerCase();
    const queues = relay
      .queues()
      .filter(({ identity }) => (wanted ?? identity.toLowerCase()) === identity.toLowerCase());
    if (queues.length === 0) throw new AdminRefusal("notFound", `there is no queue ${queueName ?? ""}`);
    const found: Found[] = [];
    let complete = true;
    for (const { queue, identity } of queues) {
      let examined = 0;
      const fits = (listed: ListedMessage): boolean => {
        examined++;
        return filter.comparisons.length === 0 || filter.matches(bagOf(listed));
      };
      const rest = limit + 1 - found.length;
      for (const listed of await relay.messages(queue, rest, { fits, maxExamined }))
        found.push({ queue, identity, listed });
      if (examined >= maxExamined) complete = false;
      if (found.length > limit) return { found: found.slice(0, limit), complete: false };
    }
    return { found, complete };
  };

  const shown = ({ identity, listed }: Found): Message => {
    const bag = bagOf(listed);
    const { id, envelope } = listed.message;
    return {
      identity: `${identity}\\${id}`,
      queue: identity,
      fromAddress: bag.FromAddress,
      status: bag.Status,
      sizeBytes: bag.Size,
      subject: bag.Subject ?? null,
      internetMessageId: bag.InternetMessageId ?? null,
      messageSourceName: bag.MessageSourceName,
      sourceIp: bag.SourceIP,
      dateReceived: new Date(bag.DateReceived).toISOString(),
      expirationTime: new Date(bag.ExpirationTime).toISOString(),
      lastError: bag.LastError ?? null,
      retryCount: bag.RetryCount,
      recipients: listed.recipients.map(({ index, lastError }) => ({
        address: envelope.recipients[index]?.forwardPath ?? "",
        lastError: lastError ?? null,
      })),
    };
  };

  /** `queue\id`. */
  const target = (identity: string): { queue: string; id: number } => {
    const at = identity.lastIndexOf("\\");
    const wanted = identity.slice(0, Math.max(0, at)).toLowerCase();
    const queue = relay.queues().find((one) => one.identity.toLowerCase() === wanted)?.queue;
    const id = Number(identity.slice(at + 1));
    if (queue === undefined || !Number.isSafeInteger(id) || id <= 0)
      throw new AdminRefusal("notFound", `there is no message ${identity}`);
    return { queue, id };
  };

  return {
    async listMessages({ queue, filter, limit }) {
      const { found, complete } = await find(queue, filterOf(filter), limit);
      return { messages: found.map(shown), complete };
    },
    async removeMessages({ identity, queue, filter, withNdr, limit }) {
      if ((identity === undefined) === (filter === undefined))
        throw new AdminRefusal("invalidInput", "give either the identity of a message or a filter");
      if (identity !== undefined) {
        const at = target(identity);
        if (await relay.removeMessage(at.queue, at.id, withNdr))
          return { removed: 1, passed: 0, complete: true };
        throw new AdminRefusal("notFound", `message ${identity} is not there, or is under way`);
      }
      const { found, complete } = await find(queue, filterOf(filter ?? ""), limit);
      let removed = 0;
      for (const one of found)
        if (await relay.removeMessage(one.queue, one.listed.message.id, withNdr)) removed++;
      return { removed, passed: found.length - removed, complete };
    },
  };
}
