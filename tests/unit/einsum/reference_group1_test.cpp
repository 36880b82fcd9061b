// SPDX-License-Identifier: Apache-2.0
// Do the hand-written kernels of attention variants agree with other forms of the same mathematics: plain softmax
// attention where a variant falls back to it, forms derived again here, published windows, cases worked out by hand?
#include <catch2/catch.hpp>
#include <cmath>
#include <complex>
#include <functional>
#include <numeric>
#include <random>
#include <set>

#include "base/diagnostic.hpp"
#include "einsum/reference/neighborhood.hpp"
#include "einsum/reference/reference.hpp"
#include "einsum/reference/rows.hpp"
#include "einsum/reference/softmax_attention.hpp"
#include "functional/einsum/compare.hpp"

using namespace einloom;
using namespace einloom::reference;
using einloom::test::first_mismatch;

namespace {

using Int = std::int64_t;
using Numbers = Tensor<double>;
using Sizes = std::vector<std::pair<std::string, Int>>;
constexpr double kClose = 1e-12;

// As close as SAME asks of tensors.
Approx near(double x) { return Approx(x).epsilon(kClose).margin(kClose); }

Numbers zeros(const Sizes& sizes, double fill = 0) {
  std::vector<std::string> ranks;
  std::vector<Int> extents;
  for (const auto& [rank, extent] : sizes) {
    ranks.push_back(rank);
    extents.push_back(extent);
  }
  return {ranks, extents, fill};
}

// Elements from their indices, in row-major order.
Numbers from(const Sizes& sizes, const std::function<double(const std::vector<Int>&)>& value) {
  Numbers x = zeros(sizes);
  std::vector<Int> at(sizes.size(), 0);
  for (Int i = 0; i < x.size(); ++i) {
    x.data()[i] = value(at);
    for (std::size_t k = at.size(); k-- > 0;) {
      if (++at[k] < sizes[k].second) break;
      at[k] = 0;
    }
  }
  return x;
}

Numbers normal(const Sizes& sizes, double scale = 1) {
  static std::mt19937 random(7);
  std::normal_distribution<double> draw;
  return from(sizes, [&](const auto&) { return scale * draw(random); });
}

Numbers scaled(Numbers x, double by) {
  for (Int i = 0; i < x.size(); ++i) x.data()[i] *= by;
  return x;
}

Numbers reshaped(const Numbers& x, const Sizes& sizes) {
  Numbers y = zeros(sizes);
  REQUIRE(x.size() == y.size());
  std::copy(x.data(), x.data() + x.size(), y.data());
  return y;
}

// x[H,A,E] and y[H,B,E], one behind the other.
Numbers joined(const Numbers& x, const Numbers& y) {
  const Int a = x.extents()[1], b = y.extents()[1];
  return from({{"H", x.extents()[0]}, {"M", a + b}, {"E", x.extents()[2]}},
              [&](const auto& i) { return i[1] < a ? x(i[0], i[1], i[2]) : y(i[0], i[1] - a, i[2]); });
}

// The softmax oracle on tensors without a batch.
Numbers plain(const Numbers& q, const Numbers& k, const Numbers& v, const AttentionMask& mask = {}) {
  const auto batched = [](const Numbers& x) {
    return reshaped(x, {{"B", 1}, {"H", x.extents()[0]}, {"M", x.extents()[1]}, {"E", x.extents()[2]}});
  };
  const Numbers out = softmax_attention(batched(q), batched(k), batched(v), mask);
  return reshaped(out, {{"H", q.extents()[0]}, {"P", q.extents()[1]}, {"F", v.extents()[2]}});
}

const AttentionMask kCausal = [](Int p, Int m) { return m <= p; };

ReferenceTensors run(const std::string& name, const ReferenceTensors& inputs, const ReferenceSetting& setting = {}) {
  const ReferenceKernel* kernel = find_reference(name);
  REQUIRE(kernel != nullptr);
  for (const auto& input : kernel->inputs) CHECK(inputs.count(input) == 1);
  ReferenceTensors outputs = kernel->run(inputs, setting);
  for (const auto& [tensor, values] : outputs) {
    const auto declared = std::find_if(kernel->outputs.begin(), kernel->outputs.end(),
                                       [&, n = tensor](const ReferenceOutput& output) { return output.tensor == n; });
    REQUIRE(declared != kernel->outputs.end());
    CHECK(declared->ranks == values.ranks());
    for (Int i = 0; i < values.size(); ++i) CHECK(std::isfinite(values.data()[i]));
  }
  return outputs;
}

Numbers run_one(const std::string& name, const ReferenceTensors& inputs, const ReferenceSetting& setting = {}) {
  const ReferenceTensors outputs = run(name, inputs, setting);
  REQUIRE(outputs.size() == 1);
  return outputs.begin()->second;
}

#define SAME(computed, expected) CHECK(first_mismatch(computed, expected, kClose) == "")

struct Baseline {
  Int b = 1, h = 1, p = 1, m = 1, e = 1, f = 1;
};
const std::vector<Baseline> kBaselines{{1, 1, 1, 1, 1, 1}, {2, 3, 5, 7, 4, 3}, {1, 2, 1, 9, 6, 2}, {1, 2, 6, 4, 2, 5}};

ReferenceTensors heads(const Baseline& s, double peak = 1) {
  return {{"Q", normal({{"B", s.b}, {"H", s.h}, {"P", s.p}, {"E", s.e}}, peak)},
          {"K", normal({{"B", s.b}, {"H", s.h}, {"M", s.m}, {"E", s.e}})},
          {"V", normal({{"B", s.b}, {"H", s.h}, {"M", s.m}, {"F", s.f}})}};
}
Numbers oracle(const ReferenceTensors& in, const AttentionMask& mask = {}) {
  return softmax_attention(in.at("Q"), in.at("K"), in.at("V"), mask);
}

// Pair i of a row turned as a complex number.
Row turned(const Row& row, double position, double theta, bool interleaved, std::size_t rotated) {
  Row result = row;
  for (std::size_t i = 0; i < rotated / 2; ++i) {
    const std::size_t a = interleaved ? 2 * i : i, b = interleaved ? 2 * i + 1 : i + rotated / 2;
    const double angle = position / std::pow(theta, 2.0 * static_cast<double>(i) / static_cast<double>(rotated));
    const std::complex<double> z = std::complex<double>(row[a], row[b]) * std::polar(1.0, angle);
    result[a] = z.real();
    result[b] = z.imag();
  }
  return result;
}

template <class... Index>
Row row_at(const Numbers& x, Index... index) {
  const double* start = x.data() + x.offset(index...);
  return {start, start + x.extents().back()};
}

}  // namespace

TEST_CASE("baselines: what they see") {
  for (const auto& s : kBaselines) {
    for (const double peak : {1.0, 40.0}) {
      const ReferenceTensors in = heads(s, peak);
      const Int off = s.m - s.p;
      SAME(run_one("mha", in), oracle(in));
      SAME(run_one("cross", in), oracle(in));
      const Numbers causal = oracle(in, [&](Int p, Int m) { return m <= p + off; });
      SAME(run_one("causal", in), causal);
      SAME(run_one("sliding_window", in, {{{"WINDOW", 100}}, {}, {}}), causal);
      SAME(run_one("sliding_window", in, {{{"WINDOW", 2}}, {}, {}}),
           oracle(in, [&](Int p, Int m) { return p + off - 2 < m && m <= p + off; }));
      SAME(run_one("sliding_window", in, {{{"WINDOW", 100}}, {}, {{"direction", "both"}}}), oracle(in));
      const ReferenceSetting streaming{{{"SINKS", 2}, {"WINDOW", 3}}, {}, {}};
      SAME(run_one("sink_tokens", in, streaming),
           oracle(in, [&](Int p, Int m) { return m <= p + off && (m < 2 || p + off - m < 3); }));
      ReferenceTensors cut = in;
      cut["LEN"] = from({{"B", s.b}}, [](const auto& i) { return i[0] == 0 ? 3 : 0; });
      const Numbers padded = run_one("cross", cut);
      const Numbers first = oracle(in, [](Int, Int m) { return m < 3; });
      for (Int i = 0; i < padded.size(); ++i)
        CHECK(padded.data()[i] == (i < padded.strides()[0] ? first.data()[i] : 0));
    }
  }
  const ReferenceTensors square = heads({1, 2, 8, 8, 3, 3});
  SAME(run_one("sliding_window", square, {{{"WINDOW", 2}}, {}, {{"direction", "both"}}}),
       oracle(square, [](Int p, Int m) { return m - 2 <= p && p <= m + 2; }));
}

TEST_CASE("baselines: shared keys and cached ones") {
  const Int g = 2, r = 3, p = 4, m = 5;
  const Numbers q = normal({{"B", 1}, {"G", g}, {"R", r}, {"P", p}, {"E", 4}});
  const Numbers k = normal({{"B", 1}, {"G", g}, {"M", m}, {"E", 4}}),
                v = normal({{"B", 1}, {"G", g}, {"M", m}, {"F", 3}});
  const auto repeated = [&](const Numbers& x, Int per_group) {
    return from({{"B", 1}, {"H", x.extents()[1] * per_group}, {"M", m}, {"E", x.extents()[3]}},
                [&](const auto& i) { return x(0, i[1] / per_group, i[2], i[3]); });
  };
  const Numbers flat = reshaped(q, {{"B", 1}, {"H", g * r}, {"P", p}, {"E", 4}});
  SAME(reshaped(run_one("gqa", {{"Q", q}, {"K", k}, {"V", v}}), {{"B", 1}, {"H", g * r}, {"P", p}, {"F", 3}}),
       softmax_attention(flat, repeated(k, r), repeated(v, r)));
  const Numbers k1 = normal({{"B", 1}, {"M", m}, {"E", 4}}), v1 = normal({{"B", 1}, {"M", m}, {"F", 3}});
  SAME(run_one("mqa", {{"Q", flat}, {"K", k1}, {"V", v1}}),
       softmax_attention(flat, repeated(reshaped(k1, {{"B", 1}, {"G", 1}, {"M", m}, {"E", 4}}), g * r),
                         repeated(reshaped(v1, {{"B", 1}, {"G", 1}, {"M", m}, {"F", 3}}), g * r)));

  for (const auto& s : kBaselines) {
    if (s.p > s.m) continue;
    const ReferenceTensors in = heads(s);
    const Int cached = s.m - s.p;
    const auto old_part = [&](const Numbers& x, Int e) {
      return from({{"B", s.b}, {"H", s.h}, {"T", cached}, {"E", e}},
                  [&](const auto& i) { return x(i[0], i[1], i[2], i[3]); });
    };
    const auto new_part = [&](const Numbers& x, Int e) {
      return from({{"B", s.b}, {"H", s.h}, {"P", s.p}, {"E", e}},
                  [&](const auto& i) { return x(i[0], i[1], cached + i[2], i[3]); });
    };
    SAME(run_one("kv_decode", {{"Q", in.at("Q")},
                               {"KC", old_part(in.at("K"), s.e)},
                               {"VC", old_part(in.at("V"), s.f)},
                               {"KN", new_part(in.at("K"), s.e)},
                               {"VN", new_part(in.at("V"), s.f)}}),
         oracle(in, [&](Int p0, Int m0) { return m0 <= p0 + cached; }));
  }
}

