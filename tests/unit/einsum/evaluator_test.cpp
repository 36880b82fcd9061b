// SPDX-License-Identifier: Apache-2.0
// Does the evaluator give the value the language defines at every point, in whole and in boxes?
#include "einsum/evaluator.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>

#include "unit/einsum/cascades.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class T>
void fill_randomly(Tensor<T>& tensor, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = static_cast<T>(normal(random));
}

// Everything but the inputs starts as NaN, so reading what was never written shows.
template <class T>
TensorStore<T> random_store(const Cascade& cascade, const Shape& shape) {
  auto store = make_store<T>(cascade, shape, static_cast<T>(std::nan("")));
  unsigned seed = 1;
  for (const auto& tensor : cascade.tensors()) {
    if (tensor.role == TensorRole::input) fill_randomly(store.at(tensor.name), seed++);
  }
  return store;
}

std::string document(const std::string& ranks, const std::string& tensors, const std::string& einsums,
                     const std::string& more = "") {
  std::string text("cascade: c\nranks: [");
  return text.append(ranks)
      .append("]\n")
      .append(more)
      .append("tensors:\n")
      .append(tensors)
      .append("einsums:\n")
      .append(einsums);
}

template <class T>
bool same_values(const Tensor<T>& a, const Tensor<T>& b) {
  return a.extents() == b.extents() && std::equal(a.data(), a.data() + a.size(), b.data(),
                                                  [](T x, T y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

}  // namespace

TEST_CASE("a matrix product of odd sizes equals the plain loops bit for bit, in whole and by boxes") {
  const Cascade cascade = cascade_from(matrix_document("Z[m,n] = sum(k) A[m,k] * B[k,n] / 4"));
  const std::int64_t m = 70, n = 261, k = 300;
  const Shape shape = shape_of(cascade, {{"M", m}, {"N", n}, {"K", k}});
  auto store = random_store<double>(cascade, shape);
  evaluate(cascade, shape, {}, store);
  const auto& a = store.at("A");
  const auto& b = store.at("B");
  Tensor<double> expected({"M", "N"}, {m, n});
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t l = 0; l < k; ++l) expected(i, j) += a(i, l) * 0.25 * b(l, j);
    }
  }
  CHECK(same_values(store.at("Z"), expected));

  auto tiled = store;
  std::fill(tiled.at("Z").data(), tiled.at("Z").data() + tiled.at("Z").size(), std::nan(""));
  const EinsumKernel<double> kernel(cascade, 0, shape, {});
  for (std::int64_t i = 0; i < m; i += 33) {
    for (std::int64_t j = 0; j < n; j += 100) {
      for (std::int64_t l = 0; l < k; l += 77) {
        kernel.run({{i, std::min(m, i + 33)}, {j, std::min(n, j + 100)}, {l, std::min(k, l + 77)}}, l > 0, tiled);
      }
    }
  }
  for (std::int64_t i = 0; i < m * n; ++i) {
    REQUIRE(std::abs(tiled.at("Z").data()[i] - expected.data()[i]) < 1e-12);
  }
}

TEST_CASE("a masked product sums present points only, infinities beside absent ones included") {
  const Cascade cascade = cascade_from(matrix_document("Z[m,n] = sum(k) A[m,k] * B[k,n] | k <= m and m != 4"));
  const Cascade blocked = cascade_from(matrix_document("Z[m,n] = sum(k) A[m,k] * B[k,n] | k <= m and k+n >= 3"));
  for (const Cascade* each : {&cascade, &blocked}) {
    const Shape shape = shape_of(*each, {{"M", 9}, {"N", 8}, {"K", 12}});
    auto store = random_store<double>(*each, shape);
    store.at("B")(5, 2) = kInfinity;  // present for m >= 5 only
    evaluate(*each, shape, {}, store);
    for (std::int64_t m = 0; m < 9; ++m) {
      for (std::int64_t n = 0; n < 8; ++n) {
        double sum = 0;
        for (std::int64_t k = 0; k <= m; ++k) {
          const bool present = each == &cascade ? m != 4 : k + n >= 3;
          if (present) sum += store.at("A")(m, k) * store.at("B")(k, n);
        }
        INFO("m " << m << " n " << n);
        if (std::isinf(sum)) {
          CHECK(store.at("Z")(m, n) == sum);
        } else {
          CHECK(store.at("Z")(m, n) == Approx(sum).margin(1e-14));
        }
      }
    }
  }
}

