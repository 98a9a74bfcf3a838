import type { Kernel } from '../../run-kernel';

/**
 * Kernels of one family by what their text depends on: each is put together once, and `runKernel` finds its pipeline by the
 * object.
 */
export function kernelMemo(): (key: string, make: () => Kernel) => Kernel {
  const kernels = new Map<string, Kernel>();
  return (key, make) => {
    let kernel = kernels.get(key);
    if (!kernel) kernels.set(key, (kernel = make()));
    return kernel;
  };
}
