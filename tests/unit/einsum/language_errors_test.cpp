// SPDX-License-Identifier: Apache-2.0
// Complete texts of the errors about gathers, selections, `first`, constants, options and derived ranks.
#include <algorithm>
#include <catch2/catch.hpp>

#include "einsum/input_values.hpp"
#include "unit/einsum/cascades.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

std::string with(const std::string& einsum, const std::string& more = "") {
  return "cascade: c\nranks: [M, P, K]\n" + more +
         "tensors:\n  A: {ranks: [M, P], role: input}\n  IX: {ranks: [P], role: input}\n"
         "  C: {ranks: [K, P], role: output}\neinsums:\n  - " +
         einsum + "\n";
}

std::string errors_with(const CascadeChoices& choices, const std::string& text) {
  try {
    static_cast<void>(load_cascade(parse_yaml(source_from_text("c.yaml", text)), choices));
    return "";
  } catch (const UserError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("selections") {
  CHECK(
      errors_of(with("C[k,p] = topk(m) sum(p) A[m,p] + IX[p]")) ==
      R"(c.yaml:8:19: error[einsum-selection]: `topk` stands with another reduction; a selection is along one variable and alone
 8 |   - C[k,p] = topk(m) sum(p) A[m,p] + IX[p]
   |                   ^
c.yaml:8:26: error[einsum-reduced-in-output]: index variable `p` is reduced and stands in the output; it can only do one
 8 |   - C[k,p] = topk(m) sum(p) A[m,p] + IX[p]
   |                          ^
)");
  CHECK(
      errors_of(with("C[k,p] = topk(m) A[m,p] * IX[p] * k")) ==
      R"(c.yaml:8:19: error[einsum-selection]: `topk` needs one output variable that does not appear right of `=`, and there are 0
 8 |   - C[k,p] = topk(m) A[m,p] * IX[p] * k
   |                   ^
help: IX[h,k] = topk(m) X[h,m]: k counts the results
)");
  CHECK(
      errors_of(with("C[k,p] = argmax(m) A[m,p] * IX[p]")) ==
      R"(c.yaml:8:21: error[einsum-selection]: `argmax` needs no output variable that does not appear right of `=`, and there is 1
 8 |   - C[k,p] = argmax(m) A[m,p] * IX[p]
   |                     ^
help: IX[h] = argmax(m) X[h,m]
)");
}

TEST_CASE("first") {
  CHECK(
      errors_of(with("C[k,p] = sum(m) first(A[m,k+p] + 1, IX[p])")) ==
      R"(c.yaml:8:21: error[einsum-first]: `first` takes two or more operands, each a tensor access or a value that is the same everywhere; it is the first access that is inside its tensor
 8 |   - C[k,p] = sum(m) first(A[m,k+p] + 1, IX[p])
   |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^
help: first(A[m], B[m-N], 0)
)");
  CHECK(
      errors_of(with("C[k,p] = sum(m) first(A[m,k+p]) * IX[p]")) ==
      R"(c.yaml:8:21: error[einsum-first]: `first` takes two or more operands, each a tensor access or a value that is the same everywhere; it is the first access that is inside its tensor
 8 |   - C[k,p] = sum(m) first(A[m,k+p]) * IX[p]
   |                     ^^^^^^^^^^^^^^^
help: first(A[m], B[m-N], 0)
)");
}

TEST_CASE("gathers") {
  CHECK(
      errors_of(with("C[k,p] = sum(m) A[m*IX[p],p] + k")) ==
      R"(c.yaml:8:23: error[einsum-syntax]: `m*IX[p]` multiplies an index tensor's element by a variable or by another one; at most one of them times one symbol stands in a term
 8 |   - C[k,p] = sum(m) A[m*IX[p],p] + k
   |                       ^^^^^^^
)");
  CHECK(errors_of(with("C[k,p] = sum(m) A[IY[p],p] + IX[m] + k")) ==
        R"(c.yaml:8:23: error[einsum-unknown-tensor]: there is no tensor `IY`
 8 |   - C[k,p] = sum(m) A[IY[p],p] + IX[m] + k
   |                       ^^
help: did you mean `IX`?
c.yaml:8:37: error[einsum-index-rank]: index 1 of `IX` is `m`; `IX` has rank `P` there
 8 |   - C[k,p] = sum(m) A[IY[p],p] + IX[m] + k
   |                                     ^
c.yaml:5:3: note: declared here
help: the index variable of rank `P` is `p`
)");
  CHECK(errors_of(with("C[k,p] = sum(m) A[IX[k],p] + EPS + m + IX[p] | EPS < k", "constants: {EPS: 1}\n")) ==
        R"(c.yaml:9:26: error[einsum-index-rank]: index 1 of `IX` is `k`; `IX` has rank `P` there
 9 |   - C[k,p] = sum(m) A[IX[k],p] + EPS + m + IX[p] | EPS < k
   |                          ^
c.yaml:6:3: note: declared here
help: the index variable of rank `P` is `p`
c.yaml:9:52: error[einsum-unknown-symbol]: `EPS` is neither a rank nor a parameter
 9 |   - C[k,p] = sum(m) A[IX[k],p] + EPS + m + IX[p] | EPS < k
   |                                                    ^^^
help: `EPS` is a constant, a real number; indices and predicates take whole numbers (`parameters`)
)");
}

TEST_CASE("derived ranks") {
  CHECK(
      errors_of(with("C[k,p] = sum(m) A[m,p] + IX[p] + k", "derived:\n  K: L + sqrt(M, P) + m\n  Q: 3\n")) ==
      R"(c.yaml:4:6: error[cascade-derived]: `L` cannot stand in the extent of `K`; it is computed from ranks given or derived before it, parameters and constants
 4 |   K: L + sqrt(M, P) + m
   |      ^
c.yaml:4:10: error[cascade-derived]: `sqrt` with 2 operands cannot stand in the extent of `K`; it is computed from ranks given or derived before it, parameters and constants
 4 |   K: L + sqrt(M, P) + m
   |          ^^^^^^^^^^
c.yaml:4:23: error[cascade-derived]: a tensor or an index variable cannot stand in the extent of `K`; it is computed from ranks given or derived before it, parameters and constants
 4 |   K: L + sqrt(M, P) + m
   |                       ^
c.yaml:5:3: error[cascade-unknown-rank]: `derived` names rank `Q`, which is not declared
 5 |   Q: 3
   |   ^
help: did you mean `M`?
)");
  const Cascade cascade = cascade_from(with("C[k,p] = sum(m) A[m,p] + IX[p] + k", "derived: {K: M / 2}\n"));
  CHECK_THROWS_WITH(
      shape_of(cascade, {{"M", 3}, {"P", 2}}),
      R"(error[shape-derived]: the extent of rank `K` comes out as 1.5; an extent is a whole number, at least 1
c.yaml:3:14: note: it is computed here
)");
  CHECK_THROWS_WITH(shape_of(cascade, {{"M", 4}, {"P", 2}, {"K", 3}}),
                    R"(error[shape-derived]: `K` is 3; it follows from other extents as 2
c.yaml:3:14: note: it is computed here
)");
  CHECK(shape_of(cascade, {{"M", 4}, {"P", 2}, {"K", 2}}).at("K") == 2);
}

TEST_CASE("options and constants") {
  const std::string text = with("{when: {form: b, mode: x}, einsums: [\"C[k,p] = sum(m) A[m,p] + IX[p] + k\"]}",
                                "options: {form: [a, b]}\n");
  CHECK(errors_of(text) == R"(c.yaml:9:22: error[cascade-unknown-option]: there is no option `mode`
 9 |   - {when: {form: b, mode: x}, einsums: ["C[k,p] = sum(m) A[m,p] + IX[p] + k"]}
   |                      ^^^^
help: known: form
)");
  CascadeChoices choices;
  choices.options["form"] = "c";
  choices.options["shape"] = "a";
  choices.constants["EPS"] = 1;
  CHECK(errors_with(choices, with("C[k,p] = sum(m) A[m,p] + IX[p] + k", "options: {form: [a, b]}\n")) ==
        R"(error[cascade-unknown-choice]: cascade `c` has no constant `EPS`
error[cascade-unknown-choice]: option `form` of cascade `c` has no value `c`
c.yaml:3:17: note: its values stand here
help: did you mean `a`?
error[cascade-unknown-choice]: cascade `c` has no option `shape`
c.yaml:3:10: note: declared here
help: known: form
)");
}

TEST_CASE("checks") {
  const std::string sum = "C[k,p] = sum(m) A[m,p] + IX[p] + k\n";
  CHECK(errors_of(with(sum + "check: {inputs: {A: gaussian}, cases: [{shape: {M: 2, P: 3, K: 4}}]}")) ==
        R"(c.yaml:9:21: error[check-drawing]: `gaussian` does not say how `A` is drawn
 9 | check: {inputs: {A: gaussian}, cases: [{shape: {M: 2, P: 3, K: 4}}]}
   |                     ^^^^^^^^
help: normal, {normal: 0.5}, {uniform: [0, 1]}, {integers: M}, {distinct: M}, permutation, {permutation: T0}, {mask: 0.5}, unit_rows or {constant: 1}
)");
  const Cascade cascade = cascade_from(with(sum + "check: {inputs: {IX: {distinct: 3}}}"));
  CHECK_THROWS_WITH(draw_inputs(cascade, shape_of(cascade, {{"M", 2}, {"P", 5}, {"K", 1}}), 1),
                    R"(c.yaml:9:33: error[check-drawing]: `IX` takes 5 whole numbers from [0, 3) along a fiber
 9 | check: {inputs: {IX: {distinct: 3}}}
   |                                 ^
)");
  const auto permuted = [&](const std::string& fixed, std::int64_t elements) {
    const Cascade with_fixed = cascade_from(with(sum + "check: {inputs: {IX: {permutation: " + fixed + "}}}"));
    return draw_inputs(with_fixed, shape_of(with_fixed, {{"M", 3}, {"P", elements}, {"K", 1}}), 1).at("IX");
  };
  CHECK_THROWS_WITH(permuted("M", 2),
                    R"(c.yaml:9:36: error[check-drawing]: of the 2 elements of a fiber of `IX`, 3 cannot stay
 9 | check: {inputs: {IX: {permutation: M}}}
   |                                    ^
)");
  // The first three stay, the others are all there and not all in their places.
  const Tensor<double> drawn = permuted("M", 40);
  std::vector<double> all(drawn.data(), drawn.data() + drawn.size());
  CHECK(std::vector<double>(all.begin(), all.begin() + 3) == std::vector<double>{0, 1, 2});
  CHECK_FALSE(std::is_sorted(all.begin(), all.end()));
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i] == static_cast<double>(i));
}
