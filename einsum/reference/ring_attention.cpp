// SPDX-License-Identifier: Apache-2.0
// Attention over a sequence that lies on a ring of devices: every token's place in the sequence, then all keys at once.
#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

// Place in the sequence of token t of `device`, one of `devices` with `tokens` each.
std::int64_t place(const std::string& layout, std::int64_t device, std::int64_t t, std::int64_t devices,
                   std::int64_t tokens) {
  if (layout == "striped") return t * devices + device;
  if (layout == "contiguous") return device * tokens + t;
  const std::int64_t half = tokens / 2;  // zigzag: chunks `device` and 2 * devices - 1 - device
  return t < half ? device * half + t : (2 * devices - 1 - device) * half + t - half;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto q = joined_heads(reference_input(inputs, "Q"), 1);
  const auto& k = reference_input(inputs, "K");
  const auto& v = reference_input(inputs, "V");
  const std::string layout = choice(setting, "layout", {"contiguous", "zigzag", "striped"});
  const bool causal = choice(setting, "mask", {"full", "causal"}) == "causal";
  const std::int64_t batch = q.extents().at(0), heads = q.extents().at(1), devices = q.extents().at(2);
  const std::int64_t rows = q.extents().at(3), e_extent = q.extents().at(4), groups = k.extents().at(1);
  const std::int64_t f_extent = v.extents().at(4);
  expect_extents(k, "K", {batch, groups, devices, rows, e_extent});
  expect_extents(v, "V", {batch, groups, devices, rows, f_extent});
  ensure(layout != "zigzag" || rows % 2 == 0, "zigzag needs an even number of tokens on a device");

  Tensor<double> o({"B", "H", "D", "P", "F"}, {batch, heads, devices, rows, f_extent});
  Tensor<double> lse({"B", "H", "D", "P"}, {batch, heads, devices, rows});
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t g = group_of(h, heads, groups);
      for (std::int64_t r = 0; r < devices; ++r) {
        for (std::int64_t p = 0; p < rows; ++p) {
          const std::int64_t own = place(layout, r, p, devices, rows);
          const auto seen = [&](std::int64_t m) {
            return !causal || place(layout, m / rows, m % rows, devices, rows) <= own;
          };
          store(attend(part(q, b, h, r, p), part(k, b, g), part(v, b, g), f_extent, inverse_root(e_extent), seen,
                       &lse(b, h, r, p)),
                &o(b, h, r, p, 0));
        }
      }
    }
  }
  return {{"O", grouped_heads(o, 1, groups)}, {"LSE", grouped_heads(lse, 1, groups)}};
}

}  // namespace

std::vector<ReferenceKernel> ring_attention_kernels() {
  return {{"ring_attention",
           "Q[B,G,R,D,P,E], K[B,G,C,M,E], V[B,G,C,M,F] on D = C devices with P = M tokens each, layout: contiguous, "
           "zigzag or striped, mask: full or causal → O[B,G,R,D,P,F], LSE[B,G,R,D,P]",
           {"K", "Q", "V"},
           {{"O", {"B", "G", "R", "D", "P", "F"}}, {"LSE", {"B", "G", "R", "D", "P"}}},
           &run}};
}

}  // namespace einloom::reference
