/** Backups of the running relay, made in its process: it knows what is queued, and may read all of it. */
import { isAbsolute } from "node:path";
import { createBackupJob, type BackupState } from "../../backup/backup-job.ts";
import { BackupRefusal } from "../../backup/make-backup.ts";
import { handedOverDirectories } from "../../config/named-files.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";

type Names = "startBackup" | "getBackup" | "cancelBackup";

export function backupHandlers({ relay, configuration, clock }: Administered): Pick<Handlers, Names> {
  const job = createBackupJob({
    now: () => clock.wall(),
    events: relay.events,
    withSource: (work) =>
      relay.snapshotSpool((snapshot) => {
        const { hostname, dataDirectory } = relay.settings;
        return work(
          {
            hostname,
            dataDirectory,
            handedOver: handedOverDirectories(relay.settings),
            configuration: configuration && {
              file: configuration.file,
              named: configuration.namedFiles,
            },
            wasRunning: true,
            copySpool: (directory, take) => snapshot.copyTo(directory, take),
            flushLogs: () => relay.flushLogs(),
          },
          snapshot.signal,
        );
      }),
  });

  return {
    startBackup({ directory, keep }) {
      if (!isAbsolute(directory))
        throw new AdminRefusal("invalidInput", `${directory} is no absolute path on the relay's machine`);
      try {
        job.start({ directory, keep });
      } catch (fault) {
        if (fault instanceof BackupRefusal) throw new AdminRefusal("alreadyExists", fault.message);
        throw fault;
      }
      return shown(job.state);
    },
    getBackup: () => shown(job.state),
    cancelBackup: () => ({ cancelled: job.cancel() }),
  };
}

function shown(state: BackupState): Output<"getBackup"> {
  if (state.kind === "none") return state;
  const startedAt = state.startedAt.toISOString();
  if (state.kind === "running") return { ...state, startedAt };
  const endedAt = state.endedAt.toISOString();
  if (state.kind === "failed") return { ...state, startedAt, endedAt };
  const { folder, copiedBytes, manifest, removed } = state;
  return {
    kind: "done",
    startedAt,
    endedAt,
    folder,
    messages: manifest.messages ?? 0,
    files: manifest.files.length,
    copiedBytes,
    notIncluded: [...manifest.notIncluded],
    removed: [...removed],
  };
}
