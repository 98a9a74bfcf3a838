import type { SensitivityEntry, SensitivityProfile } from './sensitivity-profile';

/** Entries of a profile that are compressed for a budget, with the expected result. */
export interface Allocation {
  readonly chosen: readonly SensitivityEntry[];
  /** Size of the whole file with these entries compressed. */
  readonly bytes: number;
  /** Sum of the chosen entries' divergences in nats; only a guide, because they are measured one at a time. */
  readonly divergence: number;
  /** Whether the file is within the budget. */
  readonly fits: boolean;
}

/**
 * Chooses entries greedily by divergence per byte saved until the file is within the budget. Entries that save nothing are
 * never chosen.
 * @param baseBytes size of the uncompressed file
 * @param budgetBytes maximum size
 */
export function allocateBudget(
  { entries }: SensitivityProfile,
  baseBytes: number,
  budgetBytes: number,
): Allocation {
  const order = entries
    .filter(({ bytesSaved }) => bytesSaved > 0)
    .sort((left, right) => left.divergence / left.bytesSaved - right.divergence / right.bytesSaved);
  const chosen: SensitivityEntry[] = [];
  let bytes = baseBytes;
  let divergence = 0;
  for (const entry of order) {
    if (bytes <= budgetBytes) break;
    chosen.push(entry);
    bytes -= entry.bytesSaved;
    divergence += entry.divergence;
  }
  return { chosen, bytes, divergence, fits: bytes <= budgetBytes };
}
