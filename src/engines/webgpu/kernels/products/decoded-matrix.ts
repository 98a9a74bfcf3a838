import type { BoundBuffer } from '../wgsl/bound-buffers';
import type { KernelProfile } from '../wgsl/kernel-profile';
import type { RowForm } from './row-product';
import type { QuadForm } from './token-tile';

/**
 * Matrix that kernels decode on the fly. Each has WGSL that reads four weights of a row at a time, defining `Cursor`,
 * `openRow(row, quad)` and `nextQuad(&cursor)`, and faster forms if its layout allows.
 */
export interface DecodedMatrix {
  readonly shape: readonly [rows: number, width: number];
  readonly name: string;
  /** Key that distinguishes matrices with different WGSL. */
  readonly key: string;
  readonly source: string;
  readonly inputs: readonly BoundBuffer[];
  /** `openRow` walks the row up to the given quad, so that rows are best decoded from the beginning. */
  readonly sequential?: boolean;
  /** Form for few tokens. */
  readonly rowDecoder?: RowDecoder;
  /** Form for many tokens. */
  readonly quadForm?: QuadForm;
}

/** Decodes many columns of a row at a time; its text depends on the device. */
export interface RowDecoder {
  readonly inputs: readonly BoundBuffer[];
  /** Reads activations from `x` directly, so that they cannot be transformed first. */
  readonly readsActivations?: boolean;
  form(profile: KernelProfile): RowForm;
}

/** Product for few tokens using `nextQuad`. */
export function decodedRowForm({ name, inputs, source, sequential }: DecodedMatrix): RowForm {
  return {
    name,
    inputs,
    declarations: source,
    columnsPerStep: 4,
    rowState: (r) => (sequential ? `  var cursor${r} = openRow(row${r}, 0u);` : ''),
    rowStep: (r) =>
      sequential
        ? `    sum${r} += dot(x0, nextQuad(&cursor${r}));`
        : `    var cursor${r} = openRow(row${r}, step);\n    sum${r} += dot(x0, nextQuad(&cursor${r}));`,
  };
}

/** Product for many tokens using `nextQuad`. */
export function decodedQuadForm({ name, inputs, source }: DecodedMatrix): QuadForm {
  return {
    name,
    inputs,
    declarations: source,
    rowState: (r) => `  var cursor${r} = openRow(row${r}, 0u);`,
    rowQuad: (r) => `nextQuad(&cursor${r})`,
  };
}
