// SPDX-License-Identifier: Apache-2.0
// What the default plan decides, and plans as documents again.
#include "mappings/default_plan/default_plan.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "mappings/estimate.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

Plan read_again(const Plan& plan) { return load_plan(parse_yaml(source_from_text("plan", print_plan(plan)))); }

const Binding& binding(const Plan& plan, const std::string& einsum) {
  const auto found = std::find_if(plan.bindings.begin(), plan.bindings.end(),
                                  [&](const Binding& b) { return b.einsum.text == einsum; });
  REQUIRE(found != plan.bindings.end());
  return *found;
}

const Keep& keep(const Plan& plan, const std::string& tensor) {
  const auto found =
      std::find_if(plan.keeps.begin(), plan.keeps.end(), [&](const Keep& k) { return k.tensor.text == tensor; });
  REQUIRE(found != plan.keeps.end());
  return *found;
}

std::string text_of(const std::optional<Name>& name) { return name ? name->text : ""; }

std::vector<std::string> texts_of(const std::vector<Name>& names) {
  std::vector<std::string> texts;
  for (const Name& name : names) texts.push_back(name.text);
  return texts;
}

Plan plan_for(const std::string& cascade, const Shape& shape, const std::string& machine = "fusemax") {
  return default_plan(cascade_of(cascade), machine_of(machine), shape, Dtype::bf16, {});
}

Cascade cascade_from(const std::string& text) { return load_cascade(parse_yaml(source_from_text("cascade", text))); }

}  // namespace

TEST_CASE("every plan in the tree, printed, is the same plan") {
  for (const std::string& name : plans_in_tree()) {
    INFO(name);
    const Plan plan = plan_of(name);
    const std::string text = print_plan(plan);
    CHECK(print_plan(read_again(plan)) == text);
    const Plan again = read_again(plan);
    CHECK(again.name == plan.name);
    CHECK(again.description == plan.description);
    REQUIRE(again.keeps.size() == plan.keeps.size());
    for (std::size_t i = 0; i < plan.keeps.size(); ++i) {
      CHECK(again.keeps[i].fetch == plan.keeps[i].fetch);
      CHECK(text_of(again.keeps[i].in_place_of) == text_of(plan.keeps[i].in_place_of));
      CHECK(again.keeps[i].reload.size() == plan.keeps[i].reload.size());
      CHECK((again.keeps[i].slots ? again.keeps[i].slots->text() : "") ==
            (plan.keeps[i].slots ? plan.keeps[i].slots->text() : ""));
    }
    CHECK((again.in_flight ? again.in_flight->text() : "") == (plan.in_flight ? plan.in_flight->text() : ""));
    CHECK(again.issue == plan.issue);
    CHECK(again.barrier == plan.barrier);
    CHECK(texts_of(again.skip_absent) == texts_of(plan.skip_absent));
    CHECK(again.phases.size() == plan.phases.size());
  }
}

TEST_CASE("names and texts that YAML would read otherwise are quoted") {
  Plan plan = plan_of(kSerial);
  for (const char* text : {"a: b", "- x", "say \"so\"", "back\\slash", " ", "null", "# no comment", "[a, b]",
                           "two\nlines", "d\xc3\xa9j\xc3\xa0 vu"}) {
    plan.description = text;
    CHECK(read_again(plan).description == text);
  }
}

TEST_CASE("contractions go to the array with rows, the rest to the one without") {
  const Plan plan = plan_for("attention_3pass", AttentionShape{2, 3, 512, 512, 64, 64}.shape());
  for (const char* product : {"QK", "AV"}) CHECK(binding(plan, product).array.text == "array2d");
  for (const char* other : {"GM", "SN", "SD", "A"}) CHECK(binding(plan, other).array.text == "array1d");
  CHECK(text_of(binding(plan, "QK").rows) == "e");
  CHECK(text_of(binding(plan, "QK").columns) == "p0");
  CHECK(texts_of(binding(plan, "QK").time) == std::vector<std::string>{"m0"});
  CHECK(text_of(binding(plan, "AV").rows) == "m0");
  CHECK(text_of(binding(plan, "SN").columns) == "p0");
}

TEST_CASE("a sum of squares and a maximum of sums are no contractions") {
  const Cascade cascade = cascade_from(R"(cascade: none
ranks: [A, B]
tensors:
  X: {ranks: [A, B], role: input}
  W: {ranks: [B], role: input}
  S: {ranks: [A], role: output}
  T: {ranks: [A], role: output}
einsums:
  - S[a] = sum(b) X[a,b] * X[a,b]
  - T[a] = sum(b) X[a,b] * W[b]
)");
  Shape shape;
  shape.set("A", 300);
  shape.set("B", 300);
  const Plan plan = default_plan(cascade, machine_of("fusemax"), shape, Dtype::bf16, {});
  CHECK(binding(plan, "S").array.text == "array1d");
  CHECK(binding(plan, "T").array.text == "array1d");  // a matrix times a vector: W has no output index to itself
}

