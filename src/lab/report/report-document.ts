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
  readonly layers: readonly LayerChange[];
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

/** What is asked of a measurement of latency. */
export type LatencyRequest = Pick<LatencyOptions, 'prefillTokens' | 'decodeTokens' | 'runs'>;

/** Latency of one variant; times are absent in recordings older than them. */
export type LatencyReport = Omit<LatencyResult, 'prefillMilliseconds'> &
  Partial<Pick<LatencyResult, 'prefillMilliseconds'>> &
  Pick<LatencyRequest, 'prefillTokens' | 'decodeTokens'> & {
    /** GPU bytes of the weights of this variant. */
    readonly gpuBytes: number;
  };

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
  readonly layers: readonly Omit<LayerChange, 'shape'>[];
}
