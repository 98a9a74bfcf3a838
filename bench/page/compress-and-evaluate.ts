import { createLabClient, type LabClient } from '../../src/lab/worker/lab-client';

const CHECKPOINT_FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];
const WINDOW = 256;

let lab: LabClient | undefined;

/** Opens the lab of this page on a checkpoint. */
export async function openLab(folder: string): Promise<void> {
  lab = createLabClient();
  await lab.openDevice();
  const files = await Promise.all(
    CHECKPOINT_FILES.map(async (path) => ({ path, blob: await (await fetch(`${folder}/${path}`)).blob() })),
  );
  await lab.openCheckpoint(files);
}

/**
 * Compresses the base by a recipe and evaluates both on 16 windows of 256 tokens, 4,096 in all, as on the page.
 * @returns milliseconds from the request to the figures
 */
export async function compressAndEvaluate(recipe: unknown, textAddress: string): Promise<number> {
  const content = await (await fetch(textAddress)).text();
  const data = { name: 'text', kind: 'text' as const, content };
  const start = performance.now();
  const { id } = await lab!.compress(recipe);
  await lab!.evaluate(['base', id], {
    evaluation: 'perplexity',
    data,
    parameters: { window: WINDOW, stride: WINDOW, maxWindows: 16 },
  });
  const milliseconds = performance.now() - start;
  await lab!.discard(id);
  return milliseconds;
}
