// SPDX-License-Identifier: Apache-2.0
// How many instances of its producer a dependence asks for: the one place where positions become counts.
// Contract: 0 when there is nothing to wait for; grows with the consumer's position.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "mappings/growing_loops.hpp"
#include "mappings/program.hpp"

namespace einloom {

// Instances per step of each effective loop.
[[nodiscard]] inline std::vector<std::int64_t> strides_of(const Statement& statement) {
  std::vector<std::int64_t> strides(statement.trips.size(), 1);
  for (std::size_t e = strides.size(); e-- > 1;) strides[e - 1] = strides[e] * statement.trips[e];
  return strides;
}

// Of the consumer's instance `index`, which stands at `position` along its effective loops and in body execution
// `iteration`; `strides` are the producer's.
[[nodiscard]] inline std::int64_t needed_instances(const Program& program, const Dependence& edge,
                                                   const std::vector<std::int64_t>& strides,
                                                   const std::vector<std::int64_t>& position, std::int64_t index,
                                                   std::int64_t iteration) {
  if (edge.aligned) return std::max<std::int64_t>(0, index - edge.shift + 1);
  const Statement& producer = program.statements[static_cast<std::size_t>(edge.producer)];
  if (edge.kind == DependenceKind::iteration || edge.kind == DependenceKind::engine) {
    return program.instances_within(producer, iteration - edge.shift + 1);
  }
  if (program.grows) return needed_in_growing(program, edge, position);
  std::int64_t slot_digits[16];  // index of the slot wanted, by effective loop of the consumer
  if (edge.kind == DependenceKind::slot) {
    const Storage& storage = program.storages[static_cast<std::size_t>(edge.storage)];
    const Statement& consumer = program.statements[static_cast<std::size_t>(edge.consumer)];
    std::int64_t wanted = 0;
    std::size_t next = 0;
    for (std::size_t e = 0; e < position.size(); ++e) {
      if (next < storage.loops.size() && storage.loops[next] == static_cast<int>(e)) {
        wanted = wanted * consumer.trips[e] + position[e];
        ++next;
      } else if (position[e] != 0 && !program.skips) {
        return 0;  // updates a slot it already holds; where tiles are passed over it may be the first to take it
      }
    }
    wanted -= edge.shift;
    if (wanted < 0) return 0;
    for (std::size_t i = storage.loops.size(); i-- > 0;) {
      const auto e = static_cast<std::size_t>(storage.loops[i]);
      slot_digits[e] = wanted % consumer.trips[e];
      wanted /= consumer.trips[e];
    }
  }
  const std::int64_t* from = edge.kind == DependenceKind::slot ? slot_digits : position.data();
  std::int64_t instance = 0;
  for (std::size_t e = 0; e < edge.index.size(); ++e) {
    const IndexSource& source = edge.index[e];
    std::int64_t at = producer.trips[e] - 1;
    if (source.consumer_loop == IndexSource::kFirst) {
      at = 0;
    } else if (source.consumer_loop >= 0) {
      at = from[source.consumer_loop] - source.distance;
      if (at < 0) return 0;
      at = std::min(at, producer.trips[e] - 1);
    }
    instance += at * strides[e];
  }
  return instance + 1;
}

}  // namespace einloom
