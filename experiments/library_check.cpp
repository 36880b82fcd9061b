// SPDX-License-Identifier: Apache-2.0
#include "experiments/library_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "einsum/counts.hpp"
#include "einsum/input_values.hpp"
#include "einsum/passes.hpp"
#include "experiments/cascade_check.hpp"

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
  }

  void run() {
    values(Dtype::fp64, false);
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
    OperationCounts counted = count_operations(cascade_, shape_);
    std::erase_if(counted, [](const auto& entry) { return entry.second == 0; });
    std::set<std::string> kinds;
    for (const auto& [kind, formula] : case_.operations) kinds.insert(kind);
    for (const auto& [kind, count] : counted) kinds.insert(kind);
    for (const std::string& kind : kinds) {
      const auto formula = case_.operations.find(kind);
      const double stated = formula == case_.operations.end() ? 0 : cascade_.uniform_value(formula->second, shape_);
      const auto found = counted.find(kind);
      const std::int64_t count = found == counted.end() ? 0 : found->second;
      if (stated == static_cast<double>(count)) continue;
      result_.problems.push_back(fmt::format("{} {} operations, stated {}", count, kind, stated));
    }
  }

  void passes() {
    for (const auto& [rank, stated] : case_.passes) {
      const auto& ranks = cascade_.ranks();
      if (std::none_of(ranks.begin(), ranks.end(), [&](const RankDecl& decl) { return decl.name == rank; })) {
        result_.problems.push_back(fmt::format("passes are stated over {}, which is no rank", rank));
        continue;
      }
      const int found = passes_over(cascade_, rank);
      if (found != stated) result_.problems.push_back(fmt::format("{} passes over {}, stated {}", found, rank, stated));
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
  return std::all_of(cases.begin(), cases.end(), [](const CaseResult& each) { return each.problems.empty(); });
}

LibraryCheck check_document(const YamlNode& document, std::uint64_t seed) {
  const Cascade usual = load_cascade(document);
  LibraryCheck check;
  check.cascade = usual.name();
  if (usual.checks().cases.empty()) {
    throw UserError(Diagnostic{"check-missing",
                               fmt::format("cascade `{}` has no case to be checked with", usual.name()),
                               usual.span(),
                               {},
                               "add `check: {cases: [{shape: {…}}]}`, or give a shape with `--set`"});
  }
  for (const CheckCase& one : usual.checks().cases) {
    const Cascade cascade = load_cascade(document, {one.options, one.constants, one.span});
    check.cases.emplace_back();
    check.cases.back().name = name_of_case(one);
    // The cases of the cascade as chosen are the same; `one` is read from the default's.
    CaseRun(cascade, one, seed, check.cases.back()).run();
  }
  return check;
}

}  // namespace einloom
