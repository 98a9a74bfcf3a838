import type { Place } from './taken-apart';

/** Function passed as an argument of a call; typed by the lab's interface on both ends. */
export type Callback = (...args: unknown[]) => unknown;

/** Call of a lab method, with functions and signals extracted from the arguments. */
export interface RemoteCall {
  /** Number that identifies the call for `cancel`. */
  readonly operation: number;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Places of the functions that follow the call. */
  readonly callbacks: readonly Place[];
  /** Places of the signal that `cancel` aborts. */
  readonly signals: readonly Place[];
}

/** Lab as exposed by a worker: signals cannot be cloned, and functions only cross as separate arguments. */
export interface RemoteLab {
  run(call: RemoteCall, ...callbacks: Callback[]): Promise<unknown>;
  cancel(operation: number): Promise<void>;
}

type AnyFunction = (...args: never[]) => unknown;

/** `true` if a value contains a function or a signal at any depth. */
type HoldsFunction<T> = T extends AnyFunction | AbortSignal
  ? true
  : T extends Blob | ArrayBuffer | ArrayBufferView
    ? false
    : T extends readonly (infer Element)[]
      ? HoldsFunction<Element>
      : T extends object
        ? HoldsFunction<T[keyof T]>
        : false;

/**
 * Parts of an argument that must be data: everything but the argument itself as a function, and its functions and signals as
 * members.
 */
type DataOf<T> = T extends AnyFunction
  ? undefined
  : T extends AbortSignal | Blob | ArrayBuffer | ArrayBufferView | readonly unknown[]
    ? T
    : T extends object
      ? Exclude<T[keyof T], AnyFunction | AbortSignal>
      : T;

/**
 * Methods that another thread can call: each returns a promise of data and takes data, functions, and objects whose members
 * are data, functions or signals. A method that does not qualify becomes `never`, which fails to compile.
 */
export type RemoteCallable<T> = {
  [Name in keyof T]: T[Name] extends (...args: infer Args) => Promise<infer Result>
    ? true extends HoldsFunction<Result> | HoldsFunction<DataOf<Args[number]>>
      ? never
      : T[Name]
    : never;
};
