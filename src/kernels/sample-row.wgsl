// Draws one token from softmax(logits / temperature), cut to the topK most likely tokens and then to the nucleus of topP.
// Of equal logits the lowest ids are kept. One workgroup does it all.
//
// Both cuts are thresholds in one order: by descending logit, among equals by ascending id. A radix select finds the token
// at which a running amount reaches a goal: the amount is a count for topK, a mass for topP. A mass is a probability in
// units of about 2^-31, an integer, so that no sum depends on the order in which atomics add.
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> draws: array<f32>;
@group(0) @binding(2) var<storage, read> step: array<i32>;
@group(0) @binding(3) var<storage, read_write> drawn: array<i32>;

struct Uniforms {
  vocabulary: u32,
  topK: u32,
  topP: f32,
  temperature: f32,
}
@group(0) @binding(4) var<uniform> uniforms: Uniforms;

const THREADS = 256u;
const THREADS_IN_BLOCK = 16u;
const BLOCKS = THREADS / THREADS_IN_BLOCK;
const BINS = 2048u;
const BINS_OF_THREAD = BINS / THREADS;
// Least significant bits of the digits of a rank: 11, 11 and 10 bits.
const DIGITS = 3u;
const SHIFTS = array(21u, 10u, 0u);
const WHOLE_MASS = 2147483648.0;
// Takes off what float32 may add to topP and to its product with a sum: a set that reaches topP exactly is not to grow.
const ROUNDING = 1.0 - 1.0 / 4194304.0;

// The last token that is kept.
struct Cut {
  rank: u32,
  id: u32,
}
// Over the threads before this one, and over all.
struct Sums {
  before: u32,
  total: u32,
}
// What is left of a goal within a bin that holds so much.
struct Bin {
  index: u32,
  left: u32,
  amount: u32,
}

var<workgroup> greatestKey: atomic<u32>;
var<workgroup> amounts: array<u32, THREADS>;
var<workgroup> blockAmounts: array<u32, BLOCKS>;
var<workgroup> bins: array<atomic<u32>, BINS>;
var<workgroup> reached: Bin;
var<workgroup> lastEqual: u32;
var<workgroup> said: u32;
var<workgroup> drawnId: u32;

var<private> greatest: f32;
var<private> massScale: f32;
var<private> cut: Cut;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  greatest = greatestLogit(thread);
  cut = Cut(0xffffffffu, uniforms.vocabulary - 1u);
  if (uniforms.topK < uniforms.vocabulary) {
    cut = tokenReaching(thread, uniforms.topK, false);
  }
  massScale = WHOLE_MASS / upperBoundOfWeights(thread);
  if (uniforms.topP < 1.0) {
    let total = sumsOverThreads(thread, massOfStretch(thread)).total;
    cut = tokenReaching(thread, u32(uniforms.topP * f32(total) * ROUNDING), true);
  }
  let mass = massOfStretch(thread);
  let sums = sumsOverThreads(thread, mass);
  let aim = min(u32(draws[step[0]] * f32(sums.total)), max(sums.total, 1u) - 1u);
  if (sums.before <= aim && aim - sums.before < mass) {
    drawnId = tokenOfStretch(thread, aim - sums.before);
  }
  workgroupBarrier();
  if (thread == 0u) {
    drawn[0] = i32(drawnId);
  }
}

// Order-preserving bits of a logit, upside down: the greatest logit has the least rank.
fn rankOf(logit: f32) -> u32 {
  let bits = bitcast<u32>(logit);
  // -0 equals 0.
  return flipped(select(bits, 0u, bits == 0x80000000u));
}

fn logitOf(rank: u32) -> f32 {
  return bitcast<f32>(flipped(rank));
}

// Its own inverse: bits of negative floats grow with their magnitude already, those of others are turned round.
fn flipped(bits: u32) -> u32 {
  return select(bits ^ 0x7fffffffu, bits, bits >= 0x80000000u);
}

fn isKept(rank: u32, id: u32) -> bool {
  return rank < cut.rank || (rank == cut.rank && id <= cut.id);
}

// Relative to the most likely token, so in (0, 1].
fn weightOf(logit: f32) -> f32 {
  return exp((logit - greatest) / uniforms.temperature);
}

fn massOf(rank: u32) -> u32 {
  return u32(round(weightOf(logitOf(rank)) * massScale));
}

// Inverse transform sampling wants ids in order, so each thread owns a stretch of them.
fn beginOfStretch(thread: u32) -> u32 {
  let length = (uniforms.vocabulary + THREADS - 1u) / THREADS;
  return min(thread * length, uniforms.vocabulary);
}

fn greatestLogit(thread: u32) -> f32 {
  var least = 0xffffffffu;
  for (var id = thread; id < uniforms.vocabulary; id += THREADS) {
    least = min(least, rankOf(logits[id]));
  }
  atomicMax(&greatestKey, ~least);
  workgroupBarrier();
  return logitOf(~atomicLoad(&greatestKey));
}

// Somewhat more than the sum of the kept weights: rounded up for each thread in units that no sum overflows. What all
// masses are scaled by need not be exact, since they are only compared with sums of their own.
fn upperBoundOfWeights(thread: u32) -> f32 {
  var sum = 0.0;
  for (var id = thread; id < uniforms.vocabulary; id += THREADS) {
    if (isKept(rankOf(logits[id]), id)) {
      sum += weightOf(logits[id]);
    }
  }
  let scale = WHOLE_MASS / f32(uniforms.vocabulary);
  return f32(sumsOverThreads(thread, u32(sum * scale) + 1u).total) / scale;
}