TEST_CASE("causal scores: absent outputs of a sum are 0 and later Einsums never read them") {
  const Cascade cascade = cascade_from(document("P, M, E",
                                                "  Q: {ranks: [P, E], role: input}\n  K: {ranks: [M, E], role: input}\n"
                                                "  S: {ranks: [P, M], role: output}\n  G: {ranks: [P], role: output}\n",
                                                "  - S[p,m] = sum(e) Q[p,e] * K[m,e] | m+2 <= p\n"
                                                "  - G[p] = max(m) S[p,m]\n"));
  const Shape shape = shape_of(cascade, {{"P", 9}, {"M", 11}, {"E", 3}});
  auto store = random_store<float>(cascade, shape);
  evaluate(cascade, shape, {Dtype::fp32}, store);
  for (std::int64_t p = 0; p < 9; ++p) {
    float largest = -std::numeric_limits<float>::infinity();
    for (std::int64_t m = 0; m < 11; ++m) {
      float sum = 0;
      for (std::int64_t e = 0; m + 2 <= p && e < 3; ++e) sum += store.at("Q")(p, e) * store.at("K")(m, e);
      CHECK(store.at("S")(p, m) == sum);
      if (m + 2 <= p) largest = std::max(largest, sum);
    }
    CHECK(store.at("G")(p) == largest);
  }
}

TEST_CASE("an absent point of a map is left untouched") {
  const Cascade cascade =
      cascade_from(document("P, M", "  A: {ranks: [P, M], role: input}\n  Z: {ranks: [P, M], role: output}\n",
                            "  - Z[p,m] = A[p,m] + p * m - M | m < p and m != 1\n"));
  const Shape shape = shape_of(cascade, {{"P", 5}, {"M", 6}});
  auto store = random_store<double>(cascade, shape);
  std::fill(store.at("Z").data(), store.at("Z").data() + 30, 77.0);
  EinsumKernel<double>(cascade, 0, shape, {}).run(full_box(cascade, 0, shape), false, store);
  for (std::int64_t p = 0; p < 5; ++p) {
    for (std::int64_t m = 0; m < 6; ++m) {
      const double value = store.at("A")(p, m) + static_cast<double>(p * m) - 6;
      CHECK(store.at("Z")(p, m) == (m < p && m != 1 ? value : 77.0));
    }
  }
}

TEST_CASE("a window that leaves its tensor has absent points") {
  const Cascade cascade = cascade_from(document(
      "X, R", "  A: {ranks: [X], role: input}\n  W: {ranks: [R], role: input}\n  Z: {ranks: [X], role: output}\n",
      "  - Z[x] = sum(r) A[x-r+1] * W[r]\n"));
  const Shape shape = shape_of(cascade, {{"X", 7}, {"R", 3}});
  auto store = random_store<double>(cascade, shape);
  evaluate(cascade, shape, {}, store);
  for (std::int64_t x = 0; x < 7; ++x) {
    double sum = 0;
    for (std::int64_t r = 0; r < 3; ++r) {
      if (x - r + 1 >= 0 && x - r + 1 < 7) sum += store.at("A")(x - r + 1) * store.at("W")(r);
    }
    CHECK(store.at("Z")(x) == Approx(sum));
  }
}

TEST_CASE("reductions of different kinds nest; an absent inner fibre is not combined") {
  const Cascade cascade =
      cascade_from(document("M, N, K", "  A: {ranks: [M, K], role: input}\n  Z: {ranks: [N], role: output}\n",
                            "  - Z[n] = max(m) sum(k) A[m,k] * (n + 1) | k < 3 and m != n\n"));
  const Shape shape = shape_of(cascade, {{"M", 2}, {"N", 2}, {"K", 5}});
  auto store = random_store<double>(cascade, shape);
  for (std::int64_t i = 0; i < 10; ++i) store.at("A").data()[i] = -1.0 - static_cast<double>(i);
  evaluate(cascade, shape, {}, store);
  CHECK(store.at("Z")(0) == -6 - 7 - 8);
  CHECK(store.at("Z")(1) == 2 * (-1 - 2 - 3));
}

