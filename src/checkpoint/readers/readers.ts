import { huggingFaceFolder } from './hugging-face-folder';
import type { CheckpointReader } from './reader';

/** Every reader; the first that can read the files opens them. */
export const READERS: readonly CheckpointReader[] = [huggingFaceFolder];