TEST_CASE("alibi: published slopes") {
  // With Q = 0 and one-hot values, AV is the softmax of slope · (m - p).
  const std::vector<std::vector<double>> exponents{
      {8}, {4, 8}, {2, 4, 6, 8, 1, 3}, {1, 2, 3, 4, 5, 6, 7, 8}, {1, 2, 3, 4, 5, 6, 7, 8, .5, 1.5, 2.5, 3.5}};
  for (const auto& of_heads : exponents) {
    const auto h = static_cast<Int>(of_heads.size());
    const Numbers q = zeros({{"B", 1}, {"H", h}, {"P", 1}, {"E", 1}}),
                  k = normal({{"B", 1}, {"H", h}, {"M", 3}, {"E", 1}});
    const Numbers v =
        from({{"B", 1}, {"H", h}, {"M", 3}, {"F", 3}}, [](const auto& i) { return i[2] == i[3] ? 1 : 0; });
    const Numbers av = run_one("alibi", {{"Q", q}, {"K", k}, {"V", v}});
    for (Int i = 0; i < h; ++i) {
      const double slope = std::pow(2, -of_heads[static_cast<std::size_t>(i)]);
      CHECK(av(0, i, 0, 1) / av(0, i, 0, 2) == near(std::exp(-slope)));
      CHECK(av(0, i, 0, 0) / av(0, i, 0, 2) == near(std::exp(-2 * slope)));
    }
  }
  const ReferenceTensors in = heads({1, 1, 3, 5, 2, 2});  // one head, P < M: -2^-8 per key of distance
  Numbers biased = zeros({{"B", 1}, {"H", 1}, {"P", 3}, {"F", 2}});
  for (Int p = 0; p < 3; ++p) {
    Row weights;
    for (Int m = 0; m <= p + 2; ++m) {
      weights.push_back(dot(row_at(in.at("Q"), 0, 0, p, 0), row_at(in.at("K"), 0, 0, m, 0)) / std::sqrt(2) -
                        static_cast<double>(p + 2 - m) / 256);
    }
    softmax(weights);
    for (Int m = 0; m <= p + 2; ++m) {
      for (Int f = 0; f < 2; ++f) biased(0, 0, p, f) += weights[static_cast<std::size_t>(m)] * in.at("V")(0, 0, m, f);
    }
  }
  SAME(run_one("alibi", in), biased);
}

TEST_CASE("rope: pairs turned as complex numbers") {
  for (const bool interleaved : {false, true}) {
    for (const Int rotated : {6, 2}) {
      const ReferenceTensors in = heads({1, 2, 3, 5, 6, 2});
      ReferenceTensors turned_in = in;
      for (Int h = 0; h < 2; ++h) {
        for (Int i = 0; i < 5; ++i) {
          for (const std::string name : {"Q", "K"}) {
            if (name == "Q" && i >= 3) continue;
            const double position = static_cast<double>(name == "Q" ? i + 2 : i);
            const Row row =
                turned(row_at(in.at(name), 0, h, i, 0), position, 500, interleaved, static_cast<std::size_t>(rotated));
            std::copy(row.begin(), row.end(), &turned_in.at(name)(0, h, i, 0));
          }
        }
      }
      ReferenceSetting setting{{{"ROTATED", rotated}}, {{"THETA", 500}}, {{"pairs", "half_split"}}};
      if (interleaved) setting.options["pairs"] = "interleaved";
      SAME(run_one("rope", in, setting), oracle(turned_in, [](Int p, Int m) { return m <= p + 2; }));
      setting.options["mask"] = "none";
      SAME(run_one("rope", in, setting), oracle(turned_in));
    }
  }
}

TEST_CASE("sink tokens: places in the cache, and a learned logit") {
  const ReferenceTensors in = heads({1, 2, 9, 9, 4, 3});
  ReferenceSetting setting{{{"SINKS", 2}, {"WINDOW", 9}}, {}, {{"positions", "rope"}}};
  SAME(run_one("sink_tokens", in, setting), run_one("rope", in));  // nothing leaves the cache
  setting.extents["WINDOW"] = 3;
  Numbers expected = zeros({{"B", 1}, {"H", 2}, {"P", 9}, {"F", 3}});
  for (Int h = 0; h < 2; ++h) {
    std::vector<Int> cache;
    for (Int p = 0; p < 9; ++p) {
      cache.push_back(p);
      if (cache.size() > 5) cache.erase(cache.begin() + 2);  // the oldest that is no sink
      const Row query = turned(row_at(in.at("Q"), 0, h, p, 0), static_cast<double>(cache.size() - 1), 1e4, false, 4);
      Row weights;
      for (std::size_t i = 0; i < cache.size(); ++i) {
        weights.push_back(
            dot(query, turned(row_at(in.at("K"), 0, h, cache[i], 0), static_cast<double>(i), 1e4, false, 4)) / 2);
      }
      softmax(weights);
      for (std::size_t i = 0; i < cache.size(); ++i) {
        for (Int f = 0; f < 3; ++f) expected(0, h, p, f) += weights[i] * in.at("V")(0, h, cache[i], f);
      }
    }
  }
  SAME(run_one("sink_tokens", in, setting), expected);

  ReferenceTensors with_logit = in;
  with_logit["SINK"] = zeros({{"H", 2}}, -HUGE_VAL);
  const ReferenceSetting logit{{}, {}, {{"form", "logit"}}}, open{{}, {}, {{"form", "logit"}, {"mask", "none"}}};
  SAME(run_one("sink_tokens", with_logit, logit), oracle(in, kCausal));
  SAME(run_one("sink_tokens", with_logit, open), oracle(in));
  with_logit["SINK"] = normal({{"H", 2}}, 2);
  Numbers damped = oracle(in, kCausal);
  for (Int h = 0; h < 2; ++h) {
    for (Int p = 0; p < 9; ++p) {
      double total = 0;
      for (Int m = 0; m <= p; ++m) {
        total += std::exp(dot(row_at(in.at("Q"), 0, h, p, 0), row_at(in.at("K"), 0, h, m, 0)) / 2);
      }
      for (Int f = 0; f < 3; ++f) damped(0, h, p, f) /= 1 + std::exp(with_logit["SINK"](h) - std::log(total));
    }
  }
  SAME(run_one("sink_tokens", with_logit, logit), damped);
}

TEST_CASE("latent attention: absorbed weights give the same") {
  const Int h = 2, p = 3, m = 5, c = 4, e = 3, r = 2, f = 3;
  ReferenceTensors in{{"QN", normal({{"B", 1}, {"H", h}, {"P", p}, {"E", e}})},
                      {"QR", normal({{"B", 1}, {"H", h}, {"P", p}, {"R", r}})},
                      {"CKV", normal({{"B", 1}, {"M", m}, {"C", c}})},
                      {"KR", normal({{"B", 1}, {"M", m}, {"R", r}})},
                      {"WUK", normal({{"C", c}, {"H", h}, {"E", e}})},
                      {"WUV", normal({{"C", c}, {"H", h}, {"F", f}})}};
  for (const double peak : {1.0, 40.0}) {
    in["QN"] = scaled(in["QN"], peak);
    // One key per token, [latent; rotated], and the latent as its value.
    const Numbers q = from({{"H", h}, {"P", p}, {"E", c + r}}, [&](const auto& i) {
      if (i[2] >= c) return in["QR"](0, i[0], i[1], i[2] - c) * std::sqrt((c + r) / double(e + r));
      double sum = 0;
      for (Int j = 0; j < e; ++j) sum += in["QN"](0, i[0], i[1], j) * in["WUK"](i[2], i[0], j);
      return sum * std::sqrt((c + r) / double(e + r));
    });
    const Numbers k = from({{"H", h}, {"M", m}, {"E", c + r}}, [&](const auto& i) {
      return i[2] < c ? in["CKV"](0, i[1], i[2]) : in["KR"](0, i[1], i[2] - c);
    });
    const Numbers v = from({{"H", h}, {"M", m}, {"F", c}}, [&](const auto& i) { return in["CKV"](0, i[1], i[2]); });
    const Numbers mixed = plain(q, k, v, [&](Int p0, Int m0) { return m0 <= p0 + m - p; });
    const Numbers av = from({{"B", 1}, {"H", h}, {"P", p}, {"F", f}}, [&](const auto& i) {
      double sum = 0;
      for (Int j = 0; j < c; ++j) sum += mixed(i[1], i[2], j) * in["WUV"](j, i[1], i[3]);
      return sum;
    });
    SAME(run_one("mla_naive", in), av);
    SAME(run_one("mla_absorbed", in), av);
  }
}

TEST_CASE("gates: open, shut, halfway") {
  const Int g = 2, r = 2, n = 5, d = 3, f = 3;
  const Numbers q = normal({{"G", g}, {"R", r}, {"P", n}, {"E", 4}}, 40), k = normal({{"G", g}, {"M", n}, {"E", 4}});
  const Numbers v = normal({{"G", g}, {"M", n}, {"F", f}}), x = normal({{"P", n}, {"D", d}});
  const Numbers ones = zeros({{"P", n}, {"D", d}}, 1);
  const auto repeated = [&](const Numbers& y) {
    return from({{"H", g * r}, {"M", n}, {"E", y.extents()[2]}},
                [&](const auto& i) { return y(i[0] / r, i[1], i[2]); });
  };
  const Sizes out{{"G", g}, {"R", r}, {"P", n}, {"F", f}};
  const auto ungated = [&](const Numbers& values) {
    return reshaped(plain(reshaped(q, {{"H", g * r}, {"P", n}, {"E", 4}}), repeated(k), repeated(values), kCausal),
                    out);
  };
  const ReferenceSetting headwise{{}, {}, {{"gate", "headwise"}}};
  for (const auto& [weight, open] : {std::pair{1000.0, 1.0}, {-1000.0, 0.0}, {0.0, 0.5}}) {
    const Numbers each = zeros({{"D", d}, {"G", g}, {"R", r}, {"F", f}}, weight);
    const Numbers head = zeros({{"D", d}, {"G", g}, {"R", r}}, weight);
    SAME(run_one("gated_output", {{"Q", q}, {"K", k}, {"V", v}, {"X", ones}, {"WG", each}}), scaled(ungated(v), open));
    SAME(run_one("gated_output", {{"Q", q}, {"K", k}, {"V", v}, {"X", ones}, {"WG", head}}, headwise),
         scaled(ungated(v), open));
  }
  const Numbers w = normal({{"D", d}, {"G", g}, {"R", r}}), wv = normal({{"D", d}, {"G", g}, {"F", f}});
  const auto score = [&](Int i, const std::function<double(Int)>& weight) {
    double sum = 0;
    for (Int j = 0; j < d; ++j) sum += x(i, j) * weight(j);
    return sum;
  };
  Numbers expected = ungated(v);
  for (Int i = 0; i < expected.size(); ++i) {
    const Int p = i / f % n, r0 = i / f / n % r, g0 = i / f / n / r;
    // sigmoid(s) = (1 + tanh(s/2)) / 2
    expected.data()[i] *= 0.5 + 0.5 * std::tanh(score(p, [&](Int j) { return w(j, g0, r0); }) / 2);
  }
  SAME(run_one("gated_output", {{"Q", q}, {"K", k}, {"V", v}, {"X", x}, {"WG", w}}, headwise), expected);
  const Numbers gated = from({{"G", g}, {"M", n}, {"F", f}}, [&](const auto& i) {
    return v(i[0], i[1], i[2]) * (0.5 + 0.5 * std::tanh(score(i[1], [&](Int j) { return wv(j, i[0], i[2]); }) / 2));
  });
  SAME(run_one("gated_value", {{"Q", q}, {"K", k}, {"V", v}, {"X", x}, {"WG", wv}}), ungated(gated));
  const Numbers wide = zeros({{"D", d}, {"G", g}}, 0);
  SAME(run_one("gated_value", {{"Q", q}, {"K", k}, {"V", v}, {"X", x}, {"WG", wide}}, headwise),
       scaled(ungated(v), .5));
}

