/**
 * Selection of the weights to remove by a score. Among equal scores the first are marked first, so that exactly the
 * requested number is marked.
 */

/** @returns for each score 1 if it is one of the `count` least */
export function markLeast(scores: Float64Array, count: number): Uint8Array {
  const marks = new Uint8Array(scores.length);
  if (count === 0) return marks;
  const ascending = scores.slice().sort();
  const threshold = ascending[count - 1];
  let ties = count;
  while (ties > 0 && ascending[count - ties] < threshold) ties--;
  for (let index = 0; index < scores.length; index++) {
    if (scores[index] < threshold || (scores[index] === threshold && ties-- > 0)) marks[index] = 1;
  }
  return marks;
}

/** Marks all but the `kept` greatest of every `groupSize` scores; `groupSize` divides their number. */
export function markLeastOfGroups(scores: Float64Array, kept: number, groupSize: number): Uint8Array {
  const marks = new Uint8Array(scores.length);
  for (let start = 0; start < scores.length; start += groupSize) {
    for (let removed = 0; removed < groupSize - kept; removed++) {
      let least = -1;
      for (let index = start; index < start + groupSize; index++) {
        if (!marks[index] && (least < 0 || scores[index] < scores[least])) least = index;
      }
      marks[least] = 1;
    }
  }
  return marks;
}
