/** A disk of our own: ext4 in a file, on a loop device, that can lose its power. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onInterrupt } from "../../../../bench/interrupt.ts";

export interface LoopDisk {
  readonly mount: string;
  /**
   * The power goes: what is not on the disk yet never gets there, and every call fails from now on
   * (EXT4_IOC_SHUTDOWN, flag 2: ext4's own journal is not written out either).
   */
  cut(): void;
  /** The power is back. Nothing may have a file of it open. */
  restore(): Promise<void>;
  remove(): Promise<void>;
}

const shutdown = `use Fcntl; sysopen(my $f, $ARGV[0], O_RDONLY) or die $!;
my $flag = pack("L", 2); ioctl($f, 0x8004587d, $flag) or die $!`;

/** Longer than whoever makes a namespace for a moment has it. */
const mostReleaseMs = 60_000;

/**
 * Resolves when no loop device has `image` any more: a mount namespace that was made meanwhile has its own copy of the mount, and
 * with it the file system stays as it was, whoever mounts the image again.
 */
export async function untilReleased(image: string): Promise<void> {
  const since = performance.now();
  while (execFileSync("losetup", ["-j", image], { encoding: "utf8" }) !== "") {
    if (performance.now() - since > mostReleaseMs)
      throw new Error(`${image} is still mounted in a namespace that was made while it was mounted here`);
    await delay(20);
  }
}

export async function makeLoopDisk(
  folder: string,
  options: { readonly sizeMb: number; readonly inodes?: number },
): Promise<LoopDisk> {
  const image = join(folder, "disk.img");
  const mount = join(folder, "disk");
  const run = (command: string, ...args: string[]): void => {
    execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  };
  const attach = (): void => run("mount", "-o", "loop", image, mount);
  const detach = async (): Promise<void> => {
    for (let turn = 0; ; turn++) {
      try {
        return run("umount", mount);
      } catch (error) {
        // A process that was killed takes a moment to let go of its files.
        if (turn === 100) throw error;
        await delay(20);
      }
    }
  };

  mkdirSync(mount, { recursive: true });
  run("truncate", "-s", `${options.sizeMb}M`, image);
  run(
    "mkfs.ext4",
    "-q",
    "-F",
    ...(options.inodes === undefined ? [] : ["-N", String(options.inodes)]),
    image,
  );
  attach();
  // Lazily: the loop device goes with its last user.
  const forget = onInterrupt(() => run("umount", "-l", mount));
  return {
    mount,
    cut: () => run("perl", "-e", shutdown, mount),
    async restore() {
      await detach();
      await untilReleased(image);
      attach();
    },
    async remove() {
      await detach();
      forget();
      rmSync(image);
    },
  };
}
