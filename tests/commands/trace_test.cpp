// SPDX-License-Identifier: Apache-2.0
// Traces say what the report says: slices cover every array's cycles without overlap, busy time and stalls are the
// accounts, counters reach the peaks; a part of a run is that part of the whole trace.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "experiments/trace/traces.hpp"
#include "mappings/lower.hpp"
#include "support/documents_in_tree.hpp"
#include "unit/experiments/temporary_folder.hpp"

namespace einloom::test {
namespace {

using Json = nlohmann::json;

struct Case {
  std::string cascade, machine, plan;
  AttentionShape shape;
  Overrides plan_changes, machine_changes;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"attention_1pass", "fusemax", kSerial, {1, 1, 700, 1500, 64, 64}, {}, {}},
      {"attention_1pass", "fusemax", kInterleaved, {1, 2, 1024, 1024, 64, 64}, {}, {}},
      {"attention_1pass", "fusemax", kInterleaved, {1, 1, 100, 90, 16, 16}, {}, {{"parameters.dim", "16"}}},
      {"attention_3pass", "flat", "attention_3pass__flat__fused", {1, 1, 600, 700, 64, 64}, {}, {}},
      {"attention_3pass",
       "flat",
       "attention_3pass__flat__fused",
       {1, 2, 256, 1024, 64, 64},
       {{"parameters.spilled", "0.25"}, {"keep.QK.slots", "300"}},
       {}},
      {"attention_1pass",
       "fusemax",
       kInterleaved,
       {1, 1, 512, 512, 64, 64},
       {},
       {{"components.dram.bandwidth", "5 GB/s"}}},
  };
  return all;
}

struct Traced {
  Report report;
  Json json;
  std::string vcd;
};

Traced traced(const Case& what, const TemporaryFolder& folder, TraceWindow window = {}) {
  Point point;
  point.cascade = std::make_shared<Cascade>(cascade_of(what.cascade));
  point.machine = std::make_shared<Machine>(machine_of(what.machine, what.machine_changes));
  point.plan = std::make_shared<Plan>(plan_of(what.plan, what.plan_changes));
  TraceOptions options;
  options.json = (folder.path() / "t.json").string();
  options.vcd = (folder.path() / "t.vcd").string();
  options.window = window;
  const Traces traces(options, point);
  SimulationOptions simulation;
  traces.listen(simulation);
  const Program program =
      lower(*point.cascade, *point.machine, *point.plan, what.shape.shape(), Dtype::bf16, point.plan->span);
  Traced result;
  result.report = simulate(program, *point.machine, simulation);
  result.json = Json::parse(folder.read("t.json"));
  result.vcd = folder.read("t.vcd");
  return result;
}

struct Slice {
  std::int64_t begin = 0, end = 0;
  std::string name, category;
  bool operator==(const Slice& o) const {
    return begin == o.begin && end == o.end && name == o.name && category == o.category;
  }
};

// Slices of every array, in order.
std::map<std::string, std::vector<Slice>> slices_of(const Json& json) {
  std::map<int, std::string> names;
  std::map<std::string, std::vector<Slice>> slices;
  for (const Json& event : json["traceEvents"]) {
    if (event["pid"] != 1) continue;
    if (event["ph"] == "M" && event["name"] == "thread_name") names[event["tid"]] = event["args"]["name"];
    if (event["ph"] != "X") continue;
    slices[names.at(event["tid"])].push_back(
        {event["ts"], event["ts"].get<std::int64_t>() + event["dur"].get<std::int64_t>(), event["name"], event["cat"]});
  }
  for (auto& [name, list] : slices) {
    std::sort(list.begin(), list.end(), [](const Slice& a, const Slice& b) { return a.begin < b.begin; });
  }
  return slices;
}

TEST_CASE("slices of a trace are the accounts of the report") {
  const TemporaryFolder folder;
  for (const Case& what : cases()) {
    INFO(what.plan << " M=" << what.shape.m);
    const Traced run = traced(what, folder);
    CHECK(run.json["otherData"]["cycles"] == run.report.cycles.value());
    CHECK(run.json["otherData"]["unit"] == "1 cycle is shown as 1 us");
    const auto slices = slices_of(run.json);
    for (const ArrayReport& array : run.report.arrays) {
      INFO(array.name);
      std::int64_t at = 0;
      std::map<std::string, std::int64_t> sums;
      for (const Slice& slice : slices.at(array.name)) {
        CHECK(slice.begin == at);  // neither overlap nor gap
        at = slice.end;
        sums[(slice.category == "operation" ? "busy " : "") + slice.name] += slice.end - slice.begin;
      }
      CHECK(at == run.report.cycles.value());
      for (const Account& account : array.accounts) {
        const std::string name = account.kind + (account.subject.empty() ? "" : " " + account.subject);
        INFO(name);
        CHECK(sums[name] == account.cycles.value());
      }
    }
  }
}

