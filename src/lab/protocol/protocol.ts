/**
 * The lab's interface and the plain data that crosses it: the same on both sides of the worker and in the
 * command line. Everything here can be structured-cloned.
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

/** Each block linear, or each block's together, compressed alone by one step. */
export interface SensitivityRequest {
  readonly step: RecipeStep;
  readonly unit: 'linear' | 'block';
  /** Where the step needs it. */
  readonly calibration?: CalibrationSettings;
  /** On what the divergence from the base is measured. */
  readonly evaluation: EvaluationRequest;
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
  memory(): Promise<GpuMemory>;
  /** Writes a variant as files, by the id of an export that can hold it; see `VariantInfo.exports`. */
  export(variantId: string, exportId: string, sink: ExportSink, options?: OperationOptions): Promise<void>;
}
