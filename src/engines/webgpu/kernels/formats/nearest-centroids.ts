import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';

const THREADS = 64;
/** Quads of point values that an invocation holds in registers. */
const QUADS_IN_REGISTERS = 8;
const GREATEST_POINTS = 4;

/**
 * Finds the nearest centroid of each point by Euclidean distance, the first among equals.
 *
 * Maximizes p·c − |c|²/2 instead of minimizing |p − c|²: half the operations, and the caller sums the norms in float64.
 *
 * @param points [groups, count, size], with size a multiple of 4; smaller ones are padded with zeros
 * @param centroids [groups, number, size] for separate centroids in each group of points, or [1, number, size] for shared
 * ones
 * @param halfNorms |c|²/2 of each centroid, [groups or 1, number]
 * @returns int32 [groups, count]
 */
export function nearestCentroids(points: tf.Tensor, centroids: tf.Tensor, halfNorms: tf.Tensor): tf.Tensor {
  const [groups, count, size] = points.shape;
  const [centroidGroups, number] = centroids.shape;
  const quads = size / 4;
  const together = Math.max(1, Math.min(GREATEST_POINTS, Math.floor(QUADS_IN_REGISTERS / quads)));
  return kernelOf({ quads, together }).run({
    inputs: { points, centroids, halfNorms },
    outputs: { nearest: [groups, count] },
    uniforms: { count, number, perGroup: centroidGroups === 1 ? 0 : 1 },
    workgroups: [Math.ceil(count / (THREADS * together)), groups],
  }).nearest;
}

/** An invocation compares several points with each centroid that it reads. */
const kernelOf = kernelFamily(({ quads, together }: { quads: number; together: number }) => {
  const points = range(together);
  const parts = range(quads);
  return defineKernel({
    name: 'nearest-centroids',
    inputs: { points: 'array<vec4f>', centroids: 'array<vec4f>', halfNorms: 'array<f32>' },
    outputs: { nearest: 'array<i32>' },
    uniforms: {
      count: 'u32',
      number: 'u32',
      /** 1 if each group of points has its own centroids, 0 if they are shared. */
      perGroup: 'u32',
    },
    body: `@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let group = id.y;
  let first = id.x * ${together}u;
  let firstCentroid = group * uniforms.perGroup * uniforms.number;
${points
  .flatMap((p) => [
    `  // Past the last point it is looked for again and not written.`,
    `  let at${p} = (group * uniforms.count + min(first + ${p}u, uniforms.count - 1u)) * ${quads}u;`,
    ...parts.map((q) => `  let p${p}_${q} = points[at${p} + ${q}u];`),
    `  var best${p} = 0u;\n  var score${p} = -3.4e38;`,
  ])
  .join('\n')}
  for (var k = 0u; k < uniforms.number; k++) {
    let centroid = (firstCentroid + k) * ${quads}u;
    let halfNorm = halfNorms[firstCentroid + k];
${parts.map((q) => `    let c${q} = centroids[centroid + ${q}u];`).join('\n')}
${points
  .flatMap((p) => [
    `    let here${p} = ${parts.map((q) => `dot(p${p}_${q}, c${q})`).join(' + ')} - halfNorm;`,
    `    best${p} = select(best${p}, k, here${p} > score${p});`,
    `    score${p} = max(score${p}, here${p});`,
  ])
  .join('\n')}
  }
${points
  .map(
    (p) =>
      `  if (first + ${p}u < uniforms.count) { nearest[group * uniforms.count + first + ${p}u] = i32(best${p}); }`,
  )
  .join('\n')}
}`,
  });
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