// ---- neighborhoods ----

namespace {

std::vector<std::vector<Int>> windows(const NeighborhoodAxis& axis) {
  std::vector<std::vector<Int>> all(static_cast<std::size_t>(axis.length));
  for (Int x = 0; x < axis.length; ++x) {
    for (Int y = 0; y < axis.length; ++y) {
      if (is_neighbour(axis, x, y)) all[static_cast<std::size_t>(x)].push_back(y);
    }
  }
  return all;
}

// First key of the window by the rule that NATTEN had before 0.20: odd kernels, no stride, not causal.
Int legacy_start(Int x, Int length, Int kernel, Int dilation) {
  const Int half = kernel / 2;
  if (dilation == 1) {
    return std::max<Int>(x - half, 0) + (x + half >= length ? length - x - half - 1 : 0);
  }
  if (x - half * dilation < 0) return x % dilation;
  if (x + half * dilation >= length) {
    const Int whole = length / dilation * dilation, rest = length - whole, residue = x % dilation;
    if (residue < rest) return length - rest + residue - 2 * half * dilation;
    return whole + residue - kernel * dilation;
  }
  return x - half * dilation;
}

}  // namespace

TEST_CASE("neighborhood windows, as published") {
  using Windows = std::vector<std::vector<Int>>;
  CHECK(windows({7, 3}) == Windows{{0, 1, 2}, {0, 1, 2}, {1, 2, 3}, {2, 3, 4}, {3, 4, 5}, {4, 5, 6}, {4, 5, 6}});
  CHECK(windows({7, 3, 2}) == Windows{{0, 2, 4}, {1, 3, 5}, {0, 2, 4}, {1, 3, 5}, {2, 4, 6}, {1, 3, 5}, {2, 4, 6}});
  CHECK(windows({8, 4}) == Windows{{0, 1, 2, 3},
                                   {0, 1, 2, 3},
                                   {0, 1, 2, 3},
                                   {1, 2, 3, 4},
                                   {2, 3, 4, 5},
                                   {3, 4, 5, 6},
                                   {4, 5, 6, 7},
                                   {4, 5, 6, 7}});
  CHECK(windows({7, 3, 1, 1, true}) == Windows{{0}, {0, 1}, {0, 1, 2}, {1, 2, 3}, {2, 3, 4}, {3, 4, 5}, {4, 5, 6}});
  CHECK(windows({9, 3, 2, 1, true}) ==
        Windows{{0}, {1}, {0, 2}, {1, 3}, {0, 2, 4}, {1, 3, 5}, {2, 4, 6}, {3, 5, 7}, {4, 6, 8}});
  const std::vector<Int> a{0, 1, 2, 3, 4}, b{1, 2, 3, 4, 5}, c{3, 4, 5, 6, 7}, d{5, 6, 7, 8, 9};
  CHECK(windows({10, 5, 1, 2}) == Windows{a, a, b, b, c, c, d, d, d, d});
  CHECK(windows({10, 5, 1, 2, true}) ==
        Windows{{0}, {0, 1}, {0, 1, 2}, {0, 1, 2, 3}, {1, 2, 3, 4}, b, {3, 4, 5, 6}, c, {5, 6, 7, 8}, d});
  const auto strided = windows({20, 5, 1, 3, true});
  CHECK(strided[6] == std::vector<Int>{4, 5, 6});
  CHECK(strided[7] == std::vector<Int>{4, 5, 6, 7});
  CHECK(strided[8] == std::vector<Int>{4, 5, 6, 7, 8});
}

TEST_CASE("neighborhood windows: rules for all of them") {
  for (Int length = 2; length <= 20; ++length) {
    for (Int kernel = 2; kernel <= length; ++kernel) {
      for (Int dilation = 1; kernel * dilation <= length; ++dilation) {
        Int causal_pairs = 0;
        for (Int stride = 1; stride <= kernel; ++stride) {
          const auto open = windows({length, kernel, dilation, stride, false});
          const auto causal = windows({length, kernel, dilation, stride, true});
          for (Int x = 0; x < length; ++x) {
            const auto& keys = open[static_cast<std::size_t>(x)];
            const auto& before = causal[static_cast<std::size_t>(x)];
            REQUIRE(static_cast<Int>(keys.size()) == kernel);
            REQUIRE(std::find(keys.begin(), keys.end(), x) != keys.end());
            REQUIRE(before.back() == x);
            if (stride == 1) causal_pairs += static_cast<Int>(before.size());
            if (stride == 1 && kernel % 2 == 1) REQUIRE(keys.front() == legacy_start(x, length, kernel, dilation));
            if (stride == kernel && dilation == 1 && length % kernel == 0) REQUIRE(keys.front() == x / kernel * kernel);
          }
        }
        Int expected = 0;
        for (Int residue = 0; residue < dilation; ++residue) {
          const Int count = (length - residue + dilation - 1) / dilation;
          expected += kernel * (kernel + 1) / 2 + (count - kernel) * kernel;
        }
        CHECK(causal_pairs == expected);
      }
    }
  }
}

TEST_CASE("neighborhood attention: softmax over the window") {
  const Int h = 2, e = 4, f = 3;
  struct Case {
    std::vector<NeighborhoodAxis> axes;
  };
  const std::vector<Case> cases{{{{13, 3}}},
                                {{{13, 4, 2, 2, true}}},
                                {{{12, 12}}},
                                {{{13, 13, 1, 1, true}}},
                                {{{12, 6, 2, 1}}},
                                {{{9, 3, 2, 1}, {11, 5, 1, 3}}},
                                {{{6, 6}, {5, 5}}},
                                {{{7, 4, 1, 2, true}, {6, 3, 2, 1}}},
                                {{{5, 3, 1, 1, true}, {6, 4, 1, 4}, {7, 3, 2, 1}}}};
  const std::string letters[] = {"X", "YX", "ZYX"};
  for (const auto& each : cases) {
    const std::string axes = letters[each.axes.size() - 1];
    Sizes q_sizes{{"H", h}}, k_sizes{{"H", h}};
    ReferenceSetting setting;
    Int tokens = 1;
    bool everything = true;
    for (std::size_t i = 0; i < each.axes.size(); ++i) {
      const auto& axis = each.axes[i];
      const std::string letter(1, axes[i]);
      q_sizes.emplace_back(each.axes.size() == 1 ? "P" : "P" + letter, axis.length);
      k_sizes.emplace_back(each.axes.size() == 1 ? "M" : "M" + letter, axis.length);
      setting.extents["K" + letter] = axis.kernel;
      setting.extents["D" + letter] = axis.dilation;
      setting.extents["S" + letter] = axis.stride;
      setting.extents["C" + letter] = axis.causal ? 1 : 0;
      tokens *= axis.length;
      everything = everything && axis.kernel == axis.length;
    }
    const auto with = [](Sizes sizes, const std::string& rank, Int extent) {
      sizes.emplace_back(rank, extent);
      return sizes;
    };
    const Numbers q = normal(with(q_sizes, "E", e), 40), k = normal(with(k_sizes, "E", e));
    const Numbers v = normal(with(k_sizes, "F", f));
    // Windows as lists per axis, then their product.
    std::set<std::pair<Int, Int>> seen;
    for (Int p = 0; p < tokens; ++p) {
      std::vector<Int> keys{0};
      Int rest = p, below = tokens;
      for (const auto& axis : each.axes) {
        below /= axis.length;
        std::vector<Int> longer;
        const auto lists = windows(axis);
        for (const Int m : keys) {
          for (const Int y : lists[static_cast<std::size_t>(rest / below)]) longer.push_back(m * axis.length + y);
        }
        keys = longer;
        rest %= below;
      }
      for (const Int m : keys) seen.emplace(p, m);
    }
    const auto flat = [&](const Numbers& x) {
      return reshaped(x, {{"H", h}, {"M", tokens}, {"E", x.extents().back()}});
    };
    const std::string name = "neighborhood_" + std::to_string(axes.size()) + "d";
    const Numbers expected = plain(flat(q), flat(k), flat(v), [&](Int p, Int m) { return seen.count({p, m}) == 1; });
    SAME(flat(run_one(name, {{"Q", q}, {"K", k}, {"V", v}}, setting)), expected);
    if (everything) {
      SAME(expected, plain(flat(q), flat(k), flat(v), each.axes[0].causal ? kCausal : AttentionMask{}));
    }
    if (axes.size() > 1) continue;
    const ReferenceTensors fused = run("neighborhood_fused", {{"Q", q}, {"K", k}, {"V", v}}, setting);
    SAME(fused.at("AV"), expected);
    const Numbers counted = run("neighborhood_fused", {{"Q", scaled(q, 0)}, {"K", k}, {"V", v}}, setting).at("LSE");
    const auto lists = windows(each.axes[0]);
    for (Int p = 0; p < tokens; ++p) {
      CHECK(std::exp(counted(0, p)) == near(static_cast<double>(lists[static_cast<std::size_t>(p)].size())));
    }
  }
}

