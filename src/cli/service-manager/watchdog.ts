/** How often systemd's watchdog is to hear from this process, ms: thrice in its period. Undefined: it waits for nothing. */
export function beatMs(env: Readonly<Record<string, string | undefined>>, pid: number): number | undefined {
  const { WATCHDOG_USEC: period = "", WATCHDOG_PID: whose } = env;
  if (!/^[1-9]\d{0,15}$/.test(period) || (whose !== undefined && whose !== String(pid))) return undefined;
  return Math.max(1_000, Math.floor(Number(period) / 3_000));
}
