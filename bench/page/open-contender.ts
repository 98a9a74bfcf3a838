import type { Contender } from '../contenders/contender';

/**
 * Loads the code of one contender only, so that no page contains another's.
 * @param kind `lathe`, `tfjs`, `transformers-fp32` or `transformers-q8`
 * @param source folder of a checkpoint, or for transformers.js the folder's name below /onnx/
 */
export async function openContender(kind: string, source: string): Promise<Contender> {
  if (kind === 'lathe') return (await import('../contenders/lathe')).lathe(source);
  if (kind === 'tfjs') return (await import('../contenders/plain-tfjs')).plainTfjs(source);
  const { transformersJs } = await import('../contenders/transformers-js');
  return transformersJs(source, kind === 'transformers-q8' ? 'q8' : 'fp32');
}