TEST_CASE("neighborhood attention: a bias belongs to a displacement") {
  const Int h = 2, height = 9, width = 7;
  const Numbers q = zeros({{"H", h}, {"PY", height}, {"PX", width}, {"E", 2}});
  const Numbers k = normal({{"H", h}, {"MY", height}, {"MX", width}, {"E", 2}});
  const Numbers v = normal({{"H", h}, {"MY", height}, {"MX", width}, {"F", 1}});
  const ReferenceSetting setting{{{"KY", 3}, {"KX", 3}, {"DY", 2}, {"DX", 1}}, {}, {}};
  for (Int dy = -1; dy <= 1; ++dy) {
    for (Int dx = -2; dx <= 2; ++dx) {
      // Head 1 alone is drawn to the key dy steps of 2 below and dx to the right.
      Numbers bias = zeros({{"H", h}, {"RY", 5}, {"RX", 5}});
      bias(1, dy + 2, dx + 2) = 1000;
      const Numbers av = run_one("dilated_neighborhood_2d", {{"Q", q}, {"K", k}, {"V", v}, {"RPB", bias}}, setting);
      SAME(av, run_one("neighborhood_2d", {{"Q", q}, {"K", k}, {"V", v}, {"RPB", bias}}, setting));
      const Numbers unbiased = run_one("neighborhood_2d", {{"Q", q}, {"K", k}, {"V", v}}, setting);
      for (Int y = 0; y < height; ++y) {
        for (Int x = 0; x < width; ++x) {
          CHECK(std::abs(av(0, y, x, 0) - unbiased(0, y, x, 0)) < kClose);
          const Int ty = y + 2 * dy, tx = x + dx;
          const bool in = ty >= 0 && ty < height && tx >= 0 && tx < width && is_neighbour({height, 3, 2}, y, ty) &&
                          is_neighbour({width, 3}, x, tx);
          CHECK(std::abs(av(1, y, x, 0) - (in ? v(1, ty, tx, 0) : unbiased(1, y, x, 0))) < kClose);
        }
      }
    }
  }
  CHECK_THROWS_AS(run("neighborhood_2d", {{"Q", q}, {"K", k}, {"V", v}}, {{{"KY", 5}, {"KX", 3}, {"DY", 2}}, {}, {}}),
                  InternalError);
}

// ---- layers without a softmax over tokens ----

TEST_CASE("kan_layer: bases by their closed forms") {
  const Int n = 4, i = 6, o = 5, g = 8;
  const Numbers x = normal({{"N", n}, {"I", i}}, 2), w = normal({{"O", o}, {"I", i}, {"G", g}});
  const Numbers base = normal({{"O", o}, {"I", i}}), offset = normal({{"O", o}});
  const Numbers gain = normal({{"I", i}}), bias = normal({{"I", i}});
  const auto layer = [&](const std::function<double(double, Int)>& basis, bool normed, bool based, bool shifted) {
    return from({{"N", n}, {"O", o}}, [&](const auto& at) {
      Row row = row_at(x, at[0], 0);
      double mean = 0, square = 0;
      for (const double each : row) {
        mean += each / i;
        square += each * each / i;
      }
      double sum = shifted ? offset(at[1]) : 0;
      for (Int j = 0; j < i; ++j) {
        const double raw = x(at[0], j);
        const double value = normed ? (raw - mean) / std::sqrt(square - mean * mean + 1e-5) * gain(j) + bias(j) : raw;
        for (Int b = 0; b < g; ++b) sum += basis(value, b) * w(at[1], j, b);
        if (based) sum += base(at[1], j) * raw * (0.5 + 0.5 * std::tanh(raw / 2));
      }
      return sum;
    });
  };
  const ReferenceTensors in{{"X", x}, {"WK", w}, {"GAIN", gain}, {"BIAS", bias}, {"WB", base}, {"BB", offset}};
  const auto grid = [](Int b) { return -2 + 4.0 / 7 * static_cast<double>(b); };
  SAME(run_one("kan_layer", in),
       layer([&](double at, Int b) { return std::pow(std::cosh((at - grid(b)) / 0.33), -2); }, true, false, false));
  SAME(run_one("kan_layer", in, {{}, {}, {{"basis", "fastkan"}}}),
       layer([&](double at, Int b) { return std::exp(-std::pow((at - grid(b)) / (4.0 / 7), 2)); }, true, true, true));
  // The cubic B-spline of five intervals: two cubics by the distance from its middle knot.
  SAME(run_one("kan_layer", in, {{}, {}, {{"basis", "bspline"}}}),
       layer(
           [](double at, Int b) {
             const double u = std::abs((at - (-2 + (static_cast<double>(b) - 1) * 0.8)) / 0.8);
             return u < 1 ? (4 - 6 * u * u + 3 * u * u * u) / 6 : u < 2 ? std::pow(2 - u, 3) / 6 : 0;
           },
           false, true, false));
}

TEST_CASE("activator_glu: constants through the norms, and each activation") {
  const Int p = 3, d = 4, j = 2;
  ReferenceTensors in{
      {"X", normal({{"P", p}, {"D", d}})},  {"W1", normal({{"D", d}, {"J", j}})}, {"B1", normal({{"J", j}})},
      {"W2", normal({{"D", d}, {"J", j}})}, {"B2", normal({{"J", j}})},           {"W3", normal({{"J", j}, {"D", d}})},
      {"B3", normal({{"D", d}})},           {"GAIND", normal({{"D", d}})},        {"BIASD", normal({{"D", d}})},
      {"GAINJ", zeros({{"J", j}})},         {"BIASJ", normal({{"J", j}})},        {"W4", normal({{"D", d}, {"K", 2}})},
      {"B4", normal({{"K", 2}})},           {"W5", zeros({{"K", 2}, {"D", d}})},  {"B5", normal({{"D", d}})}};
  const auto expected = [&](const std::function<double(Int)>& gate) {
    return from({{"P", p}, {"D", d}}, [&](const auto& at) {
      return in["X"](at[0], at[1]) + gate(0) * in["W3"](0, at[1]) + gate(1) * in["W3"](1, at[1]) + in["B3"](at[1]);
    });
  };
  const Numbers squared = expected([&](Int i) { return in["BIASJ"](i) * in["BIASJ"](i); });
  SAME(run_one("activator_glu", in), squared);
  const ReferenceSetting full{{}, {}, {{"block", "full"}}};
  SAME(run_one("activator_glu", in, full),
       from({{"P", p}, {"D", d}}, [&](const auto& at) { return squared(at[0], at[1]) + in["B5"](at[1]); }));
  in["W5"] = normal({{"K", 2}, {"D", d}});
  const Numbers second = from({{"P", p}, {"D", d}}, [&](const auto& at) {
    double mean = 0, square = 0;
    for (Int i = 0; i < d; ++i) {
      mean += squared(at[0], i) / d;
      square += squared(at[0], i) * squared(at[0], i) / d;
    }
    double sum = squared(at[0], at[1]) + in["B5"](at[1]);
    for (Int k = 0; k < 2; ++k) {
      double hidden = in["B4"](k);
      for (Int i = 0; i < d; ++i) {
        const double normed = (squared(at[0], i) - mean) / std::sqrt(square - mean * mean + 1e-5);
        hidden += (normed * in["GAIND"](i) + in["BIASD"](i)) * in["W4"](i, k);
      }
      sum += hidden * 0.5 * std::erfc(-hidden / std::sqrt(2)) * in["W5"](k, at[1]);
    }
    return sum;
  });
  SAME(run_one("activator_glu", in, full), second);

  // Two hidden values a, b become -1 and 1 (up to epsilon) by order: (a - b)/2 over its root of square + epsilon.
  const auto low = [](double a, double b) { return (a - b) / 2 / std::sqrt((a - b) * (a - b) / 4 + 1e-5); };
  in["W1"] = in["W2"] = zeros({{"D", d}, {"J", j}});
  in["B1"](0) = -1;
  in["B1"](1) = -2;
  in["B2"](0) = 3;
  in["B2"](1) = 5;
  in["GAINJ"] = zeros({{"J", j}}, 1);
  in["BIASJ"] = zeros({{"J", j}});
  // erf, tanh-free values: gelu(-1) = -0.15865525393145707, silu(-1) = -0.2689414213699951.
  const std::vector<std::pair<std::string, double>> differences{{"gelu", -0.15865525393145707 + 0.04550026389635842},
                                                                {"relu", 0},
                                                                {"silu", -0.2689414213699951 + 0.2384058440442351}};
  for (const auto& [activation, difference] : differences) {
    const double gate = low(difference, 0) * low(3, 5);
    const Numbers y = run_one("activator_glu", in, {{}, {}, {{"activation", activation}}});
    CHECK(first_mismatch(y, expected([&](Int) { return gate; }), 1e-9) == "");
  }
}

TEST_CASE("x_pool: one frame is what a text finds, and a strong score finds one frame") {
  const Int t = 3, n = 4, m = 5, d = 16;
  const Numbers eye_in =
      from({{"D", d}, {"H", 2}, {"E", 8}}, [](const auto& i) { return i[0] == i[1] * 8 + i[2] ? 1 : 0; });
  const Numbers eye_out =
      from({{"H", 2}, {"F", 8}, {"D", d}}, [](const auto& i) { return i[2] == i[0] * 8 + i[1] ? 1 : 0; });
  ReferenceTensors in{{"TX", normal({{"T", t}, {"D", d}})},
                      {"VD", normal({{"N", n}, {"M", m}, {"D", d}})},
                      {"WQ", eye_in},
                      {"WK", eye_in},
                      {"WV", eye_in},
                      {"WO", eye_out},
                      {"WL", zeros({{"C", d}, {"D", d}})},
                      {"BL", zeros({{"D", d}})},
                      {"BO", zeros({{"D", d}})}};
  for (const std::string name : {"BQ", "BK", "BV"}) in[name] = zeros({{"H", 2}, {"E", 8}});
  for (const std::string number : {"1", "2", "3"}) {
    in["GAIN" + number] = zeros({{"D", d}}, 1);
    in["BIAS" + number] = zeros({{"D", d}});
  }
  in["WQ"] = scaled(in["WQ"], 1e6);
  const ReferenceTensors strong = run("x_pool", in);
  const auto centred = [](Row row) {
    const double mean = std::accumulate(row.begin(), row.end(), 0.0) / static_cast<double>(row.size());
    for (double& each : row) each -= mean;
    return row;
  };
  const auto cosine = [](const Row& a, const Row& b) { return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b)); };
  for (Int i = 0; i < t; ++i) {
    for (Int j = 0; j < n; ++j) {
      // Each head picks the frame whose normed half has the largest product with the text's.
      Row found;
      for (Int h = 0; h < 2; ++h) {
        double best = -HUGE_VAL;
        Row picked;
        for (Int frame = 0; frame < m; ++frame) {
          const Row text = centred(row_at(in["TX"], i, 0));
          Row whole = centred(row_at(in["VD"], j, frame, 0));
          const double length = std::sqrt(dot(whole, whole) / d + 1e-5);
          for (double& each : whole) each /= length;
          const Row half(whole.begin() + h * 8, whole.begin() + h * 8 + 8);
          const double score = dot(Row(text.begin() + h * 8, text.begin() + h * 8 + 8), half);
          if (score > best) picked = half;
          best = std::max(best, score);
        }
        found.insert(found.end(), picked.begin(), picked.end());
      }
      CHECK(strong.at("SIM")(i, j) == near(cosine(row_at(in["TX"], i, 0), centred(found))).margin(1e-9));
      const Row r = row_at(strong.at("R"), j, i, 0);
      CHECK(dot(r, r) == near(d).epsilon(1e-4));
    }
  }

  // Everything at work, one frame: its value, whatever the query.
  in["VD"] = normal({{"N", n}, {"M", 1}, {"D", d}});
  for (auto& [name, tensor] : in) {
    if (name == "TX" || name == "VD") continue;
    for (Int i = 0; i < tensor.size(); ++i) tensor.data()[i] = std::sin(1.0 + static_cast<double>(i * i)) / 2;
  }
  const ReferenceTensors one = run("x_pool", in);
  const auto norm = [&](const Row& row, const std::string& number) {
    Row result = centred(row);
    const double length = std::sqrt(dot(result, result) / d + 1e-5);
    for (Int i = 0; i < d; ++i) {
      auto& each = result[static_cast<std::size_t>(i)];
      each = each / length * in["GAIN" + number](i) + in["BIAS" + number](i);
    }
    return result;
  };
  for (Int j = 0; j < n; ++j) {
    const Row frame = norm(row_at(in["VD"], j, 0, 0), "1");
    Row o = row_at(in["BO"], 0);
    for (Int h = 0; h < 2; ++h) {
      for (Int f = 0; f < 8; ++f) {
        double value = in["BV"](h, f);
        for (Int i = 0; i < d; ++i) value += frame[static_cast<std::size_t>(i)] * in["WV"](i, h, f);
        for (Int i = 0; i < d; ++i) o[static_cast<std::size_t>(i)] += value * in["WO"](h, f, i);
      }
    }
    const Row o2 = norm(o, "2");
    Row sum = o2;
    for (Int i = 0; i < d; ++i) {
      sum[static_cast<std::size_t>(i)] += in["BL"](i);
      for (Int c = 0; c < d; ++c) sum[static_cast<std::size_t>(i)] += o2[static_cast<std::size_t>(c)] * in["WL"](c, i);
    }
    const Row r = norm(sum, "3");
    for (Int i = 0; i < t; ++i) {
      CHECK(one.at("SIM")(i, j) == near(cosine(row_at(in["TX"], i, 0), r)));
      for (Int each = 0; each < d; ++each) {
        CHECK(one.at("R")(j, i, each) == near(r[static_cast<std::size_t>(each)]));
      }
    }
  }
}

