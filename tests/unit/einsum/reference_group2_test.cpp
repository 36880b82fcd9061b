// SPDX-License-Identifier: Apache-2.0
// Do the kernels of linear, recurrent, convolutional and other non-softmax attentions give the values that their
// definitions give? Listed values (first, last, sum, length), other forms of the same mechanism, and limits.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/tensor.hpp"
#include "einsum/reference/reference.hpp"

using namespace einloom;

namespace {

using Values = Tensor<double>;
using Extents = std::vector<std::int64_t>;

// Numbers in (-scale, scale) that any language reproduces: a linear congruential generator, row-major.
Values gen(std::uint32_t seed, const Extents& extents, double scale = 1) {
  std::vector<std::string> ranks;
  for (std::size_t i = 0; i < extents.size(); ++i) ranks.push_back("R" + std::to_string(i));
  Values values(ranks, extents);
  std::uint32_t x = seed;
  for (std::int64_t i = 0; i < values.size(); ++i) {
    x = 1664525U * x + 1013904223U;
    values.data()[i] = (x / 4294967296.0 * 2 - 1) * scale;
  }
  return values;
}

Values filled(const Extents& extents, double value) {
  Values values = gen(0, extents);
  for (std::int64_t i = 0; i < values.size(); ++i) values.data()[i] = value;
  return values;
}

Values mapped(Values values, const std::function<double(double)>& f) {
  for (std::int64_t i = 0; i < values.size(); ++i) values.data()[i] = f(values.data()[i]);
  return values;
}

// Rows along the last rank over their length.
Values unit_rows(Values values) {
  const std::int64_t width = values.extents().back();
  for (std::int64_t i = 0; i < values.size(); i += width) {
    double square = 0;
    for (std::int64_t j = i; j < i + width; ++j) square += values.data()[j] * values.data()[j];
    for (std::int64_t j = i; j < i + width; ++j) values.data()[j] /= std::sqrt(square);
  }
  return values;
}

Values identity(std::int64_t n) {
  Values values = filled({n, n}, 0);
  for (std::int64_t i = 0; i < n; ++i) values(i, i) = 1;
  return values;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

ReferenceTensors run(const std::string& name, const ReferenceTensors& inputs, const ReferenceSetting& setting = {}) {
  const ReferenceKernel* kernel = find_reference(name);
  REQUIRE(kernel != nullptr);
  return kernel->run(inputs, setting);
}

Values run_one(const std::string& name, const ReferenceTensors& inputs, const ReferenceSetting& setting = {},
               const std::string& output = "O") {
  return run(name, inputs, setting).at(output);
}

ReferenceSetting option(const std::string& name, const std::string& value) { return {{}, {}, {{name, value}}}; }

void check_listed(const Values& values, const Extents& extents, double first, double last, double sum, double length) {
  CHECK(values.extents() == extents);
  const auto near = [](double a, double b) { return std::abs(a - b) <= 6e-9 * std::abs(b) + 1e-14; };
  double total = 0, square = 0;
  for (std::int64_t i = 0; i < values.size(); ++i) {
    total += values.data()[i];
    square += values.data()[i] * values.data()[i];
  }
  CAPTURE(values.data()[0], values.data()[values.size() - 1], total, std::sqrt(square));
  CHECK(near(values.data()[0], first));
  CHECK(near(values.data()[values.size() - 1], last));
  CHECK(near(total, sum));
  CHECK(near(std::sqrt(square), length));
}

void check_same(const Values& a, const Values& b, double tolerance = 1e-13) {
  REQUIRE(a.size() == b.size());
  double largest = 0, difference = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(b.data()[i]));
    const double off = std::abs(a.data()[i] - b.data()[i]);
    difference = std::isnan(off) ? HUGE_VAL : std::max(difference, off);
  }
  CAPTURE(difference, largest);
  CHECK(difference <= tolerance * largest);
}

void check_finite(const Values& values) {
  REQUIRE(values.size() > 0);
  std::int64_t finite = 0;
  for (std::int64_t i = 0; i < values.size(); ++i) finite += std::isfinite(values.data()[i]);
  CHECK(finite == values.size());
}

// The inputs of the listed values of linear forms: one head, ten tokens.
ReferenceTensors ten_tokens() {
  return {{"Q", gen(151, {1, 1, 10, 4})}, {"K", gen(152, {1, 1, 10, 4})}, {"V", gen(153, {1, 1, 10, 3})}};
}

// Two batches of two heads, five queries, seven keys.
ReferenceTensors queries_and_keys(std::uint32_t seed, double scale = 1) {
  return {{"Q", gen(seed, {2, 2, 5, 4}, scale)},
          {"K", gen(seed + 1, {2, 2, 7, 4}, scale)},
          {"V", gen(seed + 2, {2, 2, 7, 3}, scale)}};
}

// Two batches of `heads` heads, `steps` tokens.
ReferenceTensors tokens(std::uint32_t seed, std::int64_t steps, std::int64_t heads = 2, double scale = 1) {
  return {{"Q", gen(seed, {2, heads, steps, 4}, scale)},
          {"K", gen(seed + 1, {2, heads, steps, 4}, scale)},
          {"V", gen(seed + 2, {2, heads, steps, 3}, scale)}};
}

using Features = std::function<std::vector<double>(const Values&, std::int64_t b, std::int64_t h, std::int64_t t)>;

