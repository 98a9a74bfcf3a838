import type { Model } from '../model/model';
import { RecipeError } from './method';

/** What matching needs of a model. */
export type TargetableModel = Pick<Model, 'linears' | 'blockLinears'>;

/** The class name that stands for the linears of the transformer blocks. */
const BLOCK_LINEAR_CLASS = 'Linear';
const REGEX_PREFIX = 're:';

/**
 * Module names that a recipe step applies to, in the model's order. Targets are those of llm-compressor: the
 * class name `Linear` (the linears of the transformer blocks), an exact module name (with or without the leading
 * `transformer.` or `bert.`), or `re:` and a regular expression that is matched from the start of the name.
 *
 * @throws RecipeError for a target that matches no module, an expression that is not one, or when `ignore` leaves none
 */
export function matchTargets(
  targets: readonly string[],
  ignore: readonly string[],
  model: TargetableModel,
): string[] {
  const names = [...model.linears.keys()];
  const matched = new Set<string>();
  for (const target of targets) {
    const hits = matchOne(target, names, model.blockLinears);
    if (hits.length === 0) throw new RecipeError(nothingMatches(target, names));
    for (const name of hits) matched.add(name);
  }
  for (const pattern of ignore) {
    for (const name of matchOne(pattern, names, model.blockLinears)) matched.delete(name);
  }
  if (matched.size === 0) {
    throw new RecipeError(
      `The targets ${quoteAll(targets)} without ${quoteAll(ignore)} leave no module; take an entry out of "ignore".`,
    );
  }
  return names.filter((name) => matched.has(name));
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