// ---- deconstructed ----

TEST_CASE("decon: maps from the same, fixed and embedded tokens") {
  for (const Int n : {1, 7}) {
    const Int h = 2, d = 5, e = 4;
    const Numbers q = normal({{"H", h}, {"P", n}, {"E", e}}, 40), k = normal({{"H", h}, {"M", n}, {"E", e}});
    const Numbers v = normal({{"H", h}, {"M", n}, {"F", 3}});
    SAME(run_one("decon_standard", {{"Q", q}, {"K", k}, {"V", v}}), plain(q, k, v, kCausal));

    const Int longer = n + 3;
    const Numbers sequence = normal({{"T", longer}, {"D", d}});
    const Numbers wq = normal({{"D", d}, {"H", h}, {"E", e}}), wk = normal({{"D", d}, {"H", h}, {"E", e}});
    const auto projected = [&](const Numbers& w, Int tokens) {
      return from({{"H", h}, {"M", tokens}, {"E", e}}, [&](const auto& i) {
        double sum = 0;
        for (Int j = 0; j < d; ++j) sum += sequence(i[1], j) * w(j, i[0], i[2]);
        return sum;
      });
    };
    const Numbers expected = plain(projected(wq, n), projected(wk, n), v, kCausal);
    const Numbers embedded = from({{"M", n}, {"D", d}}, [&](const auto& i) { return sequence(i[0], i[1]); });
    SAME(run_one("decon_static_qk", {{"EMB", embedded}, {"WQ", wq}, {"WK", wk}, {"V", v}}), expected);
    const Numbers one_hot =
        from({{"H", h}, {"M", longer}, {"F", longer}}, [](const auto& i) { return i[1] == i[2] ? 1 : 0; });
    const Numbers map = plain(projected(wq, longer), projected(wk, longer), one_hot, kCausal);
    for (const std::string name : {"decon_random_qk", "decon_fixed_qk"}) {
      SAME(run_one(name, {{"SEQ", sequence}, {"WQ", wq}, {"WK", wk}, {"V", v}}), expected);
      SAME(run_one(name, {{"A", map}, {"V", v}}, {{}, {}, {{"map", "cached"}}}), expected);
    }
  }
  // One token, one channel: silu(2) · 3 · 5.
  const auto one = [](const std::string& a, const std::string& b, double x) { return zeros({{a, 1}, {b, 1}}, x); };
  const Numbers o =
      run_one("decon_mlp",
              {{"X", one("P", "D", 1)}, {"WG", one("D", "J", 2)}, {"WU", one("D", "J", 3)}, {"WD", one("J", "D", 5)}});
  CHECK(o(0, 0) == near(2 / (1 + std::exp(-2)) * 15));
}

TEST_CASE("decon: recurrences give the quadratic forms") {
  const Int n = 9, e = 4, f = 3;
  const Numbers q = normal({{"H", 1}, {"P", n}, {"E", e}}), k = normal({{"H", 1}, {"M", n}, {"E", e}});
  const Numbers v = normal({{"H", 1}, {"M", n}, {"F", f}});
  for (const bool outer : {true, false}) {
    const auto features = [&](const Row& row) {
      Row phi{1};
      for (const double x : row) phi.push_back(x / std::pow(e, .25));
      for (std::size_t i = 0; i < row.size(); ++i) {
        for (std::size_t j = 0; j < row.size(); ++j) {
          if (outer || i == j) phi.push_back(row[i] * row[j] / std::sqrt(2.0 * e));
        }
      }
      return phi;
    };
    const std::size_t c = features(Row(e, 0)).size();
    std::vector<Row> state(c, Row(f, 0));
    Row total(c, 0);
    Numbers expected = zeros({{"H", 1}, {"P", n}, {"F", f}});
    for (Int p = 0; p < n; ++p) {
      const Row key = features(row_at(k, 0, p, 0)), query = features(row_at(q, 0, p, 0));
      for (std::size_t i = 0; i < c; ++i) {
        total[i] += key[i];
        for (std::size_t j = 0; j < f; ++j) state[i][j] += key[i] * v(0, p, j);
      }
      for (std::size_t j = 0; j < f; ++j) {
        for (std::size_t i = 0; i < c; ++i) expected(0, p, j) += query[i] * state[i][j] / dot(query, total);
      }
    }
    const ReferenceSetting setting{{}, {}, {{"second_order", outer ? "outer" : "elementwise"}}};
    SAME(run_one("decon_taylor", {{"Q", q}, {"K", k}, {"V", v}}, setting), expected);
  }

  // Three terms, each with its own sum: the mean, a first and a second order.
  const auto positive = [](Numbers x) {
    for (Int i = 0; i < x.size(); ++i) x.data()[i] = std::abs(x.data()[i]);
    return x;
  };
  const Numbers qp = positive(q), kp = positive(k);
  for (const bool outer : {true, false}) {
    const Numbers expected = from({{"H", 1}, {"P", n}, {"F", f}}, [&](const auto& at) {
      double parts[3] = {}, sums[3] = {};
      for (Int m = 0; m <= at[1]; ++m) {
        const Row a = row_at(qp, 0, at[1], 0), b = row_at(kp, 0, m, 0);
        double squares = 0;
        for (std::size_t i = 0; i < a.size(); ++i) squares += a[i] * a[i] / std::sqrt(2) * b[i] * b[i] / std::sqrt(2);
        const double weights[] = {1, dot(a, b), outer ? dot(a, b) * dot(a, b) : squares};
        for (int i = 0; i < 3; ++i) {
          parts[i] += weights[i] * v(0, m, at[2]);
          sums[i] += weights[i];
        }
      }
      return parts[0] / sums[0] + parts[1] / sums[1] + parts[2] / sums[2];
    });
    const ReferenceSetting setting{{}, {}, {{"norm", "separate"}, {"second_order", outer ? "outer" : "elementwise"}}};
    SAME(run_one("decon_taylor", {{"Q", qp}, {"K", kp}, {"V", v}}, setting), expected);
  }
  const Numbers mean =
      run_one("decon_taylor", {{"Q", q}, {"K", scaled(k, 0)}, {"V", v}}, {{}, {}, {{"norm", "separate"}}});
  CHECK(mean(0, 1, 2) == near((v(0, 0, 2) + v(0, 1, 2)) / 2));  // 0/0 = 0

  for (const double peak : {1.0, 40.0}) {
    const Numbers qm = scaled(reshaped(q, {{"H", 1}, {"M", n}, {"E", e}}), peak);
    double largest = -HUGE_VAL, denominator = 0;
    Row numerator(f, 0);
    Numbers expected = zeros({{"H", 1}, {"P", n}, {"F", f}});
    for (Int m = 0; m < n; ++m) {
      double s = 0;
      for (Int i = 0; i < e; ++i) s += qm(0, m, i) * (0.5 + 0.5 * std::tanh(qm(0, m, i) / 2)) * k(0, m, i) / 2;
      const double next = std::max(largest, s), keep = std::exp(largest - next), weight = std::exp(s - next);
      largest = next;
      denominator = denominator * keep + weight;
      for (Int j = 0; j < f; ++j) {
        auto& each = numerator[static_cast<std::size_t>(j)];
        each = each * keep + weight * v(0, m, j);
        expected(0, m, j) = each / denominator;
      }
    }
    SAME(run_one("decon_shared_score", {{"Q", qm}, {"K", k}, {"V", v}}), expected);
  }
}

TEST_CASE("rcmha: no taps but the last and no tables is causal attention; the shifted form of positions") {
  const Int h = 2, p = 7, memory = 5, m = p + memory, e = 4, f = 4, j = 3, table = 32;
  ReferenceTensors in{{"Q0", normal({{"H", h}, {"P", p}, {"E", e}})},
                      {"K0", normal({{"H", h}, {"M", m}, {"E", e}})},
                      {"V0", normal({{"H", h}, {"M", m}, {"F", f}})},
                      {"CBQ", zeros({{"E", e}})},
                      {"CBK", zeros({{"E", e}})},
                      {"CBV", zeros({{"F", f}})},
                      {"U", zeros({{"H", h}, {"E", e}})},
                      {"RT", zeros({{"R", 2 * table}, {"H", h}, {"E", e}})},
                      {"ST", zeros({{"R", 2 * table}, {"H", h}})}};
  for (const std::string name : {"CQ", "CK", "CV"}) {
    in[name] = from({{name == "CV" ? "F" : "E", e}, {"J", j}}, [](const auto& i) { return i[1] == 2 ? 1 : 0; });
  }
  const AttentionMask seen = [&](Int a, Int b) { return b <= a + memory; };
  SAME(run_one("rcmha", in), plain(in["Q0"], in["K0"], in["V0"], seen));
  in["CQ"] = normal({{"E", e}, {"J", j}});
  in["CK"] = normal({{"E", e}, {"J", j}});
  in["CV"] = normal({{"F", f}, {"J", j}});
  in["CBQ"] = normal({{"E", e}});
  in["CBK"] = normal({{"E", e}});
  in["CBV"] = normal({{"F", f}});
  const auto convolved = [&](const std::string& name, const std::string& taps, const std::string& bias) {
    Numbers x = in[name], y = x;  // y: the bias, then a copy of x behind itself for every tap
    for (Int i = 0; i < y.size(); ++i) y.data()[i] = in[bias](i % e);
    for (Int back = 0; back < j; ++back) {
      for (Int a = 0; a < h; ++a) {
        for (Int i = back; i < x.extents()[1]; ++i) {
          for (Int c = 0; c < e; ++c) y(a, i, c) += x(a, i - back, c) * in[taps](c, j - 1 - back);
        }
      }
    }
    return y;
  };
  const Numbers q = convolved("Q0", "CQ", "CBQ"), k = convolved("K0", "CK", "CBK"), v = convolved("V0", "CV", "CBV");
  SAME(run_one("rcmha", in), plain(q, k, v, seen));
  in["U"] = normal({{"H", h}, {"E", e}});
  in["RT"] = normal({{"R", 2 * table}, {"H", h}, {"E", e}}, 0.5);
  in["ST"] = normal({{"R", 2 * table}, {"H", h}}, 0.5);
  Numbers expected = zeros({{"H", h}, {"P", p}, {"F", f}});
  for (Int a = 0; a < h; ++a) {
    for (Int i = 0; i < p; ++i) {
      Row weights;
      for (Int b = 0; b <= i + memory; ++b) {
        const Int shifted = table - m + b + p - i;
        double score = in["ST"](shifted, a);
        for (Int c = 0; c < e; ++c) {
          score += q(a, i, c) * (k(a, b, c) + in["RT"](shifted, a, c)) + in["U"](a, c) * k(a, b, c);
        }
        weights.push_back(score / 2);
      }
      softmax(weights);
      for (std::size_t b = 0; b < weights.size(); ++b) {
        for (Int c = 0; c < f; ++c) expected(a, i, c) += weights[b] * v(a, b, c);
      }
    }
  }
  SAME(run_one("rcmha", in), expected);
}

