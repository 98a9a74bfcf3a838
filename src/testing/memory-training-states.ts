import type { TrainingStates } from '../train/training-context';

/** In-memory storage for the state of a training run. */
export class MemoryTrainingStates implements TrainingStates {
  bytes: Uint8Array | undefined;
  writes = 0;

  read(): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.bytes);
  }

  write(bytes: Uint8Array): Promise<void> {
    this.bytes = bytes.slice();
    this.writes++;
    return Promise.resolve();
  }

  remove(): Promise<void> {
    this.bytes = undefined;
    return Promise.resolve();
  }
}
