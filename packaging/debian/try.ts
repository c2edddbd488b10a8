/** The package's whole life in a fresh Debian: in, first message, limit, group, hang, restarts under load, upgrade, out. */
import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../run-command.ts";
import { bootMachine, type Machine } from "./machine.ts";

/** A folder of the machine for what a trial brings along. */
const luggage = "/srv";

/** Rejects at the first thing that is not as it should be. `base`: see `bootMachine`. */
export async function tryDeb(file: string, base?: string): Promise<void> {
  const newer = await nextVersionOf(file);
  const machine = await bootMachine(base);
  try {
    for (const deb of [file, newer.file]) await copyFile(deb, join(machine.root, luggage, basename(deb)));
    for (const [name, step] of steps(basename(file), basename(newer.file))) {
      const since = performance.now();
      const told = await step(machine);
      const seconds = ((performance.now() - since) / 1000).toFixed(1);
      process.stdout.write(`  ok  ${name} (${seconds} s)${told === undefined ? "" : `: ${told}`}\n`);
    }
  } catch (fault) {
    const { said } = await machine.sh("journalctl -u weir -n 40 --no-pager -o cat");
    process.stderr.write(said);
    throw fault;
  } finally {
    await machine.end();
    await newer.remove();
  }
}

type Step = (machine: Machine) => Promise<string | undefined>;

function steps(first: string, newer: string): readonly (readonly [string, Step])[] {
  return [
    ["installs on Debian alone, and runs", (machine) => install(machine, first)],
    ["is hardened", isHardened],
    ["the first message arrives", firstMessage],
    ["a limit is met, explained and raised", limitMet],
    ["members of the group weir use the shell, others do not", groupMembers],
    ["reload tells faults and changes nothing", reloadWithFaults],
    ["the doctor finds nothing wrong with it", doctor],
    ["a relay that hangs is started anew", hangs],
    ["20 restarts under load: nothing lost, nothing twice", restarts],
    ["an upgrade with mail waiting", (machine) => upgrade(machine, newer)],
    ["going back, with dpkg killed in the middle", (machine) => brokenOff(machine, first)],
    ["backed up, purged, installed anew, restored: all is there", (machine) => restored(machine, newer)],
    [
      "removed and purged with mail waiting, the mail stays, and goes out when it is back",
      (machine) => purged(machine, newer),
    ],
    ["purged with none waiting, nothing is left", gone],
  ];
}

async function good(machine: Machine, line: string): Promise<string> {
  const { code, said } = await machine.sh(line);
  if (code !== 0) throw new Error(`${line}: exit code ${code}\n${said}`);
  return said;
}

function must(holds: boolean, text: string): void {
  if (!holds) throw new Error(text);
}

async function until(machine: Machine, line: string, seconds = 30): Promise<void> {
  for (let look = 0; look < seconds * 5; look++) {
    if ((await machine.sh(line)).code === 0) return;
    await sleep(200);
  }
  throw new Error(`not within ${seconds} s: ${line}`);
}

async function install(machine: Machine, deb: string): Promise<string> {
  await good(machine, `dpkg -i ${luggage}/${deb}`);
  await until(machine, "systemctl is-active weir");
  return (await good(machine, "systemctl show weir -p StatusText --value")).trim();
}

async function isHardened(machine: Machine): Promise<string> {
  const said = await good(machine, "systemd-analyze security weir --no-pager");
  const level = /exposure level for weir.service: ([\d.]+)/.exec(said)?.[1];
  must(Number(level) <= 2, `systemd-analyze security says ${level}`);
  const capabilities = await good(
    machine,
    "grep ^CapEff /proc/$(systemctl show weir -p MainPID --value)/status",
  );
  must(/0000000000000400/.test(capabilities), `more than CAP_NET_BIND_SERVICE: ${capabilities}`);
  return `exposure ${level}`;
}

const send = (id: string): string =>
  `printf 'Subject: ${id}\\n\\n${id}\\n' | su -s /bin/sh nobody -c 'sendmail -f app@example.com you@example.net'`;
const dropped = "/var/lib/weir/drop";

