import { openFolder } from '../../src/testing/folder-checkpoint';
import { applyRecipe } from '../../src/compression/recipe/apply-recipe';
import { METHODS } from '../../src/compression/methods';
import { checkRecipe } from '../../src/compression/recipe/recipe';
import { openNodeGpu } from '../../src/engines/webgpu/node-gpu';
import { releaseFreeBuffers } from '../../src/engines/webgpu/memory';
import type { Recipe } from '../../src/lab/protocol/protocol';
import { lathe } from '../../src/export/lathe';
import { writeExport } from '../../src/export/write-export';
import { loadModel } from '../../src/model/load-model';
import { folderSink } from '../../cli/folder-sink';

/** A recipe and the folder for the compressed checkpoint. */
export interface FormatExport {
  readonly recipe: Recipe;
  readonly folder: string;
}

/** Compresses a checkpoint by each recipe and writes the lab's export. */
export async function exportFormats(source: string, exports: readonly FormatExport[]): Promise<void> {
  await openNodeGpu();
  const checkpoint = await openFolder(source);
  const { tokenizerFiles } = checkpoint;
  const base = await loadModel(checkpoint);
  for (const { recipe, folder } of exports) {
    console.log(`Compressing ${checkpoint.name}: ${recipe.name} …`);
    const { model } = await applyRecipe(base, checkRecipe(recipe, METHODS));
    await writeExport(lathe, { model, recipe, tokenizerFiles }, folderSink(folder), {});
    model.dispose();
    releaseFreeBuffers();
  }
  base.dispose();
}
