// SPDX-License-Identifier: Apache-2.0
// Softmax attention as language models use it, one query at a time: which keys it sees and what is added to or done to
// its scores is all that differs. Query p stands at position p + M - P of the M keys.
#include <algorithm>
#include <cmath>
#include <functional>

#include "base/diagnostic.hpp"
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

// Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F].
struct Heads {
  explicit Heads(KernelInputs& in)
      : q(in.read("Q", {"B", "H", "P", "E"})),
        k(in.read("K", {"B", "H", "M", "E"})),
        v(in.read("V", {"B", "H", "M", "F"})),
        batch(in.extent("B")),
        heads(in.extent("H")),
        queries(in.extent("P")),
        keys(in.extent("M")),
        e_extent(in.extent("E")),
        f_extent(in.extent("F")) {}

  [[nodiscard]] double scaled_dot(Int b, Int h, Int p, Int m) const {
    return sum_over(e_extent, [&](Int e) { return q(b, h, p, e) * k(b, h, m, e); }) * inverse_sqrt(e_extent);
  }
  [[nodiscard]] Int position(Int p) const { return p + keys - queries; }

  const Tensor<double>&q, &k, &v;
  Int batch, heads, queries, keys, e_extent, f_extent;
};

using Score = std::function<double(Int b, Int h, Int p, Int m)>;

ReferenceTensors attend(const Heads& in, const Score& score) {
  Tensor<double> out({"B", "H", "P", "F"}, {in.batch, in.heads, in.queries, in.f_extent});
  for (Int b = 0; b < in.batch; ++b) {
    for (Int h = 0; h < in.heads; ++h) {
      for (Int p = 0; p < in.queries; ++p) {
        const Row row = softmax_values(
            in.keys, in.f_extent, [&](Int m) { return score(b, h, p, m); },
            [&](Int m, Int f) { return in.v(b, h, m, f); });
        for (Int f = 0; f < in.f_extent; ++f) out(b, h, p, f) = row[to_size(f)];
      }
    }
  }
  return {{"AV", out}};
}

ReferenceTensors attend_seen(const Heads& in, const std::function<bool(Int b, Int p, Int m)>& seen) {
  return attend(in, [&](Int b, Int h, Int p, Int m) { return seen(b, p, m) ? in.scaled_dot(b, h, p, m) : kAbsent; });
}

ReferenceTensors mha(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  return attend_seen(Heads(in), [](Int, Int, Int) { return true; });
}

ReferenceTensors causal(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const Heads heads(in);
  return attend_seen(heads, [&](Int, Int p, Int m) { return m <= heads.position(p); });
}

ReferenceTensors sliding_window(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const Heads heads(in);
  const Int window = in.parameter("WINDOW");
  const bool both = in.form("direction", {"causal", "both"}) == "both";
  return attend_seen(heads, [&](Int, Int p, Int m) {
    const Int distance = heads.position(p) - m;
    return both ? std::abs(distance) <= window : distance >= 0 && distance < window;
  });
}

ReferenceTensors cross(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const Heads heads(in);
  const Tensor<double>* lengths = in.read_if_present("LEN", {"B"});
  return attend_seen(heads,
                     [&](Int b, Int, Int m) { return lengths == nullptr || static_cast<double>(m) < (*lengths)(b); });
}

// Slopes 2^(-8i/n), i = 1..n, for n a power of two; else those of the largest power of two below, then every other one,
// the first included, of twice that.
double alibi_slope(Int h, Int heads) {
  Int power = 1;
  while (2 * power <= heads) power *= 2;
  const auto geometric = [](Int i, Int n) { return std::pow(2, -8 * static_cast<double>(i) / static_cast<double>(n)); };
  return h < power ? geometric(h + 1, power) : geometric(2 * (h - power) + 1, 2 * power);
}

ReferenceTensors alibi(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const Heads heads(in);
  return attend(heads, [&](Int b, Int h, Int p, Int m) {
    const Int distance = m - heads.position(p);
    if (distance > 0) return kAbsent;
    return heads.scaled_dot(b, h, p, m) + alibi_slope(h, heads.heads) * static_cast<double>(distance);
  });
}

// The vector at [b,h,i], turned to `position`.
Row rotated(const KernelInputs& in, const Tensor<double>& x, Int b, Int h, Int i, Int position) {
  const Int extent = x.extents()[3];
  Row row = row_of_terms(extent, [&](Int e) { return x(b, h, i, e); });
  const bool interleaved = in.form("pairs", {"half_split", "interleaved"}) == "interleaved";
  rotate(row, static_cast<double>(position), in.constant("THETA", 1e4),
         interleaved ? RotaryPairs::interleaved : RotaryPairs::half_split, in.parameter("ROTATED", extent));
  return row;
}

