// SPDX-License-Identifier: Apache-2.0
// Do transformed cascades have the values of their origins, the passes that the literature knows, and its operations?
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "einsum/counts.hpp"
#include "einsum/ops/op.hpp"
#include "einsum/passes.hpp"
#include "einsum/transforms/equivalence.hpp"
#include "einsum/transforms/facts.hpp"
#include "einsum/transforms/minimize_passes.hpp"
#include "einsum/transforms/transform.hpp"
#include "unit/einsum/cascades.hpp"
#include "unit/einsum/transformed.hpp"

using namespace einloom;
using namespace einloom::test;
using namespace einloom::transforms;

namespace {

OperationCounts published_counts(const Cascade& cascade, std::int64_t keys_in_tile) {
  Shape shape;
  for (const auto& [name, value] :
       std::map<std::string, std::int64_t>{{"B", 1}, {"H", 1}, {"P", 8}, {"M", 16}, {"E", 4}, {"F", 4}}) {
    shape.set(name, value);
  }
  for (const ParameterDecl& parameter : cascade.parameters()) shape.set(parameter.name, keys_in_tile);
  return count_operations(cascade, cascade.bind(shape, {}));
}

// Softmax attention in parts: `score`, what stands for the weights' division, and Einsums behind it.
struct Variant {
  std::string name;
  std::string score = "sum(e) Q[h,p,e] * K[h,m,e] * rsqrt(E)";
  std::string exponent = "exp(S[h,p,m] - GM[h,p])";
  std::string before_weights;
  std::string weights = "X[h,p,m] / D[h,p]";
  std::string behind = "  - O[h,p,f] = sum(m) A[h,p,m] * V[h,m,f]\n";
  std::string tensors;
  int before = 3, after = 1;
  std::string forbidden;  // the first reason
};

Cascade cascade_of(const Variant& variant) {
  const bool writes_o = variant.behind.find("O[h,p,f] =") != std::string::npos;
  const bool own_a = variant.tensors.find("  A:") != std::string::npos;
  return cascade_from("cascade: " + variant.name + R"(
ranks: [H, P, M, E, F]
tensors:
  Q: {ranks: [H, P, E], role: input}
  K: {ranks: [H, M, E], role: input}
  V: {ranks: [H, M, F], role: input}
  S: {ranks: [H, P, M]}
  GM: {ranks: [H, P]}
  X: {ranks: [H, P, M]}
  D: {ranks: [H, P]}
)" + (own_a ? "" : "  A: {ranks: [H, P, M]}\n") +
                      (writes_o ? "  O: {ranks: [H, P, F], role: output}\n" : "") + variant.tensors + R"(einsums:
  - S[h,p,m] = )" + variant.score +
                      R"(
  - GM[h,p] = max(m) S[h,p,m]
  - X[h,p,m] = )" + variant.exponent +
                      R"(
  - D[h,p] = sum(m) X[h,p,m]
)" + variant.before_weights +
                      "  - A[h,p,m] = " + variant.weights + "\n" + variant.behind);
}

