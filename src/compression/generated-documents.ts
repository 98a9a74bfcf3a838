import { describeMethods } from './method-descriptions';
import { METHODS } from './methods';
import { parametersDocument } from './parameters-document';
import { recipeJsonSchema } from './recipe/recipe-json-schema';

/** Files that `npm run docs` writes from the methods' declarations: their texts by their paths in the repository. */
export function generatedDocuments(): Readonly<Record<string, string>> {
  return {
    'docs/parameters.md': parametersDocument(describeMethods()),
    'public/recipe.schema.json': `${JSON.stringify(recipeJsonSchema(METHODS), undefined, 1)}\n`,
  };
}
