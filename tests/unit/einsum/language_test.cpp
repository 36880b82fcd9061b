// SPDX-License-Identifier: Apache-2.0
// Gathers, scatters, data-dependent predicates, selections, `first`, constants, options and derived ranks: do they give
// what plain loops give, in whole and by boxes?
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <random>

#include "einsum/counts.hpp"
#include "einsum/evaluator.hpp"
#include "unit/einsum/cascades.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

using Values = Tensor<double>;

// Inputs N(0, 1); index tensors (names starting with I) whole numbers in [-1, 6).
TensorStore<double> evaluated(const Cascade& cascade, const Shape& shape, unsigned seed) {
  auto store = make_store<double>(cascade, shape, std::nan(""));
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int> index(-1, 5);
  for (const auto& tensor : cascade.tensors()) {
    if (tensor.role != TensorRole::input) continue;
    Values& values = store.at(tensor.name);
    for (std::int64_t i = 0; i < values.size(); ++i) {
      values.data()[i] = tensor.name[0] == 'I' ? index(random) : normal(random);
    }
  }
  evaluate(cascade, shape, {Dtype::fp64}, store);
  return store;
}

constexpr std::int64_t kM = 5, kP = 7;

Cascade over_m_p(const std::string& tensors, const std::string& einsums, const std::string& more = "") {
  return cascade_from("cascade: c\nranks: [M, P, K]\n" + more + "tensors:\n" + tensors + "einsums:\n" + einsums);
}

Shape small(const Cascade& cascade) { return shape_of(cascade, {{"M", kM}, {"P", kP}, {"K", 3}}); }

bool inside(double index, std::int64_t extent) { return index >= 0 && index < static_cast<double>(extent); }

}  // namespace

TEST_CASE("a gather reads where the index tensor says; outside the tensor the point is absent") {
  const Cascade cascade = over_m_p(
      "  A: {ranks: [M], role: input}\n  IX: {ranks: [P, K], role: input}\n  G: {ranks: [P, K]}\n"
      "  Z: {ranks: [P], role: output}\n  Y: {ranks: [P], role: output}\n",
      "  - G[p,k] = 2 * A[IX[p,k]]\n  - Z[p] = sum(k) A[IX[p,k]] * IX[p,k]\n  - Y[p] = sum(k) G[p,k] | p + k >= 2\n");
  const auto store = evaluated(cascade, small(cascade), 3);
  CHECK(cascade.find_tensor("IX")->dtype == Dtype::int32);
  for (std::int64_t p = 0; p < kP; ++p) {
    double z = 0, y = 0;
    for (std::int64_t k = 0; k < 3; ++k) {
      const double at = store.at("IX")(p, k);
      if (!inside(at, kM)) continue;
      const double a = store.at("A")(static_cast<std::int64_t>(at));
      z += a * at;
      if (p + k >= 2) y += 2 * a;
      CHECK(store.at("G")(p, k) == 2 * a);
    }
    CHECK(store.at("Z")(p) == Approx(z).margin(1e-14));
    CHECK(store.at("Y")(p) == Approx(y).margin(1e-14));
  }
}

TEST_CASE("an index tensor may be indexed by another, and scaled") {
  const Cascade cascade = over_m_p(
      "  A: {ranks: [P], role: input}\n  IX: {ranks: [M], role: input}\n  IY: {ranks: [K], role: input}\n"
      "  Z: {ranks: [K], role: output}\n",
      "  - Z[k] = A[2*IX[IY[k]]-k+1]\n");
  const auto store = evaluated(cascade, small(cascade), 8);
  int present = 0;
  for (std::int64_t k = 0; k < 3; ++k) {
    const double y = store.at("IY")(k);
    if (!inside(y, kM)) continue;
    const double at = 2 * store.at("IX")(static_cast<std::int64_t>(y)) - static_cast<double>(k) + 1;
    if (!inside(at, kP)) continue;
    CHECK(store.at("Z")(k) == store.at("A")(static_cast<std::int64_t>(at)));
    ++present;
  }
  CHECK(present > 0);
}