std::vector<Variant> variants() {
  std::vector<Variant> all;
  const auto add = [&](const std::string& name) -> Variant& {
    all.push_back({});
    all.back().name = name;
    return all.back();
  };
  const std::string result = "  - O[h,p,f] = sum(m) A[h,p,m] * V[h,m,f]\n";
  add("plain");
  add("causal").score += " | m+3 <= p";  // the first rows see no key
  add("window").score += " | m <= p and m+4 > p";
  auto& gate = add("gate");
  gate.tensors = "  G: {ranks: [H, P, F], role: input}\n  Y: {ranks: [H, P, F]}\n";
  gate.behind = "  - Y[h,p,f] = sum(m) A[h,p,m] * V[h,m,f]\n  - O[h,p,f] = Y[h,p,f] * sigmoid(G[h,p,f])\n";
  auto& alibi = add("alibi");
  alibi.score = "sum(e) Q[h,p,e] * K[h,m,e] - L[h] * (p - m) | m <= p";
  alibi.tensors = "  L: {ranks: [H], role: input}\n";
  auto& bias = add("bias");
  bias.score = "sum(e) Q[h,p,e] * K[h,m,e] + BI[h,p,m]";
  bias.tensors = "  BI: {ranks: [H, P, M], role: input}\n";
  // Distances weighted by attention: one more value column, and one summed over the queries too.
  auto& columns = add("columns");
  columns.tensors = "  W: {ranks: [H, P], role: output}\n  DB: {ranks: [H], role: output}\n";
  columns.behind = result + "  - W[h,p] = sum(m) A[h,p,m] * min(p - m, 3)\n  - DB[h] = sum(p,m) A[h,p,m] * (p - m)\n";
  // A later map depends on the sum over a class of keys: an accumulator for each class.
  auto& classes = add("classes");
  classes.tensors =
      "  SK: {ranks: [M], role: input}\n  SS: {ranks: [H, P]}\n  G: {ranks: [H, P]}\n  A2: {ranks: [H, P, M]}\n";
  classes.behind =
      "  - SS[h,p] = sum(m) A[h,p,m] * SK[m]\n  - G[h,p] = sigmoid(SS[h,p])\n"
      "  - A2[h,p,m] = A[h,p,m] * (1 + SK[m] * G[h,p])\n  - O[h,p,f] = sum(m) A2[h,p,m] * V[h,m,f]\n";
  classes.before = 4;
  auto& lse = add("stored_lse");
  lse.tensors = "  L: {ranks: [H, P], role: output}\n";
  lse.behind = result + "  - L[h,p] = GM[h,p] + log(D[h,p])\n";
  auto& by_lse = add("weights_by_lse");
  by_lse.tensors = "  L: {ranks: [H, P]}\n";
  by_lse.before_weights = "  - L[h,p] = GM[h,p] + log(D[h,p])\n";
  by_lse.weights = "exp(S[h,p,m] - L[h,p])";
  auto& sink = add("sink_logit");
  sink.tensors = "  SI: {ranks: [H], role: input}\n  D2: {ranks: [H, P]}\n";
  sink.before_weights = "  - D2[h,p] = D[h,p] + exp(SI[h] - GM[h,p])\n";
  sink.weights = "X[h,p,m] / D2[h,p]";
  auto& squares = add("squares");
  squares.tensors = "  Z: {ranks: [H, P], role: output}\n";
  squares.behind = result + "  - Z[h,p] = sum(m) A[h,p,m] * A[h,p,m]\n";
  add("powers_of_two").exponent = "pow(2, S[h,p,m] - GM[h,p])";
  auto& scaled = add("scaled_maximum");
  scaled.exponent = "exp(S[h,p,m] * 0.5 - GM[h,p] * 0.5)";
  auto& polynomial = add("polynomial_of_weights");
  polynomial.tensors = "  B2: {ranks: [H, P, M]}\n";
  polynomial.behind = "  - B2[h,p,m] = square(A[h,p,m]) + A[h,p,m]\n  - O[h,p,f] = sum(m) B2[h,p,m] * V[h,m,f]\n";
  // Weights that are never small: a sum over what does not vary is counted, for all keys at once.
  add("smoothed").exponent = "exp(S[h,p,m] - GM[h,p]) + 0.25";
  // A choice between weights, by a class of keys and by what the row's sum is.
  auto& choice = add("choice");
  choice.tensors = "  SK: {ranks: [M], role: input}\n  G: {ranks: [H, P]}\n  A2: {ranks: [H, P, M]}\n";
  choice.behind =
      "  - G[h,p] = less(D[h,p], 2)\n  - A2[h,p,m] = select(G[h,p], select(greater(SK[m], 0), A[h,p,m], 2 * A[h,p,m]), "
      "A[h,p,m] / 3)\n  - O[h,p,f] = sum(m) A2[h,p,m] * V[h,m,f]\n";
  // One key's weights by themselves: made at that point, not along the rank.
  auto& probe = add("one_key");
  probe.tensors = "  Z: {ranks: [H], role: output}\n";
  probe.behind = result + "  - Z[h] = sum(p) A[h,p,1]\n";
  // What no fact helps with.
  auto& weights = add("weights_too");
  weights.tensors = "  A: {ranks: [H, P, M], role: output}\n";
  weights.after = 2;
  weights.forbidden = "`X` must wait for `GM`: an output needs it whole along `m`";
  auto& influence = add("influence_of_keys");
  influence.tensors = "  Z: {ranks: [M], role: output}\n";
  influence.behind = result + "  - Z[m] = sum(h,p) A[h,p,m]\n";
  influence.after = 2;
  influence.forbidden = "`X` must wait for `GM`: an output needs it whole along `m`";
  auto& mean = add("mean_of_heads");
  mean.tensors = "  W: {ranks: [P, M]}\n  V2: {ranks: [M, F], role: input}\n  Z: {ranks: [P, F], role: output}\n";
  mean.behind = result + "  - W[p,m] = sum(h) A[h,p,m]\n  - Z[p,f] = sum(m) W[p,m] * V2[m,f]\n";
  auto& bent = add("bent_weights");
  bent.weights = "tanh(X[h,p,m] / D[h,p])";
  bent.after = 2;
  bent.forbidden = "`A` must wait for `X`: nothing comes out of `tanh`";
  auto& twice = add("attention_twice");
  twice.tensors = R"(  W2: {ranks: [F, E], role: input}
  Y: {ranks: [H, P, F]}
  Q2: {ranks: [H, P, E]}
  S2: {ranks: [H, P, M]}
  GM2: {ranks: [H, P]}
  X2: {ranks: [H, P, M]}
  D2: {ranks: [H, P]}
  A2: {ranks: [H, P, M]}
)";
  twice.behind = R"(  - Y[h,p,f] = sum(m) A[h,p,m] * V[h,m,f]
  - Q2[h,p,e] = sum(f) Y[h,p,f] * W2[f,e]
  - S2[h,p,m] = sum(e) Q2[h,p,e] * K[h,m,e]
  - GM2[h,p] = max(m) S2[h,p,m]
  - X2[h,p,m] = exp(S2[h,p,m] - GM2[h,p])
  - D2[h,p] = sum(m) X2[h,p,m]
  - A2[h,p,m] = X2[h,p,m] / D2[h,p]
  - O[h,p,f] = sum(m) A2[h,p,m] * V[h,m,f]
)";
  twice.before = 6;
  twice.after = 2;
  twice.forbidden = "`S2` must wait for `Q2`: `Q2[h,p,e]` depends on what is reduced";
  return all;
}

}  // namespace

