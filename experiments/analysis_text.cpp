// SPDX-License-Identifier: Apache-2.0
// An analysis for people.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "einsum/passes.hpp"
#include "experiments/analysis.hpp"
#include "experiments/text_table.hpp"

namespace einloom {

namespace {

using Align = TextTable::Align;

std::string joined(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

std::string cycles_text(double cycles) { return with_separators(static_cast<std::int64_t>(std::ceil(cycles))); }

class AnalysisText {
 public:
  explicit AnalysisText(const CascadeAnalysis& analysis) : analysis_(analysis) {}

  std::string text() {
    head();
    operations();
    for (std::size_t i = 0; i < analysis_.passes.size(); ++i) rank(i);
    single_passes();
    traffic();
    if (analysis_.roofline) roof();
    return std::move(text_);
  }

 private:
  void head() {
    const Cascade& cascade = analysis_.cascade;
    text_ += fmt::format("cascade {}\n", cascade.name());
    if (!cascade.description().empty()) text_ += fmt::format("  {}\n", cascade.description());
    if (!cascade.paper().empty()) text_ += fmt::format("  {}\n", cascade.paper());
    text_ += "  shape";
    for (const auto& [name, value] : analysis_.shape.values()) text_ += fmt::format(" {}={}", name, value);
    text_ += fmt::format(", {}\n\n", name_of(analysis_.dtype));
  }

  void operations() {
    TextTable table;
    table.add_column("operation", Align::left);
    table.add_column("count");
    for (const auto& [op, count] : analysis_.operations) table.add_row({op, with_separators(count)});
    table.add_row({"all, a MAC as two", with_separators(total_operations(analysis_.operations))});
    text_ += table.text(2);
  }

  // A rank of several passes, or of one with something carried along.
  void rank(std::size_t at) {
    const RankPasses& passes = analysis_.passes[at];
    const LiveFootprint& live = analysis_.live[at];
    if (passes.passes < 2 && live.tensors.empty()) return;
    // Where tiles are traversed again anyway, what a tile holds is the lesser part.
    if (passes.group.inside_tile() && analysis_.passes[at - 1].passes > 1) return;
    const std::string inside = !passes.group.inside_tile() ? ""
                               : is_fibre_of_its_own(analysis_.cascade, passes.group)
                                   ? fmt::format(", in each part of {}", passes.group.whole)
                                   : fmt::format(", inside a tile of {}", passes.group.whole);
    text_ += fmt::format("\n  {} pass{} over {}{}\n", passes.passes, passes.passes == 1 ? "" : "es", passes.group.name,
                         inside);
    for (int pass = 1; pass <= passes.passes; ++pass) {
      std::vector<std::string> in, after;
      for (std::size_t i = 0; i < passes.einsums.size(); ++i) {
        const EinsumPass& each = passes.einsums[i];
        if (each.runs.pass != pass) continue;
        (each.runs.after ? after : in).push_back(analysis_.cascade.einsums()[i].name());
      }
      text_ += fmt::format("    pass {}: {}", pass, joined(in));
      if (!after.empty()) text_ += fmt::format("; after it {}", joined(after));
      text_ += "\n";
      for (const PassBarrier& barrier : passes.barriers) {
        if (barrier.pass != pass) continue;
        text_ += fmt::format("      because of {}\n", barrier_text(analysis_.cascade, passes, barrier));
      }
    }
    if (passes.passes > 1) {
      std::vector<std::string> counts;
      for (const TensorDecl& tensor : analysis_.cascade.tensors()) {
        const auto count = passes.tensors.find(tensor.name);
        if (count != passes.tensors.end()) counts.push_back(fmt::format("{} {}", tensor.name, count->second));
      }
      text_ += fmt::format("    passes of each tensor: {}\n", joined(counts));
    }
    live_tensors(live);
  }

  void live_tensors(const LiveFootprint& live) {
    TextTable table;
    table.add_column("live", Align::left);
    table.add_column("what", Align::left);
    table.add_column("held", Align::left);
    table.add_column("elements");
    table.add_column("for each", Align::left);
    table.add_column("whole", Align::left);
    table.add_column("bytes");
    for (const LiveTensor& each : live.tensors) {
      const TensorDecl& tensor = *analysis_.cascade.find_tensor(each.tensor);
      const std::int64_t bytes = each.all.at(analysis_.shape) * size_of(tensor.dtype.value_or(analysis_.dtype)).value();
      table.add_row({each.tensor, what(each), each.held.text(), with_separators(each.held.at(analysis_.shape)),
                     each.each.text(), each.all.text(), bytes_text(bytes)});
    }
    if (!table.empty()) text_ += "\n" + table.text(4);
  }

  static std::string what(const LiveTensor& live) {
    switch (live.kind) {
      case LiveKind::state:
        return "running state";
      case LiveKind::summary:
        return live.to > live.from ? fmt::format("of each tile, from pass {} to {}", live.from, live.to)
                                   : fmt::format("of each tile, until after pass {}", live.from);
      case LiveKind::fibre:
        break;
    }
    std::string text = fmt::format("from pass {} to {}", live.from, live.to);
    if (live.rereads > 1) text += fmt::format(", read again {} times", live.rereads);
    if (!live.sources.empty()) text += fmt::format("; or from {} again", joined(live.sources));
    return text;
  }

  void single_passes() {
    std::vector<std::string> ranks;
    for (std::size_t i = 0; i < analysis_.passes.size(); ++i) {
      const RankPasses& passes = analysis_.passes[i];
      if (passes.passes == 1 && analysis_.live[i].tensors.empty() && !passes.group.inside_tile()) {
        ranks.push_back(passes.group.name);
      }
    }
    if (!ranks.empty()) text_ += fmt::format("\n  1 pass over {}, nothing kept\n", joined(ranks));
  }

  void traffic() {
    const CompulsoryTraffic& traffic = analysis_.traffic;
    text_ += "\n  compulsory traffic\n";
    for (const TensorRole role : {TensorRole::input, TensorRole::output}) {
      std::vector<std::string> each;
      for (const TensorDecl& tensor : analysis_.cascade.tensors()) {
        if (tensor.role != role) continue;
        each.push_back(fmt::format("{} {}", tensor.name, bytes_text(traffic.bytes.at(tensor.name))));
      }
      const bool in = role == TensorRole::input;
      text_ += fmt::format("    {} {}: {}\n", in ? "read   " : "written",
                           bytes_text(in ? traffic.read_bytes : traffic.written_bytes), joined(each));
    }
    text_ += fmt::format("  arithmetic intensity: {:.4g} MACs a byte, {:.4g} operations a byte\n",
                         analysis_.macs_per_byte(), analysis_.operations_per_byte());
  }

  void roof() {
    const Roofline& roof = *analysis_.roofline;
    text_ += fmt::format("\n  roofline of {}\n", analysis_.machine);
    TextTable table;
    table.add_column("bound", Align::left);
    table.add_column("cycles");
    table.add_column("operations a cycle");
    table.add_column("without", Align::left);
    const double all = static_cast<double>(total_operations(analysis_.operations));
    const auto rate = [&](double cycles) { return cycles > 0 ? fmt::format("{:.1f}", all / cycles) : ""; };
    for (const ArrayRate& array : roof.arrays) {
      table.add_row({fmt::format("{} alone", array.array), cycles_text(array.cycles),
                     fmt::format("{:.1f}", array.operations_per_cycle), joined(array.lacks)});
    }
    table.add_row({roof.arrays.size() > 1 ? "all arrays, best split" : "the array", cycles_text(roof.issue_cycles),
                   rate(roof.issue_cycles), joined(roof.lacks)});
    table.add_row({"DRAM bandwidth", cycles_text(roof.dram_cycles), rate(roof.dram_cycles), ""});
    text_ += table.text(4);
    text_ += fmt::format(
        "    bound by {}: no plan takes fewer than {} cycle{}; the bounds meet at {:.4g} operations a byte\n",
        roof.bound_by_dram() ? "DRAM" : "issue slots", cycles_text(roof.bound_cycles()),
        roof.bound_cycles() > 1 ? "s" : "", roof.ridge);
  }

  const CascadeAnalysis& analysis_;
  std::string text_;
};

}  // namespace

std::string analysis_text(const CascadeAnalysis& analysis) { return AnalysisText(analysis).text(); }

std::string analyses_table(const std::vector<CascadeAnalysis>& analyses) {
  TextTable table;
  table.add_column("cascade", Align::left);
  table.add_column("paper", Align::left);
  table.add_column("passes", Align::left);
  table.add_column("held", Align::left);
  table.add_column("MACs");
  table.add_column("operations");
  table.add_column("bytes");
  table.add_column("MACs a byte");
  const bool roof = std::any_of(analyses.begin(), analyses.end(),
                                [](const CascadeAnalysis& each) { return each.roofline.has_value(); });
  if (roof) {
    table.add_column("issue cycles");
    table.add_column("DRAM cycles");
    table.add_column("no array does", Align::left);
  }
  for (const CascadeAnalysis& each : analyses) {
    const auto macs = each.operations.find("mac");
    std::vector<std::string> cells = {each.cascade.name() + (each.own_shape ? " *" : ""),
                                      each.cascade.paper(),
                                      passes_text(each.cascade),
                                      each.held_text(),
                                      with_separators(macs == each.operations.end() ? 0 : macs->second),
                                      with_separators(total_operations(each.operations)),
                                      bytes_text(each.traffic.total_bytes()),
                                      fmt::format("{:.4g}", each.macs_per_byte())};
    if (roof) {
      cells.push_back(cycles_text(each.roofline->issue_cycles));
      cells.push_back(cycles_text(each.roofline->dram_cycles));
      cells.push_back(joined(each.roofline->lacks));
    }
    table.add_row(std::move(cells));
  }
  const bool any_own =
      std::any_of(analyses.begin(), analyses.end(), [](const CascadeAnalysis& each) { return each.own_shape; });
  return table.text() +
         (any_own ? "* at the shape of its own first case; the common one does not fit its ranks\n" : "");
}

}  // namespace einloom
