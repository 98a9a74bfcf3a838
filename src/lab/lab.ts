import { matchRecipe } from '../compression/recipe/apply-recipe';
import { calibrationCost } from '../compression/calibration/calibration-cost';
import { describeMethods } from '../compression/method-descriptions';
import { METHODS } from '../compression/methods';
import { checkRecipe } from '../compression/recipe/recipe';
import { stepConfigs } from '../compression/recipe/step-configs';
import {
  closeGpu,
  currentGpu,
  type DeviceOptions,
  type Gpu,
  isGpuOpen,
  openGpu,
} from '../engines/webgpu/device';
import { type GpuMemory, gpuMemory, releaseFreeBuffers } from '../engines/webgpu/memory';
import { evaluateVariants, fittingVariants } from './evaluate-variants';
import { exportFormat } from '../export/exports';
import { latheWeights } from '../export/lathe';
import { GzipSizes } from './report/gzip-sizes';
import { weightHistograms } from './report/histograms';
import { LabError } from './lab-error';
import { measureLatency } from './measure-latency';
import { describeModel } from './model-info';
import { OneAtATime } from './protocol/one-at-a-time';
import { predict } from './predict';
import type {
  CalibrationCost,
  DataSet,
  DeviceInfo,
  EvaluationRequest,
  ExportSink,
  FinishedTraining,
  GeneratedToken,
  GenerationRequest,
  KernelCheckResult,
  Lab,
  LatencyReport,
  LatencyRequest,
  MethodDescription,
  Metrics,
  ModelInfo,
  NamedFile,
  OperationOptions,
  Recipe,
  RecipeCheck,
  TextPrediction,
  TrainingAction,
  TrainingOptions,
  UnfinishedTraining,
  VariantInfo,
  WeightHistograms,
  SensitivityRequest,
} from './protocol/protocol';
import { RecipeTexts, recipeNeedsCalibration, recipeNeedsTraining, textUses } from './texts/recipe-texts';
import { runtimeName } from './runtime-name';
import { selfTest } from './self-test';
import { profileSensitivity } from './sensitivity';
import type { SensitivityProfile } from './report/sensitivity-profile';
import { type RecipeResources, Session } from './session';
import type { StateFiles } from './checkpoints/state-files';
import { TrainingRuns } from './checkpoints/training-runs';
import { writeExport } from '../export/write-export';

/** Lab on the current thread, independent of the worker. */
export class LatheLab implements Lab {
  private session: Session | undefined;
  /** Device with a listener for its loss; `openDevice` may be called again while it is open. */
  private watched: Gpu | undefined;
  private blueprint: ReturnType<Session['blueprint']> | undefined;
  private readonly texts = new RecipeTexts();
  private readonly runs: TrainingRuns;
  private readonly turns = new OneAtATime();
  private readonly gzipSizes = new GzipSizes((step, signal) =>
    this.turns.whenIdle(() => freeingBuffers(step), signal),
  );
  private readonly lossListeners: ((message: string) => void)[] = [];

  /** @param stateFiles storage for unfinished runs and results of training; absent: none */
  constructor(
    private readonly deviceOptions: DeviceOptions = {},
    stateFiles?: StateFiles,
  ) {
    this.runs = new TrainingRuns(stateFiles);
  }

  async openDevice(options: TrainingOptions = {}): Promise<DeviceInfo> {
    return this.inTurn(async () => {
      const gpu = await openGpu(this.deviceOptions);
      if (gpu !== this.watched) void gpu.lost.then((message) => this.deviceLost(message));
      this.watched = gpu;
      await this.rebuild(options);
      return { ...gpu.description, runtime: runtimeName() };
    }, options.signal);
  }

  async selfTest(options: OperationOptions = {}): Promise<readonly KernelCheckResult[]> {
    return selfTest((step, signal) => this.turns.whenIdle(() => freeingBuffers(step), signal), options);
  }

  async onDeviceLost(listener: (message: string) => void): Promise<void> {
    this.lossListeners.push(listener);
  }

  async methods(): Promise<readonly MethodDescription[]> {
    return describeMethods();
  }

  async openCheckpoint(
    files: readonly NamedFile[],
    options: OperationOptions = {},
  ): Promise<{ model: ModelInfo; base: VariantInfo }> {
    return this.inTurn(async () => {
      const opened = await Session.open(files, options);
      this.endSession();
      this.texts.forgetEvaluations();
      this.session = opened;
      this.blueprint = undefined;
      const { info, model } = opened.base;
      return { model: describeModel(opened.checkpoint, model), base: info };
    }, options.signal);
  }

  async checkRecipe(json: unknown): Promise<RecipeCheck> {
    const recipe = checkRecipe(json, METHODS);
    const { model } = this.opened().base;
    return {
      recipe: json as Recipe,
      matches: matchRecipe(recipe, model),
      task: stepConfigs(recipe, model.config).after.task,
      needsCalibration: recipeNeedsCalibration(recipe),
      needsTraining: recipeNeedsTraining(recipe),
    };
  }

  async provideText(data: DataSet): Promise<void> {
    this.texts.provide(data);
  }

  async calibrationCost(json: unknown, { signal }: OperationOptions = {}): Promise<CalibrationCost> {
    return this.inTurn(async () => {
      const { base, tokenizer } = this.opened();
      const recipe = checkRecipe(json, METHODS);
      const matches = matchRecipe(recipe, base.model);
      const encoding = { tokenizer, configs: stepConfigs(recipe, base.model.config).before };
      const sequences = await this.texts.sequencesFor(recipe, encoding, signal);
      if (!sequences) return { seconds: 0, bytes: 0 };
      return calibrationCost(base.model, recipe, matches, sequences);
    }, signal);
  }

