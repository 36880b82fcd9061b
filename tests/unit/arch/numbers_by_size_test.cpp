// SPDX-License-Identifier: Apache-2.0
// Do numbers listed by size hold where they are listed, and follow from the nearest two elsewhere? Oracles: closed
// forms, and the areas of FuseMax's array sizes (MICRO 2024, artifact: Pareto table).
#include "arch/numbers_by_size.hpp"

#include <catch2/catch.hpp>

#include "unit/arch/documents.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// The tiny machine on a technology whose `pe` and `sram` are these.
Machine machine_with(const std::string& pe, const std::string& sram, const std::string& registers,
                     const std::string& capacity) {
  const std::string technology =
      replaced(replaced(kTinyTechnology, "{read: 0.25 pJ, write: 0.125 pJ, area: 100 um^2, source: test}", pe),
               "{read: 2 pJ, write: 3 pJ, area: 5 um^2, source: test}", sram);
  const std::string machine = replaced(replaced(kTinyMachine, "pe: pe", "registers: " + registers + ", pe: pe"),
                                       "capacity: 1 KiB", "capacity: " + capacity);
  return machine_from(machine, [&](const std::string&, const Span&) {
    return parse_yaml(source_from_text("tiny_technology.yaml", technology));
  });
}

const std::string kPe =
    "{counts: {4: {read: 1 pJ, write: 3 pJ, area: 10 um^2}, 16: {read: 2 pJ, write: 3.5 pJ, area: 30 um^2}, "
    "32: {read: 5 pJ, write: 3.25 pJ, area: 34 um^2}}, source: test}";
const std::string kSram =
    "{read: 2 pJ, write: 3 pJ, capacities: {1 KiB: {area: 5 um^2}, 4 KiB: {area: 20 um^2}, 8 KiB: {area: 160 um^2}}, "
    "source: test}";

PeArray array_with(const std::string& registers) {
  return *machine_with(kPe, kSram, registers, "1 KiB").find_array("array");
}
Memory buffer_with(const std::string& capacity) {
  return *machine_with(kPe, kSram, "4", capacity).find_memory("buffer");
}

// Published: 2-D array and total area by array dimension (BERT), with the buffer's capacity that the artifact computes.
struct PublishedArea {
  std::int64_t dim, registers_2d, registers_1d;
  std::string capacity;
  double array2d_cm2, total_cm2;
};
const std::vector<PublishedArea> kPublishedAreas = {
    {16, 4, 16, "16 KiB", 4.712617e-02, 5.441230e-02},    {32, 4, 16, "32 KiB", 1.885044e-01, 2.031555e-01},
    {64, 4, 16, "64 KiB", 7.540169e-01, 7.836960e-01},    {128, 8, 32, "128 KiB", 3.017972e+00, 3.079076e+00},
    {256, 16, 64, "256 KiB", 1.207951e+01, 1.220894e+01}, {512, 32, 128, "1 MiB", 4.834854e+01, 4.885081e+01},
};

}  // namespace

TEST_CASE("registers: listed counts have the listed numbers") {
  const PeArray array = array_with("16");
  CHECK(array.register_read_energy_pj == 2);
  CHECK(array.register_write_energy_pj == 3.5);
  CHECK(array.pe_area_um2 == 30 + 40 + 10);
  CHECK(array.register_source == "test");
  CHECK(array.area_source == "registers + exp + mac (test)");
  CHECK(array_with("4").register_read_energy_pj == 1);
  CHECK(array_with("32").register_read_energy_pj == 5);
}

TEST_CASE("registers: linear in log2(count) between and beyond the listed counts") {
  const PeArray between = array_with("8");
  CHECK(between.register_read_energy_pj == Approx(1.5));
  CHECK(between.register_write_energy_pj == Approx(3.25));
  CHECK(between.pe_area_um2 == Approx(20 + 40 + 10));
  CHECK(between.register_source == "test; interpolated between 4 and 16 registers");
  CHECK(between.area_source == "registers interpolated between 4 and 16 registers + exp + mac (test)");

  const PeArray above = array_with("128");
  CHECK(above.register_read_energy_pj == Approx(5 + 2 * 3));
  CHECK(above.register_write_energy_pj == Approx(3.25 - 2 * 0.25));
  CHECK(above.pe_area_um2 == Approx(34 + 2 * 4 + 50));
  CHECK(above.register_source == "test; extrapolated from 16 and 32 registers");

  const PeArray below = array_with("2");
  CHECK(below.register_read_energy_pj == Approx(0.5));
  CHECK(below.pe_area_um2 == Approx(0 + 50));
  CHECK(below.register_source == "test; extrapolated from 4 and 16 registers");
}

