// SPDX-License-Identifier: Apache-2.0
// Live tensors from the times of passes.hpp: live is what is there before it is read for the last time.
#include "einsum/footprint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

class LiveTensors {
 public:
  LiveTensors(const Cascade& cascade, const RankPasses& passes) : cascade_(cascade), passes_(passes) {}

  LiveFootprint find() const {
    LiveFootprint result{passes_.group, passes_.passes, {}};
    for (const TensorDecl& tensor : cascade_.tensors()) add(tensor, result.tensors);
    return result;
  }

 private:
  struct Read {
    int einsum = 0;
    Footprint footprint = Footprint::none;
  };

  const EinsumPass& pass_of(int einsum) const { return passes_.einsums[static_cast<std::size_t>(einsum)]; }
  bool in_group(const std::string& rank) const {
    const RankGroup& group = passes_.group;
    if (group.inside_tile()) return rank == group.inner;
    return !rank.empty() && (rank == group.whole || rank == group.outer || rank == group.inner);
  }

  void add(const TensorDecl& tensor, std::vector<LiveTensor>& into) const {
    if (in_group(tensor.iterative_rank)) {
      LiveTensor live{tensor.name, LiveKind::state, 1, 1, 0, {}, {}, {}, {}};
      for (const std::string& rank : tensor.ranks) {
        if (rank != tensor.iterative_rank) live.all.ranks.push_back(rank);
      }
      std::vector<int> involved{cascade_.einsum_position(tensor.name)};
      for (const Read& read : reads_of(tensor)) {
        if (read.footprint != Footprint::none) involved.push_back(read.einsum);
      }
      share_out(live, involved);
      into.push_back(std::move(live));
      return;
    }
    const std::vector<Read> reads = reads_of(tensor);
    if (reads.empty()) return;
    const Footprint footprint = std::max_element(reads.begin(), reads.end(), [](const Read& a, const Read& b) {
                                  return a.footprint < b.footprint;
                                })->footprint;
    if (footprint == Footprint::none) return;
    const int writer = cascade_.einsum_position(tensor.name);
    PassTime there = writer >= 0 ? pass_of(writer).ready : PassTime{std::numeric_limits<int>::max(), false};
    if (writer < 0) {
      for (const Read& read : reads) there = std::min(there, pass_of(read.einsum).runs);
    }
    LiveTensor live{tensor.name, LiveKind::fibre, there.pass, 0, 0, {}, {}, {}, {}};
    if (footprint == Footprint::summary) live.kind = LiveKind::summary;
    std::set<int> later;
    std::vector<int> late_readers;
    for (const Read& read : reads) {
      const PassTime& runs = pass_of(read.einsum).runs;
      if (read.footprint == Footprint::none || runs <= there) continue;
      live.to = std::max(live.to, runs.pass);
      later.insert(runs.pass);
      late_readers.push_back(read.einsum);
    }
    if (late_readers.empty()) return;
    live.rereads = live.kind == LiveKind::fibre ? static_cast<int>(later.size()) : 0;
    live.all.ranks = whole_ranks(tensor.ranks);
    share_out(live, late_readers);
    if (live.kind == LiveKind::fibre && writer >= 0) live.sources = sources_of(writer);
    into.push_back(std::move(live));
  }

  std::vector<Read> reads_of(const TensorDecl& tensor) const {
    std::vector<Read> reads;
    for (std::size_t i = 0; i < cascade_.einsums().size(); ++i) {
      for (const Access* access : cascade_.einsums()[i].reads()) {
        if (access->tensor != tensor.name) continue;
        const Footprint footprint = footprint_of(*access, tensor, passes_.group);
        reads.push_back({static_cast<int>(i), footprint});
      }
    }
    return reads;
  }

