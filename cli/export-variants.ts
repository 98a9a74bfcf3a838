import { join } from 'node:path';
import type { Lab, OperationOptions, VariantInfo } from '../src/lab/protocol/protocol';
import { folderNames } from './folder-names';
import { folderSink } from './folder-sink';

/**
 * Writes `folder/<variant>/<export>` for every export that can hold the variant; prints to stderr why another cannot.
 */
export async function exportVariants(
  lab: Pick<Lab, 'export'>,
  variants: readonly Pick<VariantInfo, 'id' | 'name' | 'exports'>[],
  folder: string,
  options: OperationOptions = {},
): Promise<void> {
  const names = folderNames(variants.map(({ name }) => name));
  for (const [index, { id, name, exports }] of variants.entries()) {
    for (const { id: exportId, canHold } of exports) {
      if (canHold === true)
        await lab.export(id, exportId, folderSink(join(folder, names[index], exportId)), options);
      else process.stderr.write(`lathe: ${name} is not exported as ${exportId}: ${canHold}\n`);
    }
  }
}
