// One step of AdamW (Loshchilov and Hutter 2019, algorithm 2, as PyTorch computes it), in place; an invocation a lane of a tensor.
@group(0) @binding(0) var<storage, read> gradient: array<Lane>;
// What all gradients are multiplied by before the step.
@group(0) @binding(1) var<storage, read> scale: array<f32>;
// Learning rate, 1 / (1 - beta1^t), 1 / (1 - beta2^t): they change from step to step, and lie in a buffer for that.
@group(0) @binding(2) var<storage, read> schedule: array<f32>;
@group(0) @binding(3) var<storage, read_write> parameter: array<Lane>;
@group(0) @binding(4) var<storage, read_write> first: array<Lane>;
@group(0) @binding(5) var<storage, read_write> second: array<Lane>;

struct Uniforms {
  lanes: u32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  weightDecay: f32,
}
@group(0) @binding(6) var<uniform> uniforms: Uniforms;

fn element(index: u32) {
  let g = gradient[index] * scale[0];
  let m = uniforms.beta1 * first[index] + (1.0 - uniforms.beta1) * g;
  let v = uniforms.beta2 * second[index] + (1.0 - uniforms.beta2) * g * g;
  first[index] = m;
  second[index] = v;
  let rate = schedule[0];
  let step = rate * schedule[1] * m / (sqrt(v * schedule[2]) + uniforms.epsilon);
  parameter[index] = parameter[index] * (1.0 - rate * uniforms.weightDecay) - step;
}
