// SPDX-License-Identifier: Apache-2.0
// The numbers of an analysis, and as CSV and JSON.
#include "experiments/analysis.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/countable.hpp"

namespace einloom {

namespace {

std::string held_formula(const LiveFootprint& live) {
  std::string text;
  std::int64_t most = 0;
  for (int boundary = 1; boundary < live.passes; ++boundary) {
    std::vector<std::string> terms;
    for (const LiveTensor& each : live.tensors) {
      const bool crosses = each.kind == LiveKind::fibre && each.from <= boundary && boundary < each.to;
      if (crosses) terms.push_back(each.held.text());
    }
    // The boundary with the most tensors; their sizes depend on the shape.
    if (static_cast<std::int64_t>(terms.size()) <= most) continue;
    most = static_cast<std::int64_t>(terms.size());
    std::vector<std::string> summed;
    for (const std::string& term : terms) {
      if (std::find(summed.begin(), summed.end(), term) != summed.end()) continue;
      const auto times = std::count(terms.begin(), terms.end(), term);
      summed.push_back(term);
      text = summed.size() == 1 ? "" : text + " + ";
      text += times == 1 ? term : fmt::format("{}·{}", times, term);
    }
  }
  return text;
}

const char* kind_name(LiveKind kind) {
  return kind == LiveKind::fibre ? "fibre" : kind == LiveKind::summary ? "summary" : "state";
}

}  // namespace

double CascadeAnalysis::macs_per_byte() const {
  const auto macs = operations.find("mac");
  const double count = macs == operations.end() ? 0 : static_cast<double>(macs->second);
  return count / static_cast<double>(traffic.total_bytes());
}

double CascadeAnalysis::operations_per_byte() const {
  return static_cast<double>(total_operations(operations)) / static_cast<double>(traffic.total_bytes());
}

std::string CascadeAnalysis::held_text() const {
  for (const bool tiles : {false, true}) {
    std::string text;
    for (const LiveFootprint& each : live) {
      if (each.group.inside_tile() != tiles || each.passes < 2) continue;
      const std::string held = held_formula(each);
      if (!held.empty()) text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", each.group.name, held);
    }
    if (!text.empty()) return text;
  }
  return "";
}

CascadeAnalysis analyze_cascade(const Cascade& cascade, const Shape& shape, Dtype dtype, const Machine* machine,
                                const Span& where) {
  require_countable(cascade, shape, where);
  CascadeAnalysis analysis{cascade, shape, false, dtype, count_operations(cascade, shape),
                           {},      {},    {},    "",    std::nullopt};
  for (const RankGroup& group : rank_groups(cascade)) {
    analysis.passes.push_back(count_passes(cascade, group));
    analysis.live.push_back(live_footprint(cascade, analysis.passes.back()));
  }
  analysis.traffic = compulsory_traffic(cascade, shape, dtype);
  if (machine) {
    analysis.machine = machine->name;
    analysis.roofline = roofline(analysis.operations, analysis.traffic, *machine);
  }
  return analysis;
}

Row analysis_row(const CascadeAnalysis& analysis) {
  Row row;
  const auto add = [&](ColumnGroup group, std::string column, std::string value) {
    row.push_back({group, std::move(column), std::move(value)});
  };
  const auto whole = [](std::int64_t value) { return fmt::format("{}", value); };
  const auto real = [](double value) { return fmt::format("{}", value); };
  add(ColumnGroup::identity, "cascade", analysis.cascade.name());
  add(ColumnGroup::identity, "paper", analysis.cascade.paper());
  add(ColumnGroup::identity, "machine", analysis.machine);
  add(ColumnGroup::identity, "dtype", std::string(name_of(analysis.dtype)));
  for (const auto& [name, value] : analysis.shape.values()) add(ColumnGroup::extents, name, whole(value));
  for (std::size_t i = 0; i < analysis.passes.size(); ++i) {
    const RankPasses& each = analysis.passes[i];
    if (each.passes > 0) add(ColumnGroup::sweep, "passes_" + each.group.name, whole(each.passes));
  }
  for (const LiveFootprint& each : analysis.live) {
    if (each.passes < 2) continue;
    add(ColumnGroup::fidelity, "held_elements_" + each.group.name, whole(each.largest_held_fibres(analysis.shape)));
  }
  for (const auto& [op, count] : analysis.operations) add(ColumnGroup::busy, "operations_" + op, whole(count));
  add(ColumnGroup::traffic, "compulsory_read_bytes", whole(analysis.traffic.read_bytes));
  add(ColumnGroup::traffic, "compulsory_write_bytes", whole(analysis.traffic.written_bytes));
  add(ColumnGroup::energy, "macs_per_byte", real(analysis.macs_per_byte()));
  add(ColumnGroup::energy, "operations_per_byte", real(analysis.operations_per_byte()));
  if (analysis.roofline) {
    const Roofline& roof = *analysis.roofline;
    add(ColumnGroup::area, "issue_cycles", real(roof.issue_cycles));
    add(ColumnGroup::area, "dram_cycles", real(roof.dram_cycles));
    add(ColumnGroup::area, "bound", roof.bound_by_dram() ? "dram" : "arrays");
    add(ColumnGroup::area, "operations_no_array_does", fmt::format("{}", fmt::join(roof.lacks, " ")));
  }
  return row;
}

namespace {

Json passes_json(const CascadeAnalysis& analysis, std::size_t group) {
  const RankPasses& passes = analysis.passes[group];
  const auto name = [&](int einsum) { return analysis.cascade.einsums()[static_cast<std::size_t>(einsum)].name(); };
  Json json = {{"rank", passes.group.name}, {"inside_tile", passes.group.inside_tile()}, {"passes", passes.passes}};
  json["tensors"] = passes.tensors;
  json["einsums"] = Json::object();
  for (std::size_t i = 0; i < passes.einsums.size(); ++i) {
    const EinsumPass& each = passes.einsums[i];
    json["einsums"][name(static_cast<int>(i))] = {
        {"pass", each.runs.pass}, {"after", each.runs.after}, {"traverses", each.traverses}};
  }
  json["barriers"] = Json::array();
  for (const PassBarrier& barrier : passes.barriers) {
    Json chain = Json::array();
    for (const int einsum : barrier.chain) chain.push_back(name(einsum));
    json["barriers"].push_back({{"pass", barrier.pass},
                                {"chain", chain},
                                {"reread", barrier.reread},
                                {"text", barrier_text(analysis.cascade, passes, barrier)}});
  }
  json["live"] = Json::array();
  for (const LiveTensor& each : analysis.live[group].tensors) {
    const TensorDecl& tensor = *analysis.cascade.find_tensor(each.tensor);
    const std::int64_t size = size_of(tensor.dtype.value_or(analysis.dtype)).value();
    json["live"].push_back({{"tensor", each.tensor},
                            {"kind", kind_name(each.kind)},
                            {"from", each.from},
                            {"to", each.to},
                            {"rereads", each.rereads},
                            {"held", each.held.text()},
                            {"held_elements", each.held.at(analysis.shape)},
                            {"each", each.each.text()},
                            {"whole", each.all.text()},
                            {"whole_bytes", each.all.at(analysis.shape) * size},
                            {"sources", each.sources}});
  }
  return json;
}

}  // namespace

Json analysis_json(const CascadeAnalysis& analysis) {
  Json json = {{"cascade", analysis.cascade.name()},
               {"paper", analysis.cascade.paper()},
               {"dtype", name_of(analysis.dtype)},
               {"extents", analysis.shape.values()},
               {"operations", analysis.operations},
               {"compulsory_bytes", analysis.traffic.bytes},
               {"compulsory_read_bytes", analysis.traffic.read_bytes},
               {"compulsory_write_bytes", analysis.traffic.written_bytes},
               {"macs_per_byte", analysis.macs_per_byte()},
               {"operations_per_byte", analysis.operations_per_byte()}};
  json["ranks"] = Json::array();
  for (std::size_t i = 0; i < analysis.passes.size(); ++i) {
    if (analysis.passes[i].passes > 0) json["ranks"].push_back(passes_json(analysis, i));
  }
  if (!analysis.roofline) return json;
  const Roofline& roof = *analysis.roofline;
  json["roofline"] = {{"machine", analysis.machine},
                      {"issue_cycles", roof.issue_cycles},
                      {"dram_cycles", roof.dram_cycles},
                      {"bound", roof.bound_by_dram() ? "dram" : "arrays"},
                      {"ridge_operations_per_byte", roof.ridge},
                      {"operations_no_array_does", roof.lacks},
                      {"arrays", Json::array()}};
  for (const ArrayRate& array : roof.arrays) {
    json["roofline"]["arrays"].push_back({{"array", array.array},
                                          {"cycles", array.cycles},
                                          {"operations_per_cycle", array.operations_per_cycle},
                                          {"lacks", array.lacks}});
  }
  return json;
}

}  // namespace einloom