TEST_CASE("counters of a trace reach the report's peaks, and DRAM's bus moves its bytes") {
  const TemporaryFolder folder;
  for (const Case& what : cases()) {
    INFO(what.plan << " M=" << what.shape.m);
    const Traced run = traced(what, folder);
    std::map<std::string, std::int64_t> peaks;
    std::int64_t bytes = 0;
    double bus_end = 0;
    for (const Json& event : run.json["traceEvents"]) {
      if (event["ph"] == "C") {
        std::int64_t sum = 0;
        for (const auto& [tensor, held] : event["args"].items()) {
          CHECK(held.get<std::int64_t>() >= 0);
          sum += held.get<std::int64_t>();
        }
        peaks[event["name"]] = std::max(peaks[event["name"]], sum);
      }
      if (event["ph"] != "X" || event["cat"] != "move") continue;
      bytes += event["args"]["bytes"].get<std::int64_t>();
      CHECK(event["ts"].get<double>() >= bus_end);
      bus_end = event["ts"].get<double>() + event["dur"].get<double>();
    }
    for (const MemoryReport& memory : run.report.memories) {
      INFO(memory.name);
      if (memory.name == "dram") {
        CHECK(bytes == memory.read_bytes + memory.write_bytes);
      } else {
        CHECK(peaks[memory.name + " bytes"] == memory.peak_bytes);
      }
    }
  }
}

TEST_CASE("a part of a run is that part of the whole trace") {
  const TemporaryFolder folder;
  const Case what{"attention_1pass", "fusemax", kInterleaved, {1, 2, 1024, 1024, 64, 64}, {}, {}};
  const TraceWindow window{1500, 2500};
  const auto whole = slices_of(traced(what, folder).json), part = slices_of(traced(what, folder, window).json);
  for (const auto& [array, all] : whole) {
    std::vector<Slice> expected;
    for (Slice slice : all) {
      if (window.clip(slice.begin, slice.end)) expected.push_back(slice);
    }
    CHECK(part.at(array) == expected);
  }
}

TEST_CASE("a value change dump has the busy cycles of every Einsum, in time order") {
  const TemporaryFolder folder;
  for (const Case& what : cases()) {
    INFO(what.plan << " M=" << what.shape.m);
    const Traced run = traced(what, folder);
    std::map<std::string, std::string> code_of;                       // by name
    std::map<std::string, std::pair<std::string, std::int64_t>> now;  // by code: value, since
    std::map<std::string, std::map<std::string, std::int64_t>> sums;  // by code and value
    std::istringstream lines(run.vcd);
    std::int64_t time = 0;
    bool header = true, in_order = true;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string word, type, width, code, name;
      words >> word;
      if (word == "$var") {
        words >> type >> width >> code >> name;
        code_of[name] = code;
      }
      if (word == "$enddefinitions") header = false;
      if (header || word.front() == '$') continue;
      if (word.front() == '#') {
        const std::int64_t next = std::stoll(word.substr(1));
        in_order = in_order && (time <= next);
        time = next;
        continue;
      }
      std::string value = word.substr(1);
      if (word.front() == '0' || word.front() == '1') {
        code = word.substr(1);
        value = word.substr(0, 1);
      } else {
        words >> code;
      }
      auto& [old, since] = now[code];
      sums[code][old] += time - since;
      old = value;
      since = time;
    }
    CHECK(in_order);
    CHECK(time == run.report.cycles.value());
    for (const ArrayReport& array : run.report.arrays) {
      for (const auto& [einsum, cycles] : array.busy_cycles) {
        INFO(array.name << " " << einsum);
        CHECK(sums[code_of.at(array.name)][einsum] == cycles.value());
      }
    }
    CHECK(sums[code_of.at("dram_busy")]["1"] > 0);
  }
}

}  // namespace
}  // namespace einloom::test
