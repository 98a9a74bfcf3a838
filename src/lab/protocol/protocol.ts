/**
 * The lab's interface and the plain data that crosses it: the same on both sides of the worker and in the
 * command line. Everything here can be structured-cloned.
 */
import type { EvaluationRequest, Metrics } from '../../evaluation/evaluate';
import type { DataSet } from '../../evaluation/evaluation';
import type { Duration, Durations, Rate } from '../../evaluation/latency/latency';
import type { DeviceDescription } from '../../engines/webgpu/device';
import type { ExportSink } from '../../export/export-sink';
import type { ExportDescription } from '../../export/exports';
import type { OperationOptions, Progress } from '../../progress/progress';
import type { KernelCheckResult } from '../../self-test/kernel-check';
import type { TrainingPoint } from '../../train/training-context';
import type { ParameterDescription } from '../../parameters/describe-parameters';
import type { MethodDescription } from '../../compression/method-descriptions';
import type {
  CalibrationSettings,
  Recipe,
  RecipeStep,
  RecipeTargets,
  TrainingTextSettings,
} from '../../compression/recipe/recipe-description';
import type { SensitivityProfile } from '../report/sensitivity-profile';
import type { TrainingRecord } from '../report/training-record';

export type { KernelCheckResult, MethodDescription, ParameterDescription, TrainingPoint, TrainingRecord };
export type { DataSet, Duration, Durations, EvaluationRequest, Metrics, Rate };
export type { ExportDescription, ExportSink, OperationOptions, Progress };
export type { CalibrationSettings, Recipe, RecipeStep, RecipeTargets, TrainingTextSettings };

/** What can be told a run of training: to wait, to go on, to end now and keep the best so far. */
export type TrainingAction = 'pause' | 'resume' | 'finish';

/** A recipe whose training broke off, and how far its run is. */
export interface UnfinishedTraining {
  readonly id: string;
  readonly recipe: Recipe;
  readonly step: number;
  readonly steps: number;
  /** ISO 8601. */
  readonly savedAt: string;
  /** That are kept of it. */
  readonly bytes: number;
}

/** What a step that trains came to, kept so that it is not trained again. */
export interface FinishedTraining {
  readonly id: string;
  /** Name of the checkpoint. */
  readonly model: string;
  /** Its steps up to the one that trained. */
  readonly recipe: Recipe;
  /** Updates that were made. */
  readonly steps: number;
  /** ISO 8601. */
  readonly savedAt: string;
  readonly bytes: number;
}

/** What the calibration of a recipe takes, measured on this device before it starts. */
export interface CalibrationCost {
  /** Of all passes through the model and of the methods' own arithmetic. */
  readonly seconds: number;
  /** GPU memory of the hidden states and of the greatest block's statistics. */
  readonly bytes: number;
}

export interface DeviceInfo extends DeviceDescription {
  /** Browser or Node version, as one line. */
  readonly runtime: string;
}

export type Task = 'causal-lm' | 'masked-lm' | 'sequence-classification';

export interface ModelInfo {
  readonly name: string;
  readonly modelType: string;
  readonly task: Task;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly contextLength: number;
  readonly vocabularySize: number;
  readonly parameters: number;
  /** As in `SizeReport`. */
  readonly activeParameters?: number;
  readonly labels?: readonly string[];
  /** Matrices that a recipe can target. */
  readonly modules: readonly ModuleInfo[];
  /** Bytes of the files that were read. */
  readonly fileBytes: number;
  readonly gpuBytes: number;
  readonly ignoredFiles: readonly string[];
}

export interface ModuleInfo {
  readonly name: string;
  readonly shape: readonly [number, number];
  /** Matched by the class name `Linear`. */
  readonly isBlockLinear: boolean;
}

/** Sizes of a variant; bytes are those of its exported `model.safetensors`, header included. */
export interface SizeReport {
  /** The base exported dense in float32. */
  readonly denseBytes: number;
  readonly storedBytes: number;
  /** The stored file after gzip; absent until it was measured (`Lab.gzipBytes`). */
  readonly gzipBytes?: number;
  /** 8 · storedBytes / parameters of the dense base, also where the base itself came compressed. */
  readonly bitsPerWeight: number;
  /** Weight values stored. */
  readonly parameters: number;
  /** Those of them that a token is computed with, where tokens go to experts; absent: all. */
  readonly activeParameters?: number;
}

export interface LayerReport {
  readonly name: string;
  readonly form: string;
  readonly shape: readonly [number, number];
  /** ‖W − Ŵ‖F / ‖W‖F against the base. */
  readonly relativeError: number;
  readonly storedBytes: number;
  readonly parameters: number;
}

