import { fileKind } from '../../checkpoint/file-kind';
import type { NamedFile } from '../../lab/protocol/protocol';
import { type LabContext, notify } from '../../store/lab-store';
import { openFiles } from '../../store/open-actions';
import { loadRecipeText } from '../../store/recipe-actions';
import { addUserText } from '../../store/recipe-texts';
import { loadProfile } from '../../store/sensitivity-actions';

/** Opens dropped or picked files as a sensitivity profile, a recipe, texts or a checkpoint, whichever they are. */
export async function takeFiles(context: LabContext, files: readonly NamedFile[]): Promise<void> {
  if (files.length === 0) {
    notify(context, 'error', 'Nothing was dropped; drop a checkpoint folder, its files, a recipe or a text.');
    return;
  }
  const [{ path, blob }] = files;
  const isJson = files.length === 1 && path.endsWith('.json') && !/(^|\/)config\.json$/.test(path);
  // A file that is named as a text but is not one gets the error of an unknown checkpoint file.
  if (!(isJson || files.every(isNamedAsText)) || !(await areTexts(files))) await openFiles(context, files);
  else if (isJson) {
    const text = await blob.text();
    if (!loadProfile(context, text)) loadRecipeText(context, text, path);
  } else await takeTexts(context, files);
}

async function areTexts(files: readonly NamedFile[]): Promise<boolean> {
  const kinds = await Promise.all(files.map(({ blob }) => fileKind(blob)));
  return kinds.every(({ isText }) => isText);
}

async function takeTexts(context: LabContext, files: readonly NamedFile[]): Promise<void> {
  for (const { path, blob } of files) {
    const name = nameOf(path);
    if (!(await addUserText(context, new File([blob], name)))) continue;
    notify(
      context,
      'done',
      `${name} can now be selected in a recipe for calibration or training. To evaluate on it, choose it as a file under Measure.`,
    );
  }
}

/** vocab.txt and merges.txt of tokenizers are excluded by name. */
function isNamedAsText({ path }: NamedFile): boolean {
  return /\.(txt|tsv|md)$/i.test(path) && !['vocab.txt', 'merges.txt'].includes(nameOf(path));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
