import { defineKernel } from '../../define-kernel';

/**
 * Triangular structure of causal attention, which saves half of the multiplications: only results at or below the diagonal
 * are needed, or the left side is zero above its diagonal (`lower left`) or below it (`upper left`).
 */
export type Triangle = 'lower result' | 'lower left' | 'upper left';

/** Layout of both sides and work per invocation. */
export type QuadProducts = {
  readonly isLeftTransposed: boolean;
  readonly isRightTransposed: boolean;
  /** Rows per invocation, a multiple of 4. */
  readonly rows: number;
  /** Quads of columns per invocation. */
  readonly quads: number;
  readonly triangle: Triangle | undefined;
};

/**
 * Kernel for batched products of matrices stored in whole quads, [batch, m, k] · [batch, k, n]: every read is four values,
 * along the terms or across them depending on the layout. Sums are separate variables because compilers keep an indexed array
 * in memory. Reads past the edge return other values, and nothing is written there.
 */
export function quadProductsKernel(products: QuadProducts) {
  return defineKernel({
    name: 'quad-products',
    inputs: { left: 'array<vec4f>', right: 'array<vec4f>' },
    outputs: { y: 'array<vec4f>' },
    uniforms: {
      batch: 'u32',
      rows: 'u32',
      // Counts in quads.
      columnQuads: 'u32',
      termQuads: 'u32',
      rowQuads: 'u32',
    },
    body: mainSource(products),
  });
}

function mainSource({ isLeftTransposed, isRightTransposed, rows, quads, triangle }: QuadProducts): string {
  const [ofRows, ofQuads, ofTerms] = [numbers(rows), numbers(quads), numbers(4)];
  const left = isLeftTransposed
    ? ofTerms.flatMap((term) =>
        numbers(rows / 4).map(
          (quad) =>
            `    let left${term}_${quad} = left[leftStart + (k * 4u + ${term}u) * leftQuads + row / 4u + ${quad}u];`,
        ),
      )
    : ofRows.map((row) => `    let left${row} = left[leftStart + (row + ${row}u) * leftQuads + k];`);
  const right = isRightTransposed
    ? numbers(4 * quads).map(
        (column) => `    let right${column} = right[rightStart + (column + ${column}u) * rightQuads + k];`,
      )
    : ofTerms.flatMap((term) =>
        ofQuads.map(
          (quad) =>
            `    let right${term}_${quad} = right[rightStart + (k * 4u + ${term}u) * rightQuads + column / 4u + ${quad}u];`,
        ),
      );
  const leftValue = (row: number, term: number) =>
    isLeftTransposed ? `left${term}_${row >> 2}[${row % 4}]` : `left${row}[${term}]`;
  const ofRow = (row: number, quad: number) => {
    if (!isRightTransposed) {
      const terms = ofTerms.map((term) => `${leftValue(row, term)} * right${term}_${quad}`);
      return terms.join(' + ');
    }
    const whole = isLeftTransposed
      ? `vec4f(${ofTerms.map((term) => leftValue(row, term)).join(', ')})`
      : `left${row}`;
    return `vec4f(${ofTerms.map((column) => `dot(${whole}, right${4 * quad + column})`).join(', ')})`;
  };
  return [
    `@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let across = (uniforms.columnQuads + ${quads - 1}u) / ${quads}u;
  let down = (uniforms.rows + ${rows - 1}u) / ${rows}u;
  let tile = (workgroup.y * workgroups.x + workgroup.x) * 64u + local;
  let batch = tile / (across * down);
  if (batch >= uniforms.batch) {
    return;
  }
  let row = tile / across % down * ${rows}u;
  let column = tile % across * ${4 * quads}u;
  let leftQuads = ${isLeftTransposed ? 'uniforms.rowQuads' : 'uniforms.termQuads'};
  let rightQuads = ${isRightTransposed ? 'uniforms.termQuads' : 'uniforms.columnQuads'};
  let leftStart = batch * uniforms.rows * uniforms.termQuads;
  let rightStart = batch * uniforms.termQuads * 4u * uniforms.columnQuads;`,
    triangle === 'lower result'
      ? `  if (column >= row + ${rows}u) {
    return;
  }`
      : '',
    ...ofRows.flatMap((row) => ofQuads.map((quad) => `  var sum${row}_${quad} = vec4f();`)),
    `  let firstTerm = ${triangle === 'upper left' ? 'row / 4u' : '0u'};`,
    `  let endOfTerms = ${triangle === 'lower left' ? `min(uniforms.termQuads, row / 4u + ${rows / 4}u)` : 'uniforms.termQuads'};`,
    `  for (var k = firstTerm; k < endOfTerms; k++) {`,
    ...left,
    ...right,
    ...ofRows.flatMap((row) => ofQuads.map((quad) => `    sum${row}_${quad} += ${ofRow(row, quad)};`)),
    `  }`,
    ...ofRows.flatMap((row) =>
      ofQuads.map(
        (quad) => `  if (row + ${row}u < uniforms.rows && column / 4u + ${quad}u < uniforms.columnQuads) {
    y[(batch * uniforms.rows + row + ${row}u) * uniforms.columnQuads + column / 4u + ${quad}u] = sum${row}_${quad};
  }`,
      ),
    ),
    `}`,
  ].join('\n');
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
