import type { TrainingStates } from '../train/training-context';
import type { Recipe, UnfinishedTraining } from './protocol';
import type { StateFiles } from './state-files';

/** A recipe that trains, on one checkpoint. */
export interface RunIdentity {
  /** Of the run, and of its checkpoint (`run-identity.ts`). */
  readonly id: string;
  readonly checkpoint: string;
  readonly recipe: Recipe;
}

/** How far a run of one of the recipe's steps is. */
export interface RunPosition {
  readonly step: number;
  readonly steps: number;
}

/** What stands before the state in a file, behind its own length as a uint32. */
interface Header extends RunIdentity, RunPosition {
  /** Of the recipe, counted from 0. */
  readonly recipeStep: number;
  /** ISO 8601. */
  readonly savedAt: string;
}

const LENGTH_BYTES = 4;

/** States of runs in files, one for each step of a recipe that trains, with what a user should know of them. */
export class KeptRuns {
  constructor(private readonly files: StateFiles) {}

  /** Runs of a checkpoint that did not come to their end, the latest first; of a recipe the step that it was at. */
  async of(checkpoint: string): Promise<UnfinishedTraining[]> {
    const headers = (await this.headers()).filter((header) => header.checkpoint === checkpoint);
    headers.sort((left, right) => left.recipeStep - right.recipeStep);
    const latest = new Map(headers.map((header) => [header.id, header]));
    return [...latest.values()]
      .sort((left, right) => right.savedAt.localeCompare(left.savedAt))
      .map(({ id, recipe, step, steps, savedAt }) => ({ id, recipe, step, steps, savedAt }));
  }

  /** Where a step's state is read and written; `position` says how far the run is at a write. */
  statesOf(
    run: RunIdentity,
    recipeStep: number,
    position: () => RunPosition,
  ): Pick<TrainingStates, 'read' | 'write'> {
    const name = `${run.id}-${recipeStep}`;
    return {
      read: async () => {
        const bytes = await this.files.read(name);
        return bytes?.subarray(LENGTH_BYTES + lengthOf(bytes));
      },
      write: async (state) => {
        const savedAt = new Date().toISOString();
        const header: Header = { ...run, ...position(), recipeStep, savedAt };
        const text = new TextEncoder().encode(JSON.stringify(header));
        const length = new Uint8Array(Uint32Array.of(text.length).buffer);
        await this.files.write(name, [length, text, state]);
      },
    };
  }

  /** Forgets a run, at whichever step of its recipe. */
  async remove(id: string): Promise<void> {
    for (const name of await this.files.names()) if (name.startsWith(`${id}-`)) await this.files.remove(name);
  }

  private async headers(): Promise<Header[]> {
    const headers: Header[] = [];
    for (const name of await this.files.names()) {
      const length = await this.files.read(name, 0, LENGTH_BYTES);
      const text = length && (await this.files.read(name, LENGTH_BYTES, LENGTH_BYTES + lengthOf(length)));
      if (text) headers.push(JSON.parse(new TextDecoder().decode(text)) as Header);
    }
    return headers;
  }
}

function lengthOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