TEST_CASE("a scatter writes where the index tensor says, in order; the rest is 0") {
  const Cascade cascade = over_m_p(
      "  A: {ranks: [P], role: input}\n  IX: {ranks: [P], role: input}\n  Z: {ranks: [M], role: output}\n"
      "  S: {ranks: [M], role: output}\n  C: {ranks: [K], role: output}\n",
      "  - Z[IX[p]] = A[p] | p != 2\n  - C[k] = k\n  - S[m] = sum(p) A[p] | IX[p] == m\n");
  for (unsigned seed = 1; seed < 20; ++seed) {
    const auto store = evaluated(cascade, small(cascade), seed);
    std::vector<double> z(kM, 0), s(kM, 0);
    for (std::int64_t p = 0; p < kP; ++p) {
      const double at = store.at("IX")(p);
      if (!inside(at, kM)) continue;
      if (p != 2) z[static_cast<std::size_t>(at)] = store.at("A")(p);
      s[static_cast<std::size_t>(at)] += store.at("A")(p);
    }
    for (std::int64_t m = 0; m < kM; ++m) {
      CHECK(store.at("Z")(m) == z[static_cast<std::size_t>(m)]);
      CHECK(store.at("S")(m) == Approx(s[static_cast<std::size_t>(m)]).margin(1e-14));
    }
  }
}

TEST_CASE("data-dependent predicates take points away, and who reads them inherits that") {
  const Cascade cascade = over_m_p(
      "  A: {ranks: [M, P], role: input}\n  IB: {ranks: [M, K], role: input}\n  S: {ranks: [M, P]}\n"
      "  X: {ranks: [P], role: output}\n  N: {ranks: [P], role: output}\n",
      "  - S[m,p] = A[m,p] | IB[m,0] > p - 2 and IB[m,1] != 3 and m <= p\n  - X[p] = max(m) S[m,p]\n"
      "  - N[p] = sum(m) S[m,p] / S[m,p] | IB[m,2] >= 0\n");
  for (unsigned seed = 1; seed < 20; ++seed) {
    const auto store = evaluated(cascade, small(cascade), seed);
    const Values& ib = store.at("IB");
    for (std::int64_t p = 0; p < kP; ++p) {
      double largest = -HUGE_VAL, count = 0;
      for (std::int64_t m = 0; m < kM; ++m) {
        if (!(ib(m, 0) > static_cast<double>(p) - 2 && ib(m, 1) != 3 && m <= p)) continue;
        largest = std::fmax(largest, store.at("A")(m, p));
        if (ib(m, 2) >= 0) ++count;
      }
      CHECK(store.at("X")(p) == largest);
      CHECK(store.at("N")(p) == count);
    }
  }
}

TEST_CASE("selections order the present values; ties keep the lower index") {
  const Cascade cascade = over_m_p(
      "  A: {ranks: [M, P], role: input}\n  R: {ranks: [M, P]}\n  T: {ranks: [M, K], role: output}\n"
      "  O: {ranks: [K, M], role: output}\n  V: {ranks: [M, K], role: output}\n  L: {ranks: [M], role: output}\n"
      "  S: {ranks: [M], role: output}\n",
      "  - R[m,p] = round(2 * A[m,p])\n  - T[m,k] = topk(p) R[m,p] | p <= m\n  - L[m] = argmax(p) R[m,p]\n"
      "  - S[m] = argmin(p) R[m,p]\n  - V[m,k] = sort(p) R[m,p]\n  - O[k,m] = argsort(p) R[m,p]\n");
  const Shape shape = small(cascade);
  for (unsigned seed = 1; seed < 10; ++seed) {
    const auto store = evaluated(cascade, shape, seed);
    for (std::int64_t m = 0; m < kM; ++m) {
      std::vector<double> row;
      for (std::int64_t p = 0; p < kP; ++p) row.push_back(store.at("R")(m, p));
      std::vector<std::int64_t> up(kP), down;
      std::iota(up.begin(), up.end(), 0);
      down = up;
      const auto at = [&](std::int64_t p) { return row[static_cast<std::size_t>(p)]; };
      std::stable_sort(up.begin(), up.end(), [&](auto a, auto b) { return at(a) < at(b); });
      std::stable_sort(down.begin(), down.end(), [&](auto a, auto b) { return at(a) > at(b); });
      CHECK(store.at("L")(m) == static_cast<double>(down[0]));
      CHECK(store.at("S")(m) == static_cast<double>(up[0]));
      std::erase_if(down, [&](auto p) { return p > m; });
      for (std::int64_t k = 0; k < 3; ++k) {
        const auto i = static_cast<std::size_t>(k);
        CHECK(store.at("T")(m, k) == (i < down.size() ? static_cast<double>(down[i]) : -1));
        CHECK(store.at("O")(k, m) == static_cast<double>(up[i]));
        CHECK(store.at("V")(m, k) == at(up[i]));
      }
    }
  }
  // One operation per value looked at, whatever the number of results.
  const auto counts = count_operations(cascade, shape);
  CHECK(counts.at("topk") == 1 + 2 + 3 + 4 + 5);
  CHECK(counts.at("argmax") == kM * kP);
  CHECK(counts.at("argsort") == kM * kP);
}

