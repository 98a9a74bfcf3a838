import { roundHalfToEven } from '../../weights/quantization';
import type { MemberImportance } from './member-importance';
import { RecipeError } from '../method';

/**
 * Which heads or neurons stay when a share of them goes, the least important first. Every block keeps at least one: a part
 * that is to go whole is skipped instead.
 *
 * @param scope `global`: a share of all of them together; `block`: of each block's
 * @returns of each block positions in its importance, ascending
 * @throws RecipeError where more would have to go than can
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
      `A sparsity of ${sparsity} takes ${removed} of ${members.length}, and each block keeps one; use at most ${Math.floor((1000 * removable) / members.length) / 1000}, or skip-sublayers.`,
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
