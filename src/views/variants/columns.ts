import { EVALUATIONS } from '../../evaluation/evaluations';
import type { VariantRow } from '../../store/lab-state';
import { formatBytes, formatMilliseconds, formatNumber, formatParameters } from '../format';
import { recipeInWords } from '../recipe/recipe-in-words';
import type { Column } from './column';
import { figureColumns } from './figure-columns';
import { LATENCY_COLUMNS } from './latency-columns';

/** The gzip size arrives later than its variant. */
function formatGzip({ size, gzip }: VariantRow): string {
  if (size.gzipBytes !== undefined) return formatBytes(size.gzipBytes);
  if (gzip === 'measuring') return 'measuring …';
  return gzip === 'failed' ? 'not measured' : '–';
}

/** Decoding time of an entropy-coded file, which loading waits for. */
function decodingNote({ decodeSeconds }: VariantRow): string[] {
  return decodeSeconds === undefined ? [] : [`decoded in ${formatMilliseconds(1000 * decodeSeconds)}`];
}

export const COLUMNS: readonly Column[] = [
  {
    id: 'name',
    title: 'Variant',
    hint: 'The base is the model as loaded.',
    value: (row) => row.name,
    format: (row) => row.name,
    isText: true,
  },
  {
    id: 'recipe',
    title: 'Recipe',
    hint: 'Compression steps in order; unless stated otherwise, they apply to the linears of the blocks.',
    value: (row) => recipeInWords(row.recipe),
    format: (row) => recipeInWords(row.recipe),
    isText: true,
    isDetail: true,
  },
  {
    id: 'storedBytes',
    title: 'Size',
    hint: 'Bytes of the exported model.safetensors, header included.',
    value: (row) => row.size.storedBytes,
    format: (row) => formatBytes(row.size.storedBytes),
    notes: (row) => [
      `${formatNumber(row.size.denseBytes / row.size.storedBytes)}×, ${formatNumber(row.size.bitsPerWeight)} bits`,
      `gzip ${formatGzip(row)}`,
      ...decodingNote(row),
    ],
  },
  {
    id: 'ratio',
    title: 'Ratio',
    hint: 'Size of the base in dense float32 divided by this size.',
    value: (row) => row.size.denseBytes / row.size.storedBytes,
    format: (row) => `${formatNumber(row.size.denseBytes / row.size.storedBytes)}×`,
    isDetail: true,
  },
  {
    id: 'bitsPerWeight',
    title: 'Bits/weight',
    hint: 'Stored bits per parameter of the base, counting everything in the file.',
    value: (row) => row.size.bitsPerWeight,
    format: (row) => formatNumber(row.size.bitsPerWeight),
    isDetail: true,
  },
  {
    id: 'gzipBytes',
    title: 'Gzip',
    hint: 'Size of the same file after gzip, as a server would send it.',
    value: (row) => row.size.gzipBytes,
    format: formatGzip,
    isDetail: true,
  },
  {
    id: 'parameters',
    title: 'Parameters',
    hint: 'Stored weight values: elements of factors, nonzeros of sparse matrices. For experts, also the values that one token uses.',
    value: (row) => row.size.parameters,
    format: ({ size }) => formatParameters(size),
    isDetail: true,
  },
  {
    id: 'gpuBytes',
    title: 'On the GPU',
    hint: 'Bytes of the weights on the graphics device.',
    value: (row) => row.latency?.gpuBytes,
    format: (row) => (row.latency ? formatBytes(row.latency.gpuBytes) : '–'),
    isDetail: true,
  },
  ...figureColumns(EVALUATIONS),
  ...LATENCY_COLUMNS,
];

/** Columns with a value in at least one row. */
export function shownColumns(rows: readonly VariantRow[]): Column[] {
  return COLUMNS.filter((column) => rows.some((row) => column.value(row) !== undefined));
}

export interface Sorting {
  readonly column: string;
  readonly descending: boolean;
}

/** Returns a sorted copy; rows without the figure come last in both directions. */
export function sortRows(rows: readonly VariantRow[], { column, descending }: Sorting): VariantRow[] {
  const found = COLUMNS.find(({ id }) => id === column);
  if (!found) return [...rows];
  return [...rows].sort((left, right) => {
    const [a, b] = [found.value(left), found.value(right)];
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
    return descending ? -order : order;
  });
}
