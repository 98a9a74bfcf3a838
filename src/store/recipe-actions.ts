import type { CompleteRecipe } from '../compression/recipe/recipe-schema';
import type { MethodDescription } from '../lab/protocol/protocol';
import { type LabContext, notify } from './lab-store';
import { type Draft, type DraftStep, readDraft } from './recipe-draft';

/** Ready-made recipes for a quick start. */
export const PRESETS: readonly CompleteRecipe[] = [
  preset('int8 per channel', 'round-to-nearest', { bits: 8, strategy: 'channel', symmetric: true }),
  preset('int4, groups of 32', 'round-to-nearest', {
    bits: 4,
    strategy: 'group',
    groupSize: 32,
    symmetric: true,
  }),
  preset('GPTQ 4 bits, groups of 32', 'gptq', { bits: 4, groupSize: 32, symmetric: false }),
  preset('Magnitude 50 %', 'magnitude-pruning', { sparsity: 0.5, scope: 'layer', pattern: 'unstructured' }),
  preset('Magnitude 2:4', 'magnitude-pruning', { pattern: '2:4' }),
  preset('SparseGPT 2:4', 'sparsegpt', { pattern: '2:4' }),
  preset('Kronecker, A half the rows', 'kronecker', { terms: 1, aShape: ['1/2', '1'] }),
  preset('Tensor train, rank 31', 'tensor-train', { rows: [8, '1/8'], columns: [8, '1/8'], maxRank: 31 }),
  preset('Low rank, half', 'low-rank', { parametersKept: 0.5 }),
  preset('Every other block', 'layer-truncation', { keep: 'every-other' }),
  {
    name: 'Low rank, then int8',
    steps: [
      { method: 'low-rank', targets: ['Linear'], ignore: [], parameters: { parametersKept: 0.5 } },
      {
        method: 'round-to-nearest',
        targets: ['Linear'],
        ignore: [],
        parameters: { bits: 8, strategy: 'channel', symmetric: true },
      },
    ],
  },
  distilled(preset('Kronecker, A half the rows', 'kronecker', { terms: 1, aShape: ['1/2', '1'] }), 8e-4),
  distilled(
    preset('Tensor train, half', 'tensor-train', {
      rows: [8, '1/8'],
      columns: [8, '1/8'],
      parametersKept: 0.5,
    }),
    1.2e-3,
  ),
  preset('Every other block, distilled', 'layer-distillation', { keep: 'every-other' }),
  preset('70 % pruned gradually', 'gradual-pruning', { sparsity: 0.7 }),
  preset('int4 in the loop, groups of 32', 'quantization-aware-training', { bits: 4, groupSize: 32 }),
];

function preset(name: string, method: string, parameters: Record<string, unknown>): CompleteRecipe {
  return { name, steps: [{ method, targets: ['Linear'], ignore: [], parameters }] };
}

/**
 * Adds the training that recovered factorized models best: distillation of the base's logits and hidden states only, in
 * many small steps (docs/methods.md).
 */
function distilled({ name, steps }: CompleteRecipe, peakLearningRate: number): CompleteRecipe {
  const parameters = {
    steps: 3120,
    batchSize: 2,
    warmupSteps: 120,
    evaluateEvery: 260,
    peakLearningRate,
    distillationWeight: 1,
    hiddenWeight: 0.1,
  };
  const training = { method: 'knowledge-distillation', targets: ['re:.*'], ignore: [], parameters };
  return { name: `${name}, recovered`, steps: [...steps, training] };
}

export function setDraft({ store }: LabContext, draft: Draft): void {
  store.setState({ draft });
}

/** Creates a step with the method's default parameters. */
export function newStep(method: MethodDescription): DraftStep {
  const { id, usualTargets = ['Linear'] } = method;
  return { method: id, targets: usualTargets, ignore: [], parameters: initialParameters(method) };
}

export function initialParameters({
  parameters,
}: Pick<MethodDescription, 'parameters'>): Record<string, unknown> {
  const initial = Object.entries(parameters).map(([name, parameter]) => [name, parameter.default] as const);
  return Object.fromEntries(initial.filter(([, value]) => value !== undefined));
}

export function changeStep(context: LabContext, index: number, change: Partial<DraftStep>): void {
  const { draft } = context.store.getState();
  const steps = draft.steps.map((step, position) => (position === index ? { ...step, ...change } : step));
  setDraft(context, { ...draft, steps });
}

export function removeStep(context: LabContext, index: number): void {
  const { draft } = context.store.getState();
  setDraft(context, { ...draft, steps: draft.steps.filter((_, position) => position !== index) });
}

export function moveStep(context: LabContext, index: number, by: -1 | 1): void {
  const { draft } = context.store.getState();
  const steps = [...draft.steps];
  const [step] = steps.splice(index, 1);
  steps.splice(index + by, 0, step);
  setDraft(context, { ...draft, steps });
}

/** Uses a recipe file as the draft; a text that is no recipe leaves the draft unchanged. */
export function loadRecipeText(context: LabContext, text: string, fileName: string): boolean {
  try {
    setDraft(context, readDraft(JSON.parse(text)));
    return true;
  } catch (error) {
    notify(
      context,
      'error',
      `${fileName} is not a recipe (${(error as Error).message}); a recipe looks like {"name": "…", "steps": […]}.`,
    );
    return false;
  }
}