/** A variant as the lab knows it. The base is the variant with id `base` and an empty recipe. */
export interface VariantInfo {
  readonly id: string;
  readonly name: string;
  /** A recipe may give a model another task than the base's. */
  readonly task: Task;
  readonly recipe: Recipe;
  /** Without `gzipBytes`: a variant is there before that is measured. */
  readonly size: SizeReport;
  /** Changed matrices only; empty for the base. */
  readonly layers: readonly LayerReport[];
  readonly gpuBytes: number;
  /** Wall seconds that the compression took. */
  readonly seconds: number;
  /** How each step trained, in the recipe's order; absent where none did. */
  readonly training?: readonly TrainingRecord[];
  /** Of these, or of loading a file, what decoding entropy-coded weights took; absent where none is. */
  readonly decodeSeconds?: number;
  /** Ways to write it as files. */
  readonly exports: readonly ExportDescription[];
}

/** Each block linear, or each block's together, compressed alone by one step. */
export interface SensitivityRequest {
  readonly step: RecipeStep;
  readonly unit: 'linear' | 'block';
  /** Where the step needs it. */
  readonly calibration?: CalibrationSettings;
  /** On what the divergence from the base is measured. */
  readonly evaluation: EvaluationRequest;
}

export interface LatencyReport {
  /** By the wall clock. */
  readonly prefillTokensPerSecond: Rate;
  /** causal-lm only; by the wall clock. */
  readonly decodeTokensPerSecond?: Rate;
  /** Of the whole prompt; absent in recordings older than this figure. */
  readonly prefillMilliseconds?: Durations;
  /** causal-lm only: of one generated token. */
  readonly decodeMilliseconds?: Durations;
  readonly prefillTokens: number;
  readonly decodeTokens: number;
  /** GPU bytes of the weights of this variant. */
  readonly gpuBytes: number;
}

export interface LatencyRequest {
  readonly prefillTokens: number;
  readonly decodeTokens: number;
  readonly runs: number;
}

export interface GenerationRequest {
  readonly prompt: string;
  readonly maxNewTokens: number;
  /** 0: greedy. */
  readonly temperature: number;
  /** Only so many of the most likely tokens are drawn from. */
  readonly topK?: number;
  /** Of these, the fewest whose probabilities together reach so much; 1 or absent: all. */
  readonly topP?: number;
  readonly seed?: number;
}

export interface GeneratedToken {
  readonly id: number;
  readonly text: string;
}

export interface TextPrediction {
  /** causal-lm: the continuation, token by token. */
  readonly tokens?: readonly GeneratedToken[];
  /** sequence-classification: probability of each label. */
  readonly labels?: readonly { label: string; probability: number }[];
  /** masked-lm: candidates for each [MASK]. */
  readonly masks?: readonly {
    position: number;
    candidates: readonly { token: string; probability: number }[];
  }[];
}

/** Counts of weight values in equal bins between `min` and `max`. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly counts: readonly number[];
}

export interface WeightHistograms {
  readonly name: string;
  readonly before: Histogram;
  readonly after: Histogram;
}

export interface MemoryReport {
  readonly gpuUsedBytes: number;
  readonly gpuAllocatedBytes: number;
  readonly tensors: number;
}

/** Also what becomes of a run of training, some times a second at most. */
export interface TrainingOptions extends OperationOptions {
  readonly onTraining?: (point: TrainingPoint) => void;
}

/** What is known of a recipe that fits the open model. */
export interface RecipeCheck {
  readonly recipe: Recipe;
  /** Modules of each step. */
  readonly matches: readonly (readonly string[])[];
  readonly needsCalibration: boolean;
  /** Whether a step trains and names no text of its own. */
  readonly needsTraining: boolean;
  /** What the variant will do. */
  readonly task: Task;
}

export interface NamedFile {
  readonly path: string;
  readonly blob: Blob;
}

/**
 * The lab: one base model and its variants on one device. Implemented by `lab.ts`, and by `lab-client.ts` over messages.
 * Each method rejects with an Error whose message is one clear sentence for the user; nothing that was there is lost.
 * A cancelled operation rejects with a DOMException named `AbortError`.
 */