// ---- merging, images, two streams ----

TEST_CASE("maelre: merges, and a matrix of channels instead of one of tokens") {
  const Numbers x = normal({{"N", 6}, {"D", 3}});
  const Numbers halves = from({{"I", 2}, {"D", 3}, {"C", 3}}, [](const auto& i) { return i[1] == i[2] ? .5 : 0; });
  SAME(run_one("maelre_merge", {{"X", x}, {"WM", halves}, {"BM", zeros({{"C", 3}}, 1)}}),
       from({{"S", 3}, {"C", 3}}, [&](const auto& i) { return (x(2 * i[0], i[1]) + x(2 * i[0] + 1, i[1])) / 2 + 1; }));
  // Keys at angles; even tokens 0, 2, 4 are nearest to odd tokens 3, 3, 1, at cosines 1, 1 and cos 0.1.
  const double angles[] = {1, 2.1, 1, 1, 2, 4};
  const Numbers keys = from({{"N", 6}, {"E", 2}}, [&](const auto& i) {
    return std::exp2(i[0]) * (i[1] == 0 ? std::cos(angles[i[0]]) : std::sin(angles[i[0]]));
  });
  const Numbers size = from({{"N", 6}}, [](const auto& i) { return static_cast<double>(1 + i[0]); });
  const ReferenceTensors in{{"X", x}, {"K", keys}, {"SIZE", size}};
  const auto merged = [&](Int count) {
    return run_one("maelre_merge", in, {{{"MERGED", count}}, {}, {{"merge", "bipartite"}}});
  };
  for (Int d = 0; d < 3; ++d) {
    const Numbers two = merged(2), three = merged(3), none = merged(0), one = merged(1);
    REQUIRE(two.extents()[0] == 4);
    CHECK(two(0, d) == x(4, d));
    CHECK(two(1, d) == near(x(1, d)));
    CHECK(two(2, d) == near((4 * x(3, d) + x(0, d) + 3 * x(2, d)) / 8));
    CHECK(two(3, d) == near(x(5, d)));
    CHECK(three(0, d) == near((2 * x(1, d) + 5 * x(4, d)) / 7));
    CHECK(one(0, d) == x(2, d));  // of equal pairs the first one merges
    CHECK(one(3, d) == near((4 * x(3, d) + x(0, d)) / 5));
    CHECK(none(2, d) == x(4, d));
    CHECK(none(3, d) == near(x(1, d)));
  }

  for (const auto& [p, m] : {std::pair<Int, Int>{16, 16}, {3, 9}, {4, 4}}) {
    const Int h = 2, e = 4, f = 4;
    const Numbers q = normal({{"H", h}, {"P", p}, {"E", e}}, 3), k = normal({{"H", h}, {"M", m}, {"E", e}}, 3);
    const Numbers v = normal({{"H", h}, {"M", m}, {"F", f}});
    const ReferenceTensors qkv{{"Q", q}, {"K", k}, {"V", v}};
    const auto form = [](const std::string& name) { return ReferenceSetting{{}, {}, {{"form", name}}}; };
    Numbers efficient = zeros({{"H", h}, {"P", p}, {"F", f}}), by_kernel = efficient;
    const auto phi = [](double a) { return a > 0 ? a + 1 : std::exp(a); };
    for (Int a = 0; a < h; ++a) {
      Row sums(e, 0), totals(e, 0);
      std::vector<Row> context(e, Row(f, 0)), state(e, Row(f, 0));
      for (Int b = 0; b < m; ++b) {
        for (std::size_t c = 0; c < e; ++c) {
          sums[c] += std::exp(k(a, b, c));
          totals[c] += phi(k(a, b, c));
          for (std::size_t g = 0; g < f; ++g) {
            context[c][g] += std::exp(k(a, b, c)) * v(a, b, g);
            state[c][g] += phi(k(a, b, c)) * v(a, b, g);
          }
        }
      }
      for (Int i = 0; i < p; ++i) {
        double exponentials = 0, total = 0;
        for (std::size_t c = 0; c < e; ++c) {
          exponentials += std::exp(q(a, i, c));
          total += phi(q(a, i, c)) * totals[c];
        }
        for (std::size_t c = 0; c < e; ++c) {
          for (std::size_t g = 0; g < f; ++g) {
            efficient(a, i, g) += std::exp(q(a, i, c)) / exponentials * context[c][g] / sums[c];
            by_kernel(a, i, g) += phi(q(a, i, c)) * state[c][g] / total;
          }
        }
      }
    }
    SAME(run_one("maelre_attention", qkv), efficient);
    SAME(run_one("maelre_attention", qkv, form("kernel")), by_kernel);
    SAME(run_one("maelre_attention", qkv, form("softmax")), plain(q, k, v));
    SAME(run_one("maelre_attention", qkv, form("switched")), m > h * e ? efficient : plain(q, k, v));
    if (p != m) continue;
    // Channels as tokens of one head: softmax attention of unit columns, its scale undone.
    const auto transposed = [&](const Numbers& y, bool unit) {
      return from({{"H", h}, {"M", e}, {"E", p}}, [&](const auto& i) {
        double squares = 0;
        for (Int b = 0; b < p; ++b) squares += y(i[0], b, i[1]) * y(i[0], b, i[1]);
        return y(i[0], i[2], i[1]) / (unit ? std::sqrt(squares) : 1);
      });
    };
    const Numbers channels = plain(scaled(transposed(q, true), 3 * std::sqrt(static_cast<double>(p))),
                                   transposed(k, true), transposed(v, false));
    ReferenceSetting crossed = form("cross_covariance");
    crossed.constants["TAU"] = 3;
    SAME(run_one("maelre_attention", qkv, crossed),
         from({{"H", h}, {"P", p}, {"F", f}}, [&](const auto& i) { return channels(i[0], i[2], i[1]); }));
  }
}

TEST_CASE("window attention: windows are apart, padding is seen") {
  const Int d = 8, h = 2, e = 4;
  ReferenceTensors in{{"WO", normal({{"H", h}, {"F", e}, {"D", d}})}, {"BO", normal({{"D", d}})}};
  for (const std::string name : {"Q", "K", "V"}) {
    in["W" + name] = normal({{"D", d}, {"H", h}, {name == "V" ? "F" : "E", e}}, 0.5);
    in["B" + name] = normal({{"H", h}, {name == "V" ? "F" : "E", e}});
  }
  const ReferenceSetting seven{{{"WINDOW", 7}}, {}, {}};
  const Numbers image = normal({{"Y", 14}, {"X", 14}, {"D", d}});
  const auto run_on = [&](const Numbers& x) {
    in["XN"] = x;
    return run_one("window_attention", in, seven);
  };
  const auto crop = [&](const Numbers& x, Int top, Int left, Int size) {
    return from({{"Y", size}, {"X", size}, {"D", d}}, [&](const auto& i) { return x(top + i[0], left + i[1], i[2]); });
  };
  const Numbers whole = run_on(image);
  for (const Int top : {0, 7}) {
    for (const Int left : {0, 7}) {
      const Numbers window = crop(image, top, left, 7);
      const Numbers alone = run_on(window);
      SAME(crop(whole, top, left, 7), alone);
      const auto projected = [&](const std::string& name) {
        return from({{"H", h}, {"M", 49}, {"E", e}}, [&](const auto& i) {
          double sum = in["B" + name](i[0], i[2]);
          for (Int c = 0; c < d; ++c) sum += window(i[1] / 7, i[1] % 7, c) * in["W" + name](c, i[0], i[2]);
          return sum;
        });
      };
      const Numbers av = plain(projected("Q"), projected("K"), projected("V"));
      SAME(alone, from({{"Y", 7}, {"X", 7}, {"D", d}}, [&](const auto& i) {
             double sum = in["BO"](i[2]);
             for (Int c = 0; c < h * e; ++c) sum += av(c / e, i[0] * 7 + i[1], c % e) * in["WO"](c / e, c % e, i[2]);
             return sum;
           }));
    }
  }
  const Numbers small = crop(image, 0, 0, 9);
  const Numbers padded = from({{"Y", 14}, {"X", 14}, {"D", d}},
                              [&](const auto& i) { return i[0] < 9 && i[1] < 9 ? small(i[0], i[1], i[2]) : 0; });
  SAME(run_on(small), crop(run_on(padded), 0, 0, 9));
}

TEST_CASE("channel group attention: channels as tokens") {
  const Int p = 11, g = 2, c = 4, d = g * c;
  ReferenceTensors in{{"XN", normal({{"P", p}, {"D", d}})}, {"BO", normal({{"D", d}})}};
  in["WO"] = normal({{"G", g}, {"C", c}, {"D", d}});
  for (const std::string name : {"Q", "K", "V"}) {
    in["W" + name] = normal({{"D", d}, {"G", g}, {"C", c}}, 0.5);
    in["B" + name] = normal({{"G", g}, {"C", c}});
  }
  const auto transposed = [&](const std::string& name) {
    return from({{"H", g}, {"M", c}, {"E", p}}, [&](const auto& i) {
      double sum = in["B" + name](i[0], i[1]);
      for (Int j = 0; j < d; ++j) sum += in["XN"](i[2], j) * in["W" + name](j, i[0], i[1]);
      return sum;
    });
  };
  const Numbers av =
      plain(scaled(transposed("K"), std::sqrt(static_cast<double>(p) / c)), transposed("V"), transposed("Q"));
  SAME(run_one("channel_group_attention", in), from({{"P", p}, {"D", d}}, [&](const auto& i) {
         double sum = in["BO"](i[1]);
         for (Int j = 0; j < d; ++j) sum += av(j / c, j % c, i[0]) * in["WO"](j / c, j % c, i[1]);
         return sum;
       }));
}

