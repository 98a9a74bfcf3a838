// One step of AdamW (Loshchilov and Hutter 2019, algorithm 2, as PyTorch computes it), in place; one lane of a tensor per invocation.
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
