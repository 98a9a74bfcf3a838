import { huggingFaceFolder } from './hugging-face-folder';
import type { CheckpointReader } from './reader';

/** All readers; the first that can read the files opens them. */
export const READERS: readonly CheckpointReader[] = [huggingFaceFolder];
