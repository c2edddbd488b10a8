/** Help over years: what is wrong here, backups, and what is made of them. */
import type { Cmdlet } from "../cmdlet.ts";
import * as common from "./common-parameters.ts";

const group = "Running a relay";

export const upkeepCmdlets: readonly Cmdlet[] = [
  {
    name: "doctor",
    group,
    synopsis: "Look for what is wrong or will be: disk, clock, limits, ports, names, certificates, use.",
    description: [
      "Works with a running relay and without one; each finding says what to do. It writes one small file into the data directory and removes it, to see how long a flush takes. As root or the relay's user it sees more.",
      "Exit code 1 when something is wrong (“bad”).",
    ],
    parameters: [...common.telling],
    examples: [
      { command: "weir doctor", text: "Before the first start, and when something is odd." },
      { command: "weir doctor -Json", text: "For a monitoring system: check, level, code, text, advice." },
    ],
    load: async () => (await import("../run/doctor.ts")).doctor,
  },
  {
    name: "support-bundle",
    group,
    synopsis:
      "Write what who helps you needs to know into a file, without addresses, names, secrets or mail.",
    description: [
      "Versions, findings of weir doctor by code, the shape of the configuration (every text that is not Weir's own becomes text-1, text-2, …, the same for the same text), queues and resources as numbers, events of seven days by number and count, places in the code of faults. One file of JSON that you can read.",
    ],
    parameters: [
      {
        name: "File",
        kind: "text",
        position: 0,
        required: true,
        candidates: "file",
        value: "FILE",
        help: "Where; replaced when it is there.",
      },
      ...common.telling,
    ],
    examples: [{ command: "weir support-bundle weir-support.json", text: "To go with a report of a fault." }],
    load: async () => (await import("../run/support-bundle.ts")).supportBundle,
  },
  {
    name: "backup",
    group,
    synopsis: "Make a backup of queue, logs, state and configuration, while mail goes on.",
    description: [
      "Each backup is a folder of its own in DIRECTORY and whole by itself; what is the same as in the one before is a link to it. All that was queued when it began, and was not delivered meanwhile, is in it. It holds mail, keys and the configuration: keep it as secret as the relay.",
      "The relay writes it, so DIRECTORY must be writable for the user it runs as. Where no relay runs, this command does it.",
    ],
    parameters: [
      {
        name: "Directory",
        kind: "text",
        position: 0,
        required: true,
        candidates: "file",
        value: "DIRECTORY",
        help: "Where; best on another disk. One relay to a directory.",
      },
      {
        name: "Keep",
        kind: "number",
        least: 1,
        value: "COUNT",
        help: "How many backups stay there, this one included; older ones are removed when it is whole. Else all.",
      },
      common.json,
      common.config,
      common.help,
    ],
    examples: [
      { command: "weir backup /mnt/backup/weir -Keep 14", text: "From cron, each night." },
      { command: "weir backup /mnt/usb", text: "Before an upgrade." },
    ],
    interruptible: true,
    load: async () => (await import("../run/backup.ts")).backup,
  },
  {
    name: "restore",
    group,
    synopsis: "Put a backup into an empty data directory, and hold its mail back.",
    description: [
      "The newest backup in DIRECTORY, or the one whose folder is given. Every message is read to its end. Mail that was queued then may have been delivered since: it is held back (Suspended) until it is resumed or removed (weir Resume-Message -Filter …). With -Release it is delivered at the start.",
      "A configuration that is there stays; a missing one, and missing keys beside it, are put back. With -WithConfiguration the backup's take their place.",
      "A backup that is not whole, or was changed since, is refused before anything is changed.",
    ],
    parameters: [
      {
        name: "Directory",
        kind: "text",
        position: 0,
        required: true,
        candidates: "file",
        value: "DIRECTORY",
        help: "Where weir backup wrote.",
      },
      {
        name: "Release",
        kind: "switch",
        help: "Hold nothing back: nothing was delivered since, as when the relay was stopped before the backup.",
      },
      {
        name: "WithConfiguration",
        kind: "switch",
        help: "Configuration and keys of the backup in place of those that are there, which stay beside them as NAME.before-restore.",
      },
      {
        name: "Force",
        kind: "switch",
        help: "Restore what is left of a backup that is not whole, and tell what is not.",
      },
      common.json,
      common.config,
      common.help,
    ],
    examples: [
      {
        command: "weir restore /mnt/backup/weir --config /etc/weir/weir.yaml",
        text: "Behind the loss of a disk. Then: weir start, and look at weir Get-Message.",
      },
      {
        command: "weir restore /mnt/usb/20261129T022600Z -Release",
        text: "Of a relay that was stopped before it: a move to this machine.",
      },
    ],
    interruptible: true,
    load: async () => (await import("../run/restore.ts")).restore,
  },
];
