// SPDX-License-Identifier: Apache-2.0
// A dram of model `banked` in a machine document: what it becomes, and what is said about wrong ones.
#include <catch2/catch.hpp>

#include "unit/arch/documents.hpp"

namespace einloom::test {
namespace {

const std::string kDram = "dram: {kind: dram, bandwidth: 16 GB/s, latency: 10 cycles, access_width: 8 B, energy: dram}";

YamlNode timing_in_tree(const std::string& name, const Span&) {
  return load_yaml(std::string(EINLOOM_SOURCE_DIR) + "/arch/dram_timings/" + name + ".yaml");
}

Machine machine_with(const std::string& dram) {
  return load_machine(parse_yaml(source_from_text("tiny.yaml", replaced(kTinyMachine, kDram, dram))), tiny_technology,
                      timing_in_tree);
}

std::string errors_with_dram(const std::string& dram) {
  try {
    static_cast<void>(machine_with(dram));
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("a banked dram: what is stated, what is not") {
  const Memory least =
      machine_with("dram: {kind: dram, model: banked, timing: hbm2, access_width: 8 B, energy: dram}").memories.at(0);
  REQUIRE(least.banked.has_value());
  CHECK(least.banked->timing.name == "hbm2");
  CHECK(least.banked->channels == 1);
  CHECK(least.banked->queue_depth == 32);
  CHECK(least.banked->order.text == "RoBaRaCoCh");
  CHECK(least.banked->page == PagePolicy::open);
  CHECK(least.banked->refresh);
  CHECK(least.latency == Cycles(0));
  CHECK(least.bandwidth == BytesPerSecond(32e9));
  const Memory most =
      machine_with(
          "dram: {kind: dram, model: banked, timing: ddr4_3200, channels: 4, address_order: MOP4CLXOR, "
          "queue: 16, page: closed, refresh: false, latency: 7 cycles, access_width: 8 B, energy: dram}")
          .memories.at(0);
  REQUIRE(most.banked.has_value());
  CHECK(most.banked->timing.clock == Hertz(1.6e9));
  CHECK(most.banked->channels == 4);
  CHECK(most.banked->queue_depth == 16);
  CHECK(most.banked->order.text == "MOP4CLXOR");
  CHECK(most.banked->page == PagePolicy::closed);
  CHECK_FALSE(most.banked->refresh);
  CHECK(most.latency == Cycles(7));
  CHECK(most.bandwidth == BytesPerSecond(102.4e9));
  CHECK_FALSE(machine_from(kTinyMachine).memories.at(0).banked.has_value());
}

TEST_CASE("component-choice: a model, a page policy") {
  CHECK(errors_with_dram("dram: {kind: dram, model: bank, timing: hbm2, access_width: 8 B, energy: dram}") ==
        R"(tiny.yaml:6:29: error[component-choice]: `model` of `dram` is `bank`; it is one of banked, simple
 6 |   dram: {kind: dram, model: bank, timing: hbm2, access_width: 8 B, energy: dram}
   |                             ^^^^
help: known: banked, simple
)");
}

TEST_CASE("dram-model-key: keys of the other model") {
  CHECK(
      errors_with_dram("dram: {kind: dram, bandwidth: 16 GB/s, latency: 1 cycles, queue: 3, access_width: 8 B, energy: "
                       "dram}") ==
      R"(tiny.yaml:6:68: error[dram-model-key]: `queue` of `dram` belongs to model `banked`; this one is `simple`
 6 |   dram: {kind: dram, bandwidth: 16 GB/s, latency: 1 cycles, queue: 3, access_width: 8 B, energy: dram}
   |                                                                    ^
help: add `model: banked`
)");
  CHECK(
      errors_with_dram("dram: {kind: dram, model: banked, timing: hbm2, bandwidth: 16 GB/s, access_width: 8 B, energy: "
                       "dram}") ==
      R"(tiny.yaml:6:62: error[dram-model-key]: `bandwidth` of `dram` is given; the bandwidth of model `banked` follows from `timing` and `channels`
 6 |   dram: {kind: dram, model: banked, timing: hbm2, bandwidth: 16 GB/s, access_width: 8 B, energy: dram}
   |                                                              ^^^^^^^
help: remove it, or say `model: simple`
)");
}

TEST_CASE("each model asks for its keys") {
  CHECK(errors_with_dram("dram: {kind: dram, latency: 1 cycles, access_width: 8 B, energy: dram}") ==
        R"(tiny.yaml:6:9: error[missing-key]: component `dram` has no `bandwidth`; it is required
 6 |   dram: {kind: dram, latency: 1 cycles, access_width: 8 B, energy: dram}
   |         ^
)");
  CHECK(errors_with_dram("dram: {kind: dram, model: banked, access_width: 8 B, energy: dram}") ==
        R"(tiny.yaml:6:9: error[missing-key]: component `dram` has no `timing`; it is required
 6 |   dram: {kind: dram, model: banked, access_width: 8 B, energy: dram}
   |         ^
)");
}

TEST_CASE("address-order and channels") {
  CHECK(
      errors_with_dram("dram: {kind: dram, model: banked, timing: hbm2, address_order: RoBaRaCo, access_width: 8 B, "
                       "energy: dram}") ==
      R"(tiny.yaml:6:66: error[address-order]: `address_order` of `dram` is `RoBaRaCo`, which has no `Ch`; every part stands once
 6 |   dram: {kind: dram, model: banked, timing: hbm2, address_order: RoBaRaCo, access_width: 8 B, energy: dram}
   |                                                                  ^^^^^^^^
help: RoBaRaCoCh lets consecutive accesses walk the row of one bank, MOP4CLXOR spreads them over banks
)");
  CHECK(
      errors_with_dram("dram: {kind: dram, model: banked, timing: hbm2, address_order: RoCoBaRaChCo7, access_width: 8 "
                       "B, energy: dram}") ==
      R"(tiny.yaml:6:66: error[address-order]: `address_order` of `dram` is `RoCoBaRaChCo7`, which splits off 7 bits of a part that has 5
 6 |   dram: {kind: dram, model: banked, timing: hbm2, address_order: RoCoBaRaChCo7, access_width: 8 B, energy: dram}
   |                                                                  ^^^^^^^^^^^^^
)");
  CHECK(
      errors_with_dram(
          "dram: {kind: dram, model: banked, timing: hbm2, channels: 3, access_width: 8 B, energy: dram}") ==
      R"(tiny.yaml:6:61: error[dram-organisation]: `channels` of `dram` is 3; the parts of a DRAM are powers of two, so that bits of an address choose them
 6 |   dram: {kind: dram, model: banked, timing: hbm2, channels: 3, access_width: 8 B, energy: dram}
   |                                                             ^
)");
}

TEST_CASE("a timing set's own errors are told with the machine's") {
  CHECK(errors_with_dram("dram: {kind: dram, model: banked, timing: hbm7, access_width: 8 B, energy: dram}")
            .find("error[file-missing]: ") != std::string::npos);
}

}  // namespace
}  // namespace einloom::test
