// SPDX-License-Identifier: Apache-2.0
// Is what stays between passes found, with the right size and granularity? And are the bytes of a cascade counted once?
#include "einsum/footprint.hpp"

#include <catch2/catch.hpp>

#include "einsum/traffic.hpp"
#include "unit/einsum/cascades.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

LiveFootprint footprint(const Cascade& cascade, const std::string& rank) {
  for (const RankGroup& group : rank_groups(cascade)) {
    if (group.name == rank) return live_footprint(cascade, count_passes(cascade, group));
  }
  FAIL("no rank " << rank);
  return {};
}

// `fibre QK 1-2 M each B·H·P from K`, one line a tensor.
std::string listed(const LiveFootprint& live) {
  std::string text;
  for (const LiveTensor& each : live.tensors) {
    text += each.kind == LiveKind::fibre ? "fibre " : each.kind == LiveKind::summary ? "summary " : "state ";
    text += each.tensor;
    if (each.kind != LiveKind::state) text += " " + std::to_string(each.from) + "-" + std::to_string(each.to);
    text += " " + each.held.text() + " each " + each.each.text();
    for (const std::string& source : each.sources) text += " from " + source;
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("three passes hold a row of scores, then a row of exponentials") {
  const Cascade cascade = shipped_cascade("attention_3pass");
  const LiveFootprint live = footprint(cascade, "M");
  CHECK(listed(live) ==
        "fibre QK 1-2 M each B·H·P from K\n"
        "fibre SN 2-3 M each B·H·P from K\n");
  CHECK(live.tensors[0].all.text() == "B·H·M·P");
  CHECK(live.tensors[0].rereads == 1);
  const Shape shape = shape_of(cascade, {{"B", 2}, {"H", 3}, {"P", 8}, {"M", 16}, {"E", 4}, {"F", 4}});
  CHECK(live.tensors[0].all.at(shape) == 2 * 3 * 8 * 16);
  CHECK(live.largest_held_fibres(shape) == 16);
}

TEST_CASE("two passes hold the tiles' exponentials and a summary of each tile") {
  const Cascade cascade = shipped_cascade("attention_2pass");
  const LiveFootprint live = footprint(cascade, "M");
  CHECK(listed(live) ==
        "summary LM 1-1 M1 each B·H·P\n"
        "fibre SLN 1-2 M each B·H·P from K\n"
        "summary SLD 1-1 M1 each B·H·P\n"
        "summary CF 1-2 M1 each B·H·P\n");
  // 10 keys in tiles of 4: the fibre has 10 elements, not 12.
  const Shape shape = shape_of(cascade, {{"B", 1}, {"H", 1}, {"P", 8}, {"M", 10}, {"E", 4}, {"F", 4}, {"M0", 4}});
  CHECK(live.held_fibres(1, shape) == 10);
  CHECK(live.tensors[0].held.at(shape) == 3);
}

TEST_CASE("one pass holds a tile and the running state") {
  const Cascade cascade = shipped_cascade("attention_1pass");
  const LiveFootprint live = footprint(cascade, "M");
  CHECK(listed(live) ==
        "state RM 1 each B·H·P\n"
        "state RD 1 each B·H·P\n"
        "state RNV F each B·H·P\n");
  CHECK(listed(footprint(cascade, "M0")) == "fibre QK 1-2 M0 each B·H·M1·P from K\n");
  const Shape long_row = shape_of(cascade, {{"B", 1}, {"H", 1}, {"P", 1}, {"M", 1 << 20}, {"E", 64}, {"F", 64}});
  CHECK(live.largest_held_fibres(long_row) == 0);
  CHECK(footprint(cascade, "M0").largest_held_fibres(long_row) == 256);
}

TEST_CASE("a reduction over other ranks too makes them wait together") {
  const Cascade cascade = cascade_from(R"(cascade: c
ranks: [H, P, M]
tensors:
  S: {ranks: [H, P, M], role: input}
  G: {ranks: [H]}
  X: {ranks: [H, P, M], role: output}
einsums:
  - G[h] = max(p,m) S[h,p,m]
  - X[h,p,m] = S[h,p,m] - G[h]
)");
  CHECK(listed(footprint(cascade, "M")) == "fibre S 1-2 P·M each H\n");
  CHECK(listed(footprint(cascade, "P")) == "fibre S 1-2 P·M each H\n");
  CHECK(listed(footprint(cascade, "H")) == "");
}

TEST_CASE("a state of two ranks: those that its readers reduce are held") {
  const Cascade cascade = cascade_from(R"(cascade: c
ranks: [T, D, F]
iterative: [T]
tensors:
  Q: {ranks: [T, D], role: input}
  K: {ranks: [T, D], role: input}
  V: {ranks: [T, F], role: input}
  S: {ranks: [T, D, F], initial: 0}
  O: {ranks: [T, F], role: output}
einsums:
  - S[t+1,d,f] = S[t,d,f] + K[t,d] * V[t,f]
  - O[t,f] = sum(d) Q[t,d] * S[t+1,d,f]
)");
  CHECK(listed(footprint(cascade, "T")) == "state S D each F\n");
}

TEST_CASE("compulsory traffic: inputs once, outputs once, in the bytes of their formats") {
  const Cascade cascade = cascade_from(R"(cascade: c
ranks: [M, N, K]
tensors:
  A: {ranks: [M, K], role: input, dtype: int8}
  B: {ranks: [K, N], role: input}
  Z: {ranks: [M, N]}
  Y: {ranks: [M, N], role: output, dtype: fp32}
einsums:
  - Z[m,n] = sum(k) A[m,k] * B[k,n]
  - Y[m,n] = exp(Z[m,n])
)");
  const Shape shape = shape_of(cascade, {{"M", 2}, {"N", 3}, {"K", 5}});
  const CompulsoryTraffic traffic = compulsory_traffic(cascade, shape, Dtype::bf16);
  CHECK(traffic.bytes == std::map<std::string, std::int64_t>{{"A", 10}, {"B", 30}, {"Y", 24}});
  CHECK(traffic.read_bytes == 40);
  CHECK(traffic.written_bytes == 24);
}
