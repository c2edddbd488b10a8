/** A new receive connector: whom it is for, where it listens, whether they may relay, how many at once. */
import { receiveConnectorFacts } from "../../../../src/config/generated/setting-facts.ts";
import { call } from "../../api.ts";
import { NewConnectorDialog as Guided, type Given } from "../connectors/new-connector-dialog.tsx";

const asked = [
  "usage",
  "bindings",
  "remoteIpRanges",
  "permissionGroups",
  "anonymousRelay",
  "maxInboundConnectionPerSource",
  "maxInboundConnectionPercentagePerSource",
];

export function NewConnectorDialog({ onClose }: { onClose: () => void }) {
  return (
    <Guided
      kind="receive connector"
      words="Whom it serves, where it listens, and how much of it one application may take. What is left empty takes its default; everything can be changed later."
      facts={receiveConnectorFacts}
      asked={asked}
      remarkable={remarkable}
      create={(input) => call("newReceiveConnector", input)}
      onClose={onClose}
    />
  );
}

function remarkable(given: Given): readonly string[] {
  const found: string[] = [];
  const isDefaultUsage = given("usage") === "default";
  if (!isDefaultUsage && given("maxInboundConnectionPerSource") === "")
    found.push(
      "20 connections per source: an application that opens more at once from one address is refused with 421 4.3.2. Give maxInboundConnectionPerSource what its pool may open.",
    );
  if (!isDefaultUsage && given("maxInboundConnectionPercentagePerSource") === "")
    found.push(
      "2 % per source: one address also gets at most 2 % of the connections that are still free, 100 of 5,000 and fewer under load. For a few busy applications give 100.",
    );
  if (isEverybody(given("remoteIpRanges")) && given("anonymousRelay") === "true")
    found.push(
      "Open relay: everybody who reaches this connector may send to anybody. Name the addresses of your applications in remoteIpRanges.",
    );
  else if (isEverybody(given("remoteIpRanges")) && given("permissionGroups").includes("AnonymousUsers"))
    found.push(
      "Anonymous users from every address may connect. They reach your acceptedDomains only, as long as anonymousRelay stays false.",
    );
  if (
    !isEverybody(given("remoteIpRanges")) &&
    given("permissionGroups").includes("AnonymousUsers") &&
    given("anonymousRelay") !== "true"
  )
    found.push(
      "Without anonymousRelay its clients may send to your acceptedDomains only; applications that write to the world need it.",
    );
  return found;
}

const isEverybody = (ranges: string): boolean =>
  ranges === "" ||
  ranges.split(",").some((range) => /^\s*(?:0\.0\.0\.0(?:\/0|-255|\s*-)|::\/0|::-)/.test(range));
