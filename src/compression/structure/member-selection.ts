import { roundHalfToEven } from '../../weights/quantization';
import type { MemberImportance } from './member-importance';
import { RecipeError } from '../method';

/**
 * Selects the remaining heads or neurons when a share of them is removed, the least important first. Every block
 * keeps at least one: to remove a whole part, skip it instead.
 *
 * @param scope `global`: a share of all together; `block`: a share of each block
 * @returns for each block the positions in its importance, ascending
 * @throws RecipeError where more would be removed than possible
 */
export function remainingPositions(
  importance: MemberImportance,
  sparsity: number,
  scope: 'block' | 'global',
): Map<number, number[]> {
  if (scope === 'block') {
    return new Map(
      [...importance].map(([block, values]) => {
        const only: MemberImportance = new Map([[block, values]]);
        return [block, keptOfAll(only, sparsity).get(block)!];
      }),
    );
  }
  return keptOfAll(importance, sparsity);
}

function keptOfAll(importance: MemberImportance, sparsity: number): Map<number, number[]> {
  const members = [...importance].flatMap(([block, values]) =>
    Array.from(values, (value, position) => ({ block, position, value })),
  );
  const removed = roundHalfToEven(sparsity * members.length);
  const removable = members.length - importance.size;
  if (removed > removable) {
    throw new RecipeError(
      `A sparsity of ${sparsity} removes ${removed} of ${members.length}, and each block keeps one; use at most ${Math.floor((1000 * removable) / members.length) / 1000}, or skip-sublayers.`,
    );
  }
  const left = new Map([...importance].map(([block, values]) => [block, new Set(values.keys())]));
  let toGo = removed;
  members.sort((one, other) => one.value - other.value);
  for (const { block, position } of members) {
    if (toGo === 0) break;
    const ofBlock = left.get(block)!;
    if (ofBlock.size === 1) continue;
    ofBlock.delete(position);
    toGo--;
  }
  return new Map([...left].map(([block, positions]) => [block, [...positions]]));
}
