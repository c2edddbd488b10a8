/** Said in the place of everything else while the relay does not answer; what is below it is old. */
import { relayName } from "./api.ts";
import { Time } from "./components/time.tsx";
import { silentSince } from "./connection.ts";

export function NoAnswer() {
  const since = silentSince.value;
  if (since === undefined) return null;
  return (
    <div class="no-answer" role="alert">
      <p>
        <strong>
          No answer from {relayName.value ?? "the relay"} since <Time at={new Date(since).toISOString()} />.
        </strong>{" "}
        What is shown is from before: whether mail is taken and delivered is not known here. It is asked again
        and again.
      </p>
    </div>
  );
}
