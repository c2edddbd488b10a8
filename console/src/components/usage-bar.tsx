/** Use and peak against the most there may be; the words beside it say the same. */
export function UsageBar({ value, peak, most }: { value: number; peak: number; most: number }) {
  const share = (part: number): number => (most <= 0 ? 0 : Math.min(100, (part / most) * 100));
  const used = share(value);
  const kind = used >= 100 ? "used full" : used >= 80 ? "used high" : "used";
  return (
    <svg class="usage" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="reached" width={share(peak)} height="6" />
      <rect class={kind} width={used} height="6" />
    </svg>
  );
}
