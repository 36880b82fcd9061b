// SPDX-License-Identifier: Apache-2.0
#include "experiments/library_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "einsum/check_names.hpp"
#include "einsum/counts.hpp"
#include "einsum/input_values.hpp"
#include "einsum/passes.hpp"
#include "einsum/value_memory.hpp"
#include "experiments/cascade_check.hpp"
#include "experiments/text_table.hpp"

namespace einloom {

namespace {

std::string name_of_case(const CheckCase& one) {
  std::string name;
  for (const auto& [option, value] : one.options) name += fmt::format("{}={} ", option, value);
  for (const auto& [constant, value] : one.constants) name += fmt::format("{}={} ", constant, value);
  for (const auto& [rank, extent] : one.shape) name += fmt::format("{}={} ", rank, extent);
  if (!name.empty()) name.pop_back();
  return name;
}

class CaseRun {
 public:
  CaseRun(const Cascade& cascade, const CheckCase& one, std::uint64_t seed, CaseResult& result)
      : cascade_(cascade), case_(one), seed_(seed), result_(result) {
    Shape given;
    for (const auto& [name, value] : one.shape) given.set(name, value);
    shape_ = cascade.bind(given, one.span);
    require_values_fit(cascade, shape_, one.span);
  }

  void run() {
    result_.max_rel_error_fp64 = values(Dtype::fp64, false);
    result_.max_rel_error = values(Dtype::fp32, false);
    if (!cascade_.checks().stress.empty()) {
      values(Dtype::fp64, true);
      result_.max_rel_error_stressed = values(Dtype::fp32, true);
    }
    operations();
    passes();
  }

 private:
  double values(Dtype dtype, bool stressed) {
    auto inputs = draw_inputs(cascade_, shape_, seed_);
    double tolerance = cascade_.checks().tolerance * (dtype == Dtype::fp64 ? 1e-5 : 1) * (stressed ? 10 : 1);
    if (stressed) {
      for (const auto& [name, factor] : cascade_.checks().stress) {
        const auto found = inputs.find(name);
        if (found == inputs.end()) continue;
        for (std::int64_t i = 0; i < found->second.size(); ++i) found->second.data()[i] *= factor;
      }
    }
    const CheckReport report = check_inputs(cascade_, shape_, dtype, tolerance, std::move(inputs));
    result_.values += report.values;
    if (!report.passed) {
      result_.problems.push_back(fmt::format("{}{}: error {:.2e} of 1 + |kernel|, allowed {:.1e}; {}",
                                             einloom::name_of(dtype), stressed ? ", stressed inputs" : "",
                                             report.max_rel_error, tolerance, report.first_mismatch));
    }
    return report.max_rel_error;
  }

  void operations() {
    if (case_.operations.empty()) return;
    result_.operations = Claim::equal;
    OperationCounts counted = count_operations(cascade_, shape_);
    std::erase_if(counted, [](const auto& entry) { return entry.second == 0; });
    std::set<std::string> kinds;
    for (const auto& [kind, formula] : case_.operations) kinds.insert(kind);
    for (const auto& [kind, count] : counted) kinds.insert(kind);
    for (const std::string& kind : kinds) {
      const auto formula = case_.operations.find(kind);
      const double stated = formula == case_.operations.end() ? 0 : formula_value(cascade_, formula->second, shape_);
      const auto found = counted.find(kind);
      const std::int64_t count = found == counted.end() ? 0 : found->second;
      if (stated == static_cast<double>(count)) continue;
      result_.operations = Claim::differs;
      result_.problems.push_back(fmt::format("{} {} operations, stated {}", count, kind, stated));
    }
  }

  void passes() {
    if (case_.passes.empty()) return;
    const auto groups = rank_groups(cascade_);  // ranks, and the insides of tiles
    const bool all = std::all_of(groups.begin(), groups.end(), [&](const RankGroup& group) {
      if (group.inside_tile() && !is_fibre_of_its_own(cascade_, group)) return true;
      return case_.passes.contains(group.name) || passes_over(cascade_, group.name) <= 1;
    });
    result_.passes = all ? Claim::equal : Claim::partly;
    for (const auto& [rank, stated] : case_.passes) {
      if (std::none_of(groups.begin(), groups.end(), [&](const RankGroup& group) { return group.name == rank; })) {
        result_.passes = Claim::differs;
        result_.problems.push_back(fmt::format("passes are stated over {}, which is no rank", rank));
        continue;
      }
      const int found = passes_over(cascade_, rank);
      if (found == stated) continue;
      result_.passes = Claim::differs;
      result_.problems.push_back(fmt::format("{} passes over {}, stated {}", found, rank, stated));
    }
  }

