import type * as tf from '@tensorflow/tfjs';
import type { BufferType } from '../../define-kernel';

/**
 * Buffers of matrices of logits. If rows are not whole quads, they may begin within a quad, so the same buffer is bound a
 * second time for the single values at both ends of a row.
 */
export function rowBuffers(names: readonly string[], isWhole: boolean): Record<string, BufferType> {
  return Object.fromEntries(
    names.flatMap((name): [string, BufferType][] =>
      isWhole
        ? [[name, 'array<vec4f>']]
        : [
            [name, 'array<vec4f>'],
            [`${name}Values`, 'array<f32>'],
          ],
    ),
  );
}

/** Tensors for both bindings. */
export function rowTensors(matrices: Readonly<Record<string, tf.Tensor>>): Record<string, tf.Tensor> {
  const tensors: Record<string, tf.Tensor> = {};
  for (const name in matrices) tensors[name] = tensors[`${name}Values`] = matrices[name];
  return tensors;
}

/**
 * WGSL of `fn <name>Quad(row: Row, quad: u32) -> vec4f`: four consecutive values of the buffer, with quads counted from the
 * start of the buffer. Values outside the row are LOWEST. Quads inside a row are read from `<name>` itself.
 *
 * @param name of the buffer; @param isWhole whether rows are whole quads
 */
export function rowQuadSource(name: string, isWhole: boolean): string {
  if (isWhole) {
    return `fn ${name}Quad(row: Row, quad: u32) -> vec4f { return ${name}[quad]; }`;
  }
  return `fn ${name}Quad(row: Row, quad: u32) -> vec4f {
  let index = quad * 4u + vec4u(0u, 1u, 2u, 3u);
  let at = clamp(index, vec4u(row.begin), vec4u(row.end - 1u));
  let values = vec4f(${name}Values[at.x], ${name}Values[at.y], ${name}Values[at.z], ${name}Values[at.w]);
  return select(vec4f(LOWEST), values, at == index);
}`;
}

/**
 * WGSL of `fn stateOfShare(row: Row, thread: u32) -> State`: combines every THREADS-th quad of a row by `including(state,
 * quad, values of each buffer)`. Software adapters execute both sides of a branch, so the quads at the ends of a row, which
 * may overlap its neighbours, are not read in the loop.
 */
export function rowLoopSource(names: readonly string[], isWhole: boolean): string {
  const whole = names.map((name) => `${name}[quad]`).join(', ');
  const ends = names.map((name) => `${name}Quad(row, quad)`).join(', ');
  const includeEnds = `
  let isHead = thread == 0u && row.begin % 4u != 0u;
  let isTail = thread == 1u && row.end % 4u != 0u && end * 4u >= row.begin;
  if (isHead || isTail) {
    let quad = select(end, row.begin / 4u, isHead);
    state = merged(state, including(EMPTY, quad, ${ends}));
  }`;
  return `fn stateOfShare(row: Row, thread: u32) -> State {
  var state = EMPTY;
  let end = row.end / 4u;
  for (var quad = (row.begin + 3u) / 4u + thread; quad < end; quad += THREADS) {
    state = including(state, quad, ${whole});
  }${isWhole ? '' : includeEnds}
  return state;
}`;
}
