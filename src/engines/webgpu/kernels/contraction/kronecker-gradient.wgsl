// Gradient by the elements of one Kronecker factor, as partial sums: products of the other factor's elements of the same term
// with the gradient of W at the elements that the two determine, summed over a band. One partial sum per invocation. With BY_A
// the gradient is by A, [i, k, j], and the other factor is B, [k, p, q]; otherwise the reverse.
fn element(index: u32) {
  let ofFactor = index % uniforms.elements;
  let first = index / uniforms.elements * BAND;
  let end = min(first + BAND, uniforms.summed);
  let aColumns = uniforms.aColumns;
  let bRows = uniforms.bRows;
  let bColumns = uniforms.bColumns;
  let columns = aColumns * bColumns;
  var total = 0.0;
  if (BY_A) {
    let i = ofFactor / aColumns / uniforms.terms;
    let k = ofFactor / aColumns % uniforms.terms;
    let corner = i * bRows * columns + ofFactor % aColumns * bColumns;
    for (var place = first; place < end; place++) {
      let at = corner + place / bColumns * columns + place % bColumns;
      total += change[at] * other[k * uniforms.summed + place];
    }
  } else {
    let k = ofFactor / (bRows * bColumns);
    let place = ofFactor % (bRows * bColumns);
    let corner = place / bColumns * columns + place % bColumns;
    for (var ij = first; ij < end; ij++) {
      let i = ij / aColumns;
      let j = ij % aColumns;
      total += change[corner + i * bRows * columns + j * bColumns] * other[(i * uniforms.terms + k) * aColumns + j];
    }
  }
  y[index] = total;
}
