/** A point of a chart: less is better in `cost`; `better` says which way quality goes. */
export interface ParetoPoint {
  readonly cost: number;
  readonly quality: number;
}

/**
 * The points that no other one beats in both, ordered by cost.
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
