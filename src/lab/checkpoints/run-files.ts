import { readHeader, splitHeader, withHeader } from './file-header';
import { LabError } from '../lab-error';
import type { Recipe } from '../../compression/recipe/recipe-schema';
import type { StateFiles } from './state-files';

/** Identity of a training recipe on one checkpoint. */
export interface RunIdentity {
  /** Ids of the run and of its checkpoint (`run-identity.ts`). */
  readonly id: string;
  readonly checkpoint: string;
  readonly recipe: Recipe;
}

/** Header of a run's file. */
export interface RunHeader extends RunIdentity {
  /** Updates so far and in total. */
  readonly step: number;
  readonly steps: number;
  /** ISO 8601. */
  readonly savedAt: string;
  /** Bytes after the header. */
  readonly bytes: number;
}

/** File with its name: the state of an unfinished training step or the result of a training. */
export interface RunFile<Header extends RunHeader = RunHeader> {
  readonly name: string;
  readonly header: Header;
  /** ISO 8601. */
  readonly usedAt: string;
}

/** Patterns of file names; other files in the folder are left alone. */
const UNFINISHED = /^[0-9a-f]{64}-\d+$/;
const RESULT = /^[0-9a-f]{64}-result$/;
/** File with the time of each result's last use, by file name, so that using a result does not rewrite it. */
const LAST_USED = 'last-used';

/**
 * Files of runs within a budget. When full, evicts results, the least recently used first; states of unfinished runs are only
 * removed explicitly.
 */
export class RunFiles {
  constructor(private readonly files: StateFiles) {}

  unfinished<Header extends RunHeader>(): Promise<RunFile<Header>[]> {
    return this.matching(UNFINISHED);
  }

  results<Header extends RunHeader>(): Promise<RunFile<Header>[]> {
    return this.matching(RESULT);
  }

  /**
   * Undefined if there is no such file.
   * @throws LabError if the file has no valid header; storage errors
   */
  async read<Header extends RunHeader>(
    name: string,
  ): Promise<{ header: Header; content: Uint8Array } | undefined> {
    const bytes = await this.files.read(name);
    return bytes && splitHeader<Header>(bytes);
  }

  /**
   * Writes or replaces a file.
   * @throws LabError if the result exceeds the budget; storage errors when it is full
   */
  async write(name: string, header: Omit<RunHeader, 'bytes'>, content: Uint8Array): Promise<void> {
    await this.makeRoom(name, content.length);
    const pieces = withHeader({ ...header, bytes: content.length }, [content]);
    for (;;) {
      try {
        await this.files.write(name, pieces);
        break;
      } catch (error) {
        if (!isFull(error as Error) || !(await this.evictLeastRecentlyUsed(name))) throw error;
      }
    }
    if (RESULT.test(name)) await this.use(name);
  }

  /** Records that a result was used now. A failure to do so is ignored. */
  async use(name: string): Promise<void> {
    try {
      const times = { ...(await this.lastUsed()), [name]: new Date().toISOString() };
      const present = new Set(await this.files.names());
      const current = Object.fromEntries(Object.entries(times).filter(([file]) => present.has(file)));
      await this.files.write(LAST_USED, [new TextEncoder().encode(JSON.stringify(current))]);
    } catch {
      // The result keeps its previous time of use.
    }
  }

  /** Removes the files of a run or a result, complete or not. */
  async remove(id: string): Promise<void> {
    for (const name of await this.files.names())
      if (name.startsWith(`${id}-`) && (UNFINISHED.test(name) || RESULT.test(name)))
        await this.files.remove(name);
  }

  private async makeRoom(name: string, bytes: number): Promise<void> {
    const budget = await this.files.budget?.();
    if (budget === undefined) return;
    const total = (files: readonly RunFile[]) =>
      files.reduce((sum, file) => sum + (file.name === name ? 0 : file.header.bytes), bytes);
    const unfinished = total(await this.unfinished());
    if (RESULT.test(name) && unfinished > budget)
      throw new LabError(`it takes ${inMegabytes(bytes)}, the budget for runs is ${inMegabytes(budget)}`);
    while (unfinished - bytes + total(await this.results()) > budget)
      if (!(await this.evictLeastRecentlyUsed(name))) return;
  }

  /** @returns whether there was a result to evict besides the file being written */
  private async evictLeastRecentlyUsed(name: string): Promise<boolean> {
    const results = (await this.results()).filter((file) => file.name !== name);
    if (results.length === 0) return false;
    const oldest = results.reduce((least, file) => (file.usedAt < least.usedAt ? file : least));
    await this.files.remove(oldest.name);
    return true;
  }

  /** Skips unreadable files; `read` reports the reason when such a file is requested by name. */
  private async matching<Header extends RunHeader>(pattern: RegExp): Promise<RunFile<Header>[]> {
    const lastUsed = await this.lastUsed();
    const found: RunFile<Header>[] = [];
    for (const name of await this.files.names()) {
      if (!pattern.test(name)) continue;
      const header = await readHeader<Header>((start, end) => this.files.read(name, start, end)).catch(
        () => undefined,
      );
      if (!header || !isHeader(header, name)) continue;
      found.push({ name, header, usedAt: lastUsed[name] ?? header.savedAt });
    }
    return found;
  }

  private async lastUsed(): Promise<Readonly<Record<string, string>>> {
    try {
      const text = new TextDecoder().decode((await this.files.read(LAST_USED)) ?? new Uint8Array());
      return JSON.parse(text) as Record<string, string>;
    } catch {
      // Without a readable record, a result's last use is when it was written.
      return {};
    }
  }
}

function isHeader({ id, checkpoint, recipe, step, steps, savedAt, bytes }: RunHeader, name: string): boolean {
  const texts = [id, checkpoint, savedAt, recipe?.name].every((value) => typeof value === 'string');
  return texts && [step, steps, bytes].every(Number.isFinite) && name.startsWith(`${id}-`);
}

/** Recognizes the errors of browsers and of Node. */
function isFull(error: Error & { code?: unknown }): boolean {
  return error.name === 'QuotaExceededError' || error.code === 'ENOSPC';
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
