import source from './activation.wgsl?raw';

/** Activation functions; `gelu` is exact (Hendrycks and Gimpel 2016, with erf), `gelu_new` its tanh approximation. */
export type Activation = 'none' | 'gelu' | 'gelu_new' | 'relu' | 'tanh';

const CODE: Readonly<Record<Activation, number>> = { none: 0, gelu: 1, gelu_new: 2, relu: 3, tanh: 4 };

/** WGSL of `fn activate(value: f32) -> f32`. */
export function activationSource(activation: Activation): string {
  if (activation === 'none') return 'fn activate(value: f32) -> f32 { return value; }';
  return `const ACTIVATION = ${CODE[activation]};\n${source}`;
}
