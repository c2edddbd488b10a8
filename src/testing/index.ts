/** Doubles for the tests of applications that embed the relay: time, a next hop, a client. Needs nothing beyond Node. */
export { createFakeClock, type FakeClock } from "./fake-clock.ts";
export { freePort } from "./free-port.ts";
export { startRecordingSink, type RecordedMessage, type RecordingSink } from "./recording-sink.ts";
export { connectScriptedClient, type ClientReply, type ScriptedClient } from "./scripted-client.ts";
