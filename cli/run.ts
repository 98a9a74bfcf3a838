import { openAsBlob } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { installNodeGpu } from '../src/engines/webgpu/node-gpu';
import { parseRecipeText } from '../src/compression/recipe/recipe';
import type { DataKind } from '../src/evaluation/evaluation';
import { evaluationOf, EVALUATIONS } from '../src/evaluation/evaluations';
import { LatheLab } from '../src/lab/lab';
import type {
  DataSet,
  LatencyReport,
  Metrics,
  ModelInfo,
  NamedFile,
  Progress,
  Report,
  TrainingPoint,
  VariantInfo,
} from '../src/lab/protocol/protocol';
import { buildReport } from '../src/lab/report/report';
import { describeWrongKernels } from '../src/lab/report/wrong-kernels';
import { divergencesOf, parseSensitivityProfile } from '../src/lab/report/sensitivity-profile';
import packageJson from '../package.json';
import type { CommandLine } from './arguments';
import { exportVariants } from './export-variants';
import { stateFolder } from './state-folder';
import { UsageError } from './usage-error';

const DEFAULT_PREFILL = 64;
const DEFAULT_DECODE = 32;

/** Performs the run of a command line, and prints its document. @returns the exit status */
export async function run(command: CommandLine): Promise<number> {
  await measure(command, async (document) => {
    const text = `${JSON.stringify(document, undefined, 2)}\n`;
    process.stdout.write(text);
    if (command.report) await writeReport(command.report, text);
  });
  return 0;
}

/** Exports come last, so that a full disk cannot lose figures that took long to measure. */
async function measure(command: CommandLine, publish: (report: Report) => Promise<void>): Promise<void> {
  const calibrations = await Promise.all(command.calibrations.map((file) => readDataSet(file)));
  const trainings = await Promise.all(command.trainings.map((file) => readDataSet(file)));
  const recipes = await Promise.all(
    command.recipes.map(async (file) => {
      const calibrated = withDefaultText(await readRecipe(file), 'calibration', calibrations);
      return withDefaultText(calibrated, 'training', trainings);
    }),
  );
  const dataSets = await Promise.all(
    command.evaluations.map(({ id, file }) => readDataSet(file, evaluationOf(id).data)),
  );
  const files = await modelFiles(command.model);
  installNodeGpu();
  const { state, stateLimit } = command;
  const lab = new LatheLab({}, state === undefined ? undefined : stateFolder(state, stateLimit));
  try {
    const device = await lab.openDevice();
    if (command.selfTest) {
      const problem = describeWrongKernels(await lab.selfTest({ onProgress }));
      if (problem) throw new Error(problem);
    }
    const { model, base } = await lab.openCheckpoint(files, { onProgress });
    // Mismatches are reported before the first long computation.
    for (const text of [...calibrations, ...trainings]) await lab.provideText(text);
    const tasks = [model.task];
    for (const recipe of recipes) tasks.push((await lab.checkRecipe(recipe)).task);
    for (const { id } of command.evaluations) requireFitting(model, tasks, id);
    const variants: VariantInfo[] = [base];
    for (const recipe of recipes) variants.push(await lab.compress(recipe, { onProgress, onTraining }));
    const ids = variants.map(({ id }) => id);
    const metrics: Readonly<Record<string, Metrics>>[] = [];
    for (const [index, { id: evaluation, parameters }] of command.evaluations.entries()) {
      metrics.push(
        await lab.evaluate(ids, { evaluation, data: dataSets[index], parameters }, { onProgress }),
      );
    }
    const latencies = command.latency ? await measureLatency(lab, ids, command, model) : {};
    const gzipBytes: number[] = [];
    for (const id of ids) gzipBytes.push(await lab.gzipBytes(id, { onProgress }));
    const report = buildReport(
      packageJson.version,
      device,
      model,
      variants.map((info, index) => ({
        info,
        metrics: metrics.flatMap((byVariant) => byVariant[info.id] ?? []),
        latency: latencies[info.id],
        gzipBytes: gzipBytes[index],
      })),
    );
    await publish(report);
    if (command.export) await exportVariants(lab, variants, command.export, { onProgress });
  } finally {
    lab.close();
  }
}

