import type { NamedFile } from '../../lab/protocol/protocol';
import { type LabContext, notify } from '../../store/lab-store';
import { openFiles } from '../../store/open-actions';
import { loadRecipeText } from '../../store/recipe-actions';
import { takeOwnText } from '../../store/recipe-texts';
import { loadProfile } from '../../store/sensitivity-actions';

/** Tells what was dropped or picked: a sensitivity profile, a recipe, texts, or a checkpoint. */
export async function takeFiles(context: LabContext, files: readonly NamedFile[]): Promise<void> {
  if (files.length === 0) {
    notify(
      context,
      'error',
      'Nothing was dropped; drop a checkpoint folder, its files, a recipe, or a text.',
    );
    return;
  }
  if (files.length === 1 && files[0].path.endsWith('.json') && !/(^|\/)config\.json$/.test(files[0].path)) {
    const text = await files[0].blob.text();
    if (!loadProfile(context, text)) loadRecipeText(context, text, files[0].path);
    return;
  }
  if (files.every(isText)) await takeTexts(context, files);
  else await openFiles(context, files);
}

async function takeTexts(context: LabContext, files: readonly NamedFile[]): Promise<void> {
  for (const { path, blob } of files) {
    const name = nameOf(path);
    if (!(await takeOwnText(context, new File([blob], name)))) continue;
    notify(
      context,
      'done',
      `${name} can be chosen in a recipe, to calibrate or train on. To measure on it, give it as a file under Measure.`,
    );
  }
}

/** Two files of tokenizers are texts by their names alone. */
function isText({ path }: NamedFile): boolean {
  return /\.(txt|tsv|md)$/i.test(path) && !['vocab.txt', 'merges.txt'].includes(nameOf(path));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
