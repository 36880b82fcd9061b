// SPDX-License-Identifier: Apache-2.0
// Every element of every tensor: its value, and where it is since when: in a PE, at the edge of the array that computed
// it, in a memory. Reading says who reads, where and when; an element that is not there then, or whose slot has been
// given away, is an internal error.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "einsum/evaluator.hpp"
#include "mappings/program.hpp"
#include "sim/scoreboard.hpp"

namespace einloom {

inline constexpr std::int64_t kAlways = std::numeric_limits<std::int64_t>::min() / 2;  // before any way began

// A tile's place in a storage: the n-th tile it takes in. storage -1: none is kept track of.
struct SlotUse {
  int storage = -1;
  std::int64_t number = 0;
};

template <class T>
struct Element {
  T value{};
  int array = -1;  // whose PE `pe` holds it
  std::int32_t pe = -1;
  std::int64_t held_since = kNever;  // in that PE
  std::int64_t out_since = kNever;   // at the edge of the array that computed it
  std::int64_t instance = -1;        // of its producer
  bool is_spilled = false;           // DRAM has it; readers of other iterations have it brought back
  SlotUse slot;
  struct Copy {  // that a load made in a memory
    T value{};
    std::int64_t since = kNever;
    SlotUse slot;
  };
  std::vector<Copy> copies;  // youngest last
};

// Hands out slots as the machine does, in the order of acquisition.
class SlotClock {
 public:
  explicit SlotClock(const Program& program);
  // The statement starts its head instance: the slot its tile uses.
  // A tile that PEs of an array with a controller keep has no slot: `only_in_memories`.
  SlotUse start(int statement, const Scoreboard& board, std::int64_t now, bool only_in_memories);
  // May the tile be read at `time`, `skew` cycles behind the wavefront? Another one takes its place in the wavefront of
  // the operation, or at the moment of the move, that writes it.
  [[nodiscard]] bool holds(const SlotUse& use, std::int64_t time, std::int64_t skew) const;

 private:
  const Program& program_;
  std::vector<int> storage_of_;                   // by statement; -1: none
  std::vector<std::vector<std::int64_t>> taken_;  // by storage: when the n-th tile was let in
};

template <class T>
class ElementStore {
 public:
  ElementStore(const TensorStore<T>& initial, const SlotClock& slots);

  [[nodiscard]] std::vector<Element<T>>& of(const std::string& tensor) { return elements_.at(tensor); }

  // PE (row, column) = `pe` of `array` uses what it holds; `skew` = row + column.
  [[nodiscard]] const T* held(const Element<T>& element, int array, std::int64_t pe, std::int64_t now,
                              std::int64_t skew) const {
    const bool initial = element.instance < 0 && element.out_since <= now;  // a state's register starts with it
    const bool there = initial || (element.array == array && element.pe == pe && element.held_since <= now);
    return there && slots_.holds(element.slot, now, skew) ? &element.value : nullptr;
  }
  // It enters an array at `now` after a way of `latency` cycles; nullptr when it cannot.
  [[nodiscard]] const T* entering(const Element<T>& element, std::int64_t now, std::int64_t latency,
                                  std::int64_t skew) const {
    if (element.out_since == kNever || element.out_since + latency > now) return nullptr;
    return slots_.holds(element.slot, now, skew) ? &element.value : nullptr;
  }
  // The same out of a memory that a load has filled.
  [[nodiscard]] const T* entering_loaded(const Element<T>& element, std::int64_t now) const {
    for (std::size_t i = element.copies.size(); i-- > 0;) {
      const auto& copy = element.copies[i];
      if (copy.since <= now && slots_.holds(copy.slot, now, 0)) return &copy.value;
    }
    return nullptr;
  }

 private:
  const SlotClock& slots_;
  std::map<std::string, std::vector<Element<T>>> elements_;
};

}  // namespace einloom