  const Cascade& cascade_;
  const CheckCase& case_;
  std::uint64_t seed_;
  CaseResult& result_;
  Shape shape_;
};

}  // namespace

bool LibraryCheck::passed() const {
  return error.empty() &&
         std::all_of(cases.begin(), cases.end(), [](const CaseResult& each) { return each.problems.empty(); });
}

Claim LibraryCheck::of_all(Claim CaseResult::*claim) const {
  if (cases.empty()) return Claim::not_stated;
  Claim all = cases.front().*claim;
  for (const CaseResult& each : cases) {
    const Claim its = each.*claim;
    if (all == Claim::differs || its == Claim::differs) {
      all = Claim::differs;
    } else if (its != all) {
      all = Claim::partly;
    }
  }
  return all;
}

double LibraryCheck::largest(double CaseResult::*error) const {
  double largest = 0;
  for (const CaseResult& each : cases) largest = std::max(largest, each.*error);
  return largest;
}

LibraryCheck check_document(const YamlNode& document, std::uint64_t seed,
                            const std::map<std::string, std::string>& options) {
  const Cascade usual = load_cascade(document, {options, {}, document.span()});
  LibraryCheck check;
  check.cascade = usual.name();
  check.paper = usual.paper();
  check.family = usual.family();
  check.passes = passes_text(usual);
  for (const CheckCase& one : usual.checks().cases) {
    const Cascade cascade = load_cascade(document, {one.options, one.constants, one.span});
    const bool asked = std::all_of(options.begin(), options.end(), [&](const auto& option) {
      return std::any_of(cascade.options().begin(), cascade.options().end(), [&](const OptionDecl& decl) {
        return decl.name == option.first && decl.chosen == option.second;
      });
    });
    if (!asked) continue;
    check.cases.emplace_back();
    check.cases.back().name = name_of_case(one);
    // The cases of the cascade as chosen are the same; `one` is read from the default's.
    CaseRun(cascade, one, seed, check.cases.back()).run();
  }
  if (check.cases.empty()) {
    throw UserError(Diagnostic{"check-missing",
                               fmt::format("cascade `{}` has no case to be checked with", usual.name()),
                               usual.span(),
                               {},
                               "add `check: {cases: [{shape: {…}}]}`, or give a shape with `--set`"});
  }
  return check;
}

std::string state_text(const Cascade& cascade) {
  const auto& cases = cascade.checks().cases;
  const auto all_state = [&](const auto& claim) { return std::all_of(cases.begin(), cases.end(), claim); };
  std::vector<std::string> missing;
  if (cascade.reference().empty()) missing.emplace_back("no kernel");
  if (cases.empty()) missing.emplace_back("no cases");
  if (!all_state([](const CheckCase& one) { return !one.operations.empty(); })) missing.emplace_back("no operations");
  if (!all_state([](const CheckCase& one) { return !one.passes.empty(); })) missing.emplace_back("no passes");
  return missing.empty() ? "checked" : fmt::format("{}", fmt::join(missing, ", "));
}

namespace {

std::string claim_text(Claim claim, const char* equal, const char* differs) {
  if (claim == Claim::not_stated) return "not stated";
  if (claim == Claim::partly) return "partly";
  return claim == Claim::equal ? equal : differs;
}

Json claim_json(Claim claim) {
  if (claim == Claim::not_stated) return {};
  return claim == Claim::partly ? Json("partly") : Json(claim == Claim::equal);
}

}  // namespace

Row check_row(const LibraryCheck& check) {
  const auto cell = [&](const char* column, std::string value) {
    return Cell{ColumnGroup::identity, column, std::move(value)};
  };
  // Nothing was measured of a document that could not be checked.
  const auto error = [&](double CaseResult::*which) {
    return check.error.empty() ? fmt::format("{:.2e}", check.largest(which)) : std::string();
  };
  std::int64_t values = 0;
  for (const CaseResult& each : check.cases) values += each.values;
  return {cell("cascade", check.cascade),
          cell("paper", check.paper),
          cell("family", check.family),
          cell("passes", check.passes),
          cell("cases", std::to_string(check.cases.size())),
          cell("values", std::to_string(values)),
          cell("max_rel_error_fp64", error(&CaseResult::max_rel_error_fp64)),
          cell("max_rel_error_fp32", error(&CaseResult::max_rel_error)),
          cell("max_rel_error_fp32_stressed", error(&CaseResult::max_rel_error_stressed)),
          cell("operations_equal", claim_text(check.of_all(&CaseResult::operations), "yes", "no")),
          cell("passes_equal", claim_text(check.of_all(&CaseResult::passes), "yes", "no")),
          cell("passed", check.passed() ? "yes" : "no")};
}

Json check_json(const LibraryCheck& check) {
  Json cases = Json::array();
  for (const CaseResult& each : check.cases) {
    cases.push_back({{"case", each.name},
                     {"values", each.values},
                     {"max_rel_error_fp64", each.max_rel_error_fp64},
                     {"max_rel_error_fp32", each.max_rel_error},
                     {"max_rel_error_fp32_stressed", each.max_rel_error_stressed},
                     {"operations_equal", claim_json(each.operations)},
                     {"passes_equal", claim_json(each.passes)},
                     {"problems", each.problems}});
  }
  Json json = {{"cascade", check.cascade}, {"paper", check.paper},     {"family", check.family},
               {"passes", check.passes},   {"passed", check.passed()}, {"cases", std::move(cases)}};
  if (!check.error.empty()) json["error"] = check.error;
  return json;
}

std::string checks_table(const std::vector<LibraryCheck>& checks) {
  TextTable table;
  table.add_column("cascade", TextTable::Align::left);
  table.add_column("family", TextTable::Align::left);
  table.add_column("passes", TextTable::Align::left);
  table.add_column("cases");
  table.add_column("error in fp64");
  table.add_column("in fp32");
  table.add_column("stressed");
  table.add_column("operations stated", TextTable::Align::left);
  table.add_column("passes stated", TextTable::Align::left);
  table.add_column("", TextTable::Align::left);
  for (const LibraryCheck& check : checks) {
    if (!check.error.empty()) {
      table.add_row({check.cascade, "", "", "", "", "", "", "", "", "FAIL"});
      continue;
    }
    const auto error = [&](double CaseResult::*which) { return fmt::format("{:.1e}", check.largest(which)); };
    table.add_row({check.cascade, check.family, check.passes, std::to_string(check.cases.size()),
                   error(&CaseResult::max_rel_error_fp64), error(&CaseResult::max_rel_error),
                   error(&CaseResult::max_rel_error_stressed),
                   claim_text(check.of_all(&CaseResult::operations), "equal", "DIFFER"),
                   claim_text(check.of_all(&CaseResult::passes), "equal", "DIFFER"), check.passed() ? "ok" : "FAIL"});
  }
  return table.text();
}

}  // namespace einloom
