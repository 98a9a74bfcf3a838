/** WebAssembly bytes; an expression leaves one value on the stack, a statement none. */
export type Code = readonly number[];

/** Local variable or parameter of a function. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

/** Value types (WebAssembly Core Specification 2.0, section 5.3). */
const TYPES = { i32: 0x7f, v128: 0x7b } as const;

export const i32 = {
  constant: (value: number): Code => [0x41, ...signedLeb128(value)],
  add: (left: Code, right: Code): Code => [...left, ...right, 0x6a],
  subtract: (left: Code, right: Code): Code => [...left, ...right, 0x6b],
  /** Signed comparison. */
  lessThan: (left: Code, right: Code): Code => [...left, ...right, 0x48],
};

/** Vectors of two float64. Loads and stores take an address and an offset in bytes. */
export const f64x2 = {
  zero: [0xfd, 0x0c, ...new Array<number>(16).fill(0)] as Code,
  load: (address: Code, offset: number): Code => [...address, 0xfd, 0x00, ...alignedAt(offset)],
  /** Loads one float64 into both halves. */
  loadBroadcast: (address: Code): Code => [...address, 0xfd, 0x0a, ...alignedAt(0)],
  store: (address: Code, offset: number, value: Code): Code => [
    ...address,
    ...value,
    0xfd,
    0x0b,
    ...alignedAt(offset),
  ],
  add: (left: Code, right: Code): Code => [...left, ...right, 0xfd, 0xf0, 0x01],
  multiply: (left: Code, right: Code): Code => [...left, ...right, 0xfd, 0xf2, 0x01],
};

/** Repeats the statements while the condition, evaluated after each round, holds. */
export function doWhile(statements: readonly Code[], condition: Code): Code {
  const [LOOP, NO_RESULT, BRANCH_IF, END] = [0x03, 0x40, 0x0d, 0x0b];
  return [LOOP, NO_RESULT, ...statements.flat(), ...condition, BRANCH_IF, 0, END];
}

/** Parameters, all i32, and local variables of a function under construction. */
export class Locals {
  private readonly types: (keyof typeof TYPES)[] = [];

  constructor(private readonly parameterCount: number) {}

  parameter(index: number): Local {
    return local(index);
  }

  add(type: keyof typeof TYPES): Local {
    this.types.push(type);
    return local(this.parameterCount + this.types.length - 1);
  }

  addMany(type: keyof typeof TYPES, count: number): Local[] {
    return Array.from({ length: count }, () => this.add(type));
  }

  /** Module that imports `lathe.memory` and exports one function `run` without result. */
  module(statements: readonly Code[]): Uint8Array<ArrayBuffer> {
    const END = 0x0b;
    const declarations = vector(this.types.map((type) => [1, TYPES[type]]));
    const body = [...declarations, ...statements.flat(), END];
    const parameters = vector(new Array(this.parameterCount).fill([TYPES.i32]));
    const memory = [...text('lathe'), ...text('memory'), 0x02, 0x00, 0];
    return Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, vector([[0x60, ...parameters, 0]])),
      ...section(2, vector([memory])),
      ...section(3, vector([[0]])),
      ...section(7, vector([[...text('run'), 0x00, 0]])),
      ...section(10, vector([[...unsignedLeb128(body.length), ...body]])),
    ]);
  }
}

function local(index: number): Local {
  const number = unsignedLeb128(index);
  return { get: [0x20, ...number], set: (value) => [...value, 0x21, ...number] };
}

const section = (id: number, content: Code): Code => [id, ...unsignedLeb128(content.length), ...content];
const vector = (items: readonly Code[]): Code => [...unsignedLeb128(items.length), ...items.flat()];
const text = (value: string): Code => [value.length, ...new TextEncoder().encode(value)];
/** Memory operand: alignment of 8 bytes (2³), and an offset. */
const alignedAt = (offset: number): Code => [3, ...unsignedLeb128(offset)];

function unsignedLeb128(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsignedLeb128(value >>> 7)];
}

function signedLeb128(value: number): Code {
  const [low, rest] = [value & 0x7f, value >> 7];
  const isLast = (rest === 0 && !(low & 0x40)) || (rest === -1 && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signedLeb128(rest)];
}
