// SPDX-License-Identifier: Apache-2.0
// Do the machines in the tree say what the published evaluation uses? Oracles: the tables of FuseMax (MICRO 2024).
#include <catch2/catch.hpp>

#include "unit/arch/documents.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

const std::string kArtifact = "FuseMax (MICRO 2024) artifact, 45 nm";

void check_operation(const PeArray& array, const std::string& op, std::int64_t issue_cycles, const std::string& action,
                     std::int64_t count) {
  INFO(array.name << "." << op);
  REQUIRE(array.operations.count(op) == 1);
  CHECK(array.operations.at(op).issue_cycles == issue_cycles);
  CHECK(array.operations.at(op).actions == std::map<std::string, std::int64_t>{{action, count}});
}

std::vector<std::string> operations_of(const PeArray& array) {
  std::vector<std::string> ops;
  for (const auto& [op, cost] : array.operations) ops.push_back(op);
  return ops;
}

}  // namespace

TEST_CASE("fusemax: clock and memories") {
  const Machine machine = machine_in_tree("fusemax");
  CHECK(machine.name == "fusemax");
  CHECK(machine.technology == "45nm_fusemax");
  CHECK(machine.clock == Hertz(940e6));
  CHECK(machine.component_names() ==
        std::vector<std::string>{"dram", "global_buffer", "stream_buffer", "array2d", "array1d"});

  const Memory& dram = machine.memories.at(0);
  CHECK(dram.kind == MemoryKind::dram);
  CHECK(dram.bandwidth == BytesPerSecond(400.0 * 1073741824.0));
  CHECK_FALSE(dram.capacity.has_value());
  CHECK(dram.latency == Cycles(100));
  CHECK(dram.access_width == Bytes(8));
  CHECK(dram.read_energy_pj == 249.6);
  CHECK(dram.write_energy_pj == 249.6);
  CHECK(dram.area_um2 == 0);
  CHECK(dram.energy_source == kArtifact);
  CHECK(dram.area_source == "not stated");

  const Memory& global_buffer = machine.memories.at(1);
  CHECK(global_buffer.kind == MemoryKind::buffer);
  CHECK(global_buffer.capacity == Bytes(16 * 1048576));
  CHECK(global_buffer.access_width == Bytes(512));
  CHECK(global_buffer.banks == 32);
  CHECK(global_buffer.ports == 4);
  CHECK(global_buffer.latency == Cycles(2));
  CHECK(global_buffer.queue_accesses == 1024);
  CHECK(global_buffer.bandwidth == BytesPerSecond(0));
  CHECK(global_buffer.read_energy_pj == 12512.76);
  CHECK(global_buffer.write_energy_pj == 15751.46);
  CHECK(global_buffer.area_um2 == Approx(84.201e6).epsilon(1e-15));
  CHECK(global_buffer.energy_source == kArtifact);

  const Memory& stream_buffer = machine.memories.at(2);
  CHECK(stream_buffer.capacity == Bytes(512 * 1024));
  CHECK(stream_buffer.access_width == Bytes(512));
  CHECK(stream_buffer.ports == 8);
  CHECK(stream_buffer.latency == Cycles(1));
  CHECK(stream_buffer.read_energy_pj == 0);
  CHECK(stream_buffer.write_energy_pj == 0);
  CHECK(stream_buffer.area_um2 == 0);
  CHECK(stream_buffer.energy_source == "FuseMax artifact: not charged");
  CHECK(stream_buffer.area_source == "FuseMax artifact: not charged");
}