namespace {

Numbers unit_rms(Numbers x, const Numbers& gain) {
  const Int e = x.extents().back();
  for (Int i = 0; i < x.size(); i += e) {
    double squares = 0;
    for (Int j = 0; j < e; ++j) squares += x.data()[i + j] * x.data()[i + j];
    for (Int j = 0; j < e; ++j) x.data()[i + j] *= gain(j) / std::sqrt(squares / static_cast<double>(e) + 1e-6);
  }
  return x;
}

}  // namespace

TEST_CASE("alternating subregion: every group is joint attention of its own") {
  const Int h = 2, n = 80, t = 32, e = 4, f = 3;
  ReferenceTensors in;
  for (const std::string stream : {"I", "T"}) {
    const std::pair<std::string, Int> tokens = stream == "I" ? std::pair{"N", n} : std::pair{"T", t};
    in["Q" + stream] = normal({{"H", h}, tokens, {"E", e}});
    in["K" + stream] = normal({{"H", h}, tokens, {"E", e}});
    in["V" + stream] = normal({{"H", h}, tokens, {"F", f}});
    in["GQ" + stream] = normal({{"E", e}}, 40);
    in["GK" + stream] = normal({{"E", e}});
  }
  const Numbers q = joined(unit_rms(in["QI"], in["GQI"]), unit_rms(in["QT"], in["GQT"]));
  const Numbers k = joined(unit_rms(in["KI"], in["GKI"]), unit_rms(in["KT"], in["GKT"]));
  const Numbers v = joined(in["VI"], in["VT"]);
  for (const auto& [groups, length] : {std::pair<Int, Int>{1, 1}, {4, 1}, {4, 4}}) {
    std::vector<Int> group_of(n + t, -1);
    for (const auto& [start, tokens] : {std::pair<Int, Int>{0, n}, {n, t}}) {
      for (Int l = 0; l < tokens / (groups * length); ++l) {
        for (Int gg = 0; gg < groups; ++gg) {
          for (Int j = 0; j < length; ++j) group_of[start + l * groups * length + gg * length + j] = gg;
        }
      }
    }
    const Numbers both = plain(q, k, v, [&](Int p, Int m) { return group_of[p] == group_of[m]; });
    const ReferenceTensors out = run("alternating_subregion", in, {{{"GROUPS", groups}, {"RUN", length}}, {}, {}});
    SAME(joined(out.at("AVI"), out.at("AVT")), both);
  }
}

TEST_CASE("token compression: one pixel, one channel") {
  const Int d = 16;
  const auto gelu_tanh = [](double x) {
    return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
  };
  CHECK(gelu_tanh(1) == near(0.8411919906082768));
  const Numbers x = normal({{"Y", 8}, {"X", 4}, {"D", d}});
  ReferenceTensors in{{"X", x}};
  for (const Int r : {2, 4}) {
    const std::string n = std::to_string(r);
    in["WA" + n] = from({{"C", d}, {"D", d}, {"I" + n, r}, {"J" + n, r}},
                        [&](const auto& i) { return i[0] == i[1] && i[2] == r - 1 && i[3] == 1 ? 1 : 0; });
    in["BA" + n] = zeros({{"C", d}}, 0.25);
    in["WB" + n] = from({{"C", d}, {"D", d}}, [&](const auto& i) { return i[1] == (i[0] + 1) % d ? 2 : 0; });
    in["BB" + n] = zeros({{"D", d}}, 3);
  }
  const ReferenceTensors small = run("token_compression", in);
  for (const Int r : {2, 4}) {
    const std::string n = std::to_string(r);
    SAME(small.at("Z" + n), from({{"Y" + n, 8 / r}, {"X" + n, 4 / r}, {"D", d}}, [&](const auto& i) {
           return 2 * gelu_tanh(x(i[0] * r + r - 1, i[1] * r + 1, (i[2] + d - 1) % d) + 0.25) + 3;
         }));
  }

  const Int channels = 3, picked = 1;  // of the 16 / r² channels of a pixel, the last one goes on
  ReferenceTensors back{{"X", x}, {"POS", normal({{"Y", 8}, {"X", 4}, {"D", d}})}};
  for (const Int r : {2, 4}) {
    const std::string n = std::to_string(r);
    back["Z" + n] = normal({{"Y" + n, 8 / r}, {"X" + n, 4 / r}, {"D", d}});
    back["WC" + n] = from({{"U" + n, d / r / r}, {"C", channels}},
                          [&](const auto& i) { return i[0] == d / r / r - 1 && i[1] == picked ? 1 : 0; });
    back["BC" + n] = zeros({{"C", channels}});
    back["WD" + n] =
        from({{"C", channels}, {"D", d}}, [](const auto& i) { return i[0] == picked && i[1] == 5 ? 1 : 0; });
    back["BD" + n] = zeros({{"D", d}}, r);
  }
  // Hidden channel s is channel 5 of source s.
  back["WE"] =
      from({{"S", 3}, {"D", d}, {"C", channels}}, [](const auto& i) { return i[1] == 5 && i[2] == i[0] ? 1 : 0; });
  back["BE"] = zeros({{"C", channels}}, -1);
  back["WF"] = from({{"C", channels}, {"D", d}}, [](const auto& i) { return i[0] == i[1] ? 1 : 0; });
  back["BF"] = zeros({{"D", d}}, 7);
  const Numbers o = run_one("token_compression", back, {{}, {}, {{"stage", "reconstruct"}}});
  SAME(o, from({{"Y", 8}, {"X", 4}, {"D", d}}, [&](const auto& i) {
         const Int y = i[0], c = i[1], last2 = 12 + y % 2 * 2 + c % 2, last4 = y % 4 * 4 + c % 4;
         const double sources[] = {gelu_tanh(back["Z2"](y / 2, c / 2, last2)) + 2,
                                   gelu_tanh(back["Z4"](y / 4, c / 4, last4)) + 4, x(y, c, 5)};
         return (i[2] < 3 ? gelu_tanh(sources[i[2]] - 1) : 0) + 7 + back["POS"](y, c, i[2]);
       }));
}

TEST_CASE("consist_edit: who gives the target its queries, keys and values") {
  const Int h = 2, n = 36, w = 5, e = 4, f = 3;
  ReferenceTensors in;
  for (const std::string branch : {"S", "T"}) {
    in["Q" + branch] = normal({{"H", h}, {"N", n}, {"E", e}}, 40);
    in["K" + branch] = normal({{"H", h}, {"N", n}, {"E", e}});
    in["V" + branch] = normal({{"H", h}, {"N", n}, {"F", f}});
    in["Q" + branch + "W"] = normal({{"H", h}, {"W", w}, {"E", e}}, 2);
    in["K" + branch + "W"] = normal({{"H", h}, {"W", w}, {"E", e}});
    in["V" + branch + "W"] = normal({{"H", h}, {"W", w}, {"F", f}});
  }
  in["ME"] = from({{"N", n}}, [](const auto& i) { return i[0] % 3 == 0 ? 1 : 0; });
  const auto select = [&](const std::string& name, bool edited_from_source, bool rest_from_source) {
    Numbers x = in[name + "T"];
    for (Int a = 0; a < h; ++a) {
      for (Int i = 0; i < n; ++i) {
        if (!(in["ME"](i) == 1 ? edited_from_source : rest_from_source)) continue;
        for (Int j = 0; j < x.extents()[2]; ++j) x(a, i, j) = in[name + "S"](a, i, j);
      }
    }
    return x;
  };
  const auto check = [&](double alpha, Int step, const std::string& mask, bool edited, bool rest, bool values) {
    const ReferenceTensors out =
        run("consist_edit", in, {{{"STEP", step}, {"STEPS", 10}}, {{"ALPHA", alpha}}, {{"mask", mask}}});
    SAME(joined(out.at("AVS"), out.at("AVSW")),
         plain(joined(in["QS"], in["QSW"]), joined(in["KS"], in["KSW"]), joined(in["VS"], in["VSW"])));
    SAME(joined(out.at("AVT"), out.at("AVTW")),
         plain(joined(select("Q", edited, rest), in["QTW"]), joined(select("K", edited, rest), in["KTW"]),
               joined(select("V", false, values), in["VTW"])));
  };
  check(0, 0, "given", false, true, true);
  check(0.3, 2, "given", true, true, true);
  check(0.3, 3, "given", false, true, true);
  check(1, 9, "given", true, true, true);
  check(0, 0, "none", false, false, false);
  check(0.3, 2, "none", true, true, false);
  check(0.3, 3, "none", false, false, false);
}

TEST_CASE("consist_edit: the region that attends to the object") {
  // One channel, key 0 for vision and the first word, so vision token n gives word 1 a weight that Q decides.
  const double shares[] = {0.2, 0.5, 0.23, 0.8};  // wanted weight of word 1, of 4 + 2 keys
  ReferenceTensors in{{"KS", zeros({{"L", 2}, {"H", 3}, {"N", 4}, {"E", 1}})},
                      {"KSW", from({{"L", 2}, {"H", 3}, {"W", 2}, {"E", 1}}, [](const auto& i) { return i[2]; })},
                      {"OBJ", from({{"W", 2}}, [](const auto& i) { return i[0]; })}};
  const auto asking = [&](double others) {
    return from({{"L", 2}, {"H", 3}, {"N", 4}, {"E", 1}}, [&](const auto& i) {
      // Runs and heads differ, their mean is the wanted share.
      const double share = shares[i[2]] + (i[0] == 0 ? 0.1 : -0.1) + (i[1] == 0 ? 0.04 : -0.02);
      return std::log(share * others / (1 - share));
    });
  };
  for (const std::string keys : {"joint", "text"}) {
    in["QS"] = asking(keys == "joint" ? 5 : 1);
    const ReferenceTensors out = run("consist_edit", in, {{}, {}, {{"stage", "extract"}, {"keys", keys}}});
    for (Int n = 0; n < 4; ++n) {
      const double strength = (shares[n] - 0.2) / (0.6 + 1e-6);
      CHECK(out.at("A")(n) == near(strength));
      CHECK(out.at("ME")(n) == (n == 1 || n == 3 ? 1 : 0));
    }
  }
}

