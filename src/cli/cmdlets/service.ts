/** The running relay as a whole: whether it takes mail, its file read again, its end. */
import type { Cmdlet } from "../cmdlet.ts";
import * as common from "./common-parameters.ts";

const group = "Running a relay";

export const serviceCmdlets: readonly Cmdlet[] = [
  {
    name: "Suspend-Service",
    group,
    synopsis: "Take no new mail and deliver what waits, also after a restart.",
    description: [
      "The listeners stay open and answer `421 4.3.2 Service not active`, so that clients come again or go elsewhere; a message under way is still taken, the next one of its session is not. /readyz answers 503, and load balancers that check the port are answered 421. Exchange: Set-ServerComponentState -Component HubTransport -State Draining.",
    ],
    parameters: [common.json, common.confirm, common.config, common.help],
    examples: [
      { command: "weir Suspend-Service", text: "Before maintenance; weir status shows what is left." },
    ],
    load: async () => (await import("../run/service.ts")).suspendService,
  },
  {
    name: "Resume-Service",
    group,
    synopsis: "Take mail again.",
    parameters: [common.json, common.confirm, common.config, common.help],
    examples: [{ command: "weir Resume-Service", text: "Behind the maintenance." }],
    load: async () => (await import("../run/service.ts")).resumeService,
  },
  {
    name: "reload",
    group,
    synopsis: "Read weir.yaml again and apply it; exit code 1, with every fault, when it has some.",
    description: [
      "A file that is saved is applied by itself; this tells what came of it, and reads the files it names again.",
    ],
    parameters: [common.json, common.config, common.help],
    examples: [{ command: "weir reload", text: "As SIGHUP does, with an answer." }],
    load: async () => (await import("../run/service.ts")).reload,
  },
  {
    name: "healthcheck",
    group,
    synopsis: "Tell by the exit code whether the relay answers; with -Ready, whether it takes mail.",
    description: [
      "Exit code 0: it does. 1: it takes no mail, with the reasons. 3: nobody answers. For what starts containers and services; monitoring systems ask /livez and /readyz.",
    ],
    parameters: [
      {
        name: "Ready",
        kind: "switch",
        help: "Also 1 while no mail is taken: suspended, back pressure, no listener.",
      },
      common.config,
      common.help,
    ],
    examples: [{ command: "weir healthcheck -Ready", text: "As a readiness probe." }],
    load: async () => (await import("../run/service.ts")).healthcheck,
  },
  {
    name: "stop",
    group,
    synopsis: "Stop the relay as SIGTERM does, and wait until it has ended.",
    description: [
      "Sessions and deliveries under way get 20 s to end; what waits stays on disk. Whatever started the relay as a service may start it again.",
    ],
    parameters: [common.json, common.config, common.help],
    examples: [{ command: "weir stop", text: "Also where there are no signals, as on Windows." }],
    load: async () => (await import("../run/service.ts")).stop,
  },
];
