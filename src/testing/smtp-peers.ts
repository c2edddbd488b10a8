/** The peers of a test of the SMTP client, and its carriers: closed behind each test, the last opened first. */
import { startRecordingSink, type RecordingSink, type SinkSettings } from "./recording-sink.ts";
import { startScriptedServer, type ScriptedPeer, type ScriptedServer } from "./scripted-server.ts";
import { testSmtpCarrier, type TestSmtpCarrier } from "./test-smtp-carrier.ts";

export interface SmtpPeers {
  /** What else is to be closed. */
  readonly open: { close(): Promise<void> }[];
  readonly sinkWith: (settings?: Partial<SinkSettings>) => Promise<RecordingSink>;
  readonly scripted: (script: (peer: ScriptedPeer) => Promise<void>) => Promise<ScriptedServer>;
  readonly carrierTo: (...given: Parameters<typeof testSmtpCarrier>) => TestSmtpCarrier;
}

/** `afterEach`: the test framework's. */
export function smtpPeers(afterEach: (close: () => Promise<void>) => void): SmtpPeers {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (let each = open.pop(); each !== undefined; each = open.pop()) await each.close();
  });
  return {
    open,
    async sinkWith(settings = {}) {
      const sink = await startRecordingSink(settings);
      open.push(sink);
      return sink;
    },
    async scripted(script) {
      const server = await startScriptedServer(script);
      open.push(server);
      return server;
    },
    carrierTo(...given) {
      const made = testSmtpCarrier(...given);
      open.push({ close: () => made.carrier.close(0) });
      return made;
    },
  };
}
