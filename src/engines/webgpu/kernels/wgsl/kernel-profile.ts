import { currentGpu } from '../../device';

/** Sizes by which the product kernels are cut for the device at hand. */
export interface KernelProfile {
  readonly name: 'software' | 'hardware';
  /** Lanes of a subgroup, where all subgroups have that many and the device lets kernels use them. */
  readonly subgroupLanes?: number;
  /** Products of one token: lanes that share the columns of a row, and rows that a lane makes at once. */
  readonly lanesPerRow: number;
  readonly rowsPerLane: number;
  /**
   * Products of many tokens: `exchange` hands activations round within a subgroup, `registers` reads them all itself,
   * `workgroup` brings tiles of both matrices to workgroup memory.
   */
  readonly tile: 'exchange' | 'registers' | 'workgroup';
  /** Lanes that hand activations round; 1 where none do. */
  readonly exchangeLanes: number;
}

/** Software adapters: every read is dear, workgroup memory and barriers most of all, and registers are memory anyway. */
const SOFTWARE = { name: 'software', rowsPerLane: 8 } as const;
/** GPUs: neighbouring lanes read neighbouring words; registers are scarce and barriers cheap. */
const HARDWARE = {
  name: 'hardware',
  lanesPerRow: 32,
  rowsPerLane: 4,
  tile: 'workgroup',
  exchangeLanes: 1,
} as const;

/** A subgroup of so many lanes is what SwiftShader has; the sizes for software adapters were measured on it. */
const SWIFTSHADER_LANES = 4;
/** llvmpipe's, by the vectors that it uses: of 256 or of 512 bits. */
const LLVMPIPE_LANES = [8, 16];

/** The profile of the open device. */
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