TEST_CASE("the facts about operators hold") {
  const auto value = [](const std::string& op, double a, double b = 0) { return find_op(op)->scalar(a, b); };
  const std::vector<double> values = {-2.5, -1, -0.25, 0.5, 1, 3};
  int checked = 0;
  for (const OperatorFact& fact : operator_facts()) {
    INFO(fact.op << ": " << fact.text);
    REQUIRE(find_op(fact.op) != nullptr);
    const std::string& op = fact.op;
    for (const double x : values) {
      for (const double c : values) {
        if (fact.of_positive && c < 0) continue;
        for (const double y : values) {
          double left = 0, right = 0;
          switch (fact.law) {
            case OperatorLaw::adds:
              left = value(op, x, y) * c;
              right = value(op, x * c, y * c);
              break;
            case OperatorLaw::multiplies:
              left = value(op, x * c, y);
              right = value(op, x, y) * c;
              CHECK(value(op, x, y * c) == Approx(right));
              break;
            case OperatorLaw::divides:
              left = value(op, x * c, y);
              right = value(op, x, y) * c;
              CHECK(value(op, x, y * c) == Approx(value(op, x, y) / c));
              break;
            case OperatorLaw::shifts:
              left = value(op, x + c);
              right = value(op, x) * value(op, c);
              break;
            case OperatorLaw::shifts_of_base:
              left = value(op, std::abs(y), x + c);
              right = value(op, std::abs(y), x) * value(op, std::abs(y), c);
              break;
            case OperatorLaw::chooses: {
              const auto choose = [&](double first, double second) {
                return find_op(op)->scalar_ternary(y > 0 ? 1 : 0, first, second);
              };
              left = choose(x, c);
              right = choose(1, 0) * x + choose(0, 1) * c;
              break;
            }
            case OperatorLaw::squares:
              left = value(op, x);
              right = x * x;
              break;
            case OperatorLaw::inverts:
              left = value(op, x);
              right = 1 / x;
              break;
            case OperatorLaw::keeps_factors:
              left = value(op, x * c);
              right = value(op, x) * value(op, c);
              break;
            case OperatorLaw::keeps_positive:
              left = value(op, x * c);
              right = value(op, x) * c;
              break;
          }
          ++checked;
          if (std::isnan(left) && std::isnan(right)) continue;  // roots of negative values
          CHECK(left == Approx(right));
        }
      }
    }
  }
  CHECK(checked > 1000);
}

