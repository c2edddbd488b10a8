/** The services of mail transactions, put together: what all doors of the relay share. */
import { applicationOf, type Application } from "../../core/policy/application.ts";
import { refusalCatalogue, type RefusalDefinition } from "../../core/refusals/catalogue.ts";
import type { Refused } from "../../core/refusals/refusal.ts";
import { parseAddress } from "../../core/units/ip-range.ts";
import type { Door } from "../admission/admission.ts";
import type { Client } from "../admission/client.ts";
import type { Discredits } from "../admission/discredits.ts";
import { createGreylist } from "../admission/greylist.ts";
import type { RateWaiters } from "../admission/rate-waiters.ts";
import type { RefusedClient, Refusals } from "../admission/refusals.ts";
import type { TransactionServices } from "./services.ts";
import { accountOf, type Submitter } from "./submitter.ts";

export function createTransactionServices(
  parts: Pick<
    TransactionServices,
    | "spool"
    | "events"
    | "clock"
    | "metrics"
    | "tracking"
    | "traffic"
    | "isSuspended"
    | "pressure"
    | "limitsOf"
    | "recipientDays"
  > & {
    readonly applications: () => readonly Application[];
    readonly door: Door;
    readonly refusals: Refusals;
    readonly rateWaiters: RateWaiters;
    readonly discredits: Discredits;
  },
): TransactionServices {
  const { spool, events, clock, metrics, tracking, traffic, isSuspended, pressure } = parts;
  const { limitsOf, recipientDays, applications, door, refusals, rateWaiters, discredits } = parts;

  const applicationName = (submitter: Submitter): string | undefined => {
    const named = applications();
    if (named.length === 0) return undefined;
    const { authenticatedUser: user } = submitter;
    if (submitter.application === undefined || submitter.application.user !== user)
      submitter.application = { user, name: nameIn(named, submitter) };
    return submitter.application.name;
  };
  const record = (submitter: Submitter): void => {
    const { connection, hello, tls, mechanism = "" } = submitter;
    const application = applicationName(submitter) ?? "";
    traffic.described(
      connection,
      accountOf(submitter) ?? "",
      application,
      hello?.name ?? "",
      tls?.protocol ?? "",
      mechanism,
    );
    traffic.message(connection);
  };

  return {
    spool,
    events,
    clock,
    metrics,
    tracking,
    traffic,
    greylist: createGreylist(clock),
    isSuspended,
    pressure,
    limitsOf,
    recipientDays,
    refuseMessage(submitter, presence) {
      const client = clientOf(submitter);
      const { limits, connection } = submitter;
      const user = accountOf(submitter);
      record(submitter);
      const outcome = door.admitMessage(client, user, limits, false);
      if (outcome === "admitted") return undefined;
      return Promise.resolve(outcome).then((then) => {
        if (then === "admitted") return undefined;
        if (then !== "held") return then;
        traffic.messageHeld(connection);
        return rateWaiters.wait(client, user, limits, presence).then((refusal) => {
          if (refusal === undefined) traffic.resumed(connection);
          return refusal;
        });
      });
    },
    applicationOf: applicationName,
    refuse(submitter, what) {
      traffic.refused(submitter.connection, what.refused);
      return refusals.refuse(refusedClient(submitter), withSender(submitter, what));
    },
    wouldRefuse(submitter, what, isRefused) {
      const { setting = definitionOf(what).setting } = what;
      if (setting !== undefined) submitter.watch?.wouldRefuseMessage(setting);
      refusals.wouldRefuse(refusedClient(submitter), withSender(submitter, what), isRefused);
    },
    messageTaken(submitter, { envelope, content }) {
      traffic.kept(submitter.connection, envelope.recipients.length, content.sizeBytes);
      discredits.end(clientOf(submitter));
    },
  };
}

function nameIn(applications: readonly Application[], { peer, authenticatedUser: user }: Submitter): string {
  const address = parseAddress(peer.address);
  return (address && applicationOf(applications, { address, user })?.name) ?? "";
}

export function clientOf({ connector, peer, watch }: Submitter): Client {
  return { connector, address: peer.address, source: peer.source, watch };
}

export function refusedClient(submitter: Submitter): RefusedClient {
  const { connector, peer, authenticatedUser: user } = submitter;
  return { connector, address: peer.address, source: peer.source, user };
}

function definitionOf(what: Refused): RefusalDefinition {
  return refusalCatalogue[what.refused];
}

/** Where whoever refuses does not know it. */
export function withSender({ transaction }: Submitter, what: Refused): Refused {
  return what.sender !== undefined || transaction === undefined
    ? what
    : { ...what, sender: transaction.reversePath };
}
