import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Lab, OperationOptions } from '../lab/protocol/protocol';
import { INITIAL_STATE, type LabState, type Notice } from './lab-state';

export type LabStore = StoreApi<LabState>;

/** Store and lab, which every action takes. */
export interface LabContext {
  readonly store: LabStore;
  readonly lab: Lab;
}

/** Creates the store, independent of React: views subscribe to it, tests use it directly. */
export function createLabStore(initial: Partial<LabState> = {}): LabStore {
  return createStore<LabState>(() => ({ ...INITIAL_STATE, ...initial }));
}

let noticeCount = 0;

/** Adds a message for the user; it stays until dismissed. */
export function notify({ store }: LabContext, kind: Notice['kind'], text: string): void {
  store.setState(({ notices }) => ({ notices: [...notices, { id: ++noticeCount, kind, text }] }));
}

export function dismissNotice({ store }: LabContext, id: number): void {
  store.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
}

/**
 * Runs a long operation with progress and cancel. An error becomes a notice, a cancellation does not; the state stays
 * as it was in both cases.
 * @returns whether the operation completed
 */
export async function runOperation(
  context: LabContext,
  title: string,
  work: (options: Required<Pick<OperationOptions, 'signal' | 'onProgress'>>) => Promise<void>,
): Promise<boolean> {
  const { store } = context;
  if (store.getState().operation) {
    notify(
      context,
      'error',
      `"${store.getState().operation!.title}" is still running; wait for it or cancel it first.`,
    );
    return false;
  }
  const controller = new AbortController();
  const cancel = () => controller.abort();
  let isRunning = true;
  store.setState({ operation: { title, cancel } });
  try {
    await work({
      signal: controller.signal,
      onProgress: (progress) => {
        // Progress arrives on a separate channel of the worker, possibly after the result.
        if (isRunning) store.setState({ operation: { title, progress, cancel } });
      },
    });
    return true;
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== 'AbortError') notify(context, 'error', message);
    return false;
  } finally {
    isRunning = false;
    store.setState({ operation: undefined });
  }
}