  async compress(recipe: unknown, options: TrainingOptions = {}): Promise<VariantInfo> {
    return this.inTurn(() => this.opened().compress(recipe, this.resources, options), options.signal);
  }

  async controlTraining(action: TrainingAction): Promise<void> {
    this.runs.control(action);
  }

  async unfinishedTraining(): Promise<readonly UnfinishedTraining[]> {
    return this.runs.unfinished(await this.opened().identity);
  }

  async finishedTraining(): Promise<readonly FinishedTraining[]> {
    return this.runs.finished();
  }

  async forgetTraining(id: string): Promise<void> {
    return this.runs.forget(id);
  }

  async profileSensitivity(
    request: SensitivityRequest,
    options: OperationOptions = {},
  ): Promise<SensitivityProfile> {
    return this.inTurn(() => profileSensitivity(this.opened(), this.texts, request, options), options.signal);
  }

  async importVariant(files: readonly NamedFile[], options: OperationOptions = {}): Promise<VariantInfo> {
    return this.inTurn(() => this.opened().import(files, options), options.signal);
  }

  async discard(variantId: string): Promise<void> {
    return this.inTurn(async () => {
      this.opened().discard(variantId);
      this.gzipSizes.cancel(variantId);
    });
  }

  async gzipBytes(variantId: string, options: OperationOptions = {}): Promise<number> {
    const { model, info } = this.opened().variant(variantId);
    const file = latheWeights(model, info.recipe);
    return this.gzipSizes.of(variantId, { name: info.name, file }, options);
  }

  async evaluate(
    variantIds: readonly string[],
    request: EvaluationRequest,
    options: OperationOptions & { onResult?: (variantId: string, metrics: Metrics) => void } = {},
  ): Promise<Readonly<Record<string, Metrics>>> {
    return this.inTurn(async () => {
      const session = this.opened();
      const ids = fittingVariants(session, variantIds, request.evaluation);
      this.texts.evaluate(
        request.data,
        ids.flatMap((id) => usesOf(session.variant(id).info)),
      );
      const metrics = await evaluateVariants(session, ids, request, options);
      for (const [id, result] of Object.entries(metrics)) options.onResult?.(id, result);
      return metrics;
    }, options.signal);
  }

  async measureLatency(
    variantIds: readonly string[],
    request: LatencyRequest,
    options: OperationOptions = {},
  ): Promise<Readonly<Record<string, LatencyReport>>> {
    return this.inTurn(() => measureLatency(this.opened(), variantIds, request, options), options.signal);
  }

  async predict(
    variantId: string,
    request: GenerationRequest,
    options: OperationOptions & { onToken?: (token: GeneratedToken) => void } = {},
  ): Promise<TextPrediction> {
    return this.inTurn(async () => {
      const session = this.opened();
      return predict(session.variant(variantId).model, session.tokenizer, request, options);
    }, options.signal);
  }

  async histograms(variantId: string, module: string): Promise<WeightHistograms> {
    return this.inTurn(async () => {
      const session = this.opened();
      const before = session.base.model.linears.get(module);
      const after = session.variant(variantId).model.linears.get(module);
      if (!before || !after) throw new LabError(`This model has no module "${module}".`);
      return weightHistograms(module, before, after);
    });
  }

  async memory(): Promise<GpuMemory> {
    return gpuMemory();
  }

  async export(
    variantId: string,
    exportId: string,
    sink: ExportSink,
    options: OperationOptions = {},
  ): Promise<void> {
    return this.inTurn(async () => {
      const source = this.opened().exportSource(variantId);
      await writeExport(exportFormat(exportId), source, sink, options);
    }, options.signal);
  }

  /** Frees the model, its variants and the device. */
  close(): void {
    this.endSession();
    closeGpu();
  }

  /** Runs an operation in its turn. */
  private inTurn<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.turns.run(() => freeingBuffers(operation), signal);
  }

  private get resources(): RecipeResources {
    return { texts: this.texts, runs: this.runs };
  }

  private opened(): Session {
    currentGpu();
    if (!this.session) throw new LabError('No model is open; drop a checkpoint or choose a demo first.');
    return this.session;
  }

  /** Frees the weights of the open model and its variants, and ends background measurements of them. */
  endSession(): void {
    this.gzipSizes.cancelAll();
    this.session?.dispose();
    this.session = undefined;
  }

  private deviceLost(message: string): void {
    // The buffers were lost with the device; the blueprint can restore them.
    this.blueprint = this.session?.blueprint() ?? this.blueprint;
    this.endSession();
    for (const listener of this.lossListeners) listener(message);
  }

  private async rebuild(options: TrainingOptions): Promise<void> {
    if (!this.blueprint) return;
    const { files, variants } = this.blueprint;
    const session = await Session.open(files, options);
    try {
      for (const { info, files: imported } of variants) {
        if (imported) await session.import(imported, options, info.id);
        else await session.compress(info.recipe, this.resources, options, info.id);
      }
    } catch (error) {
      session.dispose();
      throw error;
    }
    this.session = session;
    this.blueprint = undefined;
  }
}

function usesOf({ name, recipe }: VariantInfo) {
  return textUses({ ...recipe, name });
}

/** Frees the temporary buffers of some work when it ends. */
async function freeingBuffers<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    if (isGpuOpen()) releaseFreeBuffers();
  }
}
