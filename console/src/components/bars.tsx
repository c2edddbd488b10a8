/** Bars over time, with a line for what there may be at most. What they say stands in words beside them. */
export interface Bar {
  /** Said when it is pointed at. */
  readonly text: string;
  readonly value: number;
  /** Of it, what was refused: drawn in the colour of errors. */
  readonly refused?: number;
}

const height = 100;

/** `limit`: drawn where it is in reach of the bars. */
export function Bars({ bars, limit }: { bars: readonly Bar[]; limit: number | undefined }) {
  const highest = Math.max(1, ...bars.map(({ value, refused = 0 }) => value + refused));
  const top = limit !== undefined && limit <= 4 * highest ? Math.max(highest, limit) : highest;
  const y = (value: number): number => height - (value / top) * height;
  return (
    <svg
      class="bars"
      viewBox={`0 0 ${bars.length * 10} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {bars.map(({ text, value, refused = 0 }, index) => (
        <g key={index}>
          <title>{text}</title>
          <rect class="room" x={index * 10} width={10} height={height} />
          <rect class="value" x={index * 10 + 1} y={y(value)} width={8} height={height - y(value)} />
          {refused > 0 && (
            <rect
              class="refused"
              x={index * 10 + 1}
              y={y(value + refused)}
              width={8}
              height={(refused / top) * height}
            />
          )}
        </g>
      ))}
      {limit !== undefined && limit <= top && (
        <line class="most" x1={0} x2={bars.length * 10} y1={y(limit)} y2={y(limit)} />
      )}
    </svg>
  );
}
