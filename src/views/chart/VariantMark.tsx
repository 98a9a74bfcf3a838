/** Marker shapes that distinguish the variants besides colour. */
const SHAPES: readonly ((size: number) => string)[] = [
  (r) => `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`,
  (r) => `M${-r},${-r}H${r}V${r}H${-r}Z`,
  (r) => `M0,${-1.25 * r}L${1.15 * r},${0.8 * r}H${-1.15 * r}Z`,
  (r) => `M0,${-1.3 * r}L${1.3 * r},0L0,${1.3 * r}L${-1.3 * r},0Z`,
  (r) => `M0,${1.25 * r}L${1.15 * r},${-0.8 * r}H${-1.15 * r}Z`,
  (r) =>
    `M${-r / 2.4},${-r}h${r / 1.2}v${0.6 * r}h${0.6 * r}v${r / 1.2}h${-0.6 * r}v${0.6 * r}h${-r / 1.2}v${-0.6 * r}h${-0.6 * r}v${-r / 1.2}h${0.6 * r}Z`,
];

/** SVG path of the marker of the variant with this index, centred on the origin. */
export function markShape(index: number, size: number): string {
  return SHAPES[index % SHAPES.length](size);
}

/** CSS class that sets a variant's colour on the element and everything in it. */
export function seriesClass(index: number): string {
  return `series-${index % 8}`;
}

/** Marker of the variant with this index, for use beside text. */
export function VariantMark({ index }: { index: number }) {
  return (
    <svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true" className={seriesClass(index)}>
      <path d={markShape(index, 5)} />
    </svg>
  );
}
