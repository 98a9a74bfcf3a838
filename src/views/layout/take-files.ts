import type { NamedFile } from '../../lab/protocol';
import { type LabContext, notify } from '../../store/lab-store';
import { openFiles } from '../../store/open-actions';
import { loadRecipeText } from '../../store/recipe-actions';
import { loadProfile } from '../../store/sensitivity-actions';

/** Tells what was dropped or picked: a sensitivity profile, a recipe, or a checkpoint. */
export async function takeFiles(context: LabContext, files: readonly NamedFile[]): Promise<void> {
  if (files.length === 0) {
    notify(context, 'error', 'Nothing was dropped; drop a checkpoint folder, its files, or a recipe.');
    return;
  }
  if (files.length === 1 && files[0].path.endsWith('.json') && !/(^|\/)config\.json$/.test(files[0].path)) {
    const text = await files[0].blob.text();
    if (!loadProfile(context, text)) loadRecipeText(context, text, files[0].path);
    return;
  }
  await openFiles(context, files);
}