TEST_CASE("in-context multi-modal attention: panels, places and registers") {
  const Int h = 2, t = 4, y = 3, x = 6, e = 8, f = 3, u = 3, r = 4;
  ReferenceTensors in{{"COND", normal({{"H", h}, {"E", e}}, .5)},
                      {"TARGET", normal({{"H", h}, {"E", e}}, .5)},
                      {"IDX", normal({{"I", 2}, {"H", h}, {"E", e}}, .5)},
                      {"REGK", normal({{"U", u}, {"R", r}, {"H", h}, {"E", e}}, 2)},
                      {"REGV", normal({{"U", u}, {"R", r}, {"H", h}, {"F", f}})},
                      {"PANEL", from({{"X", x}}, [](const auto& i) { return i[0] < 2   ? 1
                                                                            : i[0] < 3 ? 0
                                                                                       : 2; })}};
  for (const std::string name : {"Q", "K"}) {
    in[name + "T"] = normal({{"H", h}, {"T", t}, {"E", e}});
    in[name + "I"] = normal({{"H", h}, {"Y", y}, {"X", x}, {"E", e}});
    in["G" + name + "T"] = normal({{"E", e}});
    in["G" + name + "I"] = normal({{"E", e}});
  }
  in["VT"] = normal({{"H", h}, {"T", t}, {"F", f}});
  in["VI"] = normal({{"H", h}, {"Y", y}, {"X", x}, {"F", f}});
  const auto placed = [&](const std::string& name) {
    Numbers image = unit_rms(in[name + "I"], in["G" + name + "I"]);
    for (Int a = 0; a < h; ++a) {
      for (Int row = 0; row < y; ++row) {
        for (Int column = 0; column < x; ++column) {
          Row z = row_at(image, a, row, column, 0);
          const Int number = column < 2 ? 1 : 0;
          for (Int j = 0; j < e; ++j) {
            z[static_cast<std::size_t>(j)] +=
                column < 3 ? in["COND"](a, j) + in["IDX"](number, a, j) : in["TARGET"](a, j);
          }
          // Channels 0-1 stand still, 2-5 turn with the row, 6-7 with the column.
          const Row middle = turned({z[2], z[3], z[4], z[5]}, static_cast<double>(row), 1e4, true, 4);
          const Row end = turned({z[6], z[7]}, static_cast<double>(column), 1e4, true, 2);
          std::copy(middle.begin(), middle.end(), z.begin() + 2);
          std::copy(end.begin(), end.end(), z.begin() + 6);
          std::copy(z.begin(), z.end(), &image(a, row, column, 0));
        }
      }
    }
    return joined(unit_rms(in[name + "T"], in["G" + name + "T"]), reshaped(image, {{"H", h}, {"M", y * x}, {"E", e}}));
  };
  const Numbers q = placed("Q"), k = placed("K");
  const Numbers v = joined(in["VT"], reshaped(in["VI"], {{"H", h}, {"M", y * x}, {"F", f}}));
  for (Int task = 0; task < u; ++task) {
    const auto registers = [&](const std::string& name, Int extent) {
      return from({{"H", h}, {"R", r}, {"E", extent}}, [&](const auto& i) { return in[name](task, i[1], i[0], i[2]); });
    };
    const ReferenceTensors out =
        run("in_context_multimodal", in, {{{"TASK", task}, {"REFS", 2}, {"AXIS0", 2}, {"AXIS1", 4}}, {}, {}});
    SAME(joined(out.at("AVT"), reshaped(out.at("AVI"), {{"H", h}, {"M", y * x}, {"F", f}})),
         plain(q, joined(k, registers("REGK", e)), joined(v, registers("REGV", f))));
  }
}

TEST_CASE("global-local and pair-wise cross attention") {
  const Int l = 3, h = 2, n = 25, e = 4, f = 3, local = 5;
  ReferenceTensors in{{"Q", normal({{"H", h}, {"P", n}, {"E", e}}, 40)},
                      {"K", normal({{"H", h}, {"M", n}, {"E", e}})},
                      {"V", normal({{"H", h}, {"M", n}, {"F", f}})}};
  Numbers attention = normal({{"L", l}, {"H", h}, {"P", n}, {"M", n}});
  for (Int i = 0; i < attention.size(); i += n) {
    double sum = 0;
    for (Int j = 0; j < n; ++j) sum += attention.data()[i + j] = std::exp(attention.data()[i + j]);
    for (Int j = 0; j < n; ++j) attention.data()[i + j] /= sum;
  }
  in["SA"] = attention;
  const ReferenceTensors out = run("global_local_cross", in, {{{"LOCAL", local}}, {}, {}});
  // Only the class token's row, from the last layer back to the first.
  const auto mean = [&](Int layer, Int i, Int j) {
    return (attention(layer, 0, i, j) + attention(layer, 1, i, j)) / 4 + (i == j ? 0.5 : 0);
  };
  Row row;
  for (Int j = 0; j < n; ++j) row.push_back(mean(l - 1, 0, j));
  for (Int layer = l - 1; layer-- > 0;) {
    Row before(n, 0);
    for (Int i = 0; i < n; ++i) {
      for (Int j = 0; j < n; ++j)
        before[static_cast<std::size_t>(j)] += row[static_cast<std::size_t>(i)] * mean(layer, i, j);
    }
    row = before;
  }
  const Numbers all = plain(in["Q"], in["K"], in["V"]);
  std::set<Int> left;
  for (Int j = 1; j < n; ++j) left.insert(j);
  for (Int i = 0; i <= local; ++i) {
    Int chosen = i == 0 ? 0 : *left.begin();
    for (const Int j : left) {
      if (i > 0 && row[static_cast<std::size_t>(j)] > row[static_cast<std::size_t>(chosen)]) chosen = j;
    }
    left.erase(chosen);
    CHECK(out.at("IDX")(i) == static_cast<double>(chosen));
    for (Int a = 0; a < h; ++a) {
      for (Int j = 0; j < f; ++j) CHECK(out.at("AV")(a, i, j) == near(all(a, chosen, j)));
    }
  }
  for (Int j = 0; j < n; ++j) CHECK(out.at("ROLL")(j) == near(row[static_cast<std::size_t>(j)]));
  in["SA"] = zeros({{"L", l}, {"H", h}, {"P", n}, {"M", n}}, 1.0 / n);  // ties: the lowest index
  const Numbers tied = run("global_local_cross", in, {{{"LOCAL", local}}, {}, {}}).at("IDX");
  for (Int i = 0; i <= local; ++i) CHECK(tied(i) == static_cast<double>(i));

  const Int b = 3;
  ReferenceTensors images = heads({b, h, 4, 6, e, f});
  const double partners[] = {2, 1, 0};
  images["PAIR"] = from({{"B", b}}, [&](const auto& i) { return partners[i[0]]; });
  const Numbers paired = run_one("pairwise_cross", images);
  const auto image_of = [&](const std::string& name, Int i) {
    const Numbers& x = images[name];
    return from({{"H", h}, {"M", x.extents()[2]}, {"E", x.extents()[3]}},
                [&](const auto& at) { return x(i, at[0], at[1], at[2]); });
  };
  for (Int i = 0; i < b; ++i) {
    const Int other = static_cast<Int>(partners[i]);
    const Numbers av = plain(image_of("Q", i), joined(image_of("K", i), image_of("K", other)),
                             joined(image_of("V", i), image_of("V", other)));
    for (Int j = 0; j < av.size(); ++j) CHECK(paired.data()[i * av.size() + j] == near(av.data()[j]));
    if (i != other) continue;
    const Numbers single = plain(image_of("Q", i), image_of("K", i), image_of("V", i));  // twice itself is itself
    for (Int j = 0; j < av.size(); ++j) CHECK(av.data()[j] == near(single.data()[j]));
  }
}

TEST_CASE("reversed attention: every sender gives away what it has") {
  const Int h = 3, n = 12, e = 4, f = 2, d = 5, j = 2;
  ReferenceTensors in{{"QS", normal({{"H", h}, {"M", n}, {"E", e}})},
                      {"KR", normal({{"H", h}, {"P", n}, {"E", e}})},
                      {"V", normal({{"H", h}, {"M", n}, {"F", f}})},
                      {"X", normal({{"M", n}, {"D", d}})},
                      {"WP", normal({{"D", d}, {"H", h}}, 0.1)},
                      {"W1", normal({{"D", d}, {"J", j}})},
                      {"W2", normal({{"J", j}})},
                      {"MCIN", from({{"M", n}}, [](const auto& i) { return 1.0 / static_cast<double>(1 + i[0]); })}};
  for (const double peak : {1.0, 40.0}) {
    in["QS"] = scaled(in["QS"], peak);
    const ReferenceTensors out = run("reversed_attention", in);
    Numbers expected = zeros({{"H", h}, {"P", n}, {"F", f}}), dependency = zeros({{"M", n}, {"P", n}});
    Numbers score = zeros({{"P", n}});
    for (Int m = 0; m < n; ++m) {
      double gate = 0, shares = 0;
      Row share;
      for (Int i = 0; i < j; ++i) {
        double hidden = 0;
        for (Int c = 0; c < d; ++c) hidden += in["X"](m, c) * in["W1"](c, i);
        gate += hidden * 0.5 * std::erfc(-hidden / std::sqrt(2)) * in["W2"](i);
      }
      const double passes = in["MCIN"](m) * (0.5 + 0.5 * std::tanh(gate / 2));
      CHECK(out.at("MC")(m) == near(passes));
      for (Int a = 0; a < h; ++a) {
        double logit = 0;
        for (Int c = 0; c < d; ++c) logit += in["X"](m, c) * in["WP"](c, a);
        share.push_back(std::exp(10 * logit));
        shares += share.back();
      }
      for (Int a = 0; a < h; ++a) {
        // Running maximum and sum over the receivers, then one pass that sends.
        double largest = -HUGE_VAL, denominator = 0;
        Row scores;
        for (Int p = 0; p < n; ++p) {
          scores.push_back(dot(row_at(in["QS"], a, m, 0), row_at(in["KR"], a, p, 0)) / 2);
          const double next = std::max(largest, scores.back());
          denominator = denominator * std::exp(largest - next) + std::exp(scores.back() - next);
          largest = next;
        }
        for (Int p = 0; p < n; ++p) {
          const double sent = std::exp(scores[static_cast<std::size_t>(p)] - largest) *
                              share[static_cast<std::size_t>(a)] / shares * passes / denominator;
          for (Int c = 0; c < f; ++c) expected(a, p, c) += sent * in["V"](a, m, c);
          dependency(m, p) += sent;
          score(p) += sent;
        }
      }
      Int parent = 0;
      double given = 0;
      for (Int p = 0; p < n; ++p) {
        given += out.at("DM")(m, p);
        if (dependency(m, p) > dependency(m, parent)) parent = p;
      }
      CHECK(given == near(passes));
      CHECK(out.at("PARENT")(m) == static_cast<double>(parent));
    }
    SAME(out.at("AV"), expected);
    SAME(out.at("DM"), dependency);
    SAME(out.at("SCORE"), score);
  }
}

TEST_CASE("kernels refuse what does not fit") {
  ReferenceTensors in = heads({1, 2, 3, 4, 2, 2});
  in["K"] = zeros({{"B", 1}, {"H", 2}, {"M", 4}, {"E", 3}});
  CHECK_THROWS_AS(find_reference("mha")->run(in, {}), InternalError);
  in = heads({1, 2, 3, 4, 2, 2});
  CHECK_THROWS_AS(find_reference("rope")->run(in, {{}, {}, {{"pairs", "neighbours"}}}), InternalError);
  CHECK_THROWS_AS(find_reference("sliding_window")->run(in, {}), InternalError);
  in.erase("V");
  CHECK_THROWS_AS(find_reference("causal")->run(in, {}), InternalError);
}
