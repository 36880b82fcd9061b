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
  CHECK(run("retnet", in, scaled).at("RT")(0, 0, 3, 0) != out.at("RT")(0, 0, 3, 0));
  check_same(run_one("retnet", in, scaled), run_one("retnet", in, tiny), 1e-9);

  // One pair turns by one radian a step: equal queries and keys give the cosine of the distance.
  ReferenceTensors turned{
      {"Q", filled({1, 1, 4, 2}, 0)}, {"K", filled({1, 1, 4, 2}, 0)}, {"V", filled({1, 1, 4, 4}, 0)}};
  for (std::int64_t t = 0; t < 4; ++t) turned["Q"](0, 0, t, 0) = turned["K"](0, 0, t, 0) = turned["V"](0, 0, t, t) = 1;
  turned["G"] = filled({1, 1, 4, 4}, 0);
  const Values cosines = run_one("retnet", turned, option("rotation", "interleaved"), "RT");
  for (std::int64_t p = 0; p < 4; ++p)
    for (std::int64_t m = 0; m < 4; ++m) {
      const double distance = static_cast<double>(p - m);
      const double value = m <= p ? std::cos(distance) * std::pow(31 / 32.0, distance) / std::sqrt(2.0) : 0;
      CHECK(std::abs(cosines(0, 0, p, m) - value) < 1e-15);
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
