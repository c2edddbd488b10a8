/** Who may sign in: the tokens without their secrets; a new one is shown once. */
import { useState } from "preact/hooks";
import type { Role } from "../../../../src/admin/routes.ts";
import { call, session } from "../../api.ts";
import { Confirm, Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { SecretDialog } from "../../components/secret-dialog.tsx";
import { Table } from "../../components/table.tsx";
import { failed, faultText, told } from "../../components/toast.tsx";
import { useLoaded } from "../../load.ts";
import { dateTimeText } from "../../time-text.ts";

const roles: Readonly<Record<Role, string>> = {
  viewer: "looks at everything but the text of messages",
  operator: "also queues, messages, event levels",
  administrator: "also connectors, settings, tokens, the text of messages",
};

export function Tokens() {
  const [list, reload] = useLoaded("listAdminTokens", {}, 30_000);
  const [making, setMaking] = useState(false);
  const [removed, setRemoved] = useState<string>();
  const remove = async (name: string): Promise<void> => {
    setRemoved(undefined);
    try {
      await call("removeAdminToken", { name });
      told(`The token ${name} is removed.`);
    } catch (error) {
      failed(error);
    }
    reload();
  };
  return (
    <section class="card" aria-label="Console tokens">
      <div class="page-head">
        <h2>Console tokens</h2>
        <button type="button" onClick={() => setMaking(true)}>
          New token…
        </button>
      </div>
      {list !== undefined && (
        <Table
          label="Console tokens"
          rows={list.tokens}
          rowKey={({ name }) => name}
          empty={<p>None: nobody can sign in.</p>}
          columns={[
            {
              title: "Name",
              rowHeader: true,
              cell: ({ name }) => (name === session.value?.name ? `${name} (you)` : name),
            },
            { title: "Role", cell: ({ role }) => role },
            { title: "Made", nowrap: true, cell: ({ createdAt }) => dateTimeText(createdAt) },
            {
              title: "Actions",
              cell: ({ name }) => (
                <button type="button" aria-label={`Remove ${name}`} onClick={() => setRemoved(name)}>
                  Remove…
                </button>
              ),
            },
          ]}
        />
      )}
      {making && (
        <NewToken
          onClose={() => {
            setMaking(false);
            reload();
          }}
        />
      )}
      {removed !== undefined && (
        <Confirm
          title={`Remove the token ${removed}?`}
          words={
            removed === session.value?.name
              ? "It is the one you signed in with: you are signed out at once, and it lets nobody in again."
              : "Who signed in with it is signed out at once, and scripts that use it are refused."
          }
          verb="Remove"
          onClose={() => setRemoved(undefined)}
          onConfirm={() => void remove(removed)}
        />
      )}
    </section>
  );
}

function NewToken({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [secret, setSecret] = useState<string>();
  const [fault, setFault] = useState("");
  const make = async (): Promise<void> => {
    setFault("");
    try {
      setSecret((await call("newAdminToken", { name: name.trim(), role })).token);
    } catch (error) {
      setFault(faultText(error));
    }
  };
  if (secret !== undefined)
    return <SecretDialog title={`The token of ${name.trim()}`} secret={secret} onClose={onClose} />;
  return (
    <Dialog title="New token" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <Field
          label="Name"
          help="Whose it is, or what for."
          control={(ids) => (
            <input
              {...ids}
              value={name}
              required
              maxLength={64}
              autocomplete="off"
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        />
        <fieldset class="levels">
          <legend>Role</legend>
          {(["viewer", "operator", "administrator"] as const).map((one) => (
            <label key={one} class="level-choice roles">
              <input type="radio" name="role" checked={role === one} onChange={() => setRole(one)} />
              <strong>{one}</strong>
              <span class="muted">{roles[one]}</span>
            </label>
          ))}
        </fieldset>
        <p class="fault" role="alert">
          {fault}
        </p>
        <div class="actions end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary">
            Make
          </button>
        </div>
      </form>
    </Dialog>
  );
}
