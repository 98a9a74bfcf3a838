import { WEIGHT_FORMATS } from '../weights/formats';
import { formChecks } from './format-checks';
import type { KernelCheck } from './kernel-check';
import { KERNEL_CHECKS } from './kernel-checks';

/** Everything that is held against the CPU when a device is opened. */
export const CHECKS: readonly KernelCheck[] = [...KERNEL_CHECKS, ...WEIGHT_FORMATS.flatMap(formChecks)];
