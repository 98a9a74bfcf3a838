/** F1 of label 1 if there are two labels, else the mean over all labels (macro F1). */
export function f1Score(
  predictions: readonly number[],
  labels: readonly number[],
  labelCount: number,
): number {
  const scored = labelCount === 2 ? [1] : Array.from({ length: labelCount }, (_, label) => label);
  return scored.reduce((sum, label) => sum + f1Of(label, predictions, labels), 0) / scored.length;
}

/** 2·TP / (2·TP + FP + FN); 0 if the label neither occurs nor is predicted. */
function f1Of(label: number, predictions: readonly number[], labels: readonly number[]): number {
  let [hits, predicted, present] = [0, 0, 0];
  labels.forEach((truth, example) => {
    if (truth === label) present++;
    if (predictions[example] === label) predicted++;
    if (truth === label && predictions[example] === label) hits++;
  });
  return predicted + present > 0 ? (2 * hits) / (predicted + present) : 0;
}
