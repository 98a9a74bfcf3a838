import { WEIGHT_FORMS } from '../weights/weight-forms';
import { formChecks } from './form-checks';
import type { KernelCheck } from './kernel-check';
import { KERNEL_CHECKS } from './kernel-checks';

/** Everything that is held against the CPU when a device is opened. */
export const CHECKS: readonly KernelCheck[] = [...KERNEL_CHECKS, ...WEIGHT_FORMS.flatMap(formChecks)];
