import { type Buffers, defineKernel } from '../../define-kernel';
import { type BoundBuffer, buffersOf } from '../wgsl/bound-buffers';
import { epilogueBuffers, type EpilogueConfig, epilogueSource } from '../wgsl/epilogue';
import { type FoldedNorm, foldedNormInputs, foldedNormSource } from '../wgsl/folded-norm';
import type { KernelProfile } from '../wgsl/kernel-profile';
import { PRODUCT_UNIFORMS, type ProductKernel } from './product-kernel';
import { isWholeQuads, quadReader } from '../wgsl/quad-reader';
import { type StoredColumns, storedActivations } from '../wgsl/stored-columns';

/**
 * Row-by-row iteration over a matrix format: WGSL for one step over some columns of one row. The activations of the step are
 * in `x0`, `x1` … (vec4f, columns in order).
 */
export interface RowForm {
  readonly name: string;
  readonly inputs: readonly BoundBuffer[];
  /** A multiple of 4; if greater than 4, it must divide the width. */
  readonly columnsPerStep: number;
  /** Functions and constants. */
  readonly declarations?: string;
  /** WGSL shared by all rows of a step. */
  readonly stepSource?: string;
  /** Set if rows store only some columns; requires steps of 4 columns and no norm. */
  readonly storedColumns?: StoredColumns;
  /** Declares the variables of row `r` before the first step; its index is `row<r>`. */
  rowState(r: number): string;
  /** Adds step `step` of row `r` to the variable `sum<r>`. */
  rowStep(r: number): string;
  /** Expression for a lane's contribution to the row's total; default `sum<r>`. */
  rowTotal?(r: number): string;
  /** WGSL expression for the factor of row `row`'s total. */
  readonly rowScale?: string;
}

/**
 * Creates the kernel of x · Wᵀ for one or few tokens: `lanesPerRow` lanes take turns at the steps of the same `rowsPerLane`
 * rows, so that each read of x serves all of them, and the partial sums are added at the end. Workgroups: see
 * `rowProductWorkgroups`.
 *
 * @param norm layer normalization of x that is fused into the product; the width must be a multiple of 4
 */
export function rowProductKernel(
  form: RowForm,
  width: number,
  epilogue: EpilogueConfig,
  profile: KernelProfile,
  norm?: FoldedNorm,
): ProductKernel {
  const reader = quadReader('x', isWholeQuads(width));
  const inputs: Buffers = {
    x: reader.type,
    ...buffersOf(form.inputs),
    ...epilogueBuffers(epilogue),
    ...buffersOf(norm ? foldedNormInputs(norm) : []),
  };
  const bySubgroup = profile.lanesPerRow > 1 && profile.subgroupLanes === profile.lanesPerRow;
  return defineKernel({
    name: `${form.name}-row-product`,
    inputs,
    outputs: { y: 'array<f32>' },
    uniforms: PRODUCT_UNIFORMS,
    constants: { LANES: profile.lanesPerRow, ROWS: profile.rowsPerLane },
    enable: bySubgroup ? ['subgroups'] : [],
    body: [
      reader.source,
      form.declarations ?? '',
      epilogueSource(epilogue),
      norm ? foldedNormSource(norm) : '',
      mainSource(form, profile, { bySubgroup, hasNorm: norm !== undefined }),
    ],
  });
}

/** Number of workgroups that cover all rows and tokens. */
export function rowProductWorkgroups(
  rows: number,
  tokens: number,
  { lanesPerRow, rowsPerLane }: KernelProfile,
): [number, number] {
  return [Math.ceil(rows / (rowsPerLane * rowGroups(lanesPerRow))), tokens];
}

/** Single lanes share a workgroup, since adapters run at least four at once. */
function rowGroups(lanesPerRow: number): number {
  return lanesPerRow === 1 ? 4 : 1;
}

/** How the partial sums are added, and whether a norm is fused. */
interface Variant {
  readonly bySubgroup: boolean;
  readonly hasNorm: boolean;
}