ReferenceTensors rope(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const Heads heads(in);
  const bool is_causal = in.form("mask", {"causal", "none"}) == "causal";
  return attend(heads, [&](Int b, Int h, Int p, Int m) {
    if (is_causal && m > heads.position(p)) return kAbsent;
    return dot(rotated(in, heads.q, b, h, p, heads.position(p)), rotated(in, heads.k, b, h, m, m)) *
           inverse_sqrt(heads.e_extent);
  });
}

// The first SINKS keys and the last WINDOW ones; with `positions: rope` keys and query are numbered by their place
// among the keys that the query sees.
ReferenceTensors streaming(KernelInputs& in, const Heads& heads) {
  const Int sinks = in.parameter("SINKS", 4), window = in.parameter("WINDOW");
  const bool turned = in.form("positions", {"none", "rope"}) == "rope";
  const auto seen = [&](Int at, Int m) { return m <= at && (m < sinks || at - m < window); };
  return attend(heads, [&](Int b, Int h, Int p, Int m) {
    const Int at = heads.position(p);
    if (!seen(at, m)) return kAbsent;
    if (!turned) return heads.scaled_dot(b, h, p, m);
    Int key_place = 0, query_place = 0;
    for (Int i = 0; i < at; ++i) {
      key_place += i < m && seen(at, i) ? 1 : 0;
      query_place += seen(at, i) ? 1 : 0;
    }
    return dot(rotated(in, heads.q, b, h, p, query_place), rotated(in, heads.k, b, h, m, key_place)) *
           inverse_sqrt(heads.e_extent);
  });
}

// One more key of score SINK[h] and value 0.
ReferenceTensors sink_logit(KernelInputs& in, const Heads& heads) {
  const Tensor<double>& sink = in.read("SINK", {"H"});
  const bool is_causal = in.form("mask", {"causal", "none"}) == "causal";
  Tensor<double> out({"B", "H", "P", "F"}, {heads.batch, heads.heads, heads.queries, heads.f_extent});
  for (Int b = 0; b < heads.batch; ++b) {
    for (Int h = 0; h < heads.heads; ++h) {
      for (Int p = 0; p < heads.queries; ++p) {
        const Row row = softmax_values(
            heads.keys + 1, heads.f_extent,
            [&](Int m) {
              if (m == heads.keys) return sink(h);
              return is_causal && m > heads.position(p) ? kAbsent : heads.scaled_dot(b, h, p, m);
            },
            [&](Int m, Int f) { return m == heads.keys ? 0 : heads.v(b, h, m, f); });
        for (Int f = 0; f < heads.f_extent; ++f) out(b, h, p, f) = row[to_size(f)];
      }
    }
  }
  return {{"AV", out}};
}

ReferenceTensors sink_tokens(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const Heads heads(in);
  return in.form("form", {"streaming", "logit"}) == "logit" ? sink_logit(in, heads) : streaming(in, heads);
}

// New keys and values stand behind those of the cache, in the order of the queries; a query sees the cache, the new
// tokens before it and itself.
ReferenceTensors kv_decode(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& q = in.read("Q", {"B", "H", "P", "E"});
  const auto& k_cache = in.read("KC", {"B", "H", "T", "E"});
  const auto& v_cache = in.read("VC", {"B", "H", "T", "F"});
  const auto& k_new = in.read("KN", {"B", "H", "P", "E"});
  const auto& v_new = in.read("VN", {"B", "H", "P", "F"});
  const Int batch = in.extent("B"), heads = in.extent("H"), queries = in.extent("P"), cached = in.extent("T");
  const Int e_extent = in.extent("E"), f_extent = in.extent("F");
  Tensor<double> out({"B", "H", "P", "F"}, {batch, heads, queries, f_extent});
  for (Int b = 0; b < batch; ++b) {
    for (Int h = 0; h < heads; ++h) {
      for (Int p = 0; p < queries; ++p) {
        const auto key = [&](Int m, Int e) { return m < cached ? k_cache(b, h, m, e) : k_new(b, h, m - cached, e); };
        const Row row = softmax_values(
            cached + p + 1, f_extent,
            [&](Int m) {
              return sum_over(e_extent, [&](Int e) { return q(b, h, p, e) * key(m, e); }) * inverse_sqrt(e_extent);
            },
            [&](Int m, Int f) { return m < cached ? v_cache(b, h, m, f) : v_new(b, h, m - cached, f); });
        for (Int f = 0; f < f_extent; ++f) out(b, h, p, f) = row[to_size(f)];
      }
    }
  }
  return {{"AV", out}};
}