TEST_CASE("capacities: the area is a power of the capacity, numbers stated once stay") {
  const Memory listed = buffer_with("4 KiB");
  CHECK(listed.area_um2 == 20);
  CHECK(listed.area_source == "test");

  const Memory between = buffer_with("2 KiB");  // 5 → 20 over two doublings: twice per doubling
  CHECK(between.area_um2 == Approx(10));
  CHECK(between.read_energy_pj == 2);
  CHECK(between.write_energy_pj == 3);
  CHECK(between.energy_source == "test");
  CHECK(between.area_source == "test; interpolated between 1024 and 4096 bytes");

  const Memory above = buffer_with("16 KiB");  // 20 → 160 over one doubling: eight times per doubling
  CHECK(above.area_um2 == Approx(1280));
  CHECK(above.area_source == "test; extrapolated from 4096 and 8192 bytes");
  CHECK(buffer_with("512 B").area_um2 == Approx(2.5));
}

TEST_CASE("capacities: energies may be listed, and the area stated once") {
  const std::string sram =
      "{area: 7 um^2, capacities: {1 KiB: {read: 1 pJ, write: 2 pJ}, 4 KiB: {read: 4 pJ, write: 2 pJ}}, source: test}";
  const Memory buffer = *machine_with(kPe, sram, "4", "2 KiB").find_memory("buffer");
  CHECK(buffer.read_energy_pj == Approx(2));
  CHECK(buffer.write_energy_pj == 2);
  CHECK(buffer.area_um2 == 7);
  CHECK(buffer.energy_source == "test; interpolated between 1024 and 4096 bytes");
  CHECK(buffer.area_source == "test");
}

TEST_CASE("what is stated once may be 0, and its capacity is told") {
  const std::string sram =
      "{read: 0 pJ, write: 3 pJ, capacity: 8 KiB, capacities: {1 KiB: {area: 5 um^2}, 4 KiB: {area: 20 um^2}}, source: "
      "test}";
  const Memory buffer = *machine_with(kPe, sram, "4", "4 KiB").find_memory("buffer");
  CHECK(buffer.read_energy_pj == 0);
  CHECK(buffer.energy_source == "test; stated for 8192 bytes");
  CHECK(buffer.area_source == "test");
}

TEST_CASE("one set of numbers holds for every size") {
  NumbersBySize once;
  once.read_energy_pj = 1;
  once.area_um2 = 2;
  for (const std::int64_t size : {std::int64_t{1}, std::int64_t{1} << 50}) {
    CHECK(once.at(size).read_energy_pj == 1);
    CHECK(once.at(size).write_energy_pj == 0);
    CHECK(once.at(size).area_um2 == 2);
    CHECK(once.how_found(size).empty());
  }
}

TEST_CASE("the published areas of FuseMax's array sizes") {
  for (const PublishedArea& published : kPublishedAreas) {
    INFO("dim " << published.dim);
    const Machine machine =
        machine_in_tree("fusemax", {{"parameters.dim", std::to_string(published.dim)},
                                    {"components.array2d.pe", "pe_registers"},
                                    {"components.array2d.registers", std::to_string(published.registers_2d)},
                                    {"components.array1d.pe", "pe_registers"},
                                    {"components.array1d.registers", std::to_string(published.registers_1d)},
                                    {"components.global_buffer.energy", "global_buffer_by_capacity"},
                                    {"components.global_buffer.capacity", published.capacity}});
    const PeArray& array2d = *machine.find_array("array2d");
    CHECK(array2d.pe_area_um2 * static_cast<double>(array2d.pes()) * 1e-8 ==
          Approx(published.array2d_cm2).epsilon(1e-5));
    CHECK(machine.total_area().value() * 1e-8 == Approx(published.total_cm2).epsilon(1e-5));
    CHECK(machine.find_memory("global_buffer")->read_energy_pj == 12512.76);
    CHECK(machine.find_memory("global_buffer")->write_energy_pj == 15751.46);
  }
}

TEST_CASE("with 16 MiB and the registers of the evaluation, the entries by size change nothing") {
  const Machine machine =
      machine_in_tree("fusemax", {{"components.array2d.pe", "pe_registers"},
                                  {"components.array2d.registers", "2 * 8 * dim / 256"},
                                  {"components.array1d.pe", "pe_registers"},
                                  {"components.global_buffer.energy", "global_buffer_by_capacity"}});
  const Machine evaluated = machine_in_tree("fusemax");
  CHECK(machine.total_area().value() == Approx(evaluated.total_area().value()).epsilon(1e-12));
  CHECK(machine.find_array("array2d")->registers == 16);
  CHECK(machine.find_array("array2d")->register_read_energy_pj == 2.1904);
  CHECK(machine.find_array("array1d")->register_write_energy_pj == 1.9065);
}
