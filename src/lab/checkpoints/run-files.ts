import { readHeader, splitHeader, withHeader } from './file-header';
import { LabError } from '../lab-error';
import type { Recipe } from '../../compression/recipe/recipe-schema';
import type { StateFiles } from './state-files';

/** A recipe that trains, on one checkpoint. */
export interface RunIdentity {
  /** Of the run, and of its checkpoint (`run-identity.ts`). */
  readonly id: string;
  readonly checkpoint: string;
  readonly recipe: Recipe;
}

/** What a file of a run says of itself. */
export interface RunHeader extends RunIdentity {
  /** Updates so far, of so many. */
  readonly step: number;
  readonly steps: number;
  /** ISO 8601. */
  readonly savedAt: string;
  /** Of what follows the header. */
  readonly bytes: number;
}

/** A file by its name: of a step of a recipe whose training is under way, or of what a training came to. */
export interface RunFile<Header extends RunHeader = RunHeader> {
  readonly name: string;
  readonly header: Header;
  /** ISO 8601. */
  readonly usedAt: string;
}

/** Whose files are whose: others in the same folder are left alone. */
const UNFINISHED = /^[0-9a-f]{64}-\d+$/;
const RESULT = /^[0-9a-f]{64}-result$/;
/** Holds when each result was used last, by its file's name: writing a result anew for that would be dear. */
const LAST_USED = 'last-used';

/**
 * Files of runs within a budget. Where there is no room, results go, the least recently used first; states of unfinished runs
 * only go when they are removed.
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
   * Undefined where there is no such file.
   * @throws LabError where it does not begin as one of these; what the storage throws
   */
  async read<Header extends RunHeader>(
    name: string,
  ): Promise<{ header: Header; content: Uint8Array } | undefined> {
    const bytes = await this.files.read(name);
    return bytes && splitHeader<Header>(bytes);
  }

  /**
   * Writes a file in the place of the one of that name.
   * @throws LabError where the budget has no room for a result; what the storage throws where it is full
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

  /** Notes that a result was used now. An order that cannot be noted costs nothing now. */
  async use(name: string): Promise<void> {
    try {
      const times = { ...(await this.lastUsed()), [name]: new Date().toISOString() };
      const present = new Set(await this.files.names());
      const current = Object.fromEntries(Object.entries(times).filter(([each]) => present.has(each)));
      await this.files.write(LAST_USED, [new TextEncoder().encode(JSON.stringify(current))]);
    } catch {
      // It counts as used when it was used before, or written.
    }
  }

  /** Removes the files of a run or a result, whole or not. */
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
      throw new LabError(`it takes ${inMegabytes(bytes)} of ${inMegabytes(budget)} that are for runs`);
    while (unfinished - bytes + total(await this.results()) > budget)
      if (!(await this.evictLeastRecentlyUsed(name))) return;
  }

  /** @returns whether there was one besides the file that is written */
  private async evictLeastRecentlyUsed(name: string): Promise<boolean> {
    const results = (await this.results()).filter((file) => file.name !== name);
    if (results.length === 0) return false;
    const oldest = results.reduce((least, file) => (file.usedAt < least.usedAt ? file : least));
    await this.files.remove(oldest.name);
    return true;
  }

  /** Files that cannot be read have nothing to say: where one of them is asked for by its name, `read` says why. */
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
      // Nothing noted yet, or not readable: a result counts as used when it was written.
      return {};
    }
  }
}

function isHeader({ id, checkpoint, recipe, step, steps, savedAt, bytes }: RunHeader, name: string): boolean {
  const texts = [id, checkpoint, savedAt, recipe?.name].every((each) => typeof each === 'string');
  return texts && [step, steps, bytes].every(Number.isFinite) && name.startsWith(`${id}-`);
}

/** As browsers and Node say it. */
function isFull(error: Error & { code?: unknown }): boolean {
  return error.name === 'QuotaExceededError' || error.code === 'ENOSPC';
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
