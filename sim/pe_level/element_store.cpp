// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/element_store.hpp"

#include <cmath>

namespace einloom {

SlotClock::SlotClock(const Program& program)
    : program_(program), storage_of_(program.statements.size(), -1), taken_(program.storages.size()) {
  for (std::size_t i = 0; i < program.storages.size(); ++i) {
    storage_of_[static_cast<std::size_t>(program.storages[i].producer)] = static_cast<int>(i);
  }
}

SlotUse SlotClock::start(int statement, const Scoreboard& board, std::int64_t now, bool only_in_memories) {
  const int index = storage_of_[static_cast<std::size_t>(statement)];
  if (index < 0) return {};
  const Storage& storage = program_.storages[static_cast<std::size_t>(index)];
  if (only_in_memories && storage.memory < 0) return {};
  if (board.acquires(storage)) taken_[static_cast<std::size_t>(index)].push_back(now);
  const Head& head = board.head(statement);
  const Statement& what = program_.statements[static_cast<std::size_t>(statement)];
  SlotUse use{index, 0};
  for (int loop : storage.loops) {
    const auto e = static_cast<std::size_t>(loop);
    use.number = use.number * what.trips[e] + head.position[e];
  }
  if (storage.mask) use.number = storage.mask->count_before(use.number);  // tiles passed over take none
  return use;
}

bool SlotClock::holds(const SlotUse& use, std::int64_t time, std::int64_t skew) const {
  if (use.storage < 0) return true;
  const Storage& storage = program_.storages[static_cast<std::size_t>(use.storage)];
  const auto& taken = taken_[static_cast<std::size_t>(use.storage)];
  const std::int64_t next = use.number + storage.slots;
  if (next >= static_cast<std::int64_t>(taken.size())) return true;
  const bool by_operation =
      program_.statements[static_cast<std::size_t>(storage.producer)].kind == StatementKind::operation;
  return time < taken[static_cast<std::size_t>(next)] + (by_operation ? skew : 0);
}

template <class T>
ElementStore<T>::ElementStore(const TensorStore<T>& initial, const SlotClock& slots) : slots_(slots) {
  for (const auto& [name, tensor] : initial) {
    std::vector<Element<T>>& elements = elements_[name];
    elements.resize(static_cast<std::size_t>(tensor.size()));
    for (std::size_t i = 0; i < elements.size(); ++i) {
      elements[i].value = tensor.data()[i];
      if (!std::isnan(tensor.data()[i])) elements[i].out_since = kAlways;  // a state's initial value
    }
  }
}

template class ElementStore<double>;
template class ElementStore<float>;

}  // namespace einloom
