import type { EvaluationRequest, LatencyRequest, Recipe } from '../lab/protocol/protocol';
import { measureGzipSizes } from './gzip-sizes';
import { BASE_KEY, type VariantRow } from './lab-state';
import { type LabContext, notify, runOperation } from './lab-store';
import { provideTexts } from './recipe-texts';
import { withSensitivities } from './sensitivity-actions';
import { rowOnDevice, newRow, withLatency, withMetrics } from './rows';
import { whileTraining } from './training-run';

/** Compresses the base by a recipe; the new variant joins the comparison and the selection. */
export async function compress(context: LabContext, recipe: unknown): Promise<boolean> {
  const { store, lab } = context;
  const name = (recipe as Recipe).name ?? 'a recipe';
  return runOperation(context, `Compressing: ${name}`, async (options) => {
    const complete = withSensitivities(recipe as Recipe, store.getState().sensitivity);
    await provideTexts(context, complete);
    const info = await whileTraining(context, name, (onTraining) =>
      lab.compress(complete, { ...options, onTraining }),
    );
    store.setState(({ rows, selected }) => {
      const row = newRow({ ...info, name: uniqueName(info.name, rows) }, `${info.id}-${Date.now()}`);
      return { rows: [...rows, row], selected: [...baseAndLatest(selected), row.key] };
    });
    measureGzipSizes(context);
  });
}

/** Selection to which a new variant is added: the base, for reference, and the variant selected last. */
function baseAndLatest(selected: readonly string[]): string[] {
  const others = selected.filter((key) => key !== BASE_KEY);
  return [...selected.filter((key) => key === BASE_KEY), ...others.slice(-1)];
}

/** Makes recorded variants on this device, so that they can be measured, compared and exported. */
export async function makeOnDevice(context: LabContext, keys: readonly string[]): Promise<boolean> {
  const { store, lab } = context;
  const recorded = store.getState().rows.filter(({ key, id }) => keys.includes(key) && id === undefined);
  if (recorded.length === 0) return true;
  return runOperation(context, 'Making the variants on this device', async (options) => {
    for (const row of recorded) {
      await provideTexts(context, row.recipe);
      const info = await whileTraining(context, row.name, (onTraining) =>
        lab.compress(row.recipe, { ...options, onTraining }),
      );
      replaceRow(context, row.key, (current) => rowOnDevice(current, info));
      measureGzipSizes(context);
    }
  });
}

export async function discard(context: LabContext, key: string): Promise<void> {
  const { store, lab } = context;
  const row = store.getState().rows.find((candidate) => candidate.key === key);
  if (!row || key === BASE_KEY) return;
  try {
    if (row.id) await lab.discard(row.id);
  } catch (error) {
    return notify(context, 'error', (error as Error).message);
  }
  store.setState(({ rows, selected }) => ({
    rows: rows.filter((candidate) => candidate.key !== key),
    selected: selected.filter((candidate) => candidate !== key),
  }));
}

export function rename(context: LabContext, key: string, name: string): void {
  replaceRow(context, key, (row) => ({ ...row, name: name.trim() || row.name }));
}

export function toggleSelected({ store }: LabContext, key: string): void {
  store.setState(({ selected }) => ({
    selected: selected.includes(key) ? selected.filter((other) => other !== key) : [...selected, key],
  }));
}

/**
 * Runs evaluations one after the other on every row with the right task; recorded variants are made first. Each window
 * is evaluated on base and variants in turn.
 */
export async function evaluate(context: LabContext, requests: readonly EvaluationRequest[]): Promise<void> {
  if (!(await makeOnDevice(context, allKeys(context)))) return;
  const texts = [...new Set(requests.map(({ data }) => data.name))];
  await runOperation(context, `Evaluating on ${texts.join(' and ')}`, async (options) => {
    const rows = rowsHere(context);
    const ids = rows.map(({ id }) => id!);
    for (const request of requests) {
      const metrics = await context.lab.evaluate(ids, request, options);
      for (const { key, id } of rows) {
        // A variant of another task has no metrics.
        const measured = metrics[id!];
        if (measured) replaceRow(context, key, (row) => withMetrics(row, measured));
      }
    }
    forgetRecordingIfMeasured(context);
  });
}

/** Measures prefill and decode of every row, in turn. */
export async function measureLatency(context: LabContext, request: LatencyRequest): Promise<void> {
  if (!(await makeOnDevice(context, allKeys(context)))) return;
  await runOperation(context, 'Measuring latency', async (options) => {
    const rows = rowsHere(context);
    const latencies = await context.lab.measureLatency(
      rows.map(({ id }) => id!),
      request,
      options,
    );
    for (const { key, id } of rows) replaceRow(context, key, (row) => withLatency(row, latencies[id!]));
    forgetRecordingIfMeasured(context);
  });
}

function allKeys({ store }: LabContext): string[] {
  return store.getState().rows.map(({ key }) => key);
}

function rowsHere({ store }: LabContext): VariantRow[] {
  return store.getState().rows.filter(({ id }) => id !== undefined);
}

function replaceRow({ store }: LabContext, key: string, change: (row: VariantRow) => VariantRow): void {
  store.setState(({ rows }) => ({ rows: rows.map((row) => (row.key === key ? change(row) : row)) }));
}

/** Clears the mark "recorded on …" once every figure on the screen was measured here. */
function forgetRecordingIfMeasured({ store }: LabContext): void {
  const { rows } = store.getState();
  const measured = rows.every(
    ({ metricsFrom, latencyFrom }) => metricsFrom === 'here' && latencyFrom !== 'recorded',
  );
  if (measured) store.setState({ recording: undefined });
}

function uniqueName(name: string, rows: readonly VariantRow[]): string {
  const taken = new Set(rows.map((row) => row.name));
  if (!taken.has(name)) return name;
  let count = 2;
  while (taken.has(`${name} (${count})`)) count++;
  return `${name} (${count})`;
}
