import type { Checkpoint } from '../../src/checkpoint/checkpoint';
import { openCheckpoint } from '../../src/checkpoint/open-checkpoint';

const FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];

/** Fetches a checkpoint's files as blobs and reads its header. @param folder address without a slash at its end */
export async function fetchCheckpoint(folder: string): Promise<Checkpoint> {
  const files = await Promise.all(
    FILES.map(async (path) => {
      const response = await fetch(`${folder}/${path}`);
      if (!response.ok) throw new Error(`${folder}/${path} could not be fetched (${response.status}).`);
      return { path, blob: await response.blob() };
    }),
  );
  return openCheckpoint(files);
}
