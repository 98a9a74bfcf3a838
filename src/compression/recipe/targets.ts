import type { Model } from '../../model/model';
import { RecipeError } from '../method';

/** Properties of a model that matching needs. */
export interface TargetableModel extends Pick<Model, 'blockLinears'> {
  /** By module name. */
  readonly linears: { keys(): Iterable<string> };
}

/** Class name for the linears of the transformer blocks. */
const BLOCK_LINEAR_CLASS = 'Linear';
const REGEX_PREFIX = 're:';

/** Cost of compressing each module alone: the divergence from the base, by module name. */
export type Sensitivities = Readonly<Record<string, number>>;

/** Names and patterns, or a share of the block linears chosen by their sensitivities. */
export type Targets = readonly string[] | { readonly leastSensitive: number };

/**
 * Module names to which a recipe step applies, in the model's order. Targets follow llm-compressor: the class name
 * `Linear` (the linears of the transformer blocks), an exact module name (with or without the leading `transformer.`
 * or `bert.`), or `re:` and a regular expression that is matched from the start of the name; or a share of the block
 * linears, those with the least cost.
 *
 * @throws RecipeError for a target that matches no module, an invalid expression, missing sensitivities, or when
 *   `ignore` excludes every module
 */
export function matchTargets(
  targets: Targets,
  ignore: readonly string[],
  model: TargetableModel,
  sensitivities?: Sensitivities,
): string[] {
  const names = [...model.linears.keys()];
  const matched = new Set<string>();
  for (const target of isNames(targets) ? targets : leastSensitive(targets, model, sensitivities)) {
    const hits = matchOne(target, names, model.blockLinears);
    if (hits.length === 0) throw new RecipeError(nothingMatches(target, names));
    for (const name of hits) matched.add(name);
  }
  for (const pattern of ignore) {
    for (const name of matchOne(pattern, names, model.blockLinears)) matched.delete(name);
  }
  if (matched.size === 0) {
    const aimed = isNames(targets) ? quoteAll(targets) : JSON.stringify(targets);
    throw new RecipeError(
      ignore.length > 0
        ? `The targets ${aimed} without ${quoteAll(ignore)} leave no module; take an entry out of "ignore".`
        : `The targets ${aimed} leave no module; choose a greater share.`,
    );
  }
  return names.filter((name) => matched.has(name));
}

function isNames(targets: Targets): targets is readonly string[] {
  return Array.isArray(targets);
}

/** The `round(share · linears)` block linears of least sensitivity. */
function leastSensitive(
  { leastSensitive: share }: { readonly leastSensitive: number },
  { blockLinears }: TargetableModel,
  sensitivities: Sensitivities | undefined,
): string[] {
  if (!sensitivities) {
    throw new RecipeError(
      'The targets are chosen by sensitivity, but the recipe has no "sensitivities"; measure a sensitivity profile first, or name its file.',
    );
  }
  const unknown = blockLinears.find((name) => sensitivities[name] === undefined);
  if (unknown !== undefined) {
    throw new RecipeError(
      `The sensitivities do not include ${unknown}; they belong to another model. Measure the profile of this one.`,
    );
  }
  return [...blockLinears]
    .sort((left, right) => sensitivities[left] - sensitivities[right])
    .slice(0, Math.round(share * blockLinears.length));
}

function matchOne(
  target: string,
  names: readonly string[],
  blockLinears: readonly string[],
): readonly string[] {
  if (target === BLOCK_LINEAR_CLASS) return blockLinears;
  if (target.startsWith(REGEX_PREFIX)) {
    const expression = compileExpression(target.slice(REGEX_PREFIX.length));
    return names.filter((name) => expression.test(name));
  }
  return names.filter((name) => name === target || name.replace(/^(transformer|bert)\./, '') === target);
}

function compileExpression(source: string): RegExp {
  try {
    return new RegExp(`^(?:${source})`, 'u');
  } catch (error) {
    throw new RecipeError(
      `The target "re:${source}" is not a regular expression (${(error as Error).message}).`,
    );
  }
}

function nothingMatches(target: string, names: readonly string[]): string {
  const examples = names.slice(0, 3).join(', ');
  return `The target "${target}" matches no module of this model; use "Linear", "re:<expression>", or a name such as ${examples}.`;
}

function quoteAll(entries: readonly string[]): string {
  return entries.map((entry) => `"${entry}"`).join(', ');
}
