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

/** Whether figures were taken on this device in this visit, or come with the page. */
export type Origin = 'here' | 'recorded';

/** A line of the comparison: the base or a variant, recorded or on this device. */
export interface VariantRow {
  /** Stable within the page. */
  readonly key: string;
  /** Set once the variant is on the GPU here. */
  readonly id?: string;
  readonly name: string;
  /** Absent: the base's. */
  readonly task?: ModelInfo['task'];
  readonly recipe: Recipe;
  readonly size: SizeReport;
  /** What becomes of a gzip size that is not there: it arrives later than the variant. */
  readonly gzip?: 'measuring' | 'failed';
  /** Wall seconds that making it took. */
  readonly seconds?: number;
  /** How each step of its recipe trained. */
  readonly training?: VariantReport['training'];
  /** Of entropy-coded weights: what decoding them all once took. */
  readonly decodeSeconds?: number;
  /** Flat figures as in a report: `perplexity`, `perplexityStandardError`, … */
  readonly metrics: Readonly<Record<string, number | string>>;
  readonly metricsFrom: Origin;
  readonly latency?: LatencyReport;
  readonly latencyFrom?: Origin;
  readonly layers: VariantReport['layers'];
  /** Ways to write it as files; absent as long as it is not on the GPU here. */
  readonly exports?: VariantInfo['exports'];
}

export type DeviceState =
  | { readonly status: 'opening' }
  | { readonly status: 'ready'; readonly info: DeviceInfo }
  | { readonly status: 'unavailable' | 'lost'; readonly message: string };

/** The one long operation that is under way. */
export interface Operation {
  readonly title: string;
  readonly progress?: Progress;
  cancel(): void;
}

/** A run of training as it was heard of. */
export interface TrainingRun {
  /** Of its recipe. */
  readonly name: string;
  /** Of its curve; thinned where there are many. */
  readonly points: readonly TrainingPoint[];
  readonly notes: readonly string[];
  readonly status: 'running' | 'paused' | 'finishing' | 'ended';
}

export interface Notice {
  readonly id: number;
  readonly kind: 'error' | 'done';
  readonly text: string;
}

/** A demo checkpoint or a text that ships with the page. */
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
  /** A text is for tests, or for calibration and training, never for both. */
  readonly use: 'evaluation' | 'calibration';
  readonly licence: string;
}

export interface LabState {
  readonly device: DeviceState;
  /** How the kernels of the device that is open compare with the CPU; absent until all are through. */
  readonly kernelChecks?: readonly KernelCheckResult[];
  readonly model?: ModelInfo;
  /** Counts the models that were opened: what belongs to one must not be shown under the next. */
  readonly generation: number;
  readonly methods: readonly MethodDescription[];
  readonly rows: readonly VariantRow[];
  /** Keys of rows that are compared side by side. */
  readonly selected: readonly string[];
  readonly recording?: Pick<Report, 'recordedAt' | 'device'>;
  readonly draft: Draft;
  /** Names of files that the user gave for recipes to look at or train on. */
  readonly ownTexts: readonly string[];
  /** Files of shipped texts that the lab has. */
  readonly providedTexts: readonly string[];
  /** What was measured or loaded last. */
  readonly sensitivity?: SensitivityProfile;
  /** That is under way, or was last. */
  readonly training?: TrainingRun;
  /** Runs of the open model's checkpoint that broke off. */
  readonly unfinished: readonly UnfinishedTraining[];
  /** What runs came to, of any checkpoint. */
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
  ownTexts: [],
  providedTexts: [],
  unfinished: [],
  finished: [],
  notices: [],
  demos: [],
  dataSets: [],
  theme: 'system',
};
