import type { NamedFile, Report } from '../lab/protocol';
import { BASE_KEY, type DemoModel, type LabState } from './lab-state';
import { type LabContext, notify, runOperation } from './lab-store';
import { broughtHere, freshRow, recordedRows } from './rows';

/** The demo that is loaded when the page opens, with its recorded comparison. */
const FIRST_DEMO = 'fairy-tales-gpt2';

/** Fetches what ships with the page, shows the recorded comparison, opens the device and loads the first demo. */
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
      selected: rows.slice(0, 2).map(({ key }) => key),
    });
  }
  await lab.onDeviceLost((message) =>
    store.setState({
      device: {
        status: 'lost',
        message: `${message} Your recipes, variants and figures are kept; open the device again to go on.`,
      },
    }),
  );
  if (!(await openDevice(context))) return;
  const demo = store.getState().demos.find(({ id }) => id === FIRST_DEMO);
  if (demo) await openDemo(context, demo, Boolean(recording));
}

/** Opens the device, after a loss with everything that was on it. */
export async function openDevice(context: LabContext): Promise<boolean> {
  const { store, lab } = context;
  store.setState({ device: { status: 'opening' } });
  try {
    let info;
    await runOperation(context, 'Opening the graphics device', async (options) => {
      try {
        info = await lab.openDevice(options);
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
    return true;
  } catch (error) {
    store.setState({ device: { status: 'unavailable', message: (error as Error).message } });
    return false;
  }
}

/** Loads a demo; with `keepRows` its recorded comparison stays until measured here. */
export async function openDemo(context: LabContext, demo: DemoModel, keepRows = false): Promise<void> {
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

/** Loads a checkpoint that the user gave, or adds a compressed one of the open base as a variant. */
export async function openFiles(context: LabContext, files: readonly NamedFile[]): Promise<void> {
  await runOperation(context, 'Reading the checkpoint', (options) => load(context, files, false, options));
}

async function load(
  { store, lab }: LabContext,
  files: readonly NamedFile[],
  keepRows: boolean,
  options: Parameters<Parameters<typeof runOperation>[2]>[0],
): Promise<void> {
  const { model, base } = await lab.openCheckpoint(files, options);
  store.setState(({ rows, recording }) => {
    const recordedBase = rows.find(({ key }) => key === BASE_KEY);
    const kept = keepRows && recordedBase;
    return {
      model,
      rows: kept
        ? rows.map((row) => (row.key === BASE_KEY ? broughtHere(row, base) : row))
        : [freshRow(base, BASE_KEY)],
      selected: kept ? store.getState().selected : [BASE_KEY],
      recording: kept ? recording : undefined,
    };
  });
}

/** Adds a compressed checkpoint that Lathe exported, of the open base, as a variant. */
export async function importVariant(context: LabContext, files: readonly NamedFile[]): Promise<void> {
  await runOperation(context, 'Importing a variant', async (options) => {
    const info = await context.lab.importVariant(files, options);
    context.store.setState(({ rows }) => ({ rows: [...rows, freshRow(info, info.id)] }));
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
