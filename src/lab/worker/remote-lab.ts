import type { Place } from './taken-apart';

/** A function among the arguments of a call; the lab's own interface types it on both ends. */
export type Callback = (...args: unknown[]) => unknown;

/** One call of a method of the lab, its functions and signals taken out of the arguments. */
export interface RemoteCall {
  /** Number by which it is cancelled. */
  readonly operation: number;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Where the functions go that follow the call. */
  readonly callbacks: readonly Place[];
  /** Where a signal goes that `cancel` aborts. */
  readonly signals: readonly Place[];
}

/** The lab as a worker exposes it: a signal does not clone, and a function crosses only as an argument of its own. */
export interface RemoteLab {
  run(call: RemoteCall, ...callbacks: Callback[]): Promise<unknown>;
  cancel(operation: number): Promise<void>;
}

type AnyFunction = (...args: never[]) => unknown;

/** `true` where a value holds a function or a signal at any depth. */
type HoldsFunction<T> = T extends AnyFunction | AbortSignal
  ? true
  : T extends Blob | ArrayBuffer | ArrayBufferView
    ? false
    : T extends readonly (infer Element)[]
      ? HoldsFunction<Element>
      : T extends object
        ? HoldsFunction<T[keyof T]>
        : false;

/** The parts of an argument that have to be data: all but itself as a function, and the functions and signals it has as members. */
type DataOf<T> = T extends AnyFunction
  ? undefined
  : T extends AbortSignal | Blob | ArrayBuffer | ArrayBufferView | readonly unknown[]
    ? T
    : T extends object
      ? Exclude<T[keyof T], AnyFunction | AbortSignal>
      : T;

/**
 * Methods that another thread can call: each returns a promise of data, and takes data, functions, and objects whose members
 * are data, functions or signals. A method that does not fit is `never`, which the compiler refuses.
 */
export type CallableFromAfar<T> = {
  [Name in keyof T]: T[Name] extends (...args: infer Args) => Promise<infer Result>
    ? true extends HoldsFunction<Result> | HoldsFunction<DataOf<Args[number]>>
      ? never
      : T[Name]
    : never;
};
