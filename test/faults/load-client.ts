/** A client that sends one message after the other, reconnects when the relay is gone, and counts only what was acknowledged. */
import { setTimeout as delay } from "node:timers/promises";
import { stuff } from "../../src/testing/byte-reader.ts";
import { connectRawHttp, rawRequest, type RawHttpClient } from "../../src/testing/raw-http-client.ts";
import { type ScriptedClient, connectScriptedClient } from "../../src/testing/scripted-client.ts";
import type { Tally } from "./tally.ts";

export interface LoadClientOptions {
  readonly port: number;
  /** Default: loopback. */
  readonly address?: string;
  /** Sends by HTTP, there, in place of SMTP. */
  readonly httpPort?: number;
  readonly name: string;
  readonly tally: Tally;
  readonly random: () => number;
  /** Looked at between messages. */
  readonly stopped: () => boolean;
  /** Of the next message. Default: mostly small ones, and some that the spool keeps in files of their own. */
  readonly bodyBytes?: (random: () => number) => number;
  /** Hears of each message that was not acknowledged, and of each connection that did not come about. */
  readonly onFailure?: (error: unknown) => void;
  /** Default: `NAME@dest.example`. */
  readonly recipient?: () => string;
}

function usualBodyBytes(random: () => number): number {
  const kind = random();
  if (kind < 0.8) return Math.floor(random() * 8_000);
  if (kind < 0.95) return 100_000 + Math.floor(random() * 400_000);
  return 1_000_000 + Math.floor(random() * 1_000_000);
}

async function sendOne(client: ScriptedClient, options: LoadClientOptions): Promise<void> {
  const { tally, random, name, bodyBytes = usualBodyBytes, recipient } = options;
  const { id, content } = tally.compose(bodyBytes(random));
  const to = recipient?.() ?? `${name}@dest.example`;
  const envelope = `MAIL FROM:<${id}@app.example>\r\nRCPT TO:<${to}>\r\n`;
  if (random() < 0.5) {
    client.send(`${envelope}DATA\r\n`);
    await client.expect(250);
    await client.expect(250);
    await client.expect(354);
    client.send(Buffer.concat([stuff(content), Buffer.from(".\r\n")]));
  } else {
    client.send(Buffer.concat([Buffer.from(`${envelope}BDAT ${content.length} LAST\r\n`), content]));
    await client.expect(250);
    await client.expect(250);
  }
  await client.expect("250 2.6.0");
  tally.acknowledge(id);
}

async function postOne(client: RawHttpClient, options: LoadClientOptions): Promise<void> {
  const { tally, random, name, bodyBytes = usualBodyBytes, recipient } = options;
  const { id, content } = tally.compose(bodyBytes(random));
  const to = recipient?.() ?? `${name}@dest.example`;
  client.send(
    rawRequest("/v1/emails/raw", content, {
      "content-type": "message/rfc822",
      "mail-from": `<${id}@app.example>`,
      "rcpt-to": to,
    }),
  );
  const { status, text } = await client.answer(30_000);
  if (status !== 202) throw new Error(`it was answered ${status} ${text}`);
  tally.acknowledge(id);
}

async function runByHttp(options: LoadClientOptions, port: number): Promise<void> {
  while (!options.stopped()) {
    let client: RawHttpClient | undefined;
    try {
      client = await connectRawHttp(port);
      while (!options.stopped()) await postOne(client, options);
    } catch (error) {
      options.onFailure?.(error);
      await delay(20);
    } finally {
      client?.close();
    }
  }
}

/** Resolves once `stopped()` holds. Never rejects for what the relay does. */
export async function runLoadClient(options: LoadClientOptions): Promise<void> {
  if (options.httpPort !== undefined) return runByHttp(options, options.httpPort);
  while (!options.stopped()) {
    let client: ScriptedClient | undefined;
    try {
      client = await connectScriptedClient({
        port: options.port,
        ...(options.address === undefined ? {} : { address: options.address }),
      });
      await client.expect(220);
      await client.command("EHLO load.example");
      while (!options.stopped()) await sendOne(client, options);
    } catch (error) {
      options.onFailure?.(error);
      await delay(20);
    } finally {
      client?.close();
    }
  }
}