// Query heads of a group share its keys and values.
ReferenceTensors gqa(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& q = in.read("Q", {"B", "G", "R", "P", "E"});
  const auto& k = in.read("K", {"B", "G", "M", "E"});
  const auto& v = in.read("V", {"B", "G", "M", "F"});
  const Int batch = in.extent("B"), groups = in.extent("G"), per_group = in.extent("R"), queries = in.extent("P");
  const Int keys = in.extent("M"), e_extent = in.extent("E"), f_extent = in.extent("F");
  Tensor<double> out({"B", "G", "R", "P", "F"}, {batch, groups, per_group, queries, f_extent});
  for (Int b = 0; b < batch; ++b) {
    for (Int g = 0; g < groups; ++g) {
      for (Int r = 0; r < per_group; ++r) {
        for (Int p = 0; p < queries; ++p) {
          const Row row = softmax_values(
              keys, f_extent,
              [&](Int m) {
                return sum_over(e_extent, [&](Int e) { return q(b, g, r, p, e) * k(b, g, m, e); }) *
                       inverse_sqrt(e_extent);
              },
              [&](Int m, Int f) { return v(b, g, m, f); });
          for (Int f = 0; f < f_extent; ++f) out(b, g, r, p, f) = row[to_size(f)];
        }
      }
    }
  }
  return {{"AV", out}};
}

// One key and one value head for all query heads.
ReferenceTensors mqa(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& q = in.read("Q", {"B", "H", "P", "E"});
  const auto& k = in.read("K", {"B", "M", "E"});
  const auto& v = in.read("V", {"B", "M", "F"});
  const Int batch = in.extent("B"), heads = in.extent("H"), queries = in.extent("P"), keys = in.extent("M");
  const Int e_extent = in.extent("E"), f_extent = in.extent("F");
  Tensor<double> out({"B", "H", "P", "F"}, {batch, heads, queries, f_extent});
  for (Int b = 0; b < batch; ++b) {
    for (Int h = 0; h < heads; ++h) {
      for (Int p = 0; p < queries; ++p) {
        const Row row = softmax_values(
            keys, f_extent,
            [&](Int m) {
              return sum_over(e_extent, [&](Int e) { return q(b, h, p, e) * k(b, m, e); }) * inverse_sqrt(e_extent);
            },
            [&](Int m, Int f) { return v(b, m, f); });
        for (Int f = 0; f < f_extent; ++f) out(b, h, p, f) = row[to_size(f)];
      }
    }
  }
  return {{"AV", out}};
}

}  // namespace

std::vector<ReferenceKernel> attention_baselines_kernels() {
  const std::vector<std::string> qkv{"K", "Q", "V"};
  const std::vector<ReferenceOutput> av{{"AV", {"B", "H", "P", "F"}}};
  const std::string heads = "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F]";
  const std::string rotary = "ROTATED (E), THETA (1e4), pairs: half_split|interleaved";
  return {
      {"alibi", heads + " → AV[B,H,P,F]; causal, slope(h)·(m - position of p) added to the scores", qkv, av, &alibi},
      {"causal", heads + " → AV[B,H,P,F]; keys up to position p + M - P", qkv, av, &causal},
      {"cross", heads + ", LEN[B] (optional: keys m < LEN) → AV[B,H,P,F]", qkv, av, &cross},
      {"gqa", "Q[B,G,R,P,E], K[B,G,M,E], V[B,G,M,F] → AV[B,G,R,P,F]", qkv, {{"AV", {"B", "G", "R", "P", "F"}}}, &gqa},
      {"kv_decode",
       "Q[B,H,P,E], cache KC[B,H,T,E] and VC[B,H,T,F], new tokens KN[B,H,P,E] and VN[B,H,P,F] → AV[B,H,P,F]",
       {"KC", "KN", "Q", "VC", "VN"},
       av,
       &kv_decode},
      {"mha", heads + " → AV[B,H,P,F]", qkv, av, &mha},
      {"mqa", "Q[B,H,P,E], K[B,M,E], V[B,M,F] → AV[B,H,P,F]", qkv, av, &mqa},
      {"rope", heads + "; mask: causal|none; " + rotary + " → AV[B,H,P,F]", qkv, av, &rope},
      {"sink_tokens",
       heads + " → AV[B,H,P,F]; form: streaming (SINKS (4), WINDOW, positions: none|rope; " + rotary +
           ") or logit (SINK[H], mask: causal|none)",
       qkv, av, &sink_tokens},
      {"sliding_window",
       heads + "; WINDOW; direction: causal (WINDOW keys, the query's own included) or both (|m - p| <= WINDOW)" +
           " → AV[B,H,P,F]",
       qkv, av, &sliding_window},
  };
}

}  // namespace einloom::reference
