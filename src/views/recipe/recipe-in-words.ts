import type { Recipe, RecipeStep } from '../../lab/protocol/protocol';

/** Describes a recipe in a phrase: "50 % magnitude, then int8 per channel". */
export function recipeInWords(recipe: Recipe): string {
  if (recipe.steps.length === 0) return 'as it was trained';
  return recipe.steps.map(stepInWords).join(', then ');
}

function stepInWords({ method, targets, parameters = {} }: RecipeStep): string {
  const words = WORDS[method]?.(parameters) ?? defaultDescription(method, parameters);
  if ('leastSensitive' in targets)
    return `${words} on the ${percent(targets.leastSensitive)} least sensitive`;
  const everywhere = targets.length === 1 && targets[0] === 'Linear';
  return everywhere ? words : `${words} on ${targets.join(', ')}`;
}

/** Default description of a step: its method's name and the parameters in the recipe. */
function defaultDescription(method: string, parameters: Parameters): string {
  const settings = Object.entries(parameters).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  const title = method.replaceAll('-', ' ');
  return settings.length > 0 ? `${title} (${settings.join(', ').replaceAll('"', '')})` : title;
}

type Parameters = NonNullable<RecipeStep['parameters']>;

const WORDS: Readonly<Record<string, (parameters: Parameters) => string>> = {
  'magnitude-pruning': ({ sparsity, scope, pattern = 'unstructured' }) => {
    if (String(pattern).includes(':')) return `${pattern} magnitude`;
    const what =
      pattern === 'unstructured' ? (scope === 'global' ? 'weights, globally' : 'weights') : String(pattern);
    return `${percent(sparsity)} of ${what} pruned`;
  },
  'round-to-nearest': ({ bits = 8, strategy = 'channel', groupSize, symmetric = true }) =>
    `int${bits} per ${strategy === 'group' ? `group of ${groupSize}` : strategy}${symmetric ? '' : ', asymmetric'}`,
  kronecker: ({ terms, aShape = 'auto', parametersKept }) =>
    `Kronecker, ${parametersKept === undefined ? `${terms ?? 1} term${terms === 1 || !terms ? '' : 's'}` : keep(parametersKept)}${Array.isArray(aShape) ? `, A ${aShape.join(' × ')}` : ''}`,
  'tensor-train': ({ maxRank, relativeError }) =>
    `tensor train, ${maxRank === undefined ? `error at most ${relativeError}` : `rank ${maxRank}`}`,
  'low-rank': ({ rank, parametersKept }) =>
    `low rank, ${rank === undefined ? keep(parametersKept) : `rank ${rank}`}`,
};

function percent(share: unknown): string {
  return `${Math.round(1000 * Number(share)) / 10} %`;
}

function keep(share: unknown): string {
  return `${percent(share)} of parameters`;
}