TEST_CASE("a selection counts its results along the variable that stands on the left only") {
  const Cascade cascade = over_m_p("  A: {ranks: [M], role: input}\n  T: {ranks: [P, K], role: output}\n",
                                   "  - T[p,k] = topk(m) A[m] | m < p\n");
  const Shape shape = small(cascade);
  const auto store = evaluated(cascade, shape, 4);
  for (std::int64_t p = 0; p < kP; ++p) {
    std::vector<std::int64_t> seen(static_cast<std::size_t>(std::min(p, kM)));
    std::iota(seen.begin(), seen.end(), 0);
    std::stable_sort(seen.begin(), seen.end(), [&](auto a, auto b) { return store.at("A")(a) > store.at("A")(b); });
    for (std::int64_t k = 0; k < 3; ++k) {
      const auto i = static_cast<std::size_t>(k);
      CHECK(store.at("T")(p, k) == (i < seen.size() ? static_cast<double>(seen[i]) : -1));
    }
  }
  CHECK(count_operations(cascade, shape).at("topk") == 0 + 1 + 2 + 3 + 4 + 5 + 5);
}

TEST_CASE("`first` joins tensors along a rank and pads") {
  const Cascade cascade = cascade_from(
      "cascade: c\nranks: [N1, N2, M, P]\nderived: {M: N1 + N2}\ntensors:\n  A: {ranks: [N1, P], role: input}\n"
      "  B: {ranks: [N2, P], role: input}\n  C: {ranks: [M, P], role: output}\n  D: {ranks: [P], role: output}\n"
      "einsums:\n  - C[m,p] = first(A[m,p], B[m-N1,p]) * 2\n  - D[p] = sum(n1) first(A[n1,p-1], 7)\n");
  const Shape shape = shape_of(cascade, {{"N1", 3}, {"N2", 4}, {"P", 5}});
  CHECK(shape.at("M") == 7);
  const auto store = evaluated(cascade, shape, 2);
  for (std::int64_t p = 0; p < 5; ++p) {
    for (std::int64_t m = 0; m < 7; ++m) {
      CHECK(store.at("C")(m, p) == 2 * (m < 3 ? store.at("A")(m, p) : store.at("B")(m - 3, p)));
    }
    double sum = 0;
    for (std::int64_t n = 0; n < 3; ++n) sum += p == 0 ? 7 : store.at("A")(n, p - 1);
    CHECK(store.at("D")(p) == Approx(sum));
  }
  CHECK(count_operations(cascade, shape).at("add") == 15);
}

TEST_CASE("boxes of gathering and selecting Einsums give what the whole gives") {
  const Cascade cascade = over_m_p(
      "  A: {ranks: [M, P], role: input}\n  IX: {ranks: [P, K], role: input}\n  Z: {ranks: [P, K], role: output}\n"
      "  T: {ranks: [M, K], role: output}\n  S: {ranks: [M, P], role: output}\n",
      "  - Z[p,k] = sum(m) A[m,p] * A[IX[p,k],p]\n  - T[m,k] = topk(p) A[m,p]\n"
      "  - S[IX[p,0],p] = sum(k) A[2*k,p] * 2\n");
  const Shape shape = small(cascade);
  for (unsigned seed = 1; seed < 6; ++seed) {
    const auto whole = evaluated(cascade, shape, seed);
    auto parts = whole;
    for (const char* name : {"Z", "T", "S"}) {
      Values& tensor = parts.at(name);
      std::fill(tensor.data(), tensor.data() + tensor.size(), 0);
    }
    for (int e = 0; e < 3; ++e) {
      const EinsumKernel<double> kernel(cascade, e, shape, {Dtype::fp64});
      const Box full = full_box(cascade, e, shape);
      Box box = full;
      for (std::int64_t begin = 0; begin < full[0].end; begin += 2) {
        box[0] = {begin, std::min(begin + 2, full[0].end)};
        if (e != 0) {
          kernel.run(box, false, parts);
          continue;
        }
        for (std::int64_t m = 0; m < kM; m += 2) {
          box[2] = {m, std::min(m + 2, kM)};
          kernel.run(box, m > 0, parts);
        }
      }
    }
    for (const char* name : {"Z", "T", "S"}) {
      for (std::int64_t i = 0; i < whole.at(name).size(); ++i) {
        CHECK(parts.at(name).data()[i] == Approx(whole.at(name).data()[i]).margin(1e-13));
      }
    }
  }
}