TEST_CASE("every reduction combines, has its identity and accumulates") {
  const std::vector<std::pair<std::string, std::function<double(double, double)>>> kinds{
      {"max", [](double a, double b) { return std::max(a, b); }},
      {"min", [](double a, double b) { return std::min(a, b); }},
      {"prod", [](double a, double b) { return a * b; }},
      {"sum", [](double a, double b) { return a + b; }}};
  const std::map<std::string, double> identity{{"max", -kInfinity}, {"min", kInfinity}, {"prod", 1}, {"sum", 0}};
  for (const auto& [op, combine] : kinds) {
    for (const bool along : {false, true}) {  // reduced rank contiguous or not
      std::string einsum("  - Z[p] = ");
      einsum.append(op).append(along ? "(m) A[p,m] | m < p\n" : "(m) A[m,p] | m < p\n");
      const Cascade cascade =
          cascade_from(document("P, M",
                                along ? "  A: {ranks: [P, M], role: input}\n  Z: {ranks: [P], role: output}\n"
                                      : "  A: {ranks: [M, P], role: input}\n  Z: {ranks: [P], role: output}\n",
                                einsum));
      const Shape shape = shape_of(cascade, {{"P", 6}, {"M", 9}});
      auto store = random_store<double>(cascade, shape);
      const EinsumKernel<double> kernel(cascade, 0, shape, {});
      kernel.run({{0, 6}, {0, 4}}, false, store);
      kernel.run({{0, 6}, {4, 9}}, true, store);
      for (std::int64_t p = 0; p < 6; ++p) {
        double expected = identity.at(op);
        for (std::int64_t m = 0; m < p; ++m)
          expected = combine(expected, along ? store.at("A")(p, m) : store.at("A")(m, p));
        INFO(op << " p " << p);
        CHECK(store.at("Z")(p) == Approx(expected));
      }
    }
  }
}

TEST_CASE("a long chunk and a strided tensor") {
  const Cascade cascade = cascade_from(document(
      "P, M",
      "  A: {ranks: [P, M], role: input}\n  B: {ranks: [M, P], role: input}\n  Z: {ranks: [P, M], role: output}\n",
      "  - Z[p,m] = exp(A[p,m]) - B[m,p] * m\n"));
  const Shape shape = shape_of(cascade, {{"P", 3}, {"M", 1500}});
  auto store = random_store<float>(cascade, shape);
  evaluate(cascade, shape, {Dtype::fp32}, store);
  for (std::int64_t p = 0; p < 3; ++p) {
    for (std::int64_t m = 0; m < 1500; ++m) {
      REQUIRE(store.at("Z")(p, m) == std::exp(store.at("A")(p, m)) - store.at("B")(m, p) * static_cast<float>(m));
    }
  }
}

TEST_CASE("states: initial value, steps in order, last state; an absent update carries the state over") {
  const std::string tensors =
      "  X: {ranks: [T, D], role: input}\n  S: {ranks: [T, D], initial: 2}\n  U: {ranks: [T, D], role: output}\n"
      "  Y: {ranks: [D], role: output}\n";
  for (const std::string predicate : {"", " | t >= d"}) {
    std::string einsums("  - U[t,d] = S[t,d] * X[t,d]\n  - S[t+1,d] = S[t,d] + U[t,d]");
    einsums.append(predicate).append("\n  - Y[d] = S[T,d]\n");
    const Cascade cascade = cascade_from(document("T, D", tensors, einsums, "iterative: [T]\n"));
    const Shape shape = shape_of(cascade, {{"T", 4}, {"D", 3}});
    auto store = random_store<double>(cascade, shape);
    evaluate(cascade, shape, {}, store);
    CHECK(store.at("S").extents() == std::vector<std::int64_t>{5, 3});
    for (std::int64_t d = 0; d < 3; ++d) {
      double state = 2;
      for (std::int64_t t = 0; t < 4; ++t) {
        CHECK(store.at("S")(t, d) == state);
        if (predicate.empty() || t >= d) state += state * store.at("X")(t, d);
      }
      CHECK(store.at("Y")(d) == state);
    }
  }
}

