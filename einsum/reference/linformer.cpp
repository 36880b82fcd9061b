// SPDX-License-Identifier: Apache-2.0
// Linformer (arXiv 2006.04768): softmax attention on keys and values projected along the sequence.
#include <cmath>

#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/matrix.hpp"

namespace einloom::reference {
namespace {

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting&) {
  const HeadInputs in = head_inputs(inputs);
  const auto &ek = reference_input(inputs, "EK"), &ev = reference_input(inputs, "EV");
  expect_extents(ek, "EK", {in.keys, ek.extents().at(1)});
  expect_extents(ev, "EV", ek.extents());
  return {{"O", each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
             const Matrix keys = times(transposed(matrix_at(ek)), matrix_at(in.k, b, h));
             const Matrix values = times(transposed(matrix_at(ev)), matrix_at(in.v, b, h));
             Matrix score = scores(matrix_at(in.q, b, h), keys);
             for (Row& row : score)
               for (double& x : row) x /= std::sqrt(static_cast<double>(in.e));
             return times(softmax_weights(score), values);
           })}};
}

}  // namespace

std::vector<ReferenceKernel> linformer_kernels() {
  return {{"linformer",
           "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F], projections EK[M,R] and EV[M,R] → O[B,H,P,F]",
           {"EK", "EV", "K", "Q", "V"},
           {{"O", {"B", "H", "P", "F"}}},
           &run}};
}

}  // namespace einloom::reference