TEST_CASE("options choose between forms; what only another form uses is gone; constants can be set") {
  const std::string document =
      "cascade: c\nranks: [M, P]\nconstants: {EPS: 0.5, SCALE: 2}\noptions: {form: [plain, scaled], add: [no, yes]}\n"
      "tensors:\n  A: {ranks: [M], role: input}\n  B: {ranks: [P], role: input}\n  X: {ranks: [M]}\n"
      "  Z: {ranks: [M], role: output}\neinsums:\n  - X[m] = A[m] + EPS\n"
      "  - when: {form: plain}\n    einsums: [\"Z[m] = X[m] * 1\"]\n"
      "  - when: {form: scaled}\n    einsums:\n      - Z[m] = sum(p) X[m] * B[p] * SCALE\n";
  const YamlNode root = parse_yaml(source_from_text("c.yaml", document));
  const Cascade plain = load_cascade(root);
  CHECK(plain.find_tensor("B") == nullptr);
  CHECK(plain.constants().size() == 1);
  CHECK(plain.ranks().size() == 1);
  CascadeChoices choices;
  choices.options["form"] = "scaled";
  choices.constants["EPS"] = 3;
  const Cascade scaled = load_cascade(root, choices);
  const Shape shape = shape_of(scaled, {{"M", 2}, {"P", 3}});
  const auto store = evaluated(scaled, shape, 5);
  double sum = 0;
  for (std::int64_t p = 0; p < 3; ++p) sum += store.at("B")(p);
  for (std::int64_t m = 0; m < 2; ++m) CHECK(store.at("Z")(m) == Approx((store.at("A")(m) + 3) * sum * 2));
  CHECK(print_cascade(cascade_from(print_cascade(scaled))) == print_cascade(scaled));
}

TEST_CASE("a form can declare tensors, extents and iterations of its own") {
  const YamlNode root = parse_yaml(source_from_text(
      "c.yaml",
      "cascade: c\nranks: [M, P]\noptions: {gate: [each, one], stage: [make, use]}\ntensors:\n"
      "  A: {ranks: [M, P], role: input}\n  Z: {ranks: [M, P], role: output}\neinsums:\n"
      "  - when: {gate: each}\n    tensors: {W: {ranks: [M, P], role: input}}\n"
      "    einsums: [\"Z[m,p] = A[m,p] * W[m,p]\"]\n"
      "  - when: {gate: one}\n    tensors: {W: {ranks: [M], role: input}}\n"
      "    einsums: [\"Z[m,p] = A[m,p] * W[m]\"]\n"
      "  - when: {stage: make}\n    tensors: {Y: {ranks: [P], role: output}}\n    einsums: [\"Y[p] = sum(m) Z[m,p]\"]\n"
      "  - when: {stage: use}\n    tensors: {Y: {ranks: [P], role: input}, T: {ranks: [M], role: output}}\n"
      "    einsums: [\"T[m] = sum(p) Z[m,p] * Y[p]\"]\n"));
  const Cascade each = load_cascade(root);
  CHECK(each.find_tensor("W")->ranks == std::vector<std::string>{"M", "P"});
  CHECK(each.find_tensor("Y")->role == TensorRole::output);
  CHECK(each.find_tensor("T") == nullptr);
  CascadeChoices choices;
  choices.options = {{"gate", "one"}, {"stage", "use"}};
  const Cascade one = load_cascade(root, choices);
  CHECK(one.find_tensor("W")->ranks == std::vector<std::string>{"M"});
  CHECK(one.find_tensor("Y")->role == TensorRole::input);
  CHECK(print_cascade(cascade_from(print_cascade(one))) == print_cascade(one));

  const YamlNode sums = parse_yaml(source_from_text(
      "c.yaml",
      "cascade: c\nranks: [M, S]\noptions: {form: [pairs, running]}\ntensors:\n  A: {ranks: [M], role: input}\n"
      "einsums:\n  - when: {form: pairs}\n    derived: {S: M / 2}\n    tensors: {Z: {ranks: [S], role: output}}\n"
      "    einsums: [\"Z[s] = A[2*s] + A[2*s+1]\"]\n"
      "  - when: {form: running}\n    derived: {S: M}\n    iterative: [S]\n"
      "    tensors: {R: {ranks: [S], initial: 0}, Z: {ranks: [S], role: output}}\n"
      "    einsums: [\"R[s+1] = R[s] + A[s]\", \"Z[s] = R[s+1] * 1\"]\n"));
  const Cascade pairs = load_cascade(sums);
  CHECK(pairs.iterative_ranks().empty());
  CHECK(shape_of(pairs, {{"M", 6}}).at("S") == 3);
  choices.options = {{"form", "running"}};
  const Cascade running = load_cascade(sums, choices);
  CHECK(running.iterative_ranks().size() == 1);
  const Shape shape = shape_of(running, {{"M", 6}});
  CHECK(shape.at("S") == 6);
  const auto store = evaluated(running, shape, 3);
  double sum = 0;
  for (std::int64_t m = 0; m < 6; ++m) CHECK(store.at("Z")(m) == Approx(sum += store.at("A")(m)));
}

