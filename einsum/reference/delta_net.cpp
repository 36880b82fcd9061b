// SPDX-License-Identifier: Apache-2.0
// DeltaNet (arXiv 2406.06484), token by token: what the state answers to a key is replaced by part of the new value.
#include <cmath>

#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/matrix.hpp"

namespace einloom::reference {
namespace {

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const HeadInputs in = token_inputs(inputs);
  const auto& beta = reference_input(inputs, "BETA");
  expect_extents(beta, "BETA", {in.batch, in.heads, in.queries});
  const bool scaled = choice(setting, "query_scale", {"none", "rsqrt"}) == "rsqrt";
  const double scale = scaled ? 1 / std::sqrt(static_cast<double>(in.e)) : 1;
  return {{"O", each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
             Matrix state = zeros(in.e, in.f), out;
             for (std::int64_t t = 0; t < in.queries; ++t) {
               const Row key = row_at(in.k, b, h, t), value = row_at(in.v, b, h, t), old = times(key, state);
               for (std::size_t e = 0; e < key.size(); ++e)
                 for (std::size_t f = 0; f < value.size(); ++f)
                   state[e][f] += key[e] * beta(b, h, t) * (value[f] - old[f]);
               Row query = row_at(in.q, b, h, t);
               for (double& x : query) x *= scale;
               out.push_back(times(query, state));
             }
             return out;
           })}};
}

}  // namespace

std::vector<ReferenceKernel> delta_net_kernels() {
  return {{"delta_net",
           "Q[B,H,T,E], K[B,H,T,E] of length 1, V[B,H,T,F], BETA[B,H,T] → O[B,H,T,F]; query_scale none or rsqrt",
           {"BETA", "K", "Q", "V"},
           {{"O", {"B", "H", "T", "F"}}},
           &run}};
}

}  // namespace einloom::reference