async function firstMessage(machine: Machine): Promise<undefined> {
  await good(machine, send("first"));
  await until(machine, `grep -q '^Subject: first' ${dropped}/*.eml`);
}

async function limitMet(machine: Machine): Promise<undefined> {
  await good(machine, "weir Set-ReceiveConnector AppRelay -MaxMessageSize 64KB");
  const large =
    "head -c 200000 /dev/zero | tr '\\0' 'x' | fold -w 70 | (printf 'Subject: large\\n\\n'; cat) | sendmail you@example.net";
  const refused = await machine.sh(large);
  must(refused.code !== 0, "200 kB were taken beyond a limit of 64 kB");
  const explained = await good(machine, "weir explain 127.0.0.1");
  const command = /weir Set-ReceiveConnector \S+ -MaxMessageSize \S+/.exec(explained)?.[0];
  must(command !== undefined, `explain names no command:\n${explained}`);
  await good(machine, command ?? "");
  await good(machine, large);
  await until(machine, `grep -q '^Subject: large' ${dropped}/*.eml`);
}

async function groupMembers(machine: Machine): Promise<undefined> {
  await good(machine, "adduser --quiet --disabled-password --gecos '' anna");
  const outside = await machine.sh("su anna -c 'weir Get-Queue'");
  must(outside.code === 3, `somebody outside the group may: ${outside.said}`);
  await good(machine, "adduser --quiet anna weir");
  await good(
    machine,
    "su anna -c 'weir Get-Queue && weir Set-ReceiveConnector AppRelay -TarpitInterval 0s && mailq'",
  );
  const hidden = await machine.sh("su anna -c 'ls /var/lib/weir/spool'");
  must(hidden.code !== 0, "the spool is open to the group");
}

async function reloadWithFaults(machine: Machine): Promise<undefined> {
  await good(machine, "systemctl reload weir");
  await good(machine, `cp -p /etc/weir/weir.yaml ${luggage} && echo 'nonsense: 1' >> /etc/weir/weir.yaml`);
  must((await machine.sh("systemctl reload weir")).code !== 0, "a file with a fault is reloaded");
  await good(
    machine,
    `cp -p ${luggage}/weir.yaml /etc/weir/ && systemctl reload weir && systemctl is-active weir`,
  );
}

async function hangs(machine: Machine): Promise<string> {
  const unit = "/run/systemd/system/weir.service.d";
  await good(machine, `mkdir -p ${unit} && printf '[Service]\\nWatchdogSec=6s\\n' > ${unit}/quick.conf`);
  await good(machine, "systemctl daemon-reload && systemctl restart weir");
  const pid = (await good(machine, "systemctl show weir -p MainPID --value")).trim();
  await sleep(13_000);
  const later = (await good(machine, "systemctl show weir -p MainPID --value")).trim();
  must(pid === later, "the watchdog ends a relay that lives");
  const since = performance.now();
  await good(machine, `kill -STOP ${pid}`);
  await until(
    machine,
    `p=$(systemctl show weir -p MainPID --value); [ "$p" != 0 ] && [ "$p" != ${pid} ] && systemctl is-active weir`,
    90,
  );
  const seconds = ((performance.now() - since) / 1000).toFixed(0);
  await good(machine, `rm ${unit}/quick.conf && systemctl daemon-reload && systemctl restart weir`);
  return `after ${seconds} s, with a watchdog of 6 s`;
}