TEST_CASE("fusemax: arrays") {
  const Machine machine = machine_in_tree("fusemax");
  const PeArray& array2d = machine.arrays.at(0);
  CHECK(array2d.rows == 256);
  CHECK(array2d.columns == 256);
  CHECK(array2d.pes() == 65536);
  CHECK(array2d.registers == 10);
  CHECK(array2d.register_read_energy_pj == 2.1904);
  CHECK(array2d.register_write_energy_pj == 1.9024);
  CHECK(array2d.register_source == kArtifact);
  CHECK(operations_of(array2d) == std::vector<std::string>{"add", "exp", "mac", "max", "mul", "sub"});
  check_operation(array2d, "mac", 1, "mac", 1);
  check_operation(array2d, "max", 1, "max", 1);
  check_operation(array2d, "add", 1, "add", 1);
  check_operation(array2d, "sub", 1, "add", 1);
  check_operation(array2d, "mul", 1, "mac", 1);
  check_operation(array2d, "exp", 6, "mac", 6);
  CHECK(array2d.action_energy.at("mac").energy_pj == 17.1645);
  CHECK(array2d.action_energy.at("add").energy_pj == 8.3395);
  CHECK(array2d.action_energy.at("max").energy_pj == 0.028036);
  CHECK(array2d.action_energy.size() == 3);
  CHECK(array2d.action_energy.at("mac").source == kArtifact);
  CHECK(array2d.pe_area_um2 == Approx(16837.58 + 1545 + 49.289).epsilon(1e-12));
  CHECK(array2d.area_source == "registers + mac + max (" + kArtifact + ")");
  // 12.0795 cm², as in the published Pareto table at 256.
  CHECK(static_cast<double>(array2d.pes()) * array2d.pe_area_um2 * 1e-8 == Approx(12.07951).epsilon(1e-6));

  const PeArray& array1d = machine.arrays.at(1);
  CHECK(array1d.rows == 1);
  CHECK(array1d.columns == 256);
  CHECK(array1d.registers == 32);
  CHECK(array1d.register_read_energy_pj == 2.1945);
  CHECK(array1d.register_write_energy_pj == 1.9065);
  check_operation(array1d, "exp", 6, "mac", 6);
  check_operation(array1d, "div", 1, "divide", 1);
  CHECK(array1d.action_energy.at("divide").energy_pj == 36.251);
  CHECK(array1d.pe_area_um2 == Approx(16849.21 + 1545 + 49.289 + 23740.94).epsilon(1e-12));
}

TEST_CASE("1-D arrays do every operator, with units they had for the published ones") {
  using Actions = std::map<std::string, std::int64_t>;
  for (const char* name : {"fusemax", "flat"}) {
    const Machine machine = machine_in_tree(name);
    const PeArray& array = *machine.find_array("array1d");
    for (const char* op :
         {"abs",      "add",        "div",  "erf",   "exp",     "log",      "max",  "min",    "mul", "neg", "pow",
          "pwl_exp2", "reciprocal", "relu", "rsqrt", "sigmoid", "softplus", "sqrt", "square", "sub", "tanh"}) {
      INFO(name << " " << op);
      CHECK(array.operations.count(op) == 1);
    }
    for (const auto& [op, cost] : array.operations) {
      INFO(name << " " << op);
      std::int64_t actions = 0;
      for (const auto& [action, times] : cost.actions) actions += times;
      // One unit acts in a cycle; addresses are added up ahead of the PEs.
      CHECK(cost.issue_cycles == (op == "gather" || op == "scatter" ? 0 : actions));
    }
  }
  const Machine fusemax = machine_in_tree("fusemax"), flat = machine_in_tree("flat");
  const auto actions = [](const Machine& machine, const char* op) {
    return machine.find_array("array1d")->operations.at(op).actions;
  };
  CHECK(actions(fusemax, "tanh") == Actions{{"mac", 6}, {"add", 2}, {"divide", 1}});
  CHECK(actions(flat, "tanh") == Actions{{"exp", 1}, {"add", 2}, {"divide", 1}});
  CHECK(actions(flat, "rsqrt") == Actions{{"mac", 6}});
}

TEST_CASE("flat: what differs from fusemax") {
  const Machine machine = machine_in_tree("flat");
  CHECK(machine.clock == Hertz(940e6));
  CHECK(machine.memories.at(0).bandwidth == BytesPerSecond(400.0 * 1073741824.0));

  const Memory& global_buffer = *machine.find_memory("global_buffer");
  CHECK(global_buffer.capacity == Bytes(32 * 1048576));
  CHECK(global_buffer.access_width == Bytes(512));
  CHECK(global_buffer.banks == 4);
  CHECK(global_buffer.ports == 4);
  CHECK(global_buffer.read_energy_pj == 23854.66);
  CHECK(global_buffer.write_energy_pj == 27097.56);
  CHECK(global_buffer.area_um2 == Approx(175.717e6).epsilon(1e-15));

  const Memory& stream_buffer = *machine.find_memory("stream_buffer");
  CHECK(stream_buffer.capacity == Bytes(4194304));  // eight 256×256 tiles of 2-byte scores
  CHECK(stream_buffer.area_um2 == 0);

  const PeArray& array2d = *machine.find_array("array2d");
  CHECK(array2d.pes() == 65536);
  CHECK(array2d.registers == 4);
  CHECK(array2d.register_read_energy_pj == 2.1824);
  CHECK(array2d.register_write_energy_pj == 1.8944);
  CHECK(operations_of(array2d) == std::vector<std::string>{"add", "mac", "mul", "sub"});
  CHECK(array2d.pe_area_um2 == Approx(16814.31 + 1545).epsilon(1e-12));

  const PeArray& array1d = *machine.find_array("array1d");
  CHECK(array1d.pes() == 256);
  CHECK(array1d.registers == 16);
  CHECK(array1d.register_read_energy_pj == 2.1904);
  CHECK(array1d.register_write_energy_pj == 1.9024);
  check_operation(array1d, "exp", 1, "exp", 1);
  check_operation(array1d, "div", 1, "divide", 1);
  CHECK(array1d.action_energy.at("exp").energy_pj == 94.6475);
  CHECK(array1d.pe_area_um2 == Approx(16837.58 + 1545 + 49.289 + 8240 + 23740.94).epsilon(1e-12));
}

