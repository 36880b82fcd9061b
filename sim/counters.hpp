// SPDX-License-Identifier: Apache-2.0
// Every sum a simulation keeps, in one flat array, so that fast-forward can add k times a difference.
// Layout: instances per statement and variant, then per dependence {waiting, in transit}, then per array waits at each
// memory's ports and fill, then DRAM busy time (ticks), then what a banked DRAM counts, then tiles acquired per
// storage.
#pragma once

#include <cstdint>
#include <vector>

#include "mappings/program.hpp"
#include "sim/dram/dram_counters.hpp"

namespace einloom {

class Counters {
 public:
  explicit Counters(const Program& program) {
    std::size_t at = 0;
    for (const Statement& statement : program.statements) {
      instances_.push_back(at);
      at += statement.variants.size();
    }
    waits_ = at;
    at += 2 * program.dependences.size();
    memories_ = program.memories.size();
    ports_ = at;
    at += program.arrays.size() * memories_;
    fill_ = at;
    at += program.arrays.size();
    channel_ = at++;
    dram_ = at;
    at += DramCounters::kCount;
    acquired_ = at;
    at += program.storages.size();
    values_.assign(at, 0);
  }

  [[nodiscard]] std::int64_t& instances(int statement, unsigned variant) {
    return values_[instances_[static_cast<std::size_t>(statement)] + variant];
  }
  [[nodiscard]] std::int64_t& waiting(int dependence) {
    return values_[waits_ + 2 * static_cast<std::size_t>(dependence)];
  }
  [[nodiscard]] std::int64_t& in_transit(int dependence) {
    return values_[waits_ + 2 * static_cast<std::size_t>(dependence) + 1];
  }
  [[nodiscard]] std::int64_t& port_wait(int array, int memory) {
    return values_[ports_ + static_cast<std::size_t>(array) * memories_ + static_cast<std::size_t>(memory)];
  }
  [[nodiscard]] std::int64_t& fill(int array) { return values_[fill_ + static_cast<std::size_t>(array)]; }
  [[nodiscard]] std::int64_t& channel_busy_ticks() { return values_[channel_]; }
  // Of a banked DRAM: adds what `now` counts beyond `before`.
  void add_dram(const DramCounters& now, const DramCounters& before) {
    for (std::size_t i = 0; i < DramCounters::kCount; ++i) values_[dram_ + i] += now[i] - before[i];
  }
  [[nodiscard]] DramCounters dram() const {
    DramCounters counters;
    for (std::size_t i = 0; i < DramCounters::kCount; ++i) counters[i] = values_[dram_ + i];
    return counters;
  }
  [[nodiscard]] std::int64_t& acquired(int storage) { return values_[acquired_ + static_cast<std::size_t>(storage)]; }

  // The same in values noted down earlier.
  [[nodiscard]] std::int64_t acquired_then(const std::vector<std::int64_t>& values, int storage) const {
    return values[acquired_ + static_cast<std::size_t>(storage)];
  }

  // More sums, of a listener, all 0; returns the place of the first.
  [[nodiscard]] std::size_t extend(std::size_t count) {
    values_.resize(values_.size() + count, 0);
    return values_.size() - count;
  }
  [[nodiscard]] std::int64_t& extra(std::size_t place) { return values_[place]; }

  [[nodiscard]] const std::vector<std::int64_t>& values() const { return values_; }
  // values += times · (values − earlier)
  void repeat(const std::vector<std::int64_t>& earlier, std::int64_t times) {
    for (std::size_t i = 0; i < values_.size(); ++i) values_[i] += times * (values_[i] - earlier[i]);
  }

 private:
  std::vector<std::int64_t> values_;
  std::vector<std::size_t> instances_;
  std::size_t waits_ = 0, ports_ = 0, fill_ = 0, channel_ = 0, dram_ = 0, acquired_ = 0, memories_ = 0;
};

}  // namespace einloom