async function restarts(machine: Machine): Promise<string> {
  const [workers, each] = [2, 60];
  await good(machine, `rm -f ${dropped}/*`);
  // A client that tries again until its message is taken.
  const script = [
    "#!/bin/sh",
    "w=$1",
    `for n in $(seq ${each}); do`,
    `  until printf 'Subject: load-%s-%s\\n\\nx\\n' $w $n | sendmail -f app@example.com you@example.net 2>/dev/null; do sleep 0.1; done`,
    "done",
  ].join("\n");
  await writeFile(join(machine.root, luggage, "load.sh"), script, { mode: 0o755 });
  const load = Promise.all(
    Array.from({ length: workers }, (_, worker) => good(machine, `${luggage}/load.sh ${worker}`)),
  );
  // Told by what is awaited below; where a restart fails first, that is what is told.
  load.catch(() => undefined);
  for (let round = 0; round < 20; round++) {
    await good(machine, "systemctl restart weir");
    await sleep(300);
  }
  await load;
  await drained(machine);
  const subjects = await subjectsIn(machine);
  must(new Set(subjects).size === workers * each, `${new Set(subjects).size} of ${workers * each} arrived`);
  must(subjects.length === workers * each, `${subjects.length - workers * each} arrived twice`);
  return `${subjects.length} messages`;
}

async function drained(machine: Machine): Promise<void> {
  await until(machine, "weir status --json | grep -q '\"queued\": 0,'", 60);
}

async function subjectsIn(machine: Machine): Promise<readonly string[]> {
  const folder = join(machine.root, dropped);
  const texts = await Promise.all(
    (await readdir(folder)).map((name) => readFile(join(folder, name), "latin1")),
  );
  return texts.map((text) => /^Subject: (.*?)\r?$/m.exec(text)?.[1] ?? "");
}

/** To a host where nobody listens, and to the drop directory again. */
const away =
  "sed -i 's/^    dropDirectory: drop$/    smartHosts: [\"127.0.0.1:2999\"]/' /etc/weir/weir.yaml && systemctl reload weir";
const back =
  "sed -i 's/^    smartHosts: .*/    dropDirectory: drop/' /etc/weir/weir.yaml && systemctl reload weir";

async function waiting(machine: Machine, count: number): Promise<void> {
  await good(machine, `rm -f ${dropped}/*; ${away}`);
  await good(
    machine,
    `for n in $(seq ${count}); do printf "Subject: wait-$n\\n\\nx\\n" | sendmail you@example.net; done`,
  );
  await good(machine, `weir status --json | grep -q '"queued": ${count},'`);
}

async function allThere(machine: Machine, count: number): Promise<void> {
  await good(machine, back);
  await allDropped(machine, count);
}

async function allDropped(machine: Machine, count: number): Promise<void> {
  await drained(machine);
  const subjects = await subjectsIn(machine);
  must(
    subjects.length === count && new Set(subjects).size === count,
    `of ${count} ${subjects.length} arrived`,
  );
}

async function upgrade(machine: Machine, deb: string): Promise<string> {
  await waiting(machine, 25);
  const before = await good(machine, "chmod 0600 /etc/weir/weir.yaml; cat /etc/weir/weir.yaml");
  const since = performance.now();
  await good(machine, `dpkg -i --force-confold ${luggage}/${deb}`);
  await until(machine, "systemctl is-active weir");
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  must((await good(machine, "cat /etc/weir/weir.yaml")) === before, "the upgrade changed weir.yaml");
  must(
    (await good(machine, "stat -c %a /etc/weir/weir.yaml; chmod 0640 /etc/weir/weir.yaml")) === "600\n",
    "the upgrade changed the mode of weir.yaml",
  );
  await good(machine, "weir status --json | grep -q '\"queued\": 25,'");
  await allThere(machine, 25);
  return `25 messages, dpkg took ${seconds} s`;
}

/** dpkg is killed at three moments of each; what it left is put right by running it again. */
async function brokenOff(machine: Machine, deb: string): Promise<string> {
  await waiting(machine, 9);
  const again = `dpkg -i --force-confold ${luggage}/${deb}`;
  for (const after of ["0.5", "1.5", "4"]) {
    await machine.sh(`${again} >/dev/null 2>&1 & sleep ${after}; kill -9 $!; wait $!`);
    await good(machine, `dpkg --configure -a; ${again}`);
    await until(machine, "systemctl is-active weir");
  }
  await good(machine, `weir status --json | grep -q '"queued": 9,'`);
  await allThere(machine, 9);
  return good(machine, "dpkg-query -W -f '${Version}' weir");
}

