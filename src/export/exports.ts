import { dense } from './dense';
import { ExportError } from './export-error';
import type { ExportFormat, ExportSource } from './export-format';
import { lathe } from './lathe';

/** Every export, in the order of the menu. */
export const EXPORTS: readonly ExportFormat[] = [lathe, dense];

/** An export as plain data, and whether it can hold one variant. */
export interface ExportDescription extends Pick<ExportFormat, 'id' | 'title' | 'summary'> {
  /** True, or one sentence on why it cannot and what would work. */
  readonly canHold: true | string;
}

/** Describes every export for one variant. */
export function describeExports(source: ExportSource, exports = EXPORTS): ExportDescription[] {
  return exports.map((format) => {
    const { id, title, summary } = format;
    return { id, title, summary, canHold: format.canHold(source) };
  });
}

/** Returns the export with this id. @throws ExportError listing the ids where there is none */
export function exportFormat(id: string, exports = EXPORTS): ExportFormat {
  const found = exports.find((format) => format.id === id);
  if (found) return found;
  throw new ExportError(
    `There is no export "${id}"; the exports are ${exports.map((format) => format.id).join(', ')}.`,
  );
}
