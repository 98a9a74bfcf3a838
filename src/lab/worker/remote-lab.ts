import type { ExportSink, Lab } from '../protocol/protocol';

/** Methods of the lab that take their options last and may be cancelled. */
export type LabMethod = Exclude<keyof Lab, 'onDeviceLost'>;

/** A function of an operation's options; the lab's own interface types it on both ends. */
export type Callback = (...args: unknown[]) => unknown;

/**
 * What the worker exposes: the lab with its options taken apart, since a signal does not clone and a function crosses
 * only as an argument of its own.
 */
export interface RemoteLab {
  /** @param names of the callbacks that follow */
  run(
    operation: number,
    method: LabMethod,
    args: unknown[],
    names: string[],
    ...callbacks: Callback[]
  ): Promise<unknown>;
  export(
    operation: number,
    args: [variantId: string, exportId: string],
    sink: ExportSink,
    names: string[],
    ...callbacks: Callback[]
  ): Promise<unknown>;
  cancel(operation: number): Promise<void>;
  onDeviceLost(listener: (message: string) => void): Promise<void>;
}
