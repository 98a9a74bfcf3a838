import type { VariantRow } from '../../store/lab-state';

/** Column of the comparison: its text, sort value and explanation. */
export interface Column {
  readonly id: string;
  readonly title: string;
  readonly hint: string;
  /** Undefined if a row has no such figure. */
  value(row: VariantRow): number | string | undefined;
  format(row: VariantRow): string;
  /** Shorter text for the table on the screen, with the full text as a tooltip. */
  brief?(row: VariantRow): string;
  /** Smaller lines below the text. */
  notes?(row: VariantRow): readonly string[];
  readonly isText?: boolean;
  /** Hidden in the table on the screen, which has little room; shown in copies and side by side. */
  readonly isDetail?: boolean;
}
