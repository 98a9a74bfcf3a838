import type { SensitivityEntry, SensitivityProfile } from './sensitivity-profile';

/** Which entries of a profile are compressed for a budget, and what that is expected to give. */
export interface Allocation {
  readonly chosen: readonly SensitivityEntry[];
  /** Of the whole file with these compressed. */
  readonly bytes: number;
  /** Sum of the divergences of those chosen, nats: they are measured one at a time, so it is only a guide. */
  readonly divergence: number;
  /** Whether the file is within the budget. */
  readonly fits: boolean;
}

/**
 * Chooses what to compress greedily, by loss of divergence for each byte saved, until the file is within the budget. Entries
 * that save nothing are never chosen.
 * @param baseBytes of the file as it is
 * @param budgetBytes that it may have
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
