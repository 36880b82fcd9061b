// SPDX-License-Identifier: Apache-2.0
// How fast the banked DRAM is: requests per second, by timing set, pattern and channels. Placing the addresses is
// timed with them.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "base/yaml_reader.hpp"
#include "sim/dram/dram_controller.hpp"

namespace einloom {
namespace {

class CountingListener : public DramListener {
 public:
  std::int64_t served_requests = 0;
  void served(std::int64_t, std::int64_t, std::int64_t) override { ++served_requests; }
};

void requests(benchmark::State& state, const std::string& timing, bool random, std::int64_t channels) {
  constexpr std::size_t kRequests = 100'000;
  Diagnostics diagnostics;
  std::string problem;
  BankedDram dram;
  dram.timing = load_dram_timing(load_yaml(std::string(EINLOOM_SOURCE_DIR) + "/arch/dram_timings/" + timing + ".yaml"),
                                 diagnostics);
  diagnostics.throw_if_any();
  dram.order = *parse_address_order("RoBaRaCoCh", problem);
  dram.channels = channels;
  std::mt19937_64 generator(1);
  std::vector<std::int64_t> addresses(kRequests);
  for (std::size_t i = 0; i < kRequests; ++i) {
    addresses[i] = static_cast<std::int64_t>(random ? generator() % (1U << 25) : i) * dram.timing.access_bytes;
  }
  std::int64_t served = 0;
  for (auto _ : state) {
    CountingListener listener;
    DramController controller(dram, &listener);
    std::int64_t now = 0;
    std::size_t i = 0;
    while (listener.served_requests < static_cast<std::int64_t>(kRequests)) {
      std::int64_t next = controller.step(now);
      for (; i < kRequests; ++i) {
        const DramPlace place = controller.addresses().place(addresses[i]);
        if (!controller.accepts(place, DramDirection::read)) break;
        controller.add(place, DramDirection::read, static_cast<std::int64_t>(i), now);
        next = now + 1;
      }
      now = next;
    }
    served += listener.served_requests;
  }
  state.counters["requests"] = benchmark::Counter(static_cast<double>(served), benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(requests, hbm2_sequential, "hbm2", false, 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(requests, hbm2_random, "hbm2", true, 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(requests, hbm2_sequential_8_channels, "hbm2", false, 8)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(requests, ddr4_2400_random, "ddr4_2400", true, 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(requests, ddr4_3200_sequential, "ddr4_3200", false, 1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace einloom

BENCHMARK_MAIN();
