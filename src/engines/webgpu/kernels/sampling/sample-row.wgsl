// Draws one token from softmax(logits / temperature), cut to the topK most likely tokens and then to the nucleus of topP.
// Among equal logits the lowest ids stay. Runs in a single workgroup.
//
// Both cuts are thresholds in one order: by descending logit, among equals by ascending id. A radix select finds the token
// at which a running amount reaches a goal: the amount is a count for topK, a mass for topP. A mass is a probability in
// units of about 2^-31, an integer, so that no sum depends on the order in which atomics add.
//
// If topK leaves few tokens, they are listed in workgroup memory and the vocabulary is not read again.

const BINS = 2048u;
const BINS_OF_THREAD = BINS / THREADS;
// Digits of a rank, from the greatest: 11, 11 and 10 bits.
const DIGITS = 3u;
// With the bins and the sums within the 16 KiB of workgroup memory that every device has.
const LISTED_AT_MOST = 1024u;
const WHOLE_MASS = 2147483648.0;
// Takes off what float32 may add to topP and to its product with a sum: a set that reaches topP exactly is not to grow.
const ROUNDING = 1.0 - 1.0 / 4194304.0;

// The last token that is kept.
struct Cut {
  rank: u32,
  id: u32,
}
// Remainder of the goal within a bin, and the amount of that bin.
struct Bin {
  index: u32,
  left: u32,
  amount: u32,
}

var<workgroup> list: array<u32, LISTED_AT_MOST>;
var<workgroup> greatestKey: atomic<u32>;
var<workgroup> bins: array<atomic<u32>, BINS>;
var<workgroup> reached: Bin;
var<workgroup> lastEqual: u32;
var<workgroup> drawnId: u32;

// Tokens to go over, by ascending id: those of the list, or all.
var<private> isListed = false;
var<private> tokens: u32;
var<private> greatest: f32;
var<private> massScale: f32;
var<private> cut: Cut;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  tokens = uniforms.vocabulary;
  cut = Cut(0xffffffffu, uniforms.vocabulary - 1u);
  if (uniforms.topK < uniforms.vocabulary) {
    cut = tokenReaching(thread, false);
    if (uniforms.topK <= LISTED_AT_MOST) {
      listKept(thread);
    }
  }
  greatest = greatestLogit(thread);
  massScale = WHOLE_MASS / upperBoundOfWeights(thread);
  if (uniforms.topP < 1.0) {
    cut = tokenReaching(thread, true);
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

// Inverse transform sampling wants ids in order, so each thread owns a stretch of the tokens.
fn beginOfStretch(thread: u32) -> u32 {
  let length = (tokens + THREADS - 1u) / THREADS;
  return min(thread * length, tokens);
}

fn idOf(token: u32) -> u32 {
  if (isListed) {
    return list[token];
  }
  return token;
}

// From here on only the listed tokens are read, not the whole vocabulary.
fn listKept(thread: u32) {
  let end = beginOfStretch(thread + 1u);
  var kept = 0u;
  for (var id = beginOfStretch(thread); id < end; id++) {
    kept += u32(isKept(rankOf(logits[id]), id));
  }
  let sums = sumsOverThreads(thread, kept);
  var position = sums.before;
  for (var id = beginOfStretch(thread); id < end && position < sums.before + kept; id++) {
    if (isKept(rankOf(logits[id]), id)) {
      list[position] = id;
      position++;
    }
  }
  workgroupBarrier();
  tokens = sums.total;
  isListed = true;
}

fn greatestLogit(thread: u32) -> f32 {
  var least = 0xffffffffu;
  for (var token = thread; token < tokens; token += THREADS) {
    least = min(least, rankOf(logits[idOf(token)]));
  }
  atomicMax(&greatestKey, ~least);
  workgroupBarrier();
  return logitOf(~atomicLoad(&greatestKey));
}

// Somewhat more than the sum of the kept weights: rounded up for each thread in units that no sum overflows. What all
// masses are scaled by need not be exact, since they are only compared with sums of their own.
fn upperBoundOfWeights(thread: u32) -> f32 {
  var sum = 0.0;
  for (var token = thread; token < tokens; token += THREADS) {
    let id = idOf(token);
    if (isKept(rankOf(logits[id]), id)) {
      sum += weightOf(logits[id]);
    }
  }
  let scale = WHOLE_MASS / f32(tokens);
  return f32(sumsOverThreads(thread, u32(sum * scale) + 1u).total) / scale;
}

fn massOfStretch(thread: u32) -> u32 {
  var mass = 0u;
  let end = beginOfStretch(thread + 1u);
  for (var token = beginOfStretch(thread); token < end; token++) {
    let id = idOf(token);
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
  for (var token = beginOfStretch(thread); token < end && running <= aim; token++) {
    let id = idOf(token);
    let rank = rankOf(logits[id]);
    let mass = select(0u, massOf(rank), isKept(rank, id));
    if (mass > 0u) {
      last = id;
      running += mass;
    }
  }
  return last;
}

// The first token at which the running amount over the kept tokens, the most likely first, reaches its goal: the share
// topP of all mass, or the count topK.
fn tokenReaching(thread: u32, byMass: bool) -> Cut {
  var left = uniforms.topK;
  var rank = 0u;
  var known = 0u;
  var amount = 0u;
  for (var digit = 0u; digit < DIGITS; digit++) {
    let shift = 21u - min(digit * 11u, 21u);
    fillBins(thread, shift, rank, known, byMass);
    let bin = binReaching(thread, left, byMass && digit == 0u);
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
  for (var token = thread; token < tokens; token += THREADS) {
    let id = idOf(token);
    let other = rankOf(logits[id]);
    if ((other & known) == rank && isKept(other, id)) {
      atomicAdd(&bins[(other >> shift) % BINS], select(1u, massOf(other), byMass));
    }
  }
  workgroupBarrier();
}

// The bin in which the running amount reaches the goal, or the share topP of all, and how much of that is left for it.
fn binReaching(thread: u32, goal: u32, isShare: bool) -> Bin {
  let begin = thread * BINS_OF_THREAD;
  var amount = 0u;
  for (var bin = begin; bin < begin + BINS_OF_THREAD; bin++) {
    amount += atomicLoad(&bins[bin]);
  }
  let sums = sumsOverThreads(thread, amount);
  let share = u32(uniforms.topP * f32(sums.total) * ROUNDING);
  let reachable = clamp(select(goal, share, isShare), 1u, max(sums.total, 1u));
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
  for (var token = beginOfStretch(thread); token < end; token++) {
    count += u32(rankOf(logits[idOf(token)]) == rank);
  }
  var before = sumsOverThreads(thread, count).before;
  if (before < n && n - before <= count) {
    for (var token = beginOfStretch(thread); token < end && before < n; token++) {
      if (rankOf(logits[idOf(token)]) == rank) {
        before++;
        lastEqual = idOf(token);
      }
    }
  }
  return workgroupUniformLoad(&lastEqual);
}
