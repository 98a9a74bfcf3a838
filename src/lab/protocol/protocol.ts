/**
 * Interface of the lab and the plain data that it exchanges, shared by both sides of the worker and the command line. All
 * data can be structured-cloned.
 */
import type { CalibrationCost } from '../../compression/calibration/calibration-cost';
import type { MethodDescription } from '../../compression/method-descriptions';
import type {
  CalibrationSettings,
  Recipe,
  RecipeStep,
  RecipeTargets,
  TrainingTextSettings,
} from '../../compression/recipe/recipe-schema';
import type { NamedBlob as NamedFile } from '../../checkpoint/named-tensor';
import type { GpuMemory } from '../../engines/webgpu/memory';
import type { EvaluationRequest, Metrics } from '../../evaluation/evaluate';
import type { DataSet } from '../../evaluation/evaluation';
import type { ExportSink } from '../../export/export-sink';
import type { ExportDescription } from '../../export/exports';
import type { Task } from '../../model/model';
import type { ParameterDescription } from '../../parameters/describe-parameters';
import type { OperationOptions, Progress } from '../../progress/progress';
import type { KernelCheckResult } from '../../self-test/kernel-check';
import type { TrainingPoint } from '../../train/training-context';
import type { FinishedTraining } from '../checkpoints/result-cache';
import type { UnfinishedTraining } from '../checkpoints/unfinished-runs';
import type { TrainingAction } from '../checkpoints/run-control';
import type { GeneratedToken, GenerationRequest, TextPrediction } from '../predict';
import type { WeightHistograms } from '../report/histograms';
import type {
  DeviceInfo,
  LatencyReport,
  LatencyRequest,
  ModelInfo,
  VariantInfo,
} from '../report/report-document';
import type { SensitivityProfile } from '../report/sensitivity-profile';

export type { ModuleInfo, Report, SizeReport, VariantReport } from '../report/report-document';
export type { Duration, Durations, Rate } from '../../evaluation/latency/latency';
export type { Histogram } from '../report/histograms';
export type { TrainingRecord } from '../report/training-record';
export type { CalibrationCost, CalibrationSettings, Recipe, RecipeStep, RecipeTargets, TrainingTextSettings };
export type { DataSet, DeviceInfo, EvaluationRequest, ExportDescription, ExportSink, FinishedTraining };
export type { GeneratedToken, GenerationRequest, KernelCheckResult, LatencyReport, LatencyRequest, Metrics };
export type { MethodDescription, ModelInfo, NamedFile, OperationOptions, ParameterDescription, Progress };
export type { Task, TextPrediction, TrainingAction, TrainingPoint, UnfinishedTraining, VariantInfo };
export type { WeightHistograms };

/** Requests the sensitivity of each block linear, or of each block's linears together, compressed alone by one step. */
export interface SensitivityRequest {
  readonly step: RecipeStep;
  readonly unit: 'linear' | 'block';
  /** Required if the step needs calibration. */
  readonly calibration?: CalibrationSettings;
  /** Evaluation that measures the divergence from the base. */
  readonly evaluation: EvaluationRequest;
}

/** Options with a callback for the training curve, called at most a few times per second. */
export interface TrainingOptions extends OperationOptions {
  readonly onTraining?: (point: TrainingPoint) => void;
}

/** Properties of a recipe that fits the open model. */
export interface RecipeCheck {
  readonly recipe: Recipe;
  /** Matching modules for each step. */
  readonly matches: readonly (readonly string[])[];
  readonly needsCalibration: boolean;
  /** Whether a step trains and names no text of its own. */
  readonly needsTraining: boolean;
  /** Task of the resulting variant. */
  readonly task: Task;
}

/**
 * Lab with one base model and its variants on one device. Implemented by `lab.ts`, and by `lab-client.ts` over messages. Each
 * method rejects with an Error whose message is one sentence for the user, and leaves the lab's state unchanged. A cancelled
 * operation rejects with a DOMException named `AbortError`.
 */
