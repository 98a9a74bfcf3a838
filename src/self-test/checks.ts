import { WEIGHT_FORMATS } from '../weights/formats';
import { formatChecks } from './format-checks';
import type { KernelCheck } from './kernel-check';
import { KERNEL_CHECKS } from './kernel-checks';

/** All kernels compared with the CPU when a device is opened. */
export const CHECKS: readonly KernelCheck[] = [...KERNEL_CHECKS, ...WEIGHT_FORMATS.flatMap(formatChecks)];