/** The machine is a layer above another root, which the doctor finds bad for mail, and is. */
async function doctor(machine: Machine): Promise<undefined> {
  const { said } = await machine.sh("weir doctor");
  must(/^bad +mount .*overlay/m.test(said), said);
  must(!/^(bad +(?! |mount)|warning +(permissions|ports|relay|flush))/m.test(said), said);
}

const elsewhere = "/srv/backup/weir";

/** As docs/backup-and-upgrade.md has it for another machine. */
async function restored(machine: Machine, deb: string): Promise<string> {
  await waiting(machine, 5);
  await good(machine, "weir backup /var/backups/weir && weir backup /var/backups/weir -Keep 1");
  const refused = await machine.sh(`weir backup ${elsewhere}`);
  must(refused.said.includes("ReadWritePaths="), `outside of what its unit lets it write: ${refused.said}`);
  await good(machine, `systemctl stop weir && weir backup ${elsewhere}`);
  const foreign = await good(machine, `find ${elsewhere} /var/backups/weir /var/lib/weir ! -user weir`);
  must(foreign === "", `root's: ${foreign}`);
  const before = await good(machine, "cat /etc/weir/weir.yaml");

  await good(machine, "systemctl start weir && dpkg -P weir && rm -r /var/lib/weir /var/backups/weir");
  await good(machine, `dpkg -i ${luggage}/${deb}`);
  await good(machine, "systemctl stop weir && mv /var/lib/weir /var/lib/weir.fresh");
  const said = await good(machine, `weir restore ${elsewhere} -WithConfiguration`);
  must(said.includes("5 messages are held back"), said);
  await good(machine, "systemctl start weir");
  must((await good(machine, "cat /etc/weir/weir.yaml")) === before, "another configuration");
  const modes = await good(machine, "stat -c '%a %U %G' /etc/weir/weir.yaml /var/lib/weir");
  must(modes === "640 weir weir\n710 weir weir\n", modes);
  await good(machine, "su anna -c 'weir Get-Queue'");
  await good(machine, "rm -r /var/lib/weir.fresh");
  await good(machine, `weir Resume-Message -Filter "Status -eq 'Suspended'"`);
  await allThere(machine, 5);
  return said.split("\n")[0] ?? "";
}

async function purged(machine: Machine, deb: string): Promise<undefined> {
  await waiting(machine, 7);
  const said = await good(machine, "dpkg -r weir");
  must(said.includes("7 messages wait"), `removal does not tell what waits: ${said}`);
  must(
    (await machine.sh("test -e /usr/sbin/sendmail || test -e /usr/lib/weir/node")).code !== 0,
    "parts stay",
  );
  await good(machine, "dpkg -P weir");
  must(
    (await machine.sh("test -e /etc/weir")).code !== 0,
    "the configuration stays when the package is purged",
  );
  await good(machine, `dpkg -i ${luggage}/${deb}`);
  await until(machine, "systemctl is-active weir");
  // The new file writes into the drop directory again.
  await allDropped(machine, 7);
}

async function gone(machine: Machine): Promise<undefined> {
  await good(machine, "dpkg -P weir");
  const left = await machine.sh(
    "ls -d /etc/weir /var/lib/weir /usr/lib/weir /usr/bin/weir /usr/sbin/sendmail /etc/systemd/system/multi-user.target.wants/weir.service 2>/dev/null",
  );
  must(left.said.trim() === "", `left: ${left.said}`);
}

/** The same under a higher version, quickly packed. */
async function nextVersionOf(file: string): Promise<{ readonly file: string; remove(): Promise<void> }> {
  const scratch = await mkdtemp(join(tmpdir(), "weir-next-"));
  const tree = join(scratch, "tree");
  await run("dpkg-deb", ["-R", file, tree]);
  const control = join(tree, "DEBIAN/control");
  await writeFile(control, (await readFile(control, "utf8")).replace(/^(Version: .*)$/m, "$1+next"));
  const next = join(scratch, "weir_next.deb");
  await run("dpkg-deb", ["--root-owner-group", "-Znone", "-b", tree, next]);
  return { file: next, remove: () => rm(scratch, { recursive: true, force: true }) };
}