TEST_CASE("ranks derived from the same one count the same positions") {
  const Cascade cascade = cascade_from(
      "cascade: c\nranks: [P, M, T]\nderived: {M: P, T: M}\ntensors:\n  A: {ranks: [P], role: input}\n"
      "  B: {ranks: [M, T], role: input}\n  Z: {ranks: [T], role: output}\neinsums:\n"
      "  - Z[t] = sum(m) A[t] * A[m] * B[t,m]\n");
  const Shape shape = shape_of(cascade, {{"P", 4}});
  const auto store = evaluated(cascade, shape, 7);
  for (std::int64_t t = 0; t < 4; ++t) {
    double sum = 0;
    for (std::int64_t m = 0; m < 4; ++m) sum += store.at("A")(t) * store.at("A")(m) * store.at("B")(t, m);
    CHECK(store.at("Z")(t) == Approx(sum).margin(1e-14));
  }
  // The other position of a tile: a rank derived from a partition's inner part.
  const Cascade pairs = cascade_from(
      "cascade: c\nranks: [P, J]\npartitions: {P: [C, L]}\nparameters: {L: 3}\nderived: {J: L}\ntensors:\n"
      "  A: {ranks: [P], role: input}\n  Z: {ranks: [C], role: output}\neinsums:\n"
      "  - Z[c] = sum(l,j) A[c*L+l] * A[c*L+j] | j <= l\n");
  const auto in_tiles = evaluated(pairs, shape_of(pairs, {{"P", 5}}), 7);
  const auto a = [&](std::int64_t p) { return in_tiles.at("A")(p); };
  CHECK(in_tiles.at("Z")(1) == Approx(a(3) * a(3) + a(4) * (a(3) + a(4))));
}

TEST_CASE("every form prints back to itself") {
  const std::string text =
      "cascade: c\nranks: [M, P, K, N]\nconstants: {EPS: 1e-05}\nderived:\n  K: ceil(M / 2) + 1\n  N: M\ntensors:\n"
      "  A: {ranks: [M, P], role: input}\n  IX: {ranks: [P, K], role: input, dtype: int32}\n"
      "  T: {ranks: [M, K], role: output, dtype: int32}\n  Z: {ranks: [M, P], role: output}\n  W: {ranks: [N], role: "
      "output}\neinsums:\n"
      "  - W[n] = sum(p) A[n,p]\n  - T[m,k] = topk(p) A[m,p] + EPS\n"
      "  - Z[IX[p,0],p] = sum(k) select(less(A[2*k,p], 0), first(A[2*IX[p,k]+k,p], 0), 1) | IX[p,k] != 2 and k < "
      "IX[p,1]*M\n";
  CHECK(print_cascade(cascade_from(text)) == text);
}