// A sum that is made part by part keeps its earlier parts where updates can be absent, too.
TEST_CASE("states that sum tile by tile: what earlier tiles left stays, an absent update carries the state over") {
  const std::string tensors =
      "  X: {ranks: [T, K, D], role: input}\n  S: {ranks: [T, D], initial: 2}\n  Y: {ranks: [D], role: output}\n";
  const Cascade cascade = cascade_from(document(
      "T, K, D", tensors, "  - S[t+1,d] = sum(k) S[t,d] * X[t,k,d] | t >= d\n  - Y[d] = S[T,d]\n", "iterative: [T]\n"));
  const Shape shape = shape_of(cascade, {{"T", 4}, {"K", 5}, {"D", 3}});
  auto store = random_store<double>(cascade, shape);
  auto tiled = store;
  evaluate(cascade, shape, {}, store);
  tiled.at("S") = make_store<double>(cascade, shape, 0).at("S");
  const EinsumKernel<double> kernel(cascade, 0, shape, {});
  for (std::int64_t t = 0; t < 4; ++t) {
    for (const Range& part : {Range{0, 2}, Range{2, 4}, Range{4, 5}}) {
      kernel.run({{t, t + 1}, {0, 3}, part}, part.begin > 0, tiled);
    }
    for (std::int64_t d = 0; d < 3; ++d) {
      double expected = store.at("S")(t, d);
      if (t >= d) {
        expected = 0;
        for (std::int64_t k = 0; k < 5; ++k) expected += store.at("S")(t, d) * store.at("X")(t, k, d);
      }
      CHECK(tiled.at("S")(t + 1, d) == Approx(expected));
    }
  }
}

TEST_CASE("two iterative ranks nest, and a second loop starts when the first is complete") {
  const Cascade cascade = cascade_from(document("T, L, D",
                                                "  X: {ranks: [T, D], role: input}\n  R: {ranks: [T, D], initial: 0}\n"
                                                "  W: {ranks: [T, D], initial: 1}\n  Y: {ranks: [D], role: output}\n",
                                                "  - R[t+1,d] = R[t,d] + X[t,d]\n  - W[t+1,d] = W[t,d] * R[T,d]\n"
                                                "  - Y[d] = W[T,d] + L\n",
                                                "iterative: [T, L]\n"));
  const Shape shape = shape_of(cascade, {{"T", 3}, {"L", 2}, {"D", 2}});
  auto store = random_store<double>(cascade, shape);
  evaluate(cascade, shape, {}, store);
  for (std::int64_t d = 0; d < 2; ++d) {
    const double sum = store.at("X")(0, d) + store.at("X")(1, d) + store.at("X")(2, d);
    CHECK(store.at("Y")(d) == Approx(sum * sum * sum + 2));
  }
}

TEST_CASE("stored values are rounded to their tensor's dtype, the workload's otherwise") {
  const Cascade cascade = cascade_from(
      document("P", "  A: {ranks: [P], role: input}\n  Y: {ranks: [P], dtype: fp16}\n  Z: {ranks: [P], role: output}\n",
               "  - Y[p] = A[p] * 1.0009765625\n  - Z[p] = Y[p] / 3\n"));
  const Shape shape = shape_of(cascade, {{"P", 5}});
  auto store = random_store<float>(cascade, shape);
  evaluate(cascade, shape, {Dtype::bf16}, store);
  for (std::int64_t p = 0; p < 5; ++p) {
    const auto y = static_cast<float>(round_to(Dtype::fp16, store.at("A")(p) * 1.0009765625f));
    CHECK(store.at("Y")(p) == y);
    CHECK(store.at("Z")(p) == static_cast<float>(round_to(Dtype::bf16, y / 3)));
  }
}

TEST_CASE("scalars and constants") {
  const Cascade cascade =
      cascade_from(document("P", "  A: {ranks: [P], role: input}\n  N: {ranks: []}\n  Z: {ranks: [P], role: output}\n",
                            "  - N[] = sum(p) square(A[p])\n  - Z[p] = A[p] * rsqrt(N[])\n"));
  const Shape shape = shape_of(cascade, {{"P", 4}});
  auto store = random_store<double>(cascade, shape);
  evaluate(cascade, shape, {}, store);
  double norm = 0;
  for (std::int64_t p = 0; p < 4; ++p) norm += store.at("Z")(p) * store.at("Z")(p);
  CHECK(norm == Approx(1));
}

TEST_CASE("misuse is an internal error") {
  const Cascade cascade = cascade_from(matrix_document("Z[m,n] = sum(k) A[m,k] * B[k,n]"));
  const Shape shape = shape_of(cascade, {{"M", 2}, {"N", 2}, {"K", 2}});
  auto store = random_store<double>(cascade, shape);
  const EinsumKernel<double> kernel(cascade, 0, shape, {});
  CHECK_THROWS_AS(kernel.run({{0, 2}, {0, 2}}, false, store), InternalError);
  CHECK_THROWS_AS(kernel.run({{0, 2}, {0, 2}, {0, 3}}, false, store), InternalError);
  store.erase("A");
  CHECK_THROWS_AS(kernel.run(full_box(cascade, 0, shape), false, store), InternalError);
  CHECK_THROWS_AS(evaluate(cascade, shape, {}, store), InternalError);
}
