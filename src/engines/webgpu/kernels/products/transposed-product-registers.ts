/** Work of one invocation: rows by four columns of each quad. */
export interface RegisterTile {
  /** A multiple of 4. */
  readonly rows: number;
  readonly quads: number;
  /** Lanes that share the rows and exchange their values, each reading another term's; 1 for none. */
  readonly lanes: number;
  /** Terms added to a sum at once, a divisor of `lanes`. */
  readonly termsAtOnce: number;
}

/**
 * WGSL of leftᵀ · right with every sum in a register, as in `token-tile.ts`: sums are separate variables, because compilers
 * keep an indexed array in memory.
 * @param invocations number per workgroup, adjacent along the columns
 */
export function registerTileSource(
  { rows, quads, lanes, termsAtOnce }: RegisterTile,
  invocations: number,
): string {
  const ofRows = numbers(rows / 4);
  const ofQuads = numbers(quads);
  const ofTerms = numbers(termsAtOnce);
  const exchanges = lanes > 1;
  return [
    `@compute @workgroup_size(${invocations})
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  ${exchanges ? '@builtin(subgroup_invocation_id) lane: u32,' : '@builtin(local_invocation_index) lane: u32,'}
) {
  let firstRow = workgroup.y * ${rows}u;
  let firstQuad = workgroup.x * ${quads * invocations}u + lane;
  let lastTerm = uniforms.terms - 1u;`,
    ...numbers(rows).flatMap((row) => ofQuads.map((quad) => `  var sum${row}_${quad} = vec4f();`)),
    `  for (var first = 0u; first < uniforms.terms; first += ${lanes}u) {
    let own = first + ${exchanges ? 'lane' : '0u'};
    let ownStart = leftStart(min(own, lastTerm));`,
    // Zeros past the last term.
    ...ofRows.map(
      (quad) =>
        `    let read${quad} = select(vec4f(), leftQuad(ownStart, firstRow / 4u + ${quad}u), own <= lastTerm);`,
    ),
    ...numbers(lanes / termsAtOnce).flatMap((group) => [
      `    {`,
      ...ofTerms.flatMap((term) => [
        `      let start${term} = rightStart(min(first + ${group * termsAtOnce + term}u, lastTerm));`,
        ...ofQuads.map(
          (quad) =>
            `      let right${term}_${quad} = rightQuad(start${term}, firstQuad + ${quad * invocations}u);`,
        ),
      ]),
      ...ofRows.flatMap((quadOfRows) => [
        ...ofTerms.map((term) => {
          const read = `read${quadOfRows}`;
          const value = exchanges ? `subgroupBroadcast(${read}, ${group * termsAtOnce + term}u)` : read;
          return `      let left${quadOfRows}_${term} = ${value};`;
        }),
        ...numbers(4).flatMap((component) =>
          ofQuads.map((quad) => {
            const products = ofTerms.map(
              (term) => `left${quadOfRows}_${term}[${component}] * right${term}_${quad}`,
            );
            return `      sum${4 * quadOfRows + component}_${quad} += ${products.join(' + ')};`;
          }),
        ),
      ]),
      `    }`,
    ]),
    `  }
  var sums: array<vec4f, ${rows * quads}>;`,
    ...numbers(rows).flatMap((row) =>
      ofQuads.map((quad) => `  sums[${row * quads + quad}] = sum${row}_${quad};`),
    ),
    `  for (var r = 0u; r < ${rows}u; r++) {
    for (var q = 0u; q < ${quads}u; q++) {
      for (var c = 0u; c < 4u; c++) {
        let row = firstRow + r;
        let column = (firstQuad + q * ${invocations}u) * 4u + c;
        if (row < uniforms.rows && column < uniforms.columns) {
          y[row * uniforms.columns + column] = sums[r * ${quads}u + q][c];
        }
      }
    }
  }
}`,
  ].join('\n');
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