TEST_CASE("both machines: links and total area") {
  for (const std::string name : {"fusemax", "flat"}) {
    INFO(name);
    const Machine machine = machine_in_tree(name);
    CHECK(machine.links.size() == 14);
    for (const std::string memory : {"global_buffer", "stream_buffer"}) {
      for (const std::string other : {"dram", "array2d", "array1d"}) {
        CHECK(machine.link_latency(memory, other) == Cycles(0));
        CHECK(machine.link_latency(other, memory) == Cycles(0));
      }
    }
    CHECK(machine.link_latency("array2d", "array1d") == Cycles(1));
    CHECK(machine.link_latency("array1d", "array2d") == Cycles(0));
    CHECK_FALSE(machine.link_latency("dram", "array2d").has_value());
    CHECK_FALSE(machine.link_latency("global_buffer", "stream_buffer").has_value());

    double area_um2 = 0;
    for (const Memory& memory : machine.memories) area_um2 += memory.area_um2;
    for (const PeArray& array : machine.arrays)
      area_um2 += static_cast<double>(array.rows * array.columns) * array.pe_area_um2;
    CHECK(machine.total_area().value() == Approx(area_um2).epsilon(1e-14));
  }
  CHECK(machine_in_tree("fusemax").total_area().value() * 1e-6 ==
        Approx(84.201 + 65536 * 18431.869e-6 + 256 * 42184.439e-6).epsilon(1e-12));
}

TEST_CASE("an experiment may set the array dimension, and anything else") {
  const Machine small = machine_in_tree("fusemax", {{"parameters.dim", "16"}});
  CHECK(small.find_array("array2d")->rows == 16);
  CHECK(small.find_array("array2d")->columns == 16);
  CHECK(small.find_array("array1d")->columns == 16);
  CHECK(small.parameters == std::vector<std::pair<std::string, double>>{{"dim", 16.0}});

  const Machine wide = machine_in_tree("fusemax", {{"components.array2d.rows", "dim / 2"},
                                                   {"components.array2d.columns", "512"},
                                                   {"components.global_buffer.capacity", "{bytes: dim * 4096}"}});
  CHECK(wide.find_array("array2d")->rows == 128);
  CHECK(wide.find_array("array2d")->columns == 512);
  CHECK(wide.find_array("array1d")->columns == 256);
  CHECK(wide.find_memory("global_buffer")->capacity == Bytes(1048576));
  CHECK(wide.find_memory("global_buffer")->energy_source == kArtifact + "; stated for 16777216 bytes");

  CHECK_THROWS_WITH(machine_in_tree("fusemax", {{"components.array2d.rows", "0"}}),
                    Catch::Contains("`rows` of `array2d` must be between 1 and 1048576; found `0`"));
}

TEST_CASE("positions for notes point at the values") {
  const Machine machine = machine_from(kTinyMachine);
  const Memory& buffer = *machine.find_memory("buffer");
  CHECK(buffer.span.line == 7);
  CHECK(buffer.span.column == 3);
  CHECK(buffer.span.length == 6);
  CHECK(buffer.capacity_span.line == 7);
  CHECK(buffer.capacity_span.column == 36);
  CHECK(buffer.capacity_span.length == 5);
  const PeArray& array = *machine.find_array("array");
  CHECK(array.rows_span.column == 33);
  CHECK(array.columns_span.column == 47);
  CHECK(array.operations.at("exp").span.line == 8);
  CHECK(machine.span.line == 1);
  CHECK(machine.links.at(0).span.line == 10);
}