function mainSource(form: RowForm, { lanesPerRow, rowsPerLane }: KernelProfile, variant: Variant): string {
  const { bySubgroup, hasNorm } = variant;
  const rows = Array.from({ length: rowsPerLane }, (_, r) => r);
  const quads = Array.from({ length: form.columnsPerStep / 4 }, (_, q) => q);
  const groups = rowGroups(lanesPerRow);
  const totals = rows.map((r) => form.rowTotal?.(r) ?? `sum${r}`);
  const scaled = `product${form.rowScale ? ` * ${form.rowScale}` : ''}`;
  const lines = [
    `fn write(token: u32, row: u32, product: f32${hasNorm ? ', sum: f32, squares: f32' : ''}) {
  if (row < uniforms.outputs) {
    let output = uniforms.columnOffset + row;
    let index = token * uniforms.stride + output;
    y[index] = finish(${hasNorm ? `normalized(${scaled}, row, sum, squares)` : scaled}, output, index);
  }
}`,
    bySubgroup || lanesPerRow === 1
      ? ''
      : `var<workgroup> parts: array<f32, LANES * (ROWS + 2u)>;
fn totalOf(r: u32) -> f32 {
  var total = 0.0;
  for (var part = 0u; part < LANES; part++) {
    total += parts[r * LANES + part];
  }
  return total;
}`,
    `@compute @workgroup_size(${lanesPerRow * groups})
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) local: u32,
  ${bySubgroup ? '@builtin(subgroup_invocation_id) lane: u32,' : ''}
) {`,
    lanesPerRow === 1
      ? `  let lane = 0u;\n  let firstRow = (workgroup.x * ${groups}u + local) * ROWS;`
      : `  ${bySubgroup ? '' : 'let lane = local;'}\n  let firstRow = workgroup.x * ROWS;`,
    `  let token = workgroup.y;
  let start = xStart(token);
  // Past the last row it is computed again and not written.
  let lastRow = uniforms.outputs - 1u;`,
    form.storedColumns
      ? `${form.storedColumns.declaration('firstRow')}\n  let steps = quads;`
      : `  let steps = (uniforms.width + ${form.columnsPerStep - 1}u) / ${form.columnsPerStep}u;`,
    hasNorm ? `  var sumX = 0.0;\n  var squaresX = 0.0;` : '',
    ...rows.map((r) => `  let row${r} = min(firstRow + ${r}u, lastRow);\n  var sum${r} = 0.0;`),
    ...rows.map((r) => form.rowState(r)),
    `  for (var step = lane; step < steps; step += LANES) {`,
    ...(form.storedColumns
      ? [`    let x0 = ${storedActivations(form, 'start', 'step')};`]
      : quads.flatMap((q) => readQuad(q, quads.length, hasNorm))),
    form.stepSource ?? '',
    ...rows.map((r) => form.rowStep(r)),
    `  }`,
    ...reduction(totals, lanesPerRow, variant),
    `}`,
  ];
  return lines.join('\n');
}

function readQuad(q: number, quadsPerStep: number, hasNorm: boolean): string[] {
  const quad = `step * ${quadsPerStep}u + ${q}u`;
  if (!hasNorm) return [`    let x${q} = xQuad(start, ${quad});`];
  return [
    `    let given${q} = xQuad(start, ${quad});`,
    `    sumX += dot(given${q}, vec4f(1.0));`,
    `    squaresX += dot(given${q}, given${q});`,
    `    let x${q} = given${q} * normScale[${quad}];`,
  ];
}

/** Adds the lanes' partial sums and writes the results, a share of the rows for each lane. */
function reduction(
  totals: readonly string[],
  lanesPerRow: number,
  { bySubgroup, hasNorm }: Variant,
): string[] {
  const sums = hasNorm ? ['sumX', 'squaresX'] : [];
  const given = sums.map((sum) => `, ${sum}`).join('');
  if (lanesPerRow === 1)
    return totals.map((total, r) => `  write(token, firstRow + ${r}u, ${total}${given});`);
  if (!bySubgroup) {
    const inMemory = hasNorm ? ', totalOf(ROWS), totalOf(ROWS + 1u)' : '';
    return [
      ...[...totals, ...sums].map((total, r) => `  parts[${r}u * LANES + lane] = ${total};`),
      `  workgroupBarrier();
  for (var r = lane; r < ROWS; r += LANES) {
    write(token, firstRow + r, totalOf(r)${inMemory});
  }`,
    ];
  }
  const lines = [
    ...sums.map((sum) => `  ${sum} = subgroupAdd(${sum});`),
    ...totals.map((total, r) => `  let total${r} = subgroupAdd(${total});`),
  ];
  for (let first = 0; first < totals.length; first += lanesPerRow) {
    const share = totals.slice(first, first + lanesPerRow).map((_, index) => `total${first + index}`);
    const mine = share.reduceRight((rest, total, index) =>
      index === share.length - 1 ? total : `select(${rest}, ${total}, lane == ${index}u)`,
    );
    const guard = share.length < lanesPerRow ? `if (lane < ${share.length}u) ` : '';
    lines.push(`  ${guard}{ write(token, firstRow + ${first}u + lane, ${mine}${given}); }`);
  }
  return lines;
}
