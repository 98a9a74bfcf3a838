/** How far a long operation is. */
export interface Progress {
  /** What is being done, in words: "Factorizing transformer.h.2.mlp.c_fc". */
  readonly label: string;
  /** Of the whole operation. */
  readonly done: number;
  readonly total: number;
  /** "bytes", "matrices", "windows". */
  readonly unit: string;
}

/** What long operations take: progress out, cancel in. */
export interface OperationOptions {
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}
