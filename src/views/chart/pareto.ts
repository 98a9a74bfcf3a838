/** Point of a chart; lower `cost` is better. */
export interface ParetoPoint {
  readonly cost: number;
  readonly quality: number;
}

/**
 * Points that no other point beats in both cost and quality, ordered by cost.
 * @param better whether a lower or a higher quality figure is better
 */
export function paretoFront<T extends ParetoPoint>(points: readonly T[], better: 'lower' | 'higher'): T[] {
  const sign = better === 'lower' ? 1 : -1;
  const ordered = [...points].sort(
    (left, right) => left.cost - right.cost || sign * (left.quality - right.quality),
  );
  const front: T[] = [];
  for (const point of ordered) {
    const last = front.at(-1);
    if (!last || sign * (last.quality - point.quality) > 0) front.push(point);
  }
  return front;
}
