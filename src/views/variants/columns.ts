import { EVALUATIONS } from '../../evaluation/evaluations';
import type { VariantRow } from '../../store/lab-state';
import { formatBytes, formatMilliseconds, formatNumber, parametersInWords } from '../format';
import { recipeInWords } from '../recipe/recipe-in-words';
import type { Column } from './column';
import { figureColumns } from './figure-columns';
import { LATENCY_COLUMNS } from './latency-columns';

/** A gzip size arrives after its variant. */
function gzipInWords({ size, gzip }: VariantRow): string {
  if (size.gzipBytes !== undefined) return formatBytes(size.gzipBytes);
  if (gzip === 'measuring') return 'measuring …';
  return gzip === 'failed' ? 'not measured' : '–';
}

/** What loading an entropy-coded file waits for. */
function decodingInWords({ decodeSeconds }: VariantRow): string[] {
  return decodeSeconds === undefined ? [] : [`decoded in ${formatMilliseconds(1000 * decodeSeconds)}`];
}

export const COLUMNS: readonly Column[] = [
  {
    id: 'name',
    title: 'Variant',
    hint: 'The base is the model as it was loaded.',
    value: (row) => row.name,
    format: (row) => row.name,
    isText: true,
  },
  {
    id: 'recipe',
    title: 'Recipe',
    hint: 'What was done, in order, to the linears of the blocks unless it says otherwise.',
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
      `gzip ${gzipInWords(row)}`,
      ...decodingInWords(row),
    ],
  },
  {
    id: 'ratio',
    title: 'Ratio',
    hint: 'How many times smaller than the base in dense float32.',
    value: (row) => row.size.denseBytes / row.size.storedBytes,
    format: (row) => `${formatNumber(row.size.denseBytes / row.size.storedBytes)}×`,
    isDetail: true,
  },
  {
    id: 'bitsPerWeight',
    title: 'Bits/weight',
    hint: 'Stored bits for each parameter of the base, everything in the file counted.',
    value: (row) => row.size.bitsPerWeight,
    format: (row) => formatNumber(row.size.bitsPerWeight),
    isDetail: true,
  },
  {
    id: 'gzipBytes',
    title: 'Gzip',
    hint: 'The same file after gzip: what a server would send.',
    value: (row) => row.size.gzipBytes,
    format: gzipInWords,
    isDetail: true,
  },
  {
    id: 'parameters',
    title: 'Parameters',
    hint: 'Weight values that are stored: elements of factors, nonzeros of sparse matrices. Of experts also those that one token is computed with.',
    value: (row) => row.size.parameters,
    format: ({ size }) => parametersInWords(size),
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

/** Columns in which at least one row has something to show. */
export function shownColumns(rows: readonly VariantRow[]): Column[] {
  return COLUMNS.filter((column) => rows.some((row) => column.value(row) !== undefined));
}

export interface Sorting {
  readonly column: string;
  readonly descending: boolean;
}

/** Sorted copy; rows without the figure come last either way. */
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
