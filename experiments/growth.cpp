// SPDX-License-Identifier: Apache-2.0
#include "experiments/growth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/quantity_text.hpp"
#include "mappings/estimate.hpp"

namespace einloom {

namespace {

// What a larger value may cure.
bool is_about_capacity(const Diagnostic& diagnostic) { return diagnostic.code == "tile-exceeds-buffer"; }

void add_totals(const Program& program, const Machine& machine, NamedValues& values) {
  const Totals totals = estimate_totals(program);
  for (std::size_t a = 0; a < program.arrays.size(); ++a) {
    double busy = 0;
    for (std::size_t s = 0; s < program.statements.size(); ++s) {
      if (program.statements[s].array == static_cast<int>(a)) busy += static_cast<double>(totals.busy_cycles[s]);
    }
    values.set(program.arrays[a] + "_cycles", busy);
  }
  for (std::size_t m = 0; m < program.memories.size(); ++m) {
    double bytes = 0;
    for (const auto& [read, written] : totals.bytes[m]) bytes += static_cast<double>(read + written);
    values.set(program.memories[m] + "_bytes", bytes);
  }
  values.set("dram_cycles", dram_cycles(program, machine, totals));
}

// In the unit of `like`, or in base units when there is no whole number of them.
std::string written_like(const QuantityText& like, double value) {
  const double number = value / like.scale;
  return number == std::ceil(number) ? quantity_text(number, like.unit) : quantity_text(value, like.base_unit);
}

[[noreturn]] void give_up(const Growth& growth, const std::string& limit, const GrowthTrial& last) {
  const std::string state =
      last.until ? fmt::format("`until` is still {:.4g}", *last.until) : "the plan still does not fit";
  Diagnostic error{"grow-gives-up",
                   fmt::format("`{}` {}, and {}; a value in reach must do", growth.place.key, limit, state),
                   growth.until.span()};
  for (const Diagnostic& diagnostic : last.misfit) error.note(diagnostic.message, diagnostic.span);
  throw UserError(std::move(error));
}

}  // namespace

std::string grown_value(const Growth& growth, const std::string& start, const TryGrowth& attempt) {
  const auto quantity = quantity_in(start);
  if (!quantity || !(quantity->number > 0)) {
    throw UserError(Diagnostic{
        "grow-value",
        fmt::format("`{}` is `{}`; only a positive number, with or without a unit, can grow", growth.place.key, start),
        growth.place.key_span});
  }
  double size = quantity->value();
  const bool is_whole = size == std::ceil(size);
  std::string value = start;
  GrowthTrial trial;
  for (int step = 0; step <= kMostGrowthSteps; ++step) {
    trial = attempt(value);
    if (trial.until && *trial.until >= 0) return value;
    if (growth.at_most && size >= *growth.at_most) {
      if (trial.until) return value;
      give_up(growth, fmt::format("is {} and may not be larger", value), trial);
    }
    size = is_whole ? std::ceil(size * growth.factor) : size * growth.factor;
    if (growth.at_most) size = std::min(size, *growth.at_most);
    value = written_like(*quantity, size);
  }
  give_up(growth, fmt::format("has grown from {} for {} steps", start, kMostGrowthSteps), trial);
}

GrowthTrial try_growth(const Growth& growth, NamedValues values, const Machine& machine,
                       const std::function<Program()>& lower) {
  try {
    add_totals(lower(), machine, values);
  } catch (const UserError& error) {
    if (!std::all_of(error.diagnostics().begin(), error.diagnostics().end(), is_about_capacity)) throw;
    return {std::nullopt, error.diagnostics()};
  }
  return {values.evaluate(growth.until), {}};
}

}  // namespace einloom