TEST_CASE("Einsums share the loops over what all of them are independent along") {
  const Plan plan = plan_for("attention_3pass", AttentionShape{2, 3, 512, 512, 64, 64}.shape());
  REQUIRE(plan.nests.size() == 1);
  CHECK(texts_of(plan.nests.front().loops) == std::vector<std::string>{"b", "h", "p1"});
  CHECK(plan.nests.front().body.size() == 6);
  const Plan iterated = plan_for("attention_1pass", AttentionShape{2, 3, 512, 512, 64, 64}.shape());
  REQUIRE(iterated.nests.size() == 1);
  CHECK(texts_of(iterated.nests.front().loops) == std::vector<std::string>{"b", "h", "p1"});
  REQUIRE(iterated.nests.front().body.size() == 2);  // the iteration over m1, and AV behind it
  const NestNode& iteration = std::get<NestNode>(iterated.nests.front().body.front());
  CHECK(texts_of(iteration.loops) == std::vector<std::string>{"m1"});
  CHECK(iteration.body.size() == 11);
}

TEST_CASE("results stay on the chip while they fit, and then go through DRAM") {
  const Cascade cascade = cascade_of("attention_3pass");
  const Machine machine = machine_of("fusemax");
  const auto traffic = [&](const Shape& shape) {
    const Plan plan = default_plan(cascade, machine, shape, Dtype::bf16, {});
    const Program program = lower(cascade, machine, plan, shape, Dtype::bf16, {});
    const Totals totals = estimate_totals(program);
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> bytes;
    for (std::size_t t = 0; t < program.tensors.size(); ++t) {
      bytes[program.tensors[t]] = totals.bytes[0][t];  // the first memory is DRAM
    }
    return bytes;
  };
  const Shape small = AttentionShape{1, 2, 1024, 1024, 64, 64}.shape();
  CHECK(keep(plan_for("attention_3pass", small), "QK").reload.empty());
  CHECK(traffic(small).at("QK") == std::pair<std::int64_t, std::int64_t>(0, 0));
  const Shape large = AttentionShape{1, 2, 65536, 65536, 64, 64}.shape();
  CHECK(keep(plan_for("attention_3pass", large), "QK").reload.size() == 1);
  CHECK(keep(plan_for("attention_3pass", large), "GM").reload.empty());
  const std::int64_t scores = std::int64_t{2} * 65536 * 65536 * 2;
  CHECK(traffic(large).at("QK") == std::pair(2 * scores, scores));  // GM and SN read it
  CHECK(traffic(large).at("A") == std::pair(scores, scores));
}

TEST_CASE("ranks whose levels have the names of other ranks are not cut into tiles") {
  const Cascade cascade = cascade_from(R"(cascade: names
ranks: [D, D1, E]
tensors:
  X: {ranks: [D, E], role: input}
  W: {ranks: [D1, E], role: input}
  Z: {ranks: [D, D1], role: output}
einsums:
  - Z[d,d1] = sum(e) X[d,e] * W[d1,e]
)");
  Shape shape;
  for (const char* rank : {"D", "D1", "E"}) shape.set(rank, 600);
  const Machine machine = machine_of("fusemax");
  const Plan plan = default_plan(cascade, machine, shape, Dtype::bf16, {});
  const auto& tiles = plan.tiles;
  CHECK(std::none_of(tiles.begin(), tiles.end(), [](const NamedExpression& t) { return t.name.text == "D0"; }));
  CHECK_NOTHROW(lower(cascade, machine, plan, shape, Dtype::bf16, {}));
}

// A tile of it along the columns, the tiles in time; where it fits, all of it along the columns.
TEST_CASE("what a selection looks at is spread over the columns") {
  const Cascade cascade = cascade_from(R"(cascade: one_list
ranks: [N, K]
tensors:
  X: {ranks: [N], role: input}
  IX: {ranks: [K], role: output, dtype: int32}
einsums:
  - IX[k] = topk(n) X[n]
)");
  const Machine machine = machine_of("fusemax");
  for (const std::int64_t values : {256, 257, 5000}) {
    Shape shape;
    shape.set("N", values);
    shape.set("K", 7);
    const Plan plan = default_plan(cascade, machine, shape, Dtype::bf16, {});
    INFO(print_plan(plan));
    const Binding& selection = binding(plan, "IX");
    CHECK(text_of(selection.columns) == (values == 256 ? "n" : "n0"));
    CHECK(texts_of(selection.time) ==
          (values == 256 ? std::vector<std::string>{"k"} : std::vector<std::string>{"k", "n1"}));
    CHECK_NOTHROW(lower(cascade, machine, plan, shape, Dtype::bf16, {}));
  }
}