export interface Lab {
  /**
   * Opens the graphics device. After a loss: opens it again, loads the base from the files that were given, and makes the
   * variants again from their recipes, as `compress` does: results of training that are kept are taken; ids stay.
   */
  openDevice(options?: TrainingOptions): Promise<DeviceInfo>;
  /**
   * Holds every kind of kernel on the open device against the CPU, one after the other while nothing else is asked for:
   * drivers miscompile. @throws Error where the device is lost meanwhile
   */
  selfTest(options?: OperationOptions): Promise<readonly KernelCheckResult[]>;
  /** Calls back with a sentence when the device is lost. Rejects where the worker that holds it fails. */
  onDeviceLost(listener: (message: string) => void): Promise<void>;
  methods(): Promise<readonly MethodDescription[]>;
  /** Replaces the base and discards all variants, but only once the new one is loaded. */
  openCheckpoint(
    files: readonly NamedFile[],
    options?: OperationOptions,
  ): Promise<{ model: ModelInfo; base: VariantInfo }>;
  /**
   * Checks a recipe (unknown keys, parameters, targets that match nothing), says which texts it needs, and
   * lists the modules of each step.
   */
  checkRecipe(recipe: unknown): Promise<RecipeCheck>;
  /**
   * Gives a text that recipes may calibrate with or train on, by its name; it stays until the lab is closed.
   */
  provideText(data: DataSet): Promise<void>;
  /** What the calibration of a recipe would take; a few sequences are run to measure it. */
  calibrationCost(recipe: unknown, options?: OperationOptions): Promise<CalibrationCost>;
  /**
   * Rejects where the recipe needs a text to calibrate with or train on and it was not provided, or shares a passage with a
   * text that variants were evaluated on. A recipe whose training broke off goes on where its run was kept; steps up to one
   * that trains whose result is kept are not made again, and the curve of that run is told anew.
   */
  compress(recipe: unknown, options?: TrainingOptions): Promise<VariantInfo>;
  /**
   * Acts on the run that is under way, at its next step; a recipe that trains in several steps ends them all by `finish`.
   * Rejects where nothing trains.
   */
  controlTraining(action: TrainingAction): Promise<void>;
  /** Runs of the open model's checkpoint that broke off, the latest first; `compress` of the same recipe goes on with one. */
  unfinishedTraining(): Promise<readonly UnfinishedTraining[]>;
  /** What training came to, of any checkpoint, the one used last first; `compress` of a recipe that begins so takes it. */
  finishedTraining(): Promise<readonly FinishedTraining[]>;
  /** Forgets a run that broke off, or what one came to. Rejects where it is under way. */
  forgetTraining(id: string): Promise<void>;
  /** Compresses each linear of the base alone and measures what that does to its predictions. */
  profileSensitivity(request: SensitivityRequest, options?: OperationOptions): Promise<SensitivityProfile>;
  /** A compressed checkpoint that Lathe exported, of the same base shape, as a variant. */
  importVariant(files: readonly NamedFile[], options?: OperationOptions): Promise<VariantInfo>;
  discard(variantId: string): Promise<void>;
  /**
   * Bytes of a variant's `model.safetensors` after gzip. Measured once, in the background: every other operation goes
   * first, and the measurement goes on when the lab is idle again. An abort ends the wait, not the measurement; that ends
   * with the variant, and then rejects with an `AbortError`.
   */
  gzipBytes(variantId: string, options?: OperationOptions): Promise<number>;
  /**
   * Measures the base and variants that have the task of the request; the others are left out of the result, and divergences
   * where the base is. Rejects where none has it, or where a variant was calibrated with or trained on a text that shares a
   * passage with the one to evaluate on.
   */
  evaluate(
    variantIds: readonly string[],
    request: EvaluationRequest,
    options?: OperationOptions & { onResult?: (variantId: string, metrics: Metrics) => void },
  ): Promise<Readonly<Record<string, Metrics>>>;
  /** Measures all of them in turn (A B A B) after a warm-up. */
  measureLatency(
    variantIds: readonly string[],
    request: LatencyRequest,
    options?: OperationOptions,
  ): Promise<Readonly<Record<string, LatencyReport>>>;
  predict(
    variantId: string,
    request: GenerationRequest,
    options?: OperationOptions & { onToken?: (token: GeneratedToken) => void },
  ): Promise<TextPrediction>;
  histograms(variantId: string, module: string): Promise<WeightHistograms>;
  memory(): Promise<MemoryReport>;
  /** Writes a variant as files, by the id of an export that can hold it; see `VariantInfo.exports`. */
  export(variantId: string, exportId: string, sink: ExportSink, options?: OperationOptions): Promise<void>;
}

/** The JSON document of the command line and of the page's report; see docs/report-schema.md. */
export interface Report {
  readonly lathe: string;
  readonly recordedAt: string;
  readonly device: DeviceInfo;
  readonly model: ModelInfo;
  readonly base: VariantReport;
  readonly variants: readonly VariantReport[];
}

export interface VariantReport {
  readonly name: string;
  /** Absent in recordings older than this entry, whose variants have the base's. */
  readonly task?: Task;
  readonly recipe: Recipe;
  /** Plain numbers; a metric's standard error stands beside it as `<metric>StandardError`. */
  readonly metrics: Readonly<Record<string, number | string>>;
  readonly size: SizeReport;
  /** Wall seconds that the compression took; absent in recordings older than this figure. */
  readonly seconds?: number;
  /** How each step trained, in the recipe's order; absent where none did, or a file was loaded. */
  readonly training?: readonly TrainingRecord[];
  /** Of entropy-coded weights: what decoding them all once took. */
  readonly decodeSeconds?: number;
  readonly latency?: LatencyReport;
  readonly layers: readonly {
    name: string;
    form: string;
    relativeError: number;
    storedBytes: number;
    parameters: number;
  }[];
}