fn massOfStretch(thread: u32) -> u32 {
  var mass = 0u;
  let end = beginOfStretch(thread + 1u);
  for (var id = beginOfStretch(thread); id < end; id++) {
    let rank = rankOf(logits[id]);
    if (isKept(rank, id)) {
      mass += massOf(rank);
    }
  }
  return mass;
}

// The token in whose mass `aim` falls, counted from the begin of the stretch.
fn tokenOfStretch(thread: u32, aim: u32) -> u32 {
  var last = 0u;
  var running = 0u;
  let end = beginOfStretch(thread + 1u);
  for (var id = beginOfStretch(thread); id < end && running <= aim; id++) {
    let rank = rankOf(logits[id]);
    let mass = select(0u, massOf(rank), isKept(rank, id));
    if (mass > 0u) {
      last = id;
      running += mass;
    }
  }
  return last;
}

// The first token at which the running amount over the kept tokens, the most likely first, reaches the goal.
fn tokenReaching(thread: u32, goal: u32, byMass: bool) -> Cut {
  var left = max(goal, 1u);
  var rank = 0u;
  var known = 0u;
  var amount = 0u;
  for (var digit = 0u; digit < DIGITS; digit++) {
    let shift = SHIFTS[digit];
    fillBins(thread, shift, rank, known, byMass);
    let bin = binReaching(thread, left);
    left = bin.left;
    amount = bin.amount;
    rank |= bin.index << shift;
    known = 0xffffffffu << shift;
  }
  // Equal logits are left in the bin, each of the same amount.
  let one = max(select(1u, massOf(rank), byMass), 1u);
  let equals = amount / one;
  let equalsKept = max(min((left + one - 1u) / one, equals), 1u);
  var id = select(uniforms.vocabulary - 1u, cut.id, rank == cut.rank);
  if (ofFirstThread(thread, u32(equalsKept < equals)) == 1u) {
    id = idOfEqual(thread, rank, equalsKept);
  }
  return Cut(rank, id);
}

// Amounts of the kept tokens by one digit of their rank, those that share the digits known so far.
fn fillBins(thread: u32, shift: u32, rank: u32, known: u32, byMass: bool) {
  for (var bin = thread; bin < BINS; bin += THREADS) {
    atomicStore(&bins[bin], 0u);
  }
  workgroupBarrier();
  // Neighbouring threads read neighbouring logits: order plays no part here.
  for (var id = thread; id < uniforms.vocabulary; id += THREADS) {
    let other = rankOf(logits[id]);
    if ((other & known) == rank && isKept(other, id)) {
      atomicAdd(&bins[(other >> shift) % BINS], select(1u, massOf(other), byMass));
    }
  }
  workgroupBarrier();
}

// The bin in which the running amount reaches the goal, and how much of the goal is left for it.
fn binReaching(thread: u32, goal: u32) -> Bin {
  let begin = thread * BINS_OF_THREAD;
  var amount = 0u;
  for (var bin = begin; bin < begin + BINS_OF_THREAD; bin++) {
    amount += atomicLoad(&bins[bin]);
  }
  let sums = sumsOverThreads(thread, amount);
  let reachable = min(goal, sums.total);
  if (sums.before < reachable && reachable - sums.before <= amount) {
    var bin = begin;
    var left = reachable - sums.before;
    while (left > atomicLoad(&bins[bin])) {
      left -= atomicLoad(&bins[bin]);
      bin++;
    }
    reached = Bin(bin, left, atomicLoad(&bins[bin]));
  }
  return workgroupUniformLoad(&reached);
}

// The id of the n-th token of this rank, from 1.
fn idOfEqual(thread: u32, rank: u32, n: u32) -> u32 {
  let end = beginOfStretch(thread + 1u);
  var count = 0u;
  for (var id = beginOfStretch(thread); id < end; id++) {
    count += u32(rankOf(logits[id]) == rank);
  }
  var before = sumsOverThreads(thread, count).before;
  if (before < n && n - before <= count) {
    for (var id = beginOfStretch(thread); id < end && before < n; id++) {
      if (rankOf(logits[id]) == rank) {
        before++;
        lastEqual = id;
      }
    }
  }
  return workgroupUniformLoad(&lastEqual);
}

fn sumsOverThreads(thread: u32, amount: u32) -> Sums {
  amounts[thread] = amount;
  workgroupBarrier();
  if (thread < BLOCKS) {
    var sum = 0u;
    for (var part = 0u; part < THREADS_IN_BLOCK; part++) {
      sum += amounts[thread * THREADS_IN_BLOCK + part];
    }
    blockAmounts[thread] = sum;
  }
  workgroupBarrier();
  let ownBlock = thread / THREADS_IN_BLOCK;
  var sums = Sums(0u, 0u);
  for (var block = 0u; block < BLOCKS; block++) {
    sums.before += select(0u, blockAmounts[block], block < ownBlock);
    sums.total += blockAmounts[block];
  }
  for (var part = ownBlock * THREADS_IN_BLOCK; part < thread; part++) {
    sums.before += amounts[part];
  }
  workgroupBarrier();
  return sums;
}

// What the first thread says, for control flow that every thread follows.
fn ofFirstThread(thread: u32, value: u32) -> u32 {
  if (thread == 0u) {
    said = value;
  }
  return workgroupUniformLoad(&said);
}
