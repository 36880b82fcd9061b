// SPDX-License-Identifier: Apache-2.0
// Decoding: few queries against a long past, whose keys lie in one piece or in pages. Splitting the keys changes
// nothing in what is computed.
#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

ReferenceTensors split_k(const ReferenceTensors& inputs, const ReferenceSetting&) {
  const auto q = joined_heads(reference_input(inputs, "Q"), 1);
  const auto& k = reference_input(inputs, "K");
  const auto& v = reference_input(inputs, "V");
  const std::int64_t batch = q.extents().at(0), heads = q.extents().at(1), rows = q.extents().at(2);
  const std::int64_t e_extent = q.extents().at(3), groups = k.extents().at(1), f_extent = v.extents().at(3);
  expect_extents(k, "K", {batch, groups, k.extents().at(2), e_extent});
  expect_extents(v, "V", {batch, groups, k.extents().at(2), f_extent});

  Tensor<double> o({"B", "H", "P", "F"}, {batch, heads, rows, f_extent}), lse({"B", "H", "P"}, {batch, heads, rows});
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t g = group_of(h, heads, groups);
      for (std::int64_t p = 0; p < rows; ++p) {
        store(
            attend(part(q, b, h, p), part(k, b, g), part(v, b, g), f_extent, inverse_root(e_extent), {}, &lse(b, h, p)),
            &o(b, h, p, 0));
      }
    }
  }
  return {{"O", grouped_heads(o, 1, groups)}, {"LSE", grouped_heads(lse, 1, groups)}};
}

ReferenceTensors paged(const ReferenceTensors& inputs, const ReferenceSetting&) {
  const auto q = joined_heads(reference_input(inputs, "Q"), 1);
  const auto& pages_k = reference_input(inputs, "KC");
  const auto& pages_v = reference_input(inputs, "VC");
  const auto& table = reference_input(inputs, "BT");
  const auto& length = reference_input(inputs, "LEN");
  const std::int64_t batch = q.extents().at(0), heads = q.extents().at(1), rows = q.extents().at(2);
  const std::int64_t e_extent = q.extents().at(3), pages = pages_k.extents().at(0), slots = pages_k.extents().at(1);
  const std::int64_t groups = pages_k.extents().at(2), f_extent = pages_v.extents().at(3);
  expect_extents(pages_k, "KC", {pages, slots, groups, e_extent});
  expect_extents(pages_v, "VC", {pages, slots, groups, f_extent});
  expect_extents(table, "BT", {batch, table.extents().at(1)});
  expect_extents(length, "LEN", {batch});

  Tensor<double> o({"B", "H", "P", "F"}, {batch, heads, rows, f_extent}), lse({"B", "H", "P"}, {batch, heads, rows});
  for (std::int64_t b = 0; b < batch; ++b) {
    const auto keys = static_cast<std::int64_t>(length(b));
    ensure(keys >= 0 && keys <= table.extents()[1] * slots, "LEN is more than the block table holds");
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t g = group_of(h, heads, groups);
      Row own_keys, own_values;  // the sequence's keys and values in one piece
      for (std::int64_t m = 0; m < keys; ++m) {
        const auto page = static_cast<std::int64_t>(table(b, m / slots));
        ensure(page >= 0 && page < pages, "the block table names a page that is not there");
        const Values key = part(pages_k, page, m % slots, g), value = part(pages_v, page, m % slots, g);
        own_keys.insert(own_keys.end(), key.begin(), key.end());
        own_values.insert(own_values.end(), value.begin(), value.end());
      }
      for (std::int64_t p = 0; p < rows; ++p) {
        store(attend(part(q, b, h, p), own_keys, own_values, f_extent, inverse_root(e_extent), {}, &lse(b, h, p)),
              &o(b, h, p, 0));
      }
    }
  }
  return {{"O", grouped_heads(o, 1, groups)}, {"LSE", grouped_heads(lse, 1, groups)}};
}

}  // namespace

std::vector<ReferenceKernel> decode_attention_kernels() {
  const std::vector<ReferenceOutput> outputs{{"O", {"B", "G", "R", "P", "F"}}, {"LSE", {"B", "G", "R", "P"}}};
  return {
      {"paged_decode",
       "Q[B,G,R,P,E], KC[N,M0,G,E], VC[N,M0,G,F], block table BT[B,M1], LEN[B] → O[B,G,R,P,F], LSE[B,G,R,P] (-inf when "
       "LEN is 0)",
       {"BT", "KC", "LEN", "Q", "VC"},
       outputs,
       &paged},
      {"split_k_decode",
       "Q[B,G,R,P,E], K[B,G,M,E], V[B,G,M,F] → O[B,G,R,P,F], LSE[B,G,R,P]",
       {"K", "Q", "V"},
       outputs,
       &split_k}};
}

}  // namespace einloom::reference