TEST_CASE("the facts about reductions hold") {
  const std::vector<double> x = {-1.5, 0.25, 2, 3}, y = {4, -1, 0.5, 2};
  const double c = -1.75;
  for (const ReductionOp& op : all_reductions()) {
    const ReductionFact& fact = fact_of_reduction(op.name);
    INFO(fact.text);
    double of_x = op.identity, of_y = op.identity, of_xc = op.identity, of_sum = op.identity, of_shifted = op.identity;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto join = [&](double& into, double value) { into = find_op(op.combine)->scalar(into, value); };
      join(of_x, x[i]);
      join(of_y, y[i]);
      join(of_xc, x[i] * c);
      join(of_sum, x[i] + y[i]);
      join(of_shifted, x[i] + c);
    }
    CHECK((of_xc == Approx(of_x * c) && of_sum == Approx(of_x + of_y)) == fact.factors);
    CHECK((of_shifted == Approx(of_x + c)) == fact.terms);
  }
}

TEST_CASE("three-pass attention: its division deferred") {
  const Cascade origin = shipped_cascade("attention_3pass");
  const Cascade result = transformed(origin, {"defer:M"});
  CHECK(passes_over(result, "M") == 2);
  check_values(origin, result);
  CHECK(published_counts(result, 4) ==
        OperationCounts{{"add", 128}, {"div", 32}, {"exp", 128}, {"mac", 1024}, {"max", 128}, {"sub", 128}});
}

TEST_CASE("three-pass attention finds its one-pass form, with FlashAttention-2's operations") {
  const Cascade origin = shipped_cascade("attention_3pass");
  const FewerPasses fewer = minimize_passes(origin, "M", 4);
  CHECK(fewer.before == 3);
  CHECK(fewer.after == 1);
  CHECK(fewer.forbidden.empty());
  REQUIRE(fewer.steps.size() == 3);
  CHECK(fewer.steps[0].transform == "defer:M");
  CHECK(fewer.steps[0].passes == 2);
  CHECK(fewer.steps[2].transform == "running:M");
  CHECK(fewer.steps[2].passes == 1);
  check_values(origin, fewer.cascade);
  const OperationCounts counts = published_counts(fewer.cascade, 4);
  CHECK(counts ==
        OperationCounts{
            {"add", 288}, {"div", 32}, {"exp", 160}, {"mac", 1024}, {"max", 160}, {"mul", 160}, {"sub", 160}});
  CHECK(counts == published_counts(shipped_cascade("attention_1pass"), 4));
}

TEST_CASE("split-K from three passes and from two") {
  const Cascade three = shipped_cascade("attention_3pass");
  const Cascade result = transformed(three, {"partition:M=4", "split:M"});
  CHECK(passes_over(result, "M") == 1);
  CHECK(result.iterative_ranks().empty());
  check_values(three, result);
  const Cascade two = shipped_cascade("attention_2pass");
  const Cascade deferred = transformed(two, {"defer:M"});
  CHECK(passes_over(deferred, "M") == 1);
  check_values(two, deferred);
  CHECK(published_counts(result, 4) == published_counts(deferred, 4));
}

