// Each token by a scale of its own: scale = max |x * inputScales| / 127, code = round(x * inputScales / scale). One workgroup
// a token. `greatestOfAll` and `write` stand with the launch.

// A token of zeros has a scale, too.
const LEAST = 1e-30;

fn scaledQuad(start: u32, quad: u32) -> vec4f {
  return xQuad(start, quad) * inputScalesQuad(0u, quad);
}

fn quantizeToken(token: u32, thread: u32) {
  let start = xStart(token);
  let quads = (uniforms.width + 3u) / 4u;
  var greatest = LEAST;
  for (var quad = thread; quad < quads; quad += THREADS) {
    let magnitudes = abs(scaledQuad(start, quad));
    greatest = max(greatest, max(max(magnitudes.x, magnitudes.y), max(magnitudes.z, magnitudes.w)));
  }
  let scale = greatestOfAll(thread, greatest) / 127.0;
  for (var quad = thread; quad < quads; quad += THREADS) {
    write(token, quad, round(scaledQuad(start, quad) / scale), scale);
  }
}
