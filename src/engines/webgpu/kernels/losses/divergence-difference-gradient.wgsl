// y = changes[row] * p (d - sum(p d)) / T^2, with p the teacher's softmax at temperature T and d = second - first: what the
// difference of divergences hands back to the teacher's logits. An element is a lane.
fn element(index: u32) {
  let row = index / (uniforms.width / LANE_COLUMNS);
  let temperature = uniforms.temperature;
  let share = exp(teacher[index] / temperature - moments[row * 2u]);
  let difference = second[index] - first[index] - moments[row * 2u + 1u];
  y[index] = changes[row] / (temperature * temperature) * share * difference;
}
