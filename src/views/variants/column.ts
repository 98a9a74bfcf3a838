import type { VariantRow } from '../../store/lab-state';

/** A column of the comparison: what it shows, how it sorts, what it means. */
export interface Column {
  readonly id: string;
  readonly title: string;
  readonly hint: string;
  /** Undefined where a row has no such figure. */
  value(row: VariantRow): number | string | undefined;
  format(row: VariantRow): string;
  /** Shorter, for the table on the screen, where the whole is a tooltip. */
  brief?(row: VariantRow): string;
  /** Smaller lines under it. */
  notes?(row: VariantRow): readonly string[];
  readonly isText?: boolean;
  /** Left to the copies and to the side-by-side view: the table on the screen has room for so many. */
  readonly isDetail?: boolean;
}