  // M1 and M0 side by side are M (the points that the last tile lacks are nowhere).
  std::vector<std::string> whole_ranks(const std::vector<std::string>& ranks) const {
    std::vector<std::string> result;
    const auto has = [&](const std::string& rank) {
      return std::find(ranks.begin(), ranks.end(), rank) != ranks.end();
    };
    for (const std::string& rank : ranks) {
      const PartitionDecl* partition = cascade_.partition_with(rank);
      if (!partition || passes_.group.inside_tile() || !has(partition->outer) || !has(partition->inner)) {
        result.push_back(rank);
      } else if (rank == partition->outer) {
        result.push_back(partition->rank);
      }
    }
    return result;
  }

  // each: ranks that every Einsum on the way to `readers` writes, from the first one that reads a fibre on; one index
  // of them needs nothing of another. held: all other ranks, and the group's.
  void share_out(LiveTensor& live, const std::vector<int>& readers) const {
    std::set<int> way;
    std::vector<int> open = readers;
    while (!open.empty()) {
      const int einsum = open.back();
      open.pop_back();
      if (pass_of(einsum).ready.pass < 1 || !way.insert(einsum).second) continue;
      for (const Access* access : cascade_.einsums()[static_cast<std::size_t>(einsum)].reads()) {
        const int producer = cascade_.einsum_position(access->tensor);
        if (producer >= 0) open.push_back(producer);
      }
    }
    for (const std::string& rank : live.all.ranks) {
      const bool independent =
          !in_group(rank) && std::all_of(way.begin(), way.end(), [&](int einsum) { return writes(einsum, rank); });
      (independent ? live.each : live.held).ranks.push_back(rank);
    }
  }

  bool writes(int einsum, const std::string& rank) const {
    const auto& indices = cascade_.einsums()[static_cast<std::size_t>(einsum)].output.indices;
    return std::any_of(indices.begin(), indices.end(),
                       [&](const IndexExpression& index) { return index.plain_variable() == variable_of_rank(rank); });
  }

  std::vector<std::string> sources_of(int writer) const {
    std::set<std::string> found;
    std::set<int> seen;
    std::vector<int> open{writer};
    while (!open.empty()) {
      const int at = open.back();
      open.pop_back();
      if (!seen.insert(at).second) continue;
      for (const Access* access : cascade_.einsums()[static_cast<std::size_t>(at)].reads()) {
        const TensorDecl& tensor = *cascade_.find_tensor(access->tensor);
        if (footprint_of(*access, tensor, passes_.group) != Footprint::full) continue;
        const int producer = cascade_.einsum_position(access->tensor);
        if (producer >= 0) {
          open.push_back(producer);
        } else {
          found.insert(access->tensor);
        }
      }
    }
    return {found.begin(), found.end()};
  }

  const Cascade& cascade_;
  const RankPasses& passes_;
};

}  // namespace

std::string RankProduct::text() const { return ranks.empty() ? "1" : fmt::format("{}", fmt::join(ranks, "·")); }

std::int64_t RankProduct::at(const Shape& shape) const {
  std::int64_t product = 1;
  for (const std::string& rank : ranks) {
    const std::int64_t extent = shape.at(rank);
    ensure(extent == 0 || product <= std::numeric_limits<std::int64_t>::max() / extent, "a footprint exceeds 64 bits");
    product *= extent;
  }
  return product;
}

std::int64_t LiveFootprint::held_fibres(int boundary, const Shape& shape) const {
  std::int64_t sum = 0;
  for (const LiveTensor& live : tensors) {
    if (live.kind == LiveKind::fibre && live.from <= boundary && boundary < live.to) sum += live.held.at(shape);
  }
  return sum;
}

std::int64_t LiveFootprint::largest_held_fibres(const Shape& shape) const {
  std::int64_t largest = 0;
  for (int boundary = 1; boundary < passes; ++boundary) largest = std::max(largest, held_fibres(boundary, shape));
  return largest;
}

LiveFootprint live_footprint(const Cascade& cascade, const RankPasses& passes) {
  return LiveTensors(cascade, passes).find();
}

}  // namespace einloom
