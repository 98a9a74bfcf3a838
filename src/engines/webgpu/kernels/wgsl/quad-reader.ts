import type { BufferType } from '../../define-kernel';

/**
 * Reads rows of a float32 matrix four columns at a time: one word of four if rows are whole quads, else four reads, with
 * zeros past the last column.
 */
export interface QuadReader {
  /** WGSL type of the buffer. */
  readonly type: BufferType;
  /** WGSL of `<name>Start(row: u32) -> u32` and `<name>Quad(start: u32, quad: u32) -> vec4f`. */
  readonly source: string;
}

/** Whether rows of this width consist of whole quads. */
export function isWholeQuads(width: number): boolean {
  return width % 4 === 0;
}

/**
 * @param name of the buffer; @param isWhole whether rows are whole quads; @param counted uniform with the number of columns
 */
export function quadReader(name: string, isWhole: boolean, counted = 'width'): QuadReader {
  if (isWhole) {
    return {
      type: 'array<vec4f>',
      source: `fn ${name}Start(row: u32) -> u32 { return row * (uniforms.${counted} / 4u); }
fn ${name}Quad(start: u32, quad: u32) -> vec4f { return ${name}[start + quad]; }`,
    };
  }
  return {
    type: 'array<f32>',
    source: `fn ${name}Start(row: u32) -> u32 { return row * uniforms.${counted}; }
fn ${name}Quad(start: u32, quad: u32) -> vec4f {
  let first = quad * 4u;
  let last = uniforms.${counted} - 1u;
  let at = start + min(first + vec4u(0u, 1u, 2u, 3u), vec4u(last));
  let inside = first + vec4u(0u, 1u, 2u, 3u) <= vec4u(last);
  return select(vec4f(), vec4f(${name}[at.x], ${name}[at.y], ${name}[at.z], ${name}[at.w]), inside);
}`,
  };
}
