/** Progress of a long operation. */
export interface Progress {
  /** Current activity in words: "Factorizing transformer.h.2.mlp.c_fc". */
  readonly label: string;
  /** Units done, of `total` in the whole operation. */
  readonly done: number;
  readonly total: number;
  /** Unit of both counts: "bytes", "matrices", "windows". */
  readonly unit: string;
}

/** Options of every long operation: progress out, cancel in. */
export interface OperationOptions {
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}
