import type { LayerChange } from '../../compression/recipe/apply-recipe';
import type { Recipe } from '../../compression/recipe/recipe-schema';
import type { DeviceDescription } from '../../engines/webgpu/device';
import type { LatencyOptions, LatencyResult } from '../../evaluation/latency/latency';
import type { ExportDescription } from '../../export/exports';
import type { Task } from '../../model/model';
import type { TrainingRecord } from './training-record';

export interface DeviceInfo extends DeviceDescription {
  /** Browser or Node version, as one line. */
  readonly runtime: string;
}

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
  /** Whether the class name `Linear` matches it. */
  readonly isBlockLinear: boolean;
}

/** Sizes of a variant; bytes are those of its exported `model.safetensors`, header included. */
export interface SizeReport {
  /** Size of the base exported dense in float32. */
  readonly denseBytes: number;
  readonly storedBytes: number;
  /** Size of the stored file after gzip; absent until measured (`Lab.gzipBytes`). */
  readonly gzipBytes?: number;
  /** 8 · storedBytes / parameters of the dense base, even if the base was loaded from a compressed file. */
  readonly bitsPerWeight: number;
  /** Number of stored weight values. */
  readonly parameters: number;
  /** Number of stored values that one token uses, for models with experts; absent: all. */
  readonly activeParameters?: number;
}

/** Variant in the lab. The base is the variant with id `base` and an empty recipe. */
export interface VariantInfo {
  readonly id: string;
  readonly name: string;
  /** Task, which a recipe may change from the base's. */
  readonly task: Task;
  readonly recipe: Recipe;
  /** Sizes without `gzipBytes`, which is measured later. */
  readonly size: SizeReport;
  /** Changed matrices only; empty for the base. */
  readonly layers: readonly LayerChange[];
  readonly gpuBytes: number;
  /** Wall-clock seconds of the compression. */
  readonly seconds: number;
  /** Training records in the order of the recipe's steps; absent without training. */
  readonly training?: readonly TrainingRecord[];
  /** Seconds of these, or of loading a file, spent decoding entropy-coded weights; absent without such weights. */
  readonly decodeSeconds?: number;
  /** Available exports. */
  readonly exports: readonly ExportDescription[];
}

/** Settings of a latency measurement. */
export type LatencyRequest = Pick<LatencyOptions, 'prefillTokens' | 'decodeTokens' | 'runs'>;

/** Latency of one variant; times are absent in older recordings. */
export type LatencyReport = Omit<LatencyResult, 'prefillMilliseconds'> &
  Partial<Pick<LatencyResult, 'prefillMilliseconds'>> &
  Pick<LatencyRequest, 'prefillTokens' | 'decodeTokens'> & {
    /** GPU bytes of the weights of this variant. */
    readonly gpuBytes: number;
  };

/** JSON document of the command line and of the page's report; see docs/report-schema.md. */
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
  /** Absent in older recordings, for the base's task. */
  readonly task?: Task;
  readonly recipe: Recipe;
  /** Plain numbers; the standard error of a metric has the key `<metric>StandardError`. */
  readonly metrics: Readonly<Record<string, number | string>>;
  readonly size: SizeReport;
  /** Wall-clock seconds of the compression; absent in older recordings. */
  readonly seconds?: number;
  /** Training records in the order of the recipe's steps; absent without training or for a loaded file. */
  readonly training?: readonly TrainingRecord[];
  /** Seconds to decode all entropy-coded weights once. */
  readonly decodeSeconds?: number;
  readonly latency?: LatencyReport;
  readonly layers: readonly Omit<LayerChange, 'shape'>[];
}
