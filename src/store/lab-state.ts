import type {
  DeviceInfo,
  FinishedTraining,
  KernelCheckResult,
  LatencyReport,
  MethodDescription,
  ModelInfo,
  Progress,
  Recipe,
  Report,
  SizeReport,
  TrainingPoint,
  UnfinishedTraining,
  VariantInfo,
  VariantReport,
} from '../lab/protocol/protocol';
import type { SensitivityProfile } from '../lab/report/sensitivity-profile';
import type { Draft } from './recipe-draft';

/** Source of figures: measured on this device in this visit, or recorded and shipped with the page. */
export type Origin = 'here' | 'recorded';

/** Row of the comparison: the base or a variant, recorded or on this device. */
export interface VariantRow {
  /** Stable within the page. */
  readonly key: string;
  /** Set once the variant is on this device. */
  readonly id?: string;
  readonly name: string;
  /** Absent for the base's task. */
  readonly task?: ModelInfo['task'];
  readonly recipe: Recipe;
  readonly size: SizeReport;
  /** State of a missing gzip size, which arrives later than the variant. */
  readonly gzip?: 'measuring' | 'failed';
  /** Wall-clock seconds spent making the variant. */
  readonly seconds?: number;
  /** Training record of each step of the recipe. */
  readonly training?: VariantReport['training'];
  /** Seconds to decode all entropy-coded weights once. */
  readonly decodeSeconds?: number;
  /** Flat metrics as in a report: `perplexity`, `perplexityStandardError`, … */
  readonly metrics: Readonly<Record<string, number | string>>;
  readonly metricsFrom: Origin;
  readonly latency?: LatencyReport;
  readonly latencyFrom?: Origin;
  readonly layers: VariantReport['layers'];
  /** Available exports; absent until the variant is on this device. */
  readonly exports?: VariantInfo['exports'];
}

export type DeviceState =
  | { readonly status: 'opening' }
  | { readonly status: 'ready'; readonly info: DeviceInfo }
  | { readonly status: 'unavailable' | 'lost'; readonly message: string };

/** Long operation in progress; there is at most one. */
export interface Operation {
  readonly title: string;
  readonly progress?: Progress;
  cancel(): void;
}

/** Training run as reported by the lab. */
export interface TrainingRun {
  /** Name of the recipe. */
  readonly name: string;
  /** Points of the loss curve, thinned if there are many. */
  readonly points: readonly TrainingPoint[];
  readonly notes: readonly string[];
  readonly status: 'running' | 'paused' | 'finishing' | 'ended';
}

export interface Notice {
  readonly id: number;
  readonly kind: 'error' | 'done';
  readonly text: string;
}

/** Demo checkpoint that ships with the page. */
export interface DemoModel {
  readonly id: string;
  readonly title: string;
  readonly files: readonly { name: string; bytes: number }[];
}

export interface ShippedDataSet {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly kind: 'text' | 'labelled';
  /** A text is for evaluation, or for calibration and training, never for both. */
  readonly use: 'evaluation' | 'calibration';
  readonly licence: string;
}

export interface LabState {
  readonly device: DeviceState;
  /** Results of the kernel checks on the open device; absent until all have finished. */
  readonly kernelChecks?: readonly KernelCheckResult[];
  readonly model?: ModelInfo;
  /** Number of models opened so far; results for an earlier model must not be shown for the next. */
  readonly generation: number;
  readonly methods: readonly MethodDescription[];
  readonly rows: readonly VariantRow[];
  /** Keys of rows that are compared side by side. */
  readonly selected: readonly string[];
  readonly recording?: Pick<Report, 'recordedAt' | 'device'>;
  readonly draft: Draft;
  /** Names of the user's files that recipes can calibrate or train on. */
  readonly userTexts: readonly string[];
  /** Files of shipped texts that were sent to the lab. */
  readonly providedTexts: readonly string[];
  /** Profile that was measured or loaded last. */
  readonly sensitivity?: SensitivityProfile;
  /** Current or latest run. */
  readonly training?: TrainingRun;
  /** Interrupted runs of the open model's checkpoint. */
  readonly unfinished: readonly UnfinishedTraining[];
  /** Cached results of training, for any checkpoint. */
  readonly finished: readonly FinishedTraining[];
  readonly operation?: Operation;
  readonly notices: readonly Notice[];
  readonly demos: readonly DemoModel[];
  readonly dataSets: readonly ShippedDataSet[];
  readonly theme: 'light' | 'dark' | 'system';
}

export const BASE_KEY = 'base';

export const EMPTY_RECIPE: Draft = { name: 'My recipe', steps: [] };

export const INITIAL_STATE: LabState = {
  device: { status: 'opening' },
  generation: 0,
  methods: [],
  rows: [],
  selected: [],
  draft: EMPTY_RECIPE,
  userTexts: [],
  providedTexts: [],
  unfinished: [],
  finished: [],
  notices: [],
  demos: [],
  dataSets: [],
  theme: 'system',
};
