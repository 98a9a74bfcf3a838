import type { NamedFile, Report } from '../lab/protocol/protocol';
import { measureGzipSizes } from './gzip-sizes';
import { checkKernels } from './kernel-checks';
import { BASE_KEY, type DemoModel, type LabState, type VariantRow } from './lab-state';
import { type LabContext, notify, runOperation } from './lab-store';
import { rowOnDevice, newRow, recordedRows } from './rows';
import { loadStoredRuns, whileTraining } from './training-run';

/** Demo that is loaded when the page opens, with its recorded comparison. */
const FIRST_DEMO = 'fairy-tales-gpt2';

/** Fetches the shipped files, shows the recorded comparison, opens the device and loads the first demo. */
export async function startLab(context: LabContext): Promise<void> {
  const { store, lab } = context;
  const [demos, dataSets, recording] = await Promise.all([
    fetchJson<LabState['demos']>('models/index.json'),
    fetchJson<LabState['dataSets']>('datasets/index.json'),
    fetchJson<Report>(`recordings/${FIRST_DEMO}.json`),
  ]);
  store.setState({ demos: demos ?? [], dataSets: dataSets ?? [] });
  if (recording) {
    const rows = recordedRows(recording);
    store.setState({
      rows,
      recording: { recordedAt: recording.recordedAt, device: recording.device },
      selected: selectedAmong(rows, store.getState().selected),
    });
  }
  const deviceLost = (message: string) =>
    store.setState({
      device: {
        status: 'lost',
        message: `${message} Your recipes, variants and figures are still here; open the device again to continue.`,
      },
    });
  // A worker that fails takes its device with it.
  lab.onDeviceLost(deviceLost).catch((error: Error) => deviceLost(error.message));
  await openDeviceAndModel(context);
}

/** Opens the device and restores what a lost device held, or loads the first demo if no model is open. */
export async function openDeviceAndModel(context: LabContext): Promise<void> {
  if (!(await openDevice(context))) return;
  const { model, demos } = context.store.getState();
  const demo = demos.find(({ id }) => id === FIRST_DEMO);
  if (!model && demo) await openDemo(context, demo);
}

/** Keys in the address that exist; otherwise the base and the first variant. */
function selectedAmong(rows: readonly VariantRow[], wanted: readonly string[]): string[] {
  const keys = rows.map(({ key }) => key);
  const known = wanted.filter((key) => keys.includes(key));
  return known.length > 0 ? known : keys.slice(0, 2);
}

async function openDevice(context: LabContext): Promise<boolean> {
  const { store, lab } = context;
  store.setState({ device: { status: 'opening' }, kernelChecks: undefined });
  try {
    let info;
    await runOperation(context, 'Opening the graphics device', async (options) => {
      try {
        info = await whileTraining(context, 'Restored after the loss', (onTraining) =>
          lab.openDevice({ ...options, onTraining }),
        );
      } catch (error) {
        store.setState({ device: { status: 'unavailable', message: (error as Error).message } });
      }
    });
    if (!info) {
      if (store.getState().device.status === 'opening') {
        store.setState({
          device: { status: 'unavailable', message: 'The device was not opened; try again.' },
        });
      }
      return false;
    }
    store.setState({ device: { status: 'ready', info }, methods: await lab.methods() });
    void checkKernels(context);
    // Measures the gzip sizes that were pending when the device was lost.
    measureGzipSizes(context);
    if (store.getState().model) await loadStoredRuns(context);
    return true;
  } catch (error) {
    store.setState({ device: { status: 'unavailable', message: (error as Error).message } });
    return false;
  }
}

/** Loads a demo. If its recorded comparison is on the screen, that stays until measured here. */
export async function openDemo(context: LabContext, demo: DemoModel): Promise<void> {
  const keepRows = demo.id === FIRST_DEMO && context.store.getState().recording !== undefined;
  await runOperation(context, `Loading ${demo.title}`, async ({ signal, onProgress }) => {
    const files: NamedFile[] = [];
    const total = demo.files.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    for (const { name, bytes } of demo.files) {
      onProgress({ label: `Fetching ${name}`, done, total, unit: 'bytes' });
      const response = await fetch(`models/${demo.id}/${name}`, { signal });
      if (!response.ok)
        throw new Error(`The demo file ${name} could not be fetched (${response.status}); reload the page.`);
      files.push({ path: `${demo.id}/${name}`, blob: await response.blob() });
      done += bytes;
    }
    await load(context, files, keepRows, { signal, onProgress });
  });
}

/** Loads the user's checkpoint, dense or compressed, as a new base. */
export async function openFiles(context: LabContext, files: readonly NamedFile[]): Promise<void> {
  await runOperation(context, 'Reading the checkpoint', (options) => load(context, files, false, options));
}

async function load(
  context: LabContext,
  files: readonly NamedFile[],
  keepRows: boolean,
  options: Parameters<Parameters<typeof runOperation>[2]>[0],
): Promise<void> {
  const { store, lab } = context;
  const { model, base } = await lab.openCheckpoint(files, options);
  store.setState(({ rows, recording, generation, selected }) => {
    const recordedBase = rows.find(({ key }) => key === BASE_KEY);
    const kept = keepRows && recordedBase;
    return {
      model,
      generation: generation + 1,
      sensitivity: undefined,
      training: undefined,
      rows: kept
        ? rows.map((row) => (row.key === BASE_KEY ? rowOnDevice(row, base) : row))
        : [newRow(base, BASE_KEY)],
      selected: kept ? selected : [BASE_KEY],
      recording: kept ? recording : undefined,
    };
  });
  measureGzipSizes(context);
  await loadStoredRuns(context);
}

/** Adds a compressed checkpoint that Lathe exported from the open base as a variant. */
export async function importVariant(context: LabContext, files: readonly NamedFile[]): Promise<void> {
  await runOperation(context, 'Importing a variant', async (options) => {
    const info = await context.lab.importVariant(files, options);
    context.store.setState(({ rows }) => ({ rows: [...rows, newRow(info, info.id)] }));
    measureGzipSizes(context);
    notify(context, 'done', `${info.name} was added to the comparison.`);
  });
}

async function fetchJson<T>(path: string): Promise<T | undefined> {
  try {
    const response = await fetch(path);
    const isJson = response.headers.get('content-type')?.includes('json');
    return response.ok && isJson ? ((await response.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}
