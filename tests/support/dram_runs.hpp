// SPDX-License-Identifier: Apache-2.0
// Traces of requests played on a banked DRAM, with everything it did.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/banked_dram.hpp"
#include "base/diagnostic.hpp"
#include "base/yaml_reader.hpp"
#include "sim/dram/dram_controller.hpp"

namespace einloom::test {

struct TraceRequest {
  std::int64_t address = 0;
  bool is_write = false;
  std::int64_t arrival = 0;  // first cycle in which it may be offered; requests are offered in trace order
};

struct IssuedCommand {
  DramCommand command;
  std::int64_t at = 0;
};

class RecordedDram : public DramListener {
 public:
  std::vector<IssuedCommand> commands;     // when the run was traced
  std::vector<std::int64_t> served_at;     // by request: cycle after its last data; -1: never
  std::vector<std::int64_t> times_served;  // by request
  std::int64_t end = 0;                    // of the last data
  double latency_sum = 0;                  // accepted → end of data
  DramCounters counters;
  void served(std::int64_t tag, std::int64_t arrival, std::int64_t at) override {
    served_at[static_cast<std::size_t>(tag)] = at;
    ++times_served[static_cast<std::size_t>(tag)];
    end = std::max(end, at);
    latency_sum += static_cast<double>(at - arrival);
  }
  void issued(const DramCommand& command, std::int64_t now) override { commands.push_back({command, now}); }
};

// Requests go in as fast as their queues take them. Runs until all are served.
inline RecordedDram play(const BankedDram& dram, const std::vector<TraceRequest>& requests, bool traced) {
  RecordedDram run;
  run.served_at.assign(requests.size(), -1);
  run.times_served.assign(requests.size(), 0);
  DramController controller(dram, &run, traced);
  std::size_t next_request = 0;
  std::int64_t now = 0;
  while (true) {
    std::int64_t next = controller.step(now);
    while (next_request < requests.size() && requests[next_request].arrival <= now) {
      const TraceRequest& request = requests[next_request];
      const DramPlace place = controller.addresses().place(request.address);
      const DramDirection direction = request.is_write ? DramDirection::write : DramDirection::read;
      if (!controller.accepts(place, direction)) break;
      controller.add(place, direction, static_cast<std::int64_t>(next_request), now);
      ++next_request;
      next = now + 1;
    }
    if (next_request < requests.size() && requests[next_request].arrival > now) {
      next = std::min(next, requests[next_request].arrival);
    }
    if (next == DramController::kNoCycle) break;
    now = next;
  }
  ensure(next_request == requests.size(), "every request was offered");
  run.counters = controller.counters();
  return run;
}

inline AddressOrder order_of(const std::string& text) {
  std::string problem;
  const auto order = parse_address_order(text, problem);
  ensure(order.has_value(), "address order of a test: " + problem);
  return *order;
}

// A timing set of the tree.
inline DramTiming timing_of(const std::string& name) {
  Diagnostics diagnostics;
  DramTiming timing = load_dram_timing(
      load_yaml(std::string(EINLOOM_SOURCE_DIR) + "/arch/dram_timings/" + name + ".yaml"), diagnostics);
  diagnostics.throw_if_any();
  return timing;
}

}  // namespace einloom::test
