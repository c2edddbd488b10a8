/** Gives a sender a name: a new application, filled in with what is known of it. */
import type { Output } from "../../../../src/admin/contract.ts";
import { applicationFacts } from "../../../../src/config/generated/setting-facts.ts";
import { call } from "../../api.ts";
import { NewConnectorDialog as Guided } from "../connectors/new-connector-dialog.tsx";

type Sender = Output<"listSenders">["senders"][number];

/** Asked first; the rest can be set later. */
const asked = ["owner", "contact", "purpose", "addresses", "users"];

/** `sender`: whom the name is for. */
export function NameDialog({ sender, onClose }: { sender: Sender | undefined; onClose: () => void }) {
  const [, name = ""] = / New-Application (\S+) /.exec(sender?.command ?? "") ?? [];
  const isByUser = sender !== undefined && sender.user !== "" && !sender.user.startsWith("API key ");
  return (
    <Guided
      kind="application"
      words="Its name stands wherever its sources are shown. Which mail is its own is told by addresses, accounts or API keys; what was counted of them before is counted for it."
      facts={applicationFacts}
      asked={asked}
      proposed={
        sender && {
          name: name === "NAME" ? "" : name,
          settings: isByUser ? { users: sender.user } : { addresses: sender.source },
        }
      }
      remarkable={(given) =>
        given("addresses") === "" && given("users") === ""
          ? ["Without addresses and users only mail that comes with one of its API keys is its own."]
          : []
      }
      create={(input) => call("newApplication", input)}
      onClose={onClose}
    />
  );
}