TEST_CASE("partitioning alone changes no value and no pass") {
  const Cascade origin = shipped_cascade("attention_3pass");
  const Cascade result = transformed(origin, {"partition:M=4"});
  CHECK(passes_over(result, "M") == 3);
  check_values(origin, result);
  CHECK(published_counts(result, 4) == published_counts(origin, 4));
}

TEST_CASE("what is read across tiles, scattered or selected stays whole beside them") {
  const Cascade origin = cascade_from(R"(cascade: across
ranks: [M, K]
constants: {EPS: 0.25}
tensors:
  X: {ranks: [M], role: input}
  Y: {ranks: [M]}
  IX: {ranks: [K], dtype: int32}
  W: {ranks: [M]}
  Z: {ranks: [], role: output}
einsums:
  - Y[m] = exp(X[m]) + EPS
  - IX[k] = topk(m) Y[m]
  - W[IX[k]] = 3
  - Z[] = sum(m) Y[m] * Y[m-1] * W[m]
)");
  const Cascade result = transformed(origin, {"partition:M=4"});
  for (const std::int64_t keys : {13, 8, 3}) {
    Shape shape;
    for (const auto& [name, value] : std::map<std::string, std::int64_t>{{"M", keys}, {"K", 2}}) {
      shape.set(name, value);
    }
    const Equivalence equivalence = compare_values(origin, result, shape, 3);
    CHECK(equivalence.values == 1);
    CHECK(equivalence.largest_error <= 1e-13);
  }
  CHECK(same(cascade_from(print_cascade(result)), result));
}

TEST_CASE("variants of attention: the fewest passes that the facts allow") {
  for (const Variant& variant : variants()) {
    const Cascade origin = cascade_of(variant);
    const FewerPasses fewer = minimize_passes(origin, "M", 4);
    INFO(variant.name << "\n" << print_cascade(fewer.cascade));
    CHECK(fewer.before == variant.before);
    CHECK(fewer.after == variant.after);
    CHECK(passes_over(fewer.cascade, "M") == variant.after);
    CHECK((fewer.forbidden.empty() ? "" : fewer.forbidden.front()) == variant.forbidden);
    check_values(origin, fewer.cascade);
  }
}

TEST_CASE("every variant in split form") {
  for (const Variant& variant : variants()) {
    const Cascade origin = cascade_of(variant);
    const Cascade result = transformed(origin, {"points:M", "exchange:M", "separate:M", "partition:M=4", "split:M"});
    INFO(variant.name << "\n" << print_cascade(result));
    CHECK(passes_over(result, "M") == variant.after);
    check_values(origin, result);
  }
}

// dQ with the scores made anew and nothing stored: sums over m of three products instead of four passes.
TEST_CASE("the gradient of the queries in one pass, with that of the keys in two") {
  for (const bool keys : {false, true}) {
    const Cascade origin = cascade_from(std::string(R"(cascade: gradient
ranks: [P, M, E, F]
tensors:
  Q: {ranks: [P, E], role: input}
  K: {ranks: [M, E], role: input}
  V: {ranks: [M, F], role: input}
  G: {ranks: [P, F], role: input}
  S: {ranks: [M, P]}
  GM: {ranks: [P]}
  SN: {ranks: [M, P]}
  SD: {ranks: [P]}
  A: {ranks: [M, P]}
  O: {ranks: [P, F]}
  D: {ranks: [P]}
  DP: {ranks: [M, P]}
  DS: {ranks: [M, P]}
  DQ: {ranks: [P, E], role: output}
)") + (keys ? "  DK: {ranks: [M, E], role: output}\n" : "") +
                                        R"(einsums:
  - S[m,p] = sum(e) Q[p,e] * K[m,e]
  - GM[p] = max(m) S[m,p]
  - SN[m,p] = exp(S[m,p] - GM[p])
  - SD[p] = sum(m) SN[m,p]
  - A[m,p] = SN[m,p] / SD[p]
  - O[p,f] = sum(m) A[m,p] * V[m,f]
  - D[p] = sum(f) G[p,f] * O[p,f]
  - DP[m,p] = sum(f) G[p,f] * V[m,f]
  - DS[m,p] = A[m,p] * (DP[m,p] - D[p])
  - DQ[p,e] = sum(m) DS[m,p] * K[m,e]
)" + (keys ? "  - DK[m,e] = sum(p) DS[m,p] * Q[p,e]\n" : ""));
    const FewerPasses fewer = minimize_passes(origin, "M", 4);
    CHECK(fewer.before == 4);
    CHECK(fewer.after == (keys ? 2 : 1));
    check_values(origin, fewer.cascade);
  }
}

