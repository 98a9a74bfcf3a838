import { currentGpu } from '../../device';

/** Tuning parameters of the product kernels for the open device. */
export interface KernelProfile {
  readonly name: 'software' | 'hardware';
  /** Lanes of a subgroup, if all subgroups have the same size and kernels may use them. */
  readonly subgroupLanes?: number;
  /** Products of one token: lanes that share the columns of a row, and rows per lane. */
  readonly lanesPerRow: number;
  readonly rowsPerLane: number;
  /**
   * Products of many tokens: `exchange` exchanges activations within a subgroup, `registers` reads all of them in each
   * invocation, `workgroup` loads tiles of both matrices into workgroup memory.
   */
  readonly tile: 'exchange' | 'registers' | 'workgroup';
  /** Lanes that exchange activations; 1 for none. */
  readonly exchangeLanes: number;
}

/** Software adapters: reads are expensive, workgroup memory and barriers even more, and registers are memory anyway. */
const SOFTWARE = { name: 'software', rowsPerLane: 8 } as const;
/** GPUs: adjacent lanes read adjacent words; registers are scarce and barriers cheap. */
const HARDWARE = {
  name: 'hardware',
  lanesPerRow: 32,
  rowsPerLane: 4,
  tile: 'workgroup',
  exchangeLanes: 1,
} as const;

/** SwiftShader's subgroup size; the sizes for software adapters were measured on it. */
const SWIFTSHADER_LANES = 4;
/** llvmpipe's subgroup sizes, for vectors of 256 or 512 bits. */
const LLVMPIPE_LANES = [8, 16];

/** Profile of the open device. */
export function kernelProfile(): KernelProfile {
  const { device, kernelsFor } = currentGpu();
  const subgroupLanes = exactSubgroupLanes(device);
  if (kernelsFor === 'hardware') return { ...HARDWARE, subgroupLanes };
  const lanesPerRow = subgroupLanes === SWIFTSHADER_LANES ? SWIFTSHADER_LANES : 1;
  return subgroupLanes && [SWIFTSHADER_LANES, ...LLVMPIPE_LANES].includes(subgroupLanes)
    ? { ...SOFTWARE, subgroupLanes, lanesPerRow, tile: 'exchange', exchangeLanes: subgroupLanes }
    : { ...SOFTWARE, lanesPerRow: 1, tile: 'registers', exchangeLanes: 1 };
}

function exactSubgroupLanes(device: GPUDevice): number | undefined {
  if (!device.features.has('subgroups')) return undefined;
  const { subgroupMinSize, subgroupMaxSize } = device.adapterInfo;
  return subgroupMinSize === subgroupMaxSize ? subgroupMinSize : undefined;
}
