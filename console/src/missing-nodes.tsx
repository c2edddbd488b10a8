/** Said above a page: of several nodes those whose part is missing in what it shows. */
import { missing } from "./partial-answers.ts";

export function MissingNodes() {
  const nodes = missing();
  if (nodes.length === 0) return null;
  return (
    <div class="missing-nodes" role="status">
      {nodes.map(({ server, reason, isDoing }) => (
        <p key={`${server} ${isDoing}`}>
          <strong>{server}</strong> did not answer: {reason};{" "}
          {isDoing ? "it was not done there." : "what it has is missing here."}
        </p>
      ))}
    </div>
  );
}