TEST_CASE("layer normalisation takes its sums in one pass, and says why a second is left") {
  const Cascade origin = cascade_from(R"(cascade: norm
ranks: [P, M]
tensors:
  X: {ranks: [P, M], role: input}
  MU: {ranks: [P]}
  C: {ranks: [P, M]}
  VA: {ranks: [P]}
  Y: {ranks: [P, M], role: output}
einsums:
  - MU[p] = sum(m) X[p,m] / M
  - C[p,m] = X[p,m] - MU[p]
  - VA[p] = sum(m) C[p,m] * C[p,m] / M
  - Y[p,m] = C[p,m] * rsqrt(VA[p] + 1e-6)
)");
  const FewerPasses fewer = minimize_passes(origin, "M", 4);
  CHECK(fewer.before == 3);
  CHECK(fewer.after == 2);
  REQUIRE(fewer.steps.size() == 1);
  CHECK(fewer.steps[0].transform == "defer:M");
  check_values(origin, fewer.cascade);
  CHECK(fewer.forbidden == std::vector<std::string>{"`C` must wait for `MU`: an output needs it whole along `m`"});
}

TEST_CASE("a comparison sees a missing correction and a wrong mask") {
  const Cascade origin = shipped_cascade("attention_1pass");
  Shape shape;
  for (const RankDecl& rank : origin.ranks()) shape.set(rank.name, rank.name == "M" ? 13 : 3);
  shape.set("M0", 4);
  CHECK(compare_values(origin, origin, shape, 1).largest_error == 0);
  std::string text = print_cascade(origin);
  const auto spoiled = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    const auto at = changed.find(from);
    REQUIRE(at != std::string::npos);
    changed.replace(at, from.size(), to);
    return compare_values(origin, cascade_from(changed), shape, 1);
  };
  CHECK(spoiled("exp(RM[b,h,m1,p] - RM[b,h,m1+1,p])", "exp(RM[b,h,m1,p] - RM[b,h,m1,p])").largest_error > 1e-3);
  CHECK(spoiled("rsqrt(E)\n", "rsqrt(E) | m1*M0+m0 <= p\n").largest_error > 1e-3);
  CHECK_FALSE(spoiled("RNV[b,h,M1,p,f] /", "1 + RNV[b,h,M1,p,f] /").holds());
}

TEST_CASE("values that are not finite are told apart from equal ones") {
  const Cascade origin = shipped_cascade("attention_1pass");
  Shape shape;
  for (const RankDecl& rank : origin.ranks()) shape.set(rank.name, rank.name == "M" ? 13 : 3);
  shape.set("M0", 4);
  const Equivalence usual = compare_values(origin, origin, shape, 1);
  CHECK(usual.not_finite == 0);
  CHECK(usual.values == 81);
  const Equivalence nothing = compare_values(origin, origin, shape, 1, std::numeric_limits<double>::infinity());
  CHECK(nothing.values == 0);
  CHECK(nothing.not_finite == 81);
  CHECK_FALSE(nothing.holds());
}