export interface Lab {
  /**
   * Opens the graphics device. After a loss, reopens it, reloads the base from its files and repeats the variants' recipes
   * with the same ids; `compress` describes how cached training results are used.
   */
  openDevice(options?: TrainingOptions): Promise<DeviceInfo>;
  /**
   * Checks every kind of kernel on the open device against the CPU, in the background, because drivers miscompile. @throws
   * Error if the device is lost meanwhile
   */
  selfTest(options?: OperationOptions): Promise<readonly KernelCheckResult[]>;
  /** Calls the listener with a sentence when the device is lost. Rejects if the worker that holds it fails. */
  onDeviceLost(listener: (message: string) => void): Promise<void>;
  methods(): Promise<readonly MethodDescription[]>;
  /** Replaces the base and discards all variants once the new base has loaded. */
  openCheckpoint(
    files: readonly NamedFile[],
    options?: OperationOptions,
  ): Promise<{ model: ModelInfo; base: VariantInfo }>;
  /**
   * Checks a recipe (unknown keys, parameters, targets without matches), reports which texts it needs and lists the modules
   * of each step.
   */
  checkRecipe(recipe: unknown): Promise<RecipeCheck>;
  /** Provides a text, by its name, for recipes to calibrate with or train on; it stays until the lab is closed. */
  provideText(data: DataSet): Promise<void>;
  /** Estimates the cost of a recipe's calibration by running a few sequences. */
  calibrationCost(recipe: unknown, options?: OperationOptions): Promise<CalibrationCost>;
  /**
   * Makes a variant. Rejects if the recipe needs a text to calibrate with or train on that was not provided or shares a
   * passage with a text used for evaluation. Resumes an interrupted run of the recipe if its state was saved. Reuses the
   * latest cached result of its training steps and replays that run's curve.
   */
  compress(recipe: unknown, options?: TrainingOptions): Promise<VariantInfo>;
  /**
   * Controls the running training at its next step; `finish` ends the current step of the recipe only. Rejects if no training
   * is running.
   */
  controlTraining(action: TrainingAction): Promise<void>;
  /** Unfinished runs of the open model's checkpoint, the latest first; `compress` of the same recipe resumes one. */
  unfinishedTraining(): Promise<readonly UnfinishedTraining[]>;
  /**
   * Cached training results for any checkpoint, the most recently used first; `compress` reuses one if its recipe begins with
   * the same steps.
   */
  finishedTraining(): Promise<readonly FinishedTraining[]>;
  /** Deletes an unfinished run or a cached result. Rejects if it is running. */
  forgetTraining(id: string): Promise<void>;
  /** Compresses each linear of the base alone and measures the effect on the predictions. */
  profileSensitivity(request: SensitivityRequest, options?: OperationOptions): Promise<SensitivityProfile>;
  /** Imports a compressed checkpoint that Lathe exported from a base of the same shape as a variant. */
  importVariant(files: readonly NamedFile[], options?: OperationOptions): Promise<VariantInfo>;
  discard(variantId: string): Promise<void>;
  /**
   * Measures the bytes of a variant's `model.safetensors` after gzip, once and in the background: other operations go first.
   * An abort ends the wait, not the measurement. The measurement ends with the variant, and then rejects with an
   * `AbortError`.
   */
  gzipBytes(variantId: string, options?: OperationOptions): Promise<number>;
  /**
   * Evaluates the base and the variants that have the request's task; others are omitted, as are divergences if the base is
   * omitted. Rejects if no model has the task, or if a variant was calibrated with or trained on a text that shares a passage
   * with the evaluation text.
   */
  evaluate(
    variantIds: readonly string[],
    request: EvaluationRequest,
    options?: OperationOptions & { onResult?: (variantId: string, metrics: Metrics) => void },
  ): Promise<Readonly<Record<string, Metrics>>>;
  /** Measures all variants in turn (A B A B) after a warm-up. */
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
  memory(): Promise<GpuMemory>;
  /** Writes a variant as files with one of the exports in `VariantInfo.exports`. */
  export(variantId: string, exportId: string, sink: ExportSink, options?: OperationOptions): Promise<void>;
}