// The recurrent form of causal attention by features: a state of sums, read after it took the token in.
Values recurrent(const ReferenceTensors& in, const Features& query, const Features& key,
                 const std::function<double(double)>& denominator) {
  const Values &q = in.at("Q"), &k = in.at("K"), &v = in.at("V");
  Values out(q.ranks(), {q.extents()[0], q.extents()[1], q.extents()[2], v.extents()[3]});
  for (std::int64_t b = 0; b < q.extents()[0]; ++b) {
    for (std::int64_t h = 0; h < q.extents()[1]; ++h) {
      std::map<std::pair<std::size_t, std::int64_t>, double> state;
      std::map<std::size_t, double> sums;
      for (std::int64_t t = 0; t < q.extents()[2]; ++t) {
        const auto fq = query(q, b, h, t), fk = key(k, b, h, t);
        double den = 0;
        for (std::size_t d = 0; d < fk.size(); ++d) den += fq[d] * (sums[d] += fk[d]);
        for (std::int64_t f = 0; f < v.extents()[3]; ++f) {
          double num = 0;
          for (std::size_t d = 0; d < fk.size(); ++d) num += fq[d] * (state[{d, f}] += fk[d] * v(b, h, t, f));
          out(b, h, t, f) = num / denominator(den);
        }
      }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("linear attention") {
  check_listed(run_one("linear_attention", ten_tokens(), option("form", "causal")), {1, 1, 10, 3}, -0.409272858,
               -0.0563468943, -6.5548407, 1.64211283);
  check_listed(run_one("linear_attention", ten_tokens()), {1, 1, 10, 3}, -0.0331980592, -0.0563468943, -0.468690192,
               0.254045336);

  const auto phi = [](const Values& x, std::int64_t b, std::int64_t h, std::int64_t t) {
    std::vector<double> row;
    for (std::int64_t e = 0; e < x.extents()[3]; ++e)
      row.push_back(std::expm1(std::min(x(b, h, t, e), 0.0)) + 1 + std::max(x(b, h, t, e), 0.0));
    return row;
  };
  const ReferenceTensors in = tokens(7, 9);
  check_same(run_one("linear_attention", in, option("form", "causal")),
             recurrent(in, phi, phi, [](double den) { return den + 1e-6; }));

  // Masked keys count as if they were not there; with none left the row is 0.
  ReferenceTensors masked = queries_and_keys(30);
  masked["MASK"] = filled({2, 7}, 1);
  check_same(run_one("linear_attention", masked), run_one("linear_attention", queries_and_keys(30)));
  for (std::int64_t m = 0; m < 7; ++m) masked["MASK"](1, m) = 0;
  const Values out = run_one("linear_attention", masked);
  CHECK(out(1, 0, 0, 0) == 0);
  CHECK(out(0, 1, 0, 0) != 0);
  check_finite(run_one("linear_attention", queries_and_keys(31, 500)));
}

TEST_CASE("retention") {
  ReferenceTensors in = ten_tokens();
  in["G"] = filled({1, 1, 10, 3}, 1);
  check_listed(run_one("retnet", in, {}, "RT"), {1, 1, 10, 3}, 0.18719767, 0.00628664373, 3.25615211, 2.55102795);

  // Head h as a state that decays by 1 - 2^(-5-h).
  in = tokens(11, 8, 3);
  in["G"] = gen(14, {2, 3, 8, 3}, 3);
  const ReferenceTensors out = run("retnet", in);
  Values expected = filled({2, 3, 8, 3}, 0), gated = expected;
  for (std::int64_t b = 0; b < 2; ++b) {
    for (std::int64_t h = 0; h < 3; ++h) {
      double state[4][3] = {};
      for (std::int64_t t = 0; t < 8; ++t) {
        double square = 0;
        for (std::int64_t f = 0; f < 3; ++f) {
          for (std::int64_t e = 0; e < 4; ++e) {
            state[e][f] =
                state[e][f] * (1 - 1.0 / (std::int64_t{32} << h)) + in["K"](b, h, t, e) / 2 * in["V"](b, h, t, f);
            expected(b, h, t, f) += in["Q"](b, h, t, e) * state[e][f];
          }
          square += std::pow(expected(b, h, t, f), 2);
        }
        for (std::int64_t f = 0; f < 3; ++f) {
          const double g = in["G"](b, h, t, f);
          gated(b, h, t, f) = g * sigmoid(g) * expected(b, h, t, f) / std::sqrt(square / 3 + 1e-5);
        }
      }
    }
  }
  check_same(out.at("RT"), expected);
  check_same(out.at("O"), gated);

  // Rows scaled by a positive number are the same after the norm, but for its epsilon.
  ReferenceSetting scaled = option("row_scale", "code"), tiny;
  scaled.constants["EPS"] = tiny.constants["EPS"] = 1e-14;
  const Values by_row = run_one("retnet", in, scaled, "RT");
  for (std::int64_t p = 0; p < 8; ++p) {
    double decays = 0, sum = 0;
    for (std::int64_t m = 0; m <= p; ++m) {
      const double decay = std::pow(1 - 1.0 / 64, static_cast<double>(p - m));
      decays += decay;
      for (std::int64_t e = 0; e < 4; ++e) sum += decay * in["Q"](1, 1, p, e) * in["K"](1, 1, m, e) / 2;
    }
    const double divisor = std::sqrt(decays) * std::max(std::abs(sum) / std::sqrt(decays), 1.0);
    CHECK(std::abs(by_row(1, 1, p, 2) - expected(1, 1, p, 2) / divisor) < 1e-14);
  }
  check_same(run_one("retnet", in, scaled), run_one("retnet", in, tiny), 1e-9);

  // Of three pairs the i-th turns by 10000^(-i/2) a step: equal queries and keys give the cosine of the distance.
  for (std::int64_t pair = 0; pair < 3; ++pair) {
    ReferenceTensors turned{
        {"Q", filled({1, 1, 4, 6}, 0)}, {"V", filled({1, 1, 4, 4}, 0)}, {"G", filled({1, 1, 4, 4}, 0)}};
    for (std::int64_t t = 0; t < 4; ++t) turned["Q"](0, 0, t, 2 * pair) = turned["V"](0, 0, t, t) = 1;
    turned["K"] = turned["Q"];
    const Values cosines = run_one("retnet", turned, option("rotation", "interleaved"), "RT");
    for (std::int64_t p = 0; p < 4; ++p)
      for (std::int64_t m = 0; m < 4; ++m) {
        const double distance = static_cast<double>(p - m),
                     angle = distance * std::pow(100, -static_cast<double>(pair));
        const double value = m <= p ? std::cos(angle) * std::pow(31 / 32.0, distance) / std::sqrt(6.0) : 0;
        CHECK(std::abs(cosines(0, 0, p, m) - value) < 1e-15);
      }
  }
}

namespace {

ReferenceTensors scan(std::uint32_t seed, std::int64_t heads, std::int64_t groups) {
  return {{"X", gen(seed, {2, heads, 7, 3})},
          {"BM", gen(seed + 1, {2, groups, 7, 4})},
          {"CM", gen(seed + 2, {2, groups, 7, 4})},
          {"DT", gen(seed + 3, {2, heads, 7})},
          {"DTB", gen(seed + 4, {heads})},
          {"A", mapped(gen(seed + 5, {heads}), [](double x) { return -std::exp(x); })},
          {"DH", gen(seed + 6, {heads})}};
}

}  // namespace

TEST_CASE("state space duality") {
  const ReferenceTensors listed{{"CM", gen(151, {1, 1, 10, 4})}, {"BM", gen(152, {1, 1, 10, 4})},
                                {"X", gen(153, {1, 1, 10, 3})},  {"DT", gen(154, {1, 1, 10})},
                                {"DTB", filled({1}, 0)},         {"A", filled({1}, -1)},
                                {"DH", filled({1}, 0)}};
  check_listed(run_one("ssd", listed, {}, "Y"), {1, 1, 10, 3}, 0.19079696, 0.277108686, 3.29833684, 2.42942433);

  // The quadratic form: token m reaches token p with what decays between them. Four heads share two groups.
  ReferenceTensors in = scan(21, 4, 2);
  Values expected = filled({2, 4, 7, 3}, 0);
  for (std::int64_t b = 0; b < 2; ++b)
    for (std::int64_t h = 0; h < 4; ++h)
      for (std::int64_t p = 0; p < 7; ++p)
        for (std::int64_t m = 0; m <= p; ++m) {
          const auto dt = [&](std::int64_t t) { return std::log(1 + std::exp(in["DT"](b, h, t) + in["DTB"](h))); };
          double decay = 0, product = 0;
          for (std::int64_t t = m + 1; t <= p; ++t) decay += dt(t) * in["A"](h);
          for (std::int64_t d = 0; d < 4; ++d) product += in["CM"](b, h / 2, p, d) * in["BM"](b, h / 2, m, d);
          for (std::int64_t f = 0; f < 3; ++f) {
            expected(b, h, p, f) += std::exp(decay) * product * dt(m) * in["X"](b, h, m, f);
            if (m == p) expected(b, h, p, f) += in["DH"](h) * in["X"](b, h, p, f);
          }
        }
  CHECK(run("ssd", in).count("O") == 0);
  in["Z"] = gen(29, {2, 4, 7, 3}, 4);
  const ReferenceTensors out = run("ssd", in);
  check_same(out.at("Y"), expected);
  // The norm runs over both heads of a group.
  for (std::int64_t group = 0; group < 2; ++group) {
    double square = 0;
    for (std::int64_t h = 2 * group; h < 2 * group + 2; ++h)
      for (std::int64_t f = 0; f < 3; ++f)
        square += std::pow(expected(1, h, 6, f) * in["Z"](1, h, 6, f) * sigmoid(in["Z"](1, h, 6, f)), 2);
    const double z = in["Z"](1, 2 * group, 6, 1);
    const double value = expected(1, 2 * group, 6, 1) * z * sigmoid(z) / std::sqrt(square / 6 + 1e-5);
    CHECK(std::abs(out.at("O")(1, 2 * group, 6, 1) - value) < 1e-13);
  }
  // Large steps forget: only the own token is left.
  in["DT"] = filled({2, 4, 7}, 800);
  check_finite(run_one("ssd", in, {}, "Y"));
}

TEST_CASE("delta rule") {
  ReferenceTensors in = ten_tokens();
  in["K"] = unit_rows(in["K"]);
  in["BETA"] = mapped(gen(155, {1, 1, 10}), sigmoid);
  check_listed(run_one("delta_net", in), {1, 1, 10, 3}, 0.114133488, 0.327489699, 2.56277649, 1.85454058);
  Values halved = run_one("delta_net", in);
  halved = mapped(halved, [](double x) { return x / 2; });
  check_same(run_one("delta_net", in, option("query_scale", "rsqrt")), halved);

  // Written values U solve (I + L) U = diag(beta) V with L[i,j] = beta[i] k[i]·k[j] below the diagonal.
  Values expected = filled({2, 2, 9, 3}, 0);
  in = tokens(41, 9);
  in["K"] = unit_rows(in["K"]);
  in["BETA"] = mapped(gen(44, {2, 2, 9}, 2), sigmoid);
  const auto product = [&](const char* x, const char* y, std::int64_t b, std::int64_t h, std::int64_t i,
                           std::int64_t j) {
    double sum = 0;
    for (std::int64_t e = 0; e < 4; ++e) sum += in[x](b, h, i, e) * in[y](b, h, j, e);
    return sum;
  };
  for (std::int64_t b = 0; b < 2; ++b)
    for (std::int64_t h = 0; h < 2; ++h) {
      double u[9][3];
      for (std::int64_t i = 0; i < 9; ++i)
        for (std::int64_t f = 0; f < 3; ++f) {
          u[i][f] = in["V"](b, h, i, f);
          for (std::int64_t j = 0; j < i; ++j) u[i][f] -= product("K", "K", b, h, i, j) * u[j][f];
          u[i][f] *= in["BETA"](b, h, i);
          for (std::int64_t j = 0; j <= i; ++j) expected(b, h, i, f) += product("Q", "K", b, h, i, j) * u[j][f];
        }
    }
  check_same(run_one("delta_net", in), expected);

  // One key, written twice with rate 1: the second value replaces the first.
  ReferenceTensors twice{{"Q", filled({1, 1, 2, 1}, 1)},
                         {"K", filled({1, 1, 2, 1}, 1)},
                         {"V", gen(45, {1, 1, 2, 3})},
                         {"BETA", filled({1, 1, 2}, 1)}};
  check_same(run_one("delta_net", twice), twice["V"]);
  in["V"] = gen(46, {2, 2, 9, 3}, 1e6);
  check_finite(run_one("delta_net", in));
}

TEST_CASE("performer") {
  ReferenceTensors in = ten_tokens();
  in["OM"] = gen(156, {8, 4}, 2);
  check_listed(run_one("performer", in), {1, 1, 10, 3}, -0.133594903, -0.10214708, -3.05179009, 0.701858035);

  // Without the added epsilon the subtracted maxima cancel.
  const double root = std::sqrt(std::sqrt(4.0));
  in = tokens(51, 6);
  in["OM"] = gen(54, {5, 4}, 2);
  const Features plain = [&](const Values& x, std::int64_t b, std::int64_t h, std::int64_t t) {
    std::vector<double> row;
    for (std::int64_t r = 0; r < 5; ++r) {
      double sum = 0;
      for (std::int64_t e = 0; e < 4; ++e) {
        const double each = x(b, h, t, e) / root;
        sum += each * in["OM"](r, e) - each * each / 2;
      }
      row.push_back(std::exp(sum));
    }
    return row;
  };
  ReferenceSetting setting = option("form", "causal");
  setting.constants["EPS"] = 0;
  check_same(run_one("performer", in, setting), recurrent(in, plain, plain, [](double den) { return den; }));
  const Values full = run_one("performer", in), causal = run_one("performer", in, option("form", "causal"));
  for (std::int64_t f = 0; f < 3; ++f) CHECK(std::abs(full(1, 1, 5, f) - causal(1, 1, 5, f)) < 1e-14);
  ReferenceTensors stress = queries_and_keys(55, 100);
  stress["OM"] = gen(58, {5, 4}, 4);
  check_finite(run_one("performer", stress));
}

TEST_CASE("linformer") {
  ReferenceTensors in = ten_tokens();
  in["EK"] = gen(157, {10, 4});
  in["EV"] = gen(158, {10, 4});
  check_listed(run_one("linformer", in), {1, 1, 10, 3}, 0.419137869, -0.0248405337, 2.54518302, 2.01850814);

  in = queries_and_keys(61);
  in["EK"] = in["EV"] = identity(7);
  check_same(run_one("linformer", in), run_one("softmax_attention", queries_and_keys(61), {}, "AV"));
  in["Q"] = gen(64, {2, 2, 5, 4}, 1e4);
  check_finite(run_one("linformer", in));
}

TEST_CASE("cosformer") {
  check_listed(run_one("cosformer", ten_tokens()), {1, 1, 10, 3}, -0.0496866495, 0.0739776247, 0.97085453, 0.940004478);

  // Features relu(x)·sin and relu(x)·cos of the position, as a state.
  const ReferenceTensors in = tokens(71, 9);
  const Features waves = [](const Values& x, std::int64_t b, std::int64_t h, std::int64_t t) {
    const double angle = std::acos(-1.0) * static_cast<double>(t + 1) / (2 * 9);
    std::vector<double> row;
    for (std::int64_t e = 0; e < 4; ++e) row.push_back(std::max(x(b, h, t, e), 0.0) * std::sin(angle));
    for (std::int64_t e = 0; e < 4; ++e) row.push_back(std::max(x(b, h, t, e), 0.0) * std::cos(angle));
    return row;
  };
  check_same(run_one("cosformer", in, option("form", "causal")),
             recurrent(in, waves, waves, [](double den) { return std::max(den, 1e-6); }));
  // No product above 0: the row is 0.
  ReferenceTensors negative = queries_and_keys(74);
  negative["K"] = filled({2, 2, 7, 4}, -1);
  check_same(run_one("cosformer", negative), filled({2, 2, 5, 3}, 0));
  check_finite(run_one("cosformer", queries_and_keys(75, 1e4)));
}

TEST_CASE("sigmoid attention") {
  ReferenceTensors in{
      {"Q", gen(111, {1, 1, 6, 4}, 2)}, {"K", gen(112, {1, 1, 6, 4}, 2)}, {"V", gen(113, {1, 1, 6, 3})}};
  check_listed(run_one("sigmoid_attention", in, option("form", "causal")), {1, 1, 6, 3}, -0.154684192, -0.0612394557,
               -2.258036, 0.957569646);

  // By the hyperbolic tangent, with a slope per head, a bias and rows over their number of keys.
  in = tokens(81, 6, 3);
  in["SLOPE"] = mapped(gen(84, {3}), [](double x) { return std::abs(x); });
  for (const char* scale : {"none", "count", "root"}) {
    Values expected = filled({2, 3, 6, 3}, 0);
    const double bias = std::string(scale) == "none" ? -std::log(6.0) : 0.25;
    for (std::int64_t b = 0; b < 2; ++b)
      for (std::int64_t h = 0; h < 3; ++h)
        for (std::int64_t p = 0; p < 6; ++p)
          for (std::int64_t m = 0; m <= p; ++m) {
            double score = bias - in["SLOPE"](h) * static_cast<double>(p - m);
            for (std::int64_t e = 0; e < 4; ++e) score += in["Q"](b, h, p, e) * in["K"](b, h, m, e) / 2;
            const double row = *scale == 'n' ? 1 : std::pow(static_cast<double>(p + 1), *scale == 'c' ? 1 : 0.5);
            for (std::int64_t f = 0; f < 3; ++f)
              expected(b, h, p, f) += (0.5 + 0.5 * std::tanh(score / 2)) / row * in["V"](b, h, m, f);
          }
    ReferenceSetting setting = option("form", "causal");
    setting.options["row_scale"] = scale;
    if (*scale != 'n') setting.constants["BB"] = 0.25;
    check_same(run_one("sigmoid_attention", in, setting), expected);
  }

  // Queries of 0 give every key the weight 1/(1 + M).
  ReferenceTensors even = queries_and_keys(85);
  even["Q"] = filled({2, 2, 5, 4}, 0);
  const Values out = run_one("sigmoid_attention", even);
  double sum = 0;
  for (std::int64_t m = 0; m < 7; ++m) sum += even["V"](1, 0, m, 2);
  CHECK(std::abs(out(1, 0, 4, 2) - sum / 8) < 1e-15);

  // The norm of queries and keys takes out their scale and offset.
  ReferenceTensors moved = tokens(86, 6);
  const Values before = run_one("sigmoid_attention", moved, option("qk_norm", "layer"));
  moved["Q"] = mapped(moved["Q"], [](double x) { return 1e4 * x + 7; });
  check_same(run_one("sigmoid_attention", moved, option("qk_norm", "layer")), before, 1e-3);
  check_finite(run_one("sigmoid_attention", queries_and_keys(87, 1e3)));
}

TEST_CASE("hedgehog") {
  ReferenceTensors in{{"Q", gen(71, {1, 1, 9, 4})},
                      {"K", gen(72, {1, 1, 9, 4})},
                      {"V", gen(73, {1, 1, 9, 3})},
                      {"WQ", gen(74, {1, 4, 4})},
                      {"WK", gen(75, {1, 4, 4})}};
  check_listed(run_one("hedgehog_causal", in), {1, 1, 9, 3}, -0.4712814, 0.275228147, 3.67241811, 1.42618039);

  in = tokens(91, 7);
  in["WQ"] = gen(94, {2, 4, 5});
  in["WK"] = gen(95, {2, 4, 5});
  in["BQ"] = gen(96, {2, 5});
  in["BK"] = gen(97, {2, 5});
  for (const std::string map : {"sm", "exp", "expmax", "joint"}) {
    const auto features = [&](const Values& w, const Values& bias) -> Features {
      return [&](const Values& x, std::int64_t b, std::int64_t h, std::int64_t t) {
        std::vector<double> up, all;
        double largest = -HUGE_VAL, smallest = HUGE_VAL, ups = 0, downs = 0, both = 0;
        for (std::int64_t d = 0; d < 5; ++d) {
          up.push_back(bias(h, d));
          for (std::int64_t e = 0; e < 4; ++e) up.back() += x(b, h, t, e) * w(h, e, d);
          largest = std::max(largest, up.back());
          smallest = std::min(smallest, up.back());
          ups += std::exp(up.back());
          downs += std::exp(-up.back());
          both += std::exp(2 * up.back()) + std::exp(-2 * up.back());
        }
        for (const double sign : {1.0, -1.0})
          for (const double each : up) {
            const double y = sign * each;
            if (map == "sm") all.push_back(std::exp(y) / (sign > 0 ? ups : downs));
            if (map == "exp") all.push_back(std::exp(y));
            if (map == "expmax") all.push_back(std::exp(y - (sign > 0 ? largest : -smallest)));
            if (map == "joint") all.push_back(std::exp(2 * y) / both);
          }
        return all;
      };
    };
    INFO(map);
    const Values causal = run_one("hedgehog_causal", in, option("feature_map", map));
    check_same(causal, recurrent(in, features(in["WQ"], in["BQ"]), features(in["WK"], in["BK"]),
                                 [](double den) { return den + 1e-12; }));
    const Values full = run_one("hedgehog", in, option("feature_map", map));
    for (std::int64_t f = 0; f < 3; ++f) CHECK(std::abs(full(1, 1, 6, f) - causal(1, 1, 6, f)) < 1e-14);
    CHECK(std::abs(full(1, 1, 0, 0) - causal(1, 1, 0, 0)) > 1e-3);
  }
  // Features of a softmax that underflow are held at 1e-12.
  in["Q"] = gen(98, {2, 2, 7, 4}, 1e4);
  check_finite(run_one("hedgehog_causal", in));
  check_finite(run_one("hedgehog", in, option("feature_map", "joint")));
}

TEST_CASE("agent attention") {
  ReferenceTensors in{{"Q", gen(121, {1, 1, 16, 4})},    {"K", gen(122, {1, 1, 16, 4})},
                      {"V", gen(123, {1, 1, 16, 3})},    {"B1", gen(124, {1, 4, 16}, 0.3)},
                      {"B2", gen(125, {1, 16, 4}, 0.3)}, {"WDW", gen(126, {1, 3, 3, 3}, 0.5)},
                      {"BDW", gen(127, {1, 3}, 0.5)}};
  check_listed(run_one("agent_attention", in, {{{"Y", 4}, {"X", 4}}, {}, {}}), {1, 1, 16, 3}, -0.38036254, -0.066655167,
               2.20235132, 3.31245779);

  // Agents of a 3 x 4 image pooled by hand: rows 0-1 and 1-2, columns 0-1 and 2-3.
  const ReferenceSetting image{{{"Y", 3}, {"X", 4}}, {}, {}};
  in = tokens(121, 12);
  in["B1"] = filled({2, 4, 12}, 0);
  in["B2"] = filled({2, 12, 4}, 0);
  in["WDW"] = filled({2, 3, 3, 3}, 0);
  in["BDW"] = filled({2, 3}, 0);
  in["AG"] = filled({2, 2, 4, 4}, 0);
  for (std::int64_t b = 0; b < 2; ++b)
    for (std::int64_t h = 0; h < 2; ++h)
      for (std::int64_t a = 0; a < 4; ++a)
        for (std::int64_t e = 0; e < 4; ++e)
          for (const std::int64_t at : {0, 1, 4, 5})
            in["AG"](b, h, a, e) += in["Q"](b, h, a / 2 * 4 + a % 2 * 2 + at, e) / 4;
  ReferenceSetting given = option("agents", "given");
  given.constants = {{"KEXP", 0.5}, {"VSCALE", 0}};
  check_same(run_one("agent_attention", in, image), run_one("agent_attention", in, given));

  // One agent that is every query's choice: the attention of the mean query, as often as there are queries.
  ReferenceTensors one = in;
  one["B1"] = gen(131, {2, 1, 12});
  one["B2"] = gen(132, {2, 12, 1});
  const Values same_rows = run_one("agent_attention", one, image);
  ReferenceTensors mean{{"Q", filled({2, 2, 1, 4}, 0)}, {"K", in["K"]}, {"V", in["V"]}};
  for (std::int64_t i = 0; i < in["Q"].size(); ++i) mean["Q"].data()[i / 48 * 4 + i % 4] += in["Q"].data()[i] / 12;
  one["B1"] = filled({2, 1, 12}, 0);
  const Values pooled = run_one("softmax_attention", mean, {}, "AV"), plain = run_one("agent_attention", one, image);
  for (std::int64_t p = 0; p < 12; ++p) CHECK(std::abs(plain(1, 0, p, 2) - pooled(1, 0, 0, 2)) < 1e-14);
  CHECK(std::abs(same_rows(1, 0, 0, 2) - same_rows(1, 0, 11, 2)) < 1e-14);
  CHECK(std::abs(same_rows(1, 0, 0, 2) - plain(1, 0, 0, 2)) > 1e-4);

  // A kernel of one tap adds the left upper neighbour, or 0 at the border.
  for (std::int64_t h = 0; h < 2; ++h)
    for (std::int64_t f = 0; f < 3; ++f) one["WDW"](h, f, 0, 0) = 1;
  const Values shifted = run_one("agent_attention", one, image);
  CHECK(std::abs(shifted(1, 1, 6, 0) - plain(1, 1, 6, 0) - in["V"](1, 1, 1, 0)) < 1e-14);
  CHECK(shifted(1, 1, 4, 0) == plain(1, 1, 4, 0));
  in["Q"] = gen(133, {2, 2, 12, 4}, 1e3);
  check_finite(run_one("agent_attention", in, image));
}

namespace {

// The Gaussians' product as one quadratic in t = (x - mean)/deviation, through a softmax over the chunk.
double collapsed(const ReferenceTensors& in, std::int64_t b, std::int64_t h, std::int64_t from, std::int64_t to,
                 std::int64_t m, std::int64_t r) {
  const Values &x = in.at("X"), &off = in.at("OFF"), &w = in.at("W");
  const auto n = static_cast<double>(to - from);
  double mean = 0, variance = 0, a1 = 0, a2 = 0, sum = 0, own = 0;
  for (std::int64_t i = from; i < to; ++i) mean += x(b, i, r) / n;
  for (std::int64_t i = from; i < to; ++i) variance += std::pow(x(b, i, r) - mean, 2) / (n - 1);
  const double deviation = std::sqrt(variance + 1e-8);
  for (std::int64_t k = 0; k < off.extents()[1]; ++k) {
    a2 += 1 / std::pow(w(h, k), 2);
    a1 += off(h, k) / std::pow(w(h, k), 2) / deviation;
  }
  for (std::int64_t i = from; i < to; ++i) {
    const double t = (x(b, i, r) - mean) / deviation, weight = std::exp(-a2 * t * t / 2 + a1 * t);
    sum += weight;
    if (i == m) own = weight;
  }
  return x(b, m, r) * own / sum;
}

}  // namespace

TEST_CASE("gaussian adaptive attention") {
  const ReferenceTensors listed{{"X", gen(11, {1, 12, 2})},
                                {"OFF", gen(12, {1, 3}, 0.2)},
                                {"W", mapped(gen(13, {1, 3}), [](double x) { return std::exp(x); })}};
  check_listed(run_one("gaam", listed), {1, 12, 2}, -0.0639633397, -0.00571488736, -0.583873591, 0.183321255);

  // Three heads on 11 tokens: chunks of 3, 3 and 5.
  ReferenceTensors in{{"X", gen(141, {2, 11, 3})},
                      {"OFF", gen(142, {3, 4}, 0.3)},
                      {"W", mapped(gen(143, {3, 4}), [](double x) { return std::exp(x); })},
                      {"PI", gen(144, {3, 4})}};
  Values expected = filled({2, 11, 3}, 0);
  for (std::int64_t b = 0; b < 2; ++b)
    for (std::int64_t m = 0; m < 11; ++m)
      for (std::int64_t r = 0; r < 3; ++r) {
        const std::int64_t h = std::min<std::int64_t>(m / 3, 2);
        expected(b, m, r) = collapsed(in, b, h, 3 * h, h == 2 ? 11 : 3 * h + 3, m, r);
      }
  check_same(run_one("gaam", in), expected, 1e-12);

  // A sum of equal Gaussians, whatever their shares, is one Gaussian; so is the product of a single one.
  ReferenceTensors equal = in, single = in;
  for (std::int64_t h = 0; h < 3; ++h)
    for (std::int64_t k = 0; k < 4; ++k) {
      equal["OFF"](h, k) = in["OFF"](h, 0);
      equal["W"](h, k) = in["W"](h, 0);
    }
  single["OFF"] = filled({3, 1}, 0);
  single["W"] = filled({3, 1}, 0);
  for (std::int64_t h = 0; h < 3; ++h) {
    single["OFF"](h, 0) = in["OFF"](h, 0);
    single["W"](h, 0) = in["W"](h, 0);
  }
  check_same(run_one("gaam", equal, option("mix", "sum")), run_one("gaam", single), 1e-12);

  // Shares that leave one Gaussian of the sum.
  ReferenceTensors one = in;
  for (std::int64_t h = 0; h < 3; ++h) one["PI"](h, 0) = 1000;
  check_same(run_one("gaam", one, option("mix", "sum")), run_one("gaam", single), 1e-12);

  // A pad comes out unchanged.
  in["X"](1, 4, 2) = -100;
  ReferenceSetting padded;
  padded.constants["PAD"] = -100;
  const Values out = run_one("gaam", in, padded);
  CHECK(out(1, 4, 2) == -100);
  CHECK(std::abs(out(1, 3, 2) - run_one("gaam", in)(1, 3, 2)) > 1e-6);
  check_finite(run_one("gaam", {{"X", filled({1, 4, 1}, 3)}, {"OFF", filled({1, 2}, 0)}, {"W", filled({1, 2}, 1)}}));
}

namespace {

// Weights of a recursive gated convolution of `order` on `c` channels.
ReferenceTensors gated_convolution(std::int64_t order, std::int64_t c, std::int64_t convolved) {
  ReferenceTensors in{
      {"WIN", gen(22, {c, 2 * c}, 0.3)}, {"BIN", gen(23, {2 * c}, 0.3)}, {"WD", gen(24, {convolved, 7, 7}, 0.3)},
      {"BD", gen(25, {convolved}, 0.3)}, {"WO", gen(26, {c, c}, 0.3)},   {"BO", gen(27, {c}, 0.3)}};
  for (std::int64_t i = 1; i < order; ++i) {
    const std::int64_t width = c >> (order - 1 - i);
    in["W" + std::to_string(i)] = gen(static_cast<std::uint32_t>(30 + i), {width / 2, width}, 0.3);
    in["BW" + std::to_string(i)] = gen(static_cast<std::uint32_t>(40 + i), {width}, 0.3);
  }
  return in;
}

}  // namespace

TEST_CASE("recursive gated convolution") {
  ReferenceTensors in = gated_convolution(3, 8, 14);
  in["U"] = gen(21, {1, 5, 5, 8});
  check_listed(run_one("gn_conv", in, {{{"ORDER", 3}}, {}, {}}), {1, 5, 5, 8}, -0.152046271, -0.0876695257, 7.26537479,
               2.25202572);

  // One tap of the convolution three rows up and two columns right: gates are the projection found there.
  for (std::int64_t order = 2; order <= 5; ++order) {
    const std::int64_t c = 16, first = c >> (order - 1), convolved = 2 * c - first;
    in = gated_convolution(order, c, convolved);
    in["U"] = gen(161, {2, 5, 4, c});
    in["WD"] = filled({convolved, 7, 7}, 0);
    for (std::int64_t j = 0; j < convolved; ++j) in["WD"](j, 0, 5) = 1 + static_cast<double>(j) / 8;
    const auto projected = [&](std::int64_t b, std::int64_t y, std::int64_t x, std::int64_t j) {
      double sum = in["BIN"](j);
      for (std::int64_t i = 0; i < c; ++i) sum += in["U"](b, y, x, i) * in["WIN"](i, j);
      return sum;
    };
    Values expected = filled({2, 5, 4, c}, 0);
    for (std::int64_t b = 0; b < 2; ++b)
      for (std::int64_t y = 0; y < 5; ++y)
        for (std::int64_t x = 0; x < 4; ++x) {
          std::vector<double> p, next;
          for (std::int64_t j = 0; j < first; ++j) p.push_back(projected(b, y, x, j));
          std::int64_t gate = 0;
          for (std::int64_t i = 0; i < order; ++i, p = next) {
            next.clear();
            for (std::int64_t j = 0; j < first << i; ++j, ++gate) {
              double value = i == 0 ? p[static_cast<std::size_t>(j)] : in["BW" + std::to_string(i)](j);
              for (std::size_t k = 0; i > 0 && k < p.size(); ++k) value += p[k] * in["W" + std::to_string(i)](k, j);
              const double seen =
                  y < 3 || x > 1 ? 0 : projected(b, y - 3, x + 2, first + gate) * (1 + static_cast<double>(gate) / 8);
              next.push_back(value * (seen + in["BD"](gate)) / 2);
            }
          }
          for (std::int64_t j = 0; j < c; ++j) {
            expected(b, y, x, j) = in["BO"](j);
            for (std::size_t k = 0; k < p.size(); ++k) expected(b, y, x, j) += p[k] * in["WO"](k, j);
          }
        }
    INFO("order " << order);
    check_same(run_one("gn_conv", in, {{{"ORDER", order}}, {{"SCALE", 0.5}}, {}}), expected);
  }
}

TEST_CASE("hashed binary attention") {
  ReferenceTensors in{{"X", gen(51, {1, 1, 10, 4})},
                      {"V", gen(52, {1, 1, 10, 3})},
                      {"AN", gen(53, {1, 3, 4})},
                      {"HA", gen(54, {1, 8, 3})},
                      {"MV", gen(55, {1, 3}, 0.2)}};
  const ReferenceTensors listed = run("ecoformer", in);
  check_listed(listed.at("HR"), {1, 1, 10, 8}, -0.186513008, 0.139610778, 12.4543168, 4.49304568);
  check_listed(listed.at("O"), {1, 1, 10, 3}, 0.142499292, 0.0161751142, 0.73690605, 0.517744278);

  // Sums of signed values per bit, as the linear form has them.
  in = {{"X", gen(171, {2, 2, 9, 4})},
        {"V", gen(172, {2, 2, 9, 3})},
        {"AN", gen(173, {2, 5, 4})},
        {"HA", gen(174, {2, 6, 5})},
        {"MV", gen(175, {2, 5}, 0.2)}};
  for (const bool own : {false, true}) {
    ReferenceSetting setting = option("bias_mode", own ? "own_v" : "sum_v");
    setting.constants["C0"] = 7;
    const ReferenceTensors out = run("ecoformer", in, setting);
    Values expected = filled({2, 2, 9, 3}, 0);
    for (std::int64_t b = 0; b < 2; ++b)
      for (std::int64_t h = 0; h < 2; ++h) {
        const auto sign = [&](std::int64_t n, std::int64_t j) { return out.at("HR")(b, h, n, j) < 0 ? -1.0 : 1.0; };
        for (std::int64_t n = 0; n < 9; ++n)
          for (std::int64_t f = 0; f < 3; ++f) {
            double numerator = own ? 7 * in["V"](b, h, n, f) : 0, denominator = 9 * 7;
            for (std::int64_t m = 0; m < 9; ++m) numerator += own ? 0 : 7 * in["V"](b, h, m, f);
            for (std::int64_t j = 0; j < 6; ++j) {
              double ct = 0, z = 0;
              for (std::int64_t m = 0; m < 9; ++m) {
                ct += sign(m, j) * in["V"](b, h, m, f);
                z += sign(m, j);
              }
              numerator += sign(n, j) * ct;
              denominator += sign(n, j) * z;
            }
            expected(b, h, n, f) = numerator / denominator;
          }
      }
    check_same(out.at("O"), expected);
  }

  // The usual bias is the power of two above the number of bits.
  ReferenceSetting eight;
  eight.constants["C0"] = 8;
  check_same(run_one("ecoformer", in), run_one("ecoformer", in, eight), 0);
  // Equal tokens have equal codes, and all weights are the same: the mean of the values.
  ReferenceTensors equal = in;
  equal["X"] = filled({2, 2, 9, 4}, -2);
  const Values mean = run_one("ecoformer", equal);
  double sum = 0;
  for (std::int64_t n = 0; n < 9; ++n) sum += in["V"](1, 1, n, 2) / 9;
  CHECK(std::abs(mean(1, 1, 3, 2) - sum) < 1e-15);
  // Tokens are taken over their length.
  ReferenceTensors longer = in;
  longer["X"] = mapped(in["X"], [](double x) { return 1e6 * x; });
  check_same(run_one("ecoformer", longer), run_one("ecoformer", in));
}

TEST_CASE("relations of a teacher and a student") {
  ReferenceTensors in{{"QT", gen(60, {1, 1, 6, 4}, 2)}, {"KT", gen(61, {1, 1, 6, 4}, 2)},
                      {"VT", gen(62, {1, 1, 6, 4}, 2)}, {"QS", gen(63, {1, 1, 6, 3}, 2)},
                      {"KS", gen(64, {1, 1, 6, 3}, 2)}, {"VS", gen(65, {1, 1, 6, 3}, 2)}};
  const ReferenceTensors listed = run("minilm_relation", in);
  check_listed(listed.at("LAT"), {}, 0.919349392, 0.919349392, 0.919349392, 0.919349392);
  check_listed(listed.at("LVR"), {}, 0.666023702, 0.666023702, 0.666023702, 0.666023702);
  CHECK(listed.at("LOSS").data()[0] == listed.at("LAT").data()[0] + listed.at("LVR").data()[0]);

  // Keys one after another with running maxima, as an online form has it.
  const auto batch = [](std::int64_t n) {
    return ReferenceTensors{{"QT", gen(181, {2, 2, n, 4}, 3)}, {"KT", gen(182, {2, 2, n, 4}, 3)},
                            {"VT", gen(183, {2, 2, n, 4}, 3)}, {"QS", gen(184, {2, 2, n, 2}, 3)},
                            {"KS", gen(185, {2, 2, n, 2}, 3)}, {"VS", gen(186, {2, 2, n, 2}, 3)}};
  };
  in = batch(7);
  const ReferenceTensors out = run("minilm_relation", in);
  double loss = 0;
  for (const bool value : {false, true}) {
    Values expected = filled({2, 2, 7}, 0);
    for (std::int64_t i = 0; i < 28; ++i) {
      const std::int64_t b = i / 14, h = i / 7 % 2, p = i % 7;
      double mt = -HUGE_VAL, dt = 0, ms = -HUGE_VAL, ds = 0, acc = 0;
      for (std::int64_t m = 0; m < 7; ++m) {
        double st = 0, ss = 0;
        for (std::int64_t e = 0; e < 4; ++e)
          st += in[value ? "VT" : "QT"](b, h, p, e) * in[value ? "VT" : "KT"](b, h, m, e) / 2;
        for (std::int64_t e = 0; e < 2; ++e)
          ss += in[value ? "VS" : "QS"](b, h, p, e) * in[value ? "VS" : "KS"](b, h, m, e) / std::sqrt(2);
        const double nt = std::max(mt, st), ns = std::max(ms, ss);
        dt = dt * std::exp(mt - nt) + std::exp(st - nt);
        ds = ds * std::exp(ms - ns) + std::exp(ss - ns);
        acc = acc * std::exp(mt - nt) + std::exp(st - nt) * (st - ss);
        mt = nt;
        ms = ns;
      }
      expected(b, h, p) = acc / dt - (mt + std::log(dt)) + (ms + std::log(ds));
      loss += expected(b, h, p) / 28;
    }
    check_same(out.at(value ? "KV" : "KA"), expected, 1e-12);
  }
  CHECK(std::abs(out.at("LOSS").data()[0] - loss) < 1e-12);

  // A student that is its teacher; masked tokens count as if the sequence were shorter, but for the mean's N.
  ReferenceTensors equal = in;
  for (const std::string name : {"Q", "K", "V"}) equal[name + "S"] = equal[name + "T"];
  CHECK(run("minilm_relation", equal).at("LOSS").data()[0] == 0);
  ReferenceTensors masked = in, shorter;
  masked["MASK"] = filled({2, 7}, 1);
  for (std::int64_t b = 0; b < 2; ++b) masked["MASK"](b, 5) = masked["MASK"](b, 6) = 0;
  for (const auto& [name, values] : in) {
    const std::int64_t width = values.extents()[3];
    shorter[name] = filled({2, 2, 5, width}, 0);
    for (std::int64_t i = 0; i < shorter[name].size(); ++i)
      shorter[name].data()[i] = values(i / width / 10, i / width / 5 % 2, i / width % 5, i % width);
  }
  for (const char* name : {"LAT", "LVR"})
    CHECK(std::abs(run("minilm_relation", masked).at(name).data()[0] -
                   run("minilm_relation", shorter).at(name).data()[0] * 5 / 7) < 1e-13);
  masked["MASK"] = filled({2, 7}, 0);
  CHECK(run("minilm_relation", masked).at("LOSS").data()[0] == 0);
  in["QS"] = gen(187, {2, 2, 7, 2}, 1e4);
  check_finite(run("minilm_relation", in).at("LOSS"));
}

namespace {

// Memories' inputs: gates of a plausible size, keys and queries of length 1.
ReferenceTensors memory(std::uint32_t seed, std::int64_t batch, std::int64_t steps, std::int64_t width) {
  return {{"K", unit_rows(gen(seed, {batch, batch, steps, 4}))},
          {"Q", unit_rows(gen(seed + 1, {batch, batch, steps, 4}))},
          {"V", gen(seed + 2, {batch, batch, steps, width})},
          {"AL", mapped(gen(seed + 3, {batch, batch, steps}), [](double x) { return .94 + .05 * x; })},
          {"ET", mapped(gen(seed + 4, {batch, batch, steps}), [](double x) { return .15 + .1 * x; })}};
}

// A memory x + LN(W1 gelu(W2 x)) in plain loops, to be differentiated numerically.
std::vector<double> mlp(const Values& w1, const Values& w2, const Values& x) {
  const std::int64_t width = x.size(), hidden = w2.extents()[1];
  std::vector<double> h, z;
  double mean = 0, variance = 0;
  for (std::int64_t u = 0; u < hidden; ++u) {
    double a = 0;
    for (std::int64_t e = 0; e < width; ++e) a += w2(0, u, e) * x.data()[e];
    h.push_back(a * std::erfc(-a / std::sqrt(2)) / 2);
  }
  for (std::int64_t f = 0; f < width; ++f) {
    z.push_back(0);
    for (std::int64_t u = 0; u < hidden; ++u) z.back() += w1(0, f, u) * h[static_cast<std::size_t>(u)];
    mean += z.back() / static_cast<double>(width);
  }
  for (const double each : z) variance += (each - mean) * (each - mean) / static_cast<double>(width);
  for (std::int64_t f = 0; f < width; ++f) {
    double& each = z[static_cast<std::size_t>(f)];
    each = x.data()[f] + (each - mean) / std::sqrt(variance + 1e-5);
  }
  return z;
}

}  // namespace

TEST_CASE("memories that learn while they read") {
  ReferenceTensors in = memory(81, 1, 12, 4);
  in["DL"] = filled({1, 1, 12}, 0.9);
  check_listed(run_one("moneta", in), {1, 1, 12, 4}, -0.451731617, -0.00109559888, 0.994924573, 1.05743878);
  check_listed(run_one("yaad", in), {1, 1, 12, 4}, -0.00527579915, -0.127865557, 0.380814927, 0.818466614);
  check_listed(run_one("memora", in), {1, 1, 12, 4}, 0.270937638, -0.2038645, 0.916446625, 2.13023247);
  ReferenceTensors deep = in;
  deep["A2"] = gen(86, {1, 16, 4}, 0.5);
  deep["A1"] = gen(87, {1, 4, 16}, 0.5);
  check_listed(run_one("moneta", deep, option("memory", "mlp")), {1, 1, 12, 4}, -0.168753783, -0.47938568, 0.945683643,
               5.48268166);

  // Which of Yaad's tokens are within the threshold.
  std::string within;
  double w[4][4] = {};
  for (std::int64_t t = 0; t < 12; ++t) {
    double error[4], square = 0;
    for (std::int64_t f = 0; f < 4; ++f) {
      error[f] = -in["V"](0, 0, t, f);
      for (std::int64_t e = 0; e < 4; ++e) error[f] += w[f][e] * in["K"](0, 0, t, e);
      square += error[f] * error[f];
    }
    within += square <= 0.81 ? '1' : '0';
    for (std::int64_t f = 0; f < 4; ++f)
      for (std::int64_t e = 0; e < 4; ++e)
        w[f][e] = in["AL"](0, 0, t) * w[f][e] -
                  in["ET"](0, 0, t) * (square <= 0.81 ? error[f] : std::copysign(0.9, error[f])) * in["K"](0, 0, t, e);
  }
  CHECK(within == "001010000100");
}

TEST_CASE("limits of memories that learn") {
  ReferenceTensors in = memory(191, 2, 10, 3);
  // Nothing forgotten and squared errors: the delta rule.
  ReferenceTensors keep = in;
  keep["AL"] = filled({2, 2, 10}, 1);
  keep["DL"] = filled({2, 2, 10}, 1e9);
  keep["BETA"] = in["ET"];
  check_same(run_one("yaad", keep), run_one("delta_net", keep));
  check_same(run_one("yaad", keep, option("huber", "coordinate")), run_one("delta_net", keep));
  ReferenceSetting squares = option("gradient", "exact");
  squares.constants = {{"PNORM", 2}, {"QNORM", 2}};
  keep["BETA"] = mapped(in["ET"], [](double x) { return 2 * x; });
  check_same(run_one("moneta", keep, squares), run_one("delta_net", keep));
  squares.options["gradient"] = "smooth";
  squares.constants["SHARP"] = 1e9;
  squares.constants["EPS"] = 0;
  check_same(run_one("moneta", keep, squares), run_one("delta_net", keep));

  // The first token of an empty memory, in closed form.
  for (const bool mirror : {false, true}) {
    ReferenceSetting setting = option("gradient", "exact");
    setting.options["retention"] = mirror ? "mirror" : "norm";
    const Values out = run_one("moneta", in, setting);
    double a[3][4], sum = 0, read = 0;
    for (std::int64_t f = 0; f < 3; ++f)
      for (std::int64_t e = 0; e < 4; ++e) {
        const double v = in["V"](1, 0, 0, f);
        a[f][e] = in["ET"](1, 0, 0) * 3 * v * std::abs(v) * in["K"](1, 0, 0, e);
        sum += std::pow(a[f][e], 4);
      }
    for (std::int64_t e = 0; e < 4; ++e)
      read += (mirror ? std::pow(a[1][e], 3) : a[1][e]) / std::sqrt(sum) * in["Q"](1, 0, 0, e);
    CHECK(std::abs(out(1, 0, 0, 1) - read) < 1e-14);
  }
  // Values of 0 leave an empty memory empty.
  ReferenceTensors silent = in;
  silent["V"] = filled({2, 2, 10, 3}, 0);
  check_same(run_one("moneta", silent), filled({2, 2, 10, 3}, 0));

  // Coordinates beyond the threshold, one by one: the first token.
  ReferenceTensors coordinates = in;
  coordinates["DL"] = filled({2, 2, 10}, 0.3);
  const Values huber = run_one("yaad", coordinates, option("huber", "coordinate"));
  std::int64_t clipped = 0;
  for (std::int64_t i = 0; i < 12; ++i) {
    const std::int64_t b = i / 6, h = i / 3 % 2;
    const double value = in["V"](b, h, 0, i % 3);
    double overlap = 0;
    for (std::int64_t e = 0; e < 4; ++e) overlap += in["K"](b, h, 0, e) * in["Q"](b, h, 0, e);
    clipped += std::abs(value) > 0.3;
    CHECK(std::abs(huber(b, h, 0, i % 3) - in["ET"](b, h, 0) * overlap * std::max(-0.3, std::min(0.3, value))) < 1e-15);
  }
  CHECK(clipped > 0);
  CHECK(clipped < 12);

  // Memora's rows as probabilities: w^alpha · exp(-eta · error · k), over their sum.
  const Values memora = run_one("memora", in);
  double w[3][4];
  for (auto& row : w)
    for (double& x : row) x = 0.25;
  for (std::int64_t t = 0; t < 10; ++t)
    for (std::int64_t f = 0; f < 3; ++f) {
      double error = -in["V"](1, 1, t, f), sum = 0, read = 0;
      for (std::int64_t e = 0; e < 4; ++e) error += w[f][e] * in["K"](1, 1, t, e);
      for (std::int64_t e = 0; e < 4; ++e)
        sum += w[f][e] =
            std::pow(w[f][e], in["AL"](1, 1, t)) * std::exp(-in["ET"](1, 1, t) * error * in["K"](1, 1, t, e));
      for (std::int64_t e = 0; e < 4; ++e) read += (w[f][e] /= sum) * in["Q"](1, 1, t, e);
      CHECK(std::abs(memora(1, 1, t, f) - read) < 1e-14);
    }

  // Gates per channel: equal ones are scalar gates, and a channel that does not learn stays at its start.
  ReferenceTensors channels = in;
  channels["A0"] = gen(196, {2, 3, 4});
  channels["DL"] = filled({2, 2, 10}, 0.5);
  const Values scalar = run_one("yaad", channels);
  channels["AL"] = filled({2, 2, 10, 3}, 0);
  channels["ET"] = channels["AL"];
  for (std::int64_t i = 0; i < 120; ++i) {
    channels["AL"].data()[i] = in["AL"].data()[i / 3];
    channels["ET"].data()[i] = in["ET"].data()[i / 3];
  }
  check_same(run_one("yaad", channels), scalar, 0);
  for (std::int64_t i = 1; i < 120; i += 3) {
    channels["AL"].data()[i] = 1;
    channels["ET"].data()[i] = 0;
  }
  const Values still = run_one("yaad", channels);
  double start = 0;
  for (std::int64_t e = 0; e < 4; ++e) start += channels["A0"](1, 1, e) * in["Q"](0, 1, 9, e);
  CHECK(std::abs(still(0, 1, 9, 1) - start) < 1e-15);
  in["V"] = gen(197, {2, 2, 10, 3}, 1e3);
  for (const char* name : {"moneta", "memora"}) check_finite(run_one(name, in));
}

TEST_CASE("one step of a memory of two layers, differentiated numerically") {
  for (const std::string name : {"yaad", "moneta", "memora"}) {
    INFO(name);
    ReferenceTensors in = memory(201, 1, 1, 4);
    in["DL"] = filled({1, 1, 1}, 1e9);
    Values start1 = gen(206, {1, 4, 6}), start2 = gen(207, {1, 6, 4});
    in["A1"] = start1;
    in["A2"] = start2;
    // The weights that a state stands for.
    const auto weights = [&](Values state) {
      const std::int64_t width = state.extents()[2];
      double fourth = 0;
      for (std::int64_t i = 0; i < state.size(); ++i) fourth += std::pow(state.data()[i], 4);
      for (std::int64_t i = 0; name == "moneta" && i < state.size(); ++i) state.data()[i] /= std::sqrt(fourth);
      for (std::int64_t i = 0; name == "memora" && i < state.size(); i += width) {
        double sum = 0;
        for (std::int64_t j = i; j < i + width; ++j) sum += std::exp(state.data()[j]);
        for (std::int64_t j = i; j < i + width; ++j) state.data()[j] = std::exp(state.data()[j]) / sum;
      }
      return state;
    };
    const Values w1 = weights(start1), w2 = weights(start2);
    const auto loss = [&](const Values& a, const Values& b) {
      const auto y = mlp(a, b, in["K"]);
      double sum = 0;
      for (std::size_t f = 0; f < y.size(); ++f) {
        const double error = std::abs(y[f] - in["V"].data()[f]);
        sum += name == "moneta" ? std::pow(error, 3) : error * error / 2;
      }
      return sum;
    };
    const double alpha = in["AL"].data()[0], eta = in["ET"].data()[0], nudge = 1e-6;
    Values next1 = start1, next2 = start2;
    // Memora forgets logarithms of normalised weights.
    if (name == "memora") {
      next1 = mapped(w1, [](double x) { return std::log(x); });
      next2 = mapped(w2, [](double x) { return std::log(x); });
    }
    for (std::int64_t i = 0; i < 24; ++i) {
      Values up = w1, down = w1;
      up.data()[i] += nudge;
      down.data()[i] -= nudge;
      next1.data()[i] = alpha * next1.data()[i] - eta * (loss(up, w2) - loss(down, w2)) / (2 * nudge);
      up = down = w2;
      up.data()[i] += nudge;
      down.data()[i] -= nudge;
      next2.data()[i] = alpha * next2.data()[i] - eta * (loss(w1, up) - loss(w1, down)) / (2 * nudge);
    }
    ReferenceSetting setting = option("memory", "mlp");
    if (name == "moneta") setting.options["gradient"] = "exact";
    const Values out = run_one(name, in, setting);
    const auto expected = mlp(weights(next1), weights(next2), in["Q"]);
    for (std::int64_t f = 0; f < 4; ++f) CHECK(std::abs(out.data()[f] - expected[static_cast<std::size_t>(f)]) < 2e-8);
  }
}

TEST_CASE("hyper-kernels") {
  ReferenceTensors in{{"Z", gen(91, {1, 2, 4, 4})},
                      {"HK", gen(92, {2, 4, 4})},
                      {"FT", gen(93, {1, 2, 4, 4})},
                      {"HKL", gen(94, {2, 3, 3})}};
  const ReferenceTensors listed = run("hyper_zzw", in);
  check_listed(listed.at("OG"), {1, 2, 4, 4}, -0.455946641, 0.0831241164, -1.40643612, 2.09858666);
  check_listed(listed.at("LC"), {1, 2, 4, 4}, -0.115179534, 0.192084409, 2.28539243, 4.39464672);

  // A unit matrix as the fast feature leaves the context; one tap of the kernel moves the image.
  in = {{"Z", gen(211, {2, 3, 5, 5})},
        {"HK", gen(212, {3, 5, 5})},
        {"FT", filled({2, 3, 5, 5}, 0)},
        {"HKL", filled({3, 5, 5}, 0)}};
  for (std::int64_t i = 0; i < 30; ++i) in["FT"](i / 15, i / 5 % 3, i % 5, i % 5) = 1;
  for (std::int64_t c = 0; c < 3; ++c) in["HKL"](c, 4, 1) = static_cast<double>(c + 1);
  const ReferenceTensors out = run("hyper_zzw", in);
  Values context = in["Z"], moved = filled({2, 3, 5, 5}, 0);
  for (std::int64_t i = 0; i < context.size(); ++i) {
    const std::int64_t b = i / 75, c = i / 25 % 3, y = i / 5 % 5, x = i % 5;
    context.data()[i] *= in["HK"](c, y, x);
    if (y + 2 < 5 && x >= 1) moved.data()[i] = static_cast<double>(c + 1) * in["Z"](b, c, y + 2, x - 1);
  }
  check_same(out.at("OG"), context, 0);
  check_same(out.at("LC"), moved, 0);
}

namespace {

// a⁻¹ b, by elimination without pivoting: a is symmetric and positive definite.
std::vector<std::vector<double>> solved(std::vector<std::vector<double>> a, std::vector<std::vector<double>> b) {
  const std::size_t n = a.size();
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k) {
      if (k == i) continue;
      const double factor = a[k][i] / a[i][i];
      for (std::size_t j = 0; j < n; ++j) a[k][j] -= factor * a[i][j];
      for (std::size_t j = 0; j < b[k].size(); ++j) b[k][j] -= factor * b[i][j];
    }
  for (std::size_t i = 0; i < n; ++i)
    for (double& x : b[i]) x /= a[i][i];
  return b;
}

}  // namespace

TEST_CASE("softmax-free attention") {
  const ReferenceSetting image{{{"Y", 4}, {"X", 4}}, {}, {}};
  ReferenceTensors in{{"Q", gen(101, {1, 1, 16, 4})},
                      {"V", gen(102, {1, 1, 16, 4})},
                      {"WC", gen(103, {4, 4, 2, 2}, 0.5)},
                      {"DW", gen(104, {1, 3, 3}, 0.5)}};
  check_listed(run_one("soft", in, image), {1, 1, 16, 4}, -0.122581084, -0.357675639, -17.489681, 4.4995797);

  // Iterated long enough, each mode inverts its matrix: with a ridge, without, and between roots of row sums.
  in = {{"Q", gen(221, {2, 2, 16, 4}, 3)}, {"V", gen(222, {2, 2, 16, 3})}, {"WC", gen(223, {4, 4, 2, 2})},
        {"DW", filled({2, 3, 3}, 0)},      {"LNG", filled({4}, 2)},        {"LNB", gen(224, {4})}};
  for (std::int64_t h = 0; h < 2; ++h) in["DW"](h, 1, 1) = static_cast<double>(h + 1);
  for (const std::string mode : {"soft", "paper", "norm"}) {
    INFO(mode);
    ReferenceSetting setting = image;
    setting.options["mode"] = mode;
    setting.extents["ITER"] = 60;
    const ReferenceTensors out = run("soft", in, setting);
    Values expected = filled({2, 2, 16, 3}, 0);
    for (std::int64_t b = 0; b < 2; ++b)
      for (std::int64_t h = 0; h < 2; ++h) {
        const auto pk = [&](std::int64_t n, std::int64_t a) { return out.at("PK")(b, h, n, a); };
        const auto ak = [&](std::int64_t a, std::int64_t c) { return out.at("AK")(b, h, a, c); };
        std::vector<std::vector<double>> left(4, std::vector<double>(4, 0)), right(4, std::vector<double>(3, 0));
        double sums[4] = {};
        for (std::int64_t a = 0; a < 4; ++a) {
          CHECK(ak(a, a) == 1);
          for (std::int64_t c = 0; c < 4; ++c) sums[a] += ak(a, c);
        }
        for (std::int64_t a = 0; a < 4; ++a) {
          const auto at = static_cast<std::size_t>(a);
          for (std::int64_t c = 0; c < 4; ++c) {
            CHECK(ak(a, c) == ak(c, a));
            left[at][static_cast<std::size_t>(c)] = ak(a, c) + (a == c && mode == "soft" ? 0.01 : 0);
            if (mode == "norm") left[at][static_cast<std::size_t>(c)] *= std::sqrt(sums[a] * sums[c]);
          }
          for (std::int64_t n = 0; n < 16; ++n)
            for (std::int64_t f = 0; f < 3; ++f)
              right[at][static_cast<std::size_t>(f)] += pk(n, a) * in["V"](b, h, n, f);
        }
        const auto zv = solved(left, right);
        for (std::int64_t n = 0; n < 16; ++n)
          for (std::int64_t f = 0; f < 3; ++f) {
            expected(b, h, n, f) = static_cast<double>(h + 1) * in["V"](b, h, n, f);
            for (std::int64_t a = 0; a < 4; ++a)
              expected(b, h, n, f) += pk(n, a) * zv[static_cast<std::size_t>(a)][static_cast<std::size_t>(f)];
          }
      }
    check_same(out.at("O"), expected, 1e-9);
  }

  // Mode `norm` before any iteration: the worst head decides how often the start of all heads is halved.
  {
    ReferenceSetting setting = image;
    setting.options["mode"] = "norm";
    setting.extents["ITER"] = 0;
    ReferenceTensors alike = in;
    alike["LNG"] = filled({4}, 0.05);
    const ReferenceTensors out = run("soft", alike, setting);
    const Values& ak = out.at("AK");
    double sums[2][2][4] = {}, largest = 0;
    for (std::int64_t i = 0; i < 64; ++i) sums[i / 32][i / 16 % 2][i / 4 % 4] += ak.data()[i];
    for (std::int64_t i = 0; i < 16; ++i) largest = std::max(largest, sums[i / 8][i / 4 % 2][i % 4]);
    double factor = 2 / (largest * largest);
    int halved = 0;
    for (; halved < 10; ++halved, factor /= 2) {
      double worst = 0;
      for (std::int64_t i = 0; i < 16; ++i) {
        double column = 0;
        for (std::int64_t a = 0; a < 4; ++a) {
          double square = 0;
          for (std::int64_t c = 0; c < 4; ++c) square += ak(i / 8, i / 4 % 2, a, c) * ak(i / 8, i / 4 % 2, c, i % 4);
          column += std::abs((a == i % 4 ? 1 : 0) - factor * square);
        }
        worst = std::max(worst, column);
      }
      if (worst <= 1.01) break;
    }
    CHECK(halved > 0);
    CHECK(halved < 10);
    double value = 2 * in["V"](1, 1, 5, 0);
    for (std::int64_t a = 0; a < 4; ++a)
      for (std::int64_t c = 0; c < 4; ++c)
        for (std::int64_t n = 0; n < 16; ++n)
          value += out.at("PK")(1, 1, 5, a) * factor * ak(1, 1, a, c) / std::sqrt(sums[1][1][a] * sums[1][1][c]) *
                   out.at("PK")(1, 1, n, c) * in["V"](1, 1, n, 0);
    CHECK(std::abs(out.at("O")(1, 1, 5, 0) - value) < 1e-13);
  }

  // One pooled token: its kernel is 1, so the start is 1.8 times and the limit 1 over what is inverted, 1.01.
  in["WC"] = gen(225, {4, 4, 4, 4});
  for (const std::int64_t iterations : {0, 40}) {
    ReferenceSetting setting = image;
    setting.extents["ITER"] = iterations;
    const ReferenceTensors out = run("soft", in, setting);
    double gathered = 0;
    for (std::int64_t n = 0; n < 16; ++n) gathered += out.at("PK")(1, 0, n, 0) * in["V"](1, 0, n, 2);
    const double z = iterations == 0 ? 1.8 * 1.01 : 1 / 1.01;
    CHECK(std::abs(out.at("O")(1, 0, 7, 2) - out.at("PK")(1, 0, 7, 0) * z * gathered - in["V"](1, 0, 7, 2)) < 1e-12);
  }
  in["Q"] = gen(226, {2, 2, 16, 4}, 1e3);
  check_finite(run_one("soft", in, image));
}

TEST_CASE("temporal interest") {
  // Seven behaviours and the target as items of their own; time in buckets 1 to 7, the target's is 0.
  const Values items = gen(131, {7, 6}), times = gen(132, {7, 6}, 0.3), target = gen(133, {6}),
               target_time = gen(134, {6}, 0.3);
  ReferenceTensors in{{"IT", filled({8, 3}, 0)}, {"CA", filled({8, 3}, 0)},  {"PT", filled({8, 6}, 0)},
                      {"CATOF", filled({8}, 0)}, {"IDS", filled({1, 7}, 0)}, {"BUCKET", filled({1, 7}, 0)},
                      {"LEN", filled({1}, 5)},   {"TARGET", filled({1}, 7)}};
  for (std::int64_t m = 0; m < 8; ++m) {
    in["CATOF"](m) = static_cast<double>(7 - m);
    for (std::int64_t e = 0; e < 6; ++e) {
      const double value = m < 7 ? items(m, e) : target(e);
      (e < 3 ? in["IT"](m, e) : in["CA"](7 - m, e - 3)) = value;
      in["PT"](m, e) = m == 0 ? target_time(e) : times(m - 1, e);
    }
    if (m < 7) {
      in["IDS"](0, m) = static_cast<double>(m);
      in["BUCKET"](0, m) = static_cast<double>(m + 1);
    }
  }
  const ReferenceTensors listed = run("temporal_interest", in);
  check_listed(listed.at("U"), {1, 6}, 0.0222998811, 0.22886654, -0.0162418259, 0.306545089);

  // The target does not depend on the behaviour, so it can be multiplied after the pool.
  for (std::int64_t e = 0; e < 6; ++e)
    CHECK(std::abs(listed.at("U")(0, e) - listed.at("PO")(0, e) * (target(e) + target_time(e))) < 1e-15);
  // Only the first behaviour; none; order does not matter.
  in["LEN"](0) = 1;
  const Values first = run_one("temporal_interest", in, {}, "PO");
  for (std::int64_t e = 0; e < 6; ++e) CHECK(first(0, e) == items(0, e) + times(0, e));
  in["LEN"](0) = 0;
  check_same(run_one("temporal_interest", in, {}, "U"), filled({1, 6}, 0));
  in["LEN"](0) = 5;
  std::swap(in["IDS"](0, 1), in["IDS"](0, 4));
  std::swap(in["BUCKET"](0, 1), in["BUCKET"](0, 4));
  check_same(run_one("temporal_interest", in, {}, "U"), listed.at("U"), 1e-14);
}

TEST_CASE("token-aware pooling") {
  ReferenceTensors in{{"XIN", gen(141, {1, 5, 5, 3})},
                      {"CONV1", gen(142, {3, 3, 3, 3}, 0.5)},
                      {"CONV2", gen(143, {3, 3, 3, 3}, 0.5)},
                      {"BNA", mapped(gen(144, {3}), [](double x) { return 1 + 0.2 * x; })},
                      {"BNB", gen(145, {3}, 0.2)}};
  check_listed(run_one("token_aware_pooling", in, {}, "XT"), {1, 5, 5, 3}, -0.188136421, 0.278309142, -5.19253276,
               2.34224919);

  // Equal weights: one kernel of taps at the centre and around it, a ninth of a third each.
  in["CONV2"] = filled({3, 3, 3, 3}, 0);
  const Values even = run_one("token_aware_pooling", in, {}, "XT");
  for (std::int64_t y = 0; y < 5; ++y)
    for (std::int64_t x = 0; x < 5; ++x) {
      double sum = in["XIN"](0, y, x, 1) / 3;
      for (std::int64_t s = 1; s < 3; ++s)
        for (std::int64_t at_y = y - s; at_y <= y + s; at_y += s)
          for (std::int64_t at_x = x - s; at_x <= x + s; at_x += s)
            if (at_y >= 0 && at_y < 5 && at_x >= 0 && at_x < 5) sum += in["XIN"](0, at_y, at_x, 1) / 27;
      CHECK(std::abs(even(0, y, x, 1) - sum) < 1e-15);
    }

  // Offsets that choose one scale: the token itself, or the average at distance 2.
  in["BNA"] = filled({3}, 0);
  in["BNB"] = filled({3}, 1);
  for (const std::int64_t s : {0, 2}) {
    in["CONV2"] = filled({3, 3, 3, 3}, 0);
    in["CONV2"](s, 0, 1, 1) = 1000;
    const Values chosen = run_one("token_aware_pooling", in, {}, "XT");
    double nine = 0;
    for (std::int64_t i = 0; i < 9; ++i) nine += in["XIN"](0, i / 3 * 2, i % 3 * 2, 2) / 9;
    CHECK(std::abs(chosen(0, 2, 2, 2) - (s == 0 ? in["XIN"](0, 2, 2, 2) : nine)) < 1e-15);
  }
  // A high temperature makes the weights equal again.
  ReferenceSetting hot;
  hot.constants["TAU"] = 1e18;
  check_same(run_one("token_aware_pooling", in, hot, "XT"), even, 1e-14);
}

TEST_CASE("attention diversification") {
  ReferenceTensors in{{"A", gen(146, {1, 1, 2, 5, 5}, 4)}};
  for (std::int64_t i = 0; i < 50; i += 5) {
    double sum = 0;
    for (std::int64_t j = i; j < i + 5; ++j) sum += in["A"].data()[j] = std::exp(in["A"].data()[j]);
    for (std::int64_t j = i; j < i + 5; ++j) in["A"].data()[j] /= sum;
  }
  const auto loss = [](const ReferenceTensors& inputs, double threshold) {
    ReferenceSetting setting;
    setting.constants["TH"] = threshold;
    return run_one("attention_diversification", inputs, setting, "LOSS");
  };
  check_listed(run_one("attention_diversification", in, {}, "LOSS"), {}, 0, 0, 0, 0);
  check_listed(loss(in, 1), {}, 0.632420653, 0.632420653, 0.632420653, 0.632420653);

  // Equal rows are as alike as can be. Rows that look at one token each make an angle of 45 degrees with their mean.
  ReferenceTensors simple{{"A", filled({2, 1, 1, 2, 2}, 0)}};
  for (std::int64_t p = 0; p < 2; ++p) {
    simple["A"](0, 0, 0, p, 0) = 1;
    simple["A"](1, 0, 0, p, p) = 1;
  }
  CHECK(std::abs(loss(simple, 0.5).data()[0] - (1 + std::sqrt(0.5)) / 2) < 1e-15);
  // Equal to the threshold is not above it.
  CHECK(std::abs(loss(simple, 1).data()[0] - 0.5) < 1e-15);
}

namespace {

ReferenceTensors power_law(std::int64_t heads, std::int64_t tokens, std::int64_t batch) {
  ReferenceTensors in{{"Q", gen(1, {batch, heads, tokens, 8})},
                      {"K", gen(2, {batch, heads, tokens, 8})},
                      {"V", gen(3, {batch, heads, tokens, 8})},
                      {"W1", gen(4, {2, 2, 8, 12}, 0.5)},
                      {"W2", gen(5, {2, 2, 8, 12}, 0.5)},
                      {"W3", gen(6, {2, 2, 12, 8}, 0.5)},
                      {"C1", filled({2, 2, 12}, 0)},
                      {"C2", filled({2, 2, 12}, 0)},
                      {"C3", filled({2, 2, 8}, 0)},
                      {"LNG", filled({3, 8}, 1)},
                      {"LNB", filled({3, 8}, 0)},
                      {"WM", gen(7, {heads, 8, 8}, 0.5)},
                      {"BM", filled({heads, 8, 8}, 0)},
                      {"PW", gen(8, {heads, 8, 8}, 0.5)},
                      {"AW", gen(9, {heads, 8, 8}, 0.5)},
                      {"BA", filled({heads, 8, 8}, 0)}};
  return in;
}

// The rows of one token, all batches and heads.
Values token(const Values& values, std::int64_t at) {
  Values row = filled({values.extents()[0], values.extents()[1], 1, values.extents()[3]}, 0);
  for (std::int64_t i = 0; i < row.size(); ++i) {
    const std::int64_t width = values.extents()[3], head = i / width;
    row.data()[i] = values(head / values.extents()[1], head % values.extents()[1], at, i % width);
  }
  return row;
}

}  // namespace

TEST_CASE("power-law graph attention") {
  const ReferenceTensors listed = run("plga", power_law(1, 6, 1));
  check_listed(listed.at("GLM"), {1, 1, 8, 8}, -1.06493087, 0.852043014, -31.2303253, 26.1056302);
  check_listed(listed.at("O"), {1, 1, 6, 8}, -0.52553874, -0.0363721234, 5.75113281, 3.38808636);

  // The unit matrix between queries and keys: plain attention.
  ReferenceTensors in = power_law(2, 5, 2);
  in["AW"] = filled({2, 8, 8}, 0);
  for (std::int64_t h = 0; h < 2; ++h)
    for (std::int64_t e = 0; e < 8; ++e) in["BA"](h, e, e) = 1;
  const Values plain = run_one("softmax_attention", in, {}, "AV"), causal = run_one("plga", in);
  check_same(run_one("plga", in, option("form", "full")), plain);
  check_same(token(causal, 4), token(plain, 4));
  check_same(token(causal, 0), token(in["V"], 0));

  // No residual from the gated layers: the metric tensor is the norm of the norm, whatever the units.
  in = power_law(2, 5, 2);
  in["W3"] = filled({2, 2, 12, 8}, 0);
  in["C3"] = gen(231, {2, 2, 8});
  in["LNG"] = gen(238, {3, 8});
  in["LNB"] = gen(232, {3, 8});
  const Values metric = run_one("plga", in, {}, "AR");
  for (std::int64_t e = 0; e < 8; ++e) {
    std::vector<double> row;
    for (std::int64_t d = 0; d < 8; ++d) {
      row.push_back(0);
      for (std::int64_t p = 0; p < 5; ++p) row.back() += in["Q"](1, 0, p, e) * in["Q"](1, 0, p, d);
    }
    for (std::int64_t unit = 0; unit < 3; ++unit) {
      double sum = 0, squares = 0;
      for (std::size_t d = 0; d < 8; ++d) {
        if (unit > 0) row[d] += in["C3"](unit - 1, 1, d);
        sum += row[d] / 8;
        squares += row[d] * row[d] / 8;
      }
      for (std::size_t d = 0; d < 8; ++d)
        row[d] = (row[d] - sum) / std::sqrt(squares - sum * sum + 1e-6) * in["LNG"](unit, d) + in["LNB"](unit, d);
    }
    for (std::size_t d = 0; d < 8; ++d) CHECK(std::abs(metric(1, 0, e, d) - row[d]) < 1e-11);
  }

  // A step that decodes the last token of the prompt, with either cache.
  in = power_law(2, 5, 2);
  in["BM"] = gen(233, {2, 8, 8});
  in["BA"] = gen(234, {2, 8, 8});
  in["C1"] = gen(235, {2, 2, 12});
  in["C2"] = gen(236, {2, 2, 12});
  const ReferenceTensors prompt = run("plga", in);
  ReferenceTensors step = in;
  step["Q"] = token(in["Q"], 4);
  step["GLM"] = prompt.at("GLM");
  step["AR"] = prompt.at("AR");
  const Values decoded = run_one("plga_decode", step);
  check_same(decoded, token(prompt.at("O"), 4));
  check_same(run_one("plga_decode", step, option("cache", "kv")), decoded, 1e-12);

  // Powers of 1: the potential tensor is z² · sigmoid(z) of what is mapped.
  for (std::int64_t h = 0; h < 2; ++h)
    for (std::int64_t i = 0; i < 64; ++i) in["WM"](h, i / 8, i % 8) = in["AW"](h, i / 8, i % 8) = i / 8 == i % 8;
  in["PW"] = filled({2, 8, 8}, 1);
  const ReferenceTensors unit = run("plga", in);
  for (std::int64_t i = 0; i < 64; ++i) {
    const double z = unit.at("AR")(0, 1, i / 8, i % 8) + in["BM"](1, i / 8, i % 8);
    CHECK(std::abs(unit.at("GLM")(0, 1, i / 8, i % 8) - z * z * sigmoid(z) - 1e-9 - in["BA"](1, i / 8, i % 8)) < 1e-13);
  }
  in["Q"] = gen(237, {2, 2, 5, 8}, 100);
  check_finite(run_one("plga", in));
}