/** @param tasks of the model and of the recipes' results */
function requireFitting({ name, task }: ModelInfo, tasks: readonly ModelInfo['task'][], id: string): void {
  if (tasks.some((each) => evaluationOf(id).tasks.includes(each))) return;
  const fitting = EVALUATIONS.filter((evaluation) => evaluation.tasks.includes(task)).map((each) => each.id);
  throw new UsageError(
    `${name} is a ${task} model; evaluate its ${fitting.join(' or its ')}, not its ${id}.`,
  );
}

async function measureLatency(
  lab: LatheLab,
  ids: readonly string[],
  { runs, prefill, decode }: CommandLine,
  model: ModelInfo,
): Promise<Readonly<Record<string, LatencyReport>>> {
  const decodeTokens = decode ?? Math.min(DEFAULT_DECODE, Math.floor(model.contextLength / 4));
  const prefillTokens = prefill ?? Math.min(DEFAULT_PREFILL, model.contextLength - decodeTokens);
  return lab.measureLatency(ids, { prefillTokens, decodeTokens, runs }, { onProgress });
}

async function writeReport(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  } catch (error) {
    throw new UsageError(
      `The report ${path} cannot be written (${(error as NodeJS.ErrnoException).code}); it is in the output above.`,
    );
  }
}

/** Reads a recipe, and the sensitivity profile that it names from the same folder. */
async function readRecipe(path: string): Promise<unknown> {
  const recipe = parseRecipeText(await readText(path, 'recipe'), basename(path));
  const { sensitivities } = (recipe ?? {}) as { sensitivities?: unknown };
  if (typeof sensitivities !== 'string') return recipe;
  const text = await readText(join(dirname(path), sensitivities), 'sensitivity profile');
  const profile = parseSensitivityProfile(text);
  if (!profile) {
    throw new UsageError(
      `${basename(sensitivities)} is not a sensitivity profile; measure one in the lab and save it as sensitivities.json.`,
    );
  }
  return { ...(recipe as object), sensitivities: divergencesOf(profile) };
}

/** Adds the only given calibration or training text to a recipe that names none. */
function withDefaultText(
  recipe: unknown,
  purpose: 'calibration' | 'training',
  texts: readonly DataSet[],
): unknown {
  if (texts.length !== 1 || typeof recipe !== 'object' || recipe === null) return recipe;
  const settings = (recipe as Partial<Record<typeof purpose, object>>)[purpose];
  return { ...recipe, [purpose]: { text: texts[0].name, ...settings } };
}

/** @param kinds of data that are valid, the default first */
async function readDataSet(
  path: string,
  kinds: readonly DataKind[] = ['text', 'labelled'],
): Promise<DataSet> {
  const content = await readText(path, 'text');
  if (content.trim() === '') throw new UsageError(`${path} is empty; choose a text with some words in it.`);
  const kind = path.endsWith('.tsv') ? 'labelled' : 'text';
  return { name: basename(path), kind: kinds.includes(kind) ? kind : kinds[0], content };
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`The ${what} ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** Files of a folder, or the single file, as if they had been dropped. */
async function modelFiles(path: string): Promise<NamedFile[]> {
  const entry = await stat(path).catch(() => undefined);
  if (entry?.isFile()) return [{ path: basename(path), blob: await openAsBlob(path) }];
  if (!entry?.isDirectory())
    throw new UsageError(`--model ${path} is not a folder; give one with config.json and model.safetensors.`);
  const entries = (await readdir(path, { withFileTypes: true })).filter((each) => each.isFile());
  const folder = basename(join(path, '.'));
  return Promise.all(
    entries.map(async ({ name }) => ({
      path: `${folder}/${name}`,
      blob: await openAsBlob(join(path, name)),
    })),
  );
}

/** Progress is shown in a terminal only, so that a redirected run prints nothing but the document. */
function onProgress({ label, done, total, unit }: Progress): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(
    `\r\u001b[K${label} · ${Math.floor(done)} of ${total} ${unit}${done >= total ? '\n' : ''}`,
  );
}

/** Notes of a training run go to stderr; its curve is shown in a terminal only. */
function onTraining({ step, steps, heldOutLoss, tokensPerSecond, note }: TrainingPoint): void {
  if (note !== undefined) process.stderr.write(`lathe: ${note}\n`);
  if (!process.stderr.isTTY || heldOutLoss === undefined) return;
  process.stderr.write(
    `\r\u001b[KStep ${step} of ${steps}: held-out loss ${heldOutLoss.toFixed(4)}, ${Math.round(tokensPerSecond)} tokens/s\n`,
  );
}
