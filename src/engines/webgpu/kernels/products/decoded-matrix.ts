import type { BoundBuffer } from '../wgsl/bound-buffers';
import type { KernelProfile } from '../wgsl/kernel-profile';
import type { RowForm } from './row-product';
import type { QuadForm } from './token-tile';

/**
 * A matrix that kernels decode on the way. Every one has WGSL that takes four weights of a row at a time: it defines
 * `Cursor`, `openRow(row, quad)` and `nextQuad(&cursor)`. Where its layout allows, it also has faster forms.
 */
export interface DecodedMatrix {
  readonly shape: readonly [rows: number, width: number];
  readonly name: string;
  /** Tells matrices of different WGSL apart. */
  readonly key: string;
  readonly source: string;
  readonly inputs: readonly BoundBuffer[];
  /** `openRow` walks the row up to the quad that it is given, so that a row is best decoded from its beginning. */
  readonly sequential?: boolean;
  /** For few tokens. */
  readonly rowDecoder?: RowDecoder;
  /** For many tokens. */
  readonly quadForm?: QuadForm;
}

/** Takes rows many columns at a time; its text depends on the device. */
export interface RowDecoder {
  readonly inputs: readonly BoundBuffer[];
  /** Takes activations from `x` itself, so that nothing can be done to them on the way. */
  readonly readsActivations?: boolean;
  form(profile: KernelProfile): RowForm;
}

/** The product for few tokens by `nextQuad`. */
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

/** The product for many tokens by `nextQuad`. */
export function decodedQuadForm({ name, inputs, source }: DecodedMatrix): QuadForm {
  return {
    name,
    inputs,
    declarations: source,
    rowState: (r) => `  var cursor${r} = openRow(row${r}, 0u);`,
    rowQuad: (r) => `nextQuad(&cursor${r})`,
  };
}
