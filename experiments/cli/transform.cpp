// SPDX-License-Identifier: Apache-2.0
// einloom transform: a cascade rewritten by facts about its operators, compared with its origin and written out.
#include <fmt/format.h>

#include <algorithm>

#include "einsum/passes.hpp"
#include "einsum/transforms/equivalence.hpp"
#include "einsum/transforms/minimize_passes.hpp"
#include "einsum/transforms/transform.hpp"
#include "experiments/cascade_check.hpp"
#include "experiments/cli/cascade_arguments.hpp"
#include "experiments/output_file.hpp"

namespace einloom::cli {

using namespace transforms;

namespace {

struct Options {
  std::string cascade;
  std::vector<std::string> settings, apply;
  bool minimize = false;
  std::string rank, name, output, model;
  std::int64_t tile = kDefaultTile;
  std::uint64_t seed = 1;
  double scale = 1;
};

constexpr std::int64_t kFewKeys = 3;  // of a tile, where the cascade is compared at a small shape of its own

struct Result {
  Cascade cascade;
  std::string steps;               // `defer:M, partition:M`
  std::vector<std::string> lines;  // what is reported
};

std::string passes_line(const std::string& rank, int before, int after) {
  return fmt::format("passes over {}: {} -> {}", rank, before, after);
}

// Ranks that are traversed more often than before.
void report_more(const Cascade& origin, Result& result) {
  for (const RankDecl& rank : origin.ranks()) {
    const auto& ranks = result.cascade.ranks();
    const bool is_left =
        std::any_of(ranks.begin(), ranks.end(), [&](const RankDecl& each) { return each.name == rank.name; });
    if (!is_left) continue;
    const int before = passes_over(origin, rank.name), after = passes_over(result.cascade, rank.name);
    if (after > std::max(before, 1)) {
      result.lines.push_back(passes_line(rank.name, before, after) + ", by what was done for other ranks");
    }
  }
}

Result applied(const Options& options, const Cascade& origin, const CommandLine& command_line) {
  Result result{origin, "", {}};
  std::vector<std::string> ranks;
  for (const std::string& text : options.apply) {
    const TransformCall call = parse_transform(text, command_line.span_of(text));
    result.cascade = apply(call, result.cascade);
    result.steps += (result.steps.empty() ? "" : ", ") + call.text();
    if (std::find(ranks.begin(), ranks.end(), call.rank) == ranks.end()) ranks.push_back(call.rank);
  }
  for (const std::string& rank : ranks) {
    result.lines.push_back(passes_line(rank, passes_over(origin, rank), passes_over(result.cascade, rank)));
  }
  return result;
}

Result minimized(const Options& options, const Cascade& origin) {
  Result result{origin, "", {}};
  std::vector<std::string> ranks;
  for (const RankDecl& rank : origin.ranks()) {
    if (options.rank.empty() && passes_over(origin, rank.name) > 1) ranks.push_back(rank.name);
  }
  if (!options.rank.empty()) ranks.push_back(options.rank);
  for (const std::string& rank : ranks) {
    const FewerPasses fewer = minimize_passes(result.cascade, rank, options.tile);
    std::string line = passes_line(rank, fewer.before, fewer.after);
    for (const PassStep& step : fewer.steps) {
      line += fmt::format("{} {} {}", &step == &fewer.steps.front() ? " by" : ",", step.transform, step.passes);
      result.steps += (result.steps.empty() ? "" : ", ") + step.transform;
    }
    result.lines.push_back(line);
    for (const std::string& why : fewer.forbidden) result.lines.push_back("  no fewer: " + why);
    for (const std::string& chain : fewer.chains) {
      if (fewer.forbidden.front() != chain) result.lines.push_back("  left: " + chain);
    }
    result.cascade = fewer.cascade;
  }
  report_more(origin, result);
  if (!ranks.empty()) return result;
  std::string line = "1 pass over every rank";
  for (const RankGroup& group : rank_groups(origin)) {
    const int passes = passes_over(origin, group.name);
    if (group.inside_tile() && passes > 1) {
      line += fmt::format(", {} over {} inside a tile of {}", passes, group.name, group.whole);
    }
  }
  result.lines.push_back(line);
  return result;
}

// Extents for the comparison: those at which the origin is checked, where it has such, with several of the tiles made
// here.
Shape shape_for(const Cascade& origin, const Cascade& result) {
  Shape shape = small_shape(result);
  // A part that became a rank is what it was, so that there are several tiles.
  const Shape of_origin = small_shape(origin);
  for (const PartitionDecl& partition : origin.partitions()) {
    if (result.partition_of(partition.rank)) continue;
    for (const std::string& name : {partition.rank, partition.inner}) {
      if (shape.find(name) && of_origin.find(name)) shape.set(name, of_origin.at(name));
    }
    const PartitionDecl* tiles = result.partition_of(partition.inner);
    if (tiles) shape.set(tiles->inner, kFewKeys);
  }
  const std::optional<Shape> checked = checked_shape(origin);
  if (!checked) return shape;
  for (const ParameterDecl& parameter : result.parameters()) shape.set(parameter.name, kFewKeys);
  for (const auto& [name, extent] : checked->values()) {
    if (shape.find(name)) shape.set(name, extent);
  }
  return shape;
}

std::string compared(const Options& options, const Cascade& origin, const Cascade& result,
                     const std::vector<Setting>& settings, const std::optional<Model>& model, const Span& where,
                     const Span& shape_from) {
  Shape shape = cascade_shape(result, shape_for(origin, result), settings, model, where);
  const Equivalence equivalence =
      compare_values(origin, result, shape, options.seed, options.scale, span_of_extents(settings, shape_from));
  if (equivalence.values == 0 && equivalence.not_finite > 0) {
    throw UserError(Diagnostic{"transform-differs",
                               fmt::format("no value of `{}` is finite (seed {}, scale {}); nothing can be compared",
                                           origin.name(), options.seed, options.scale),
                               where});
  }
  if (!equivalence.holds()) {
    throw UserError(Diagnostic{
        "transform-differs",
        fmt::format("the result gives other values than `{}`: the largest error in `{}` is {:.3e} of 1 + |value|, "
                    "allowed {:.0e} (seed {})",
                    origin.name(), equivalence.where, equivalence.largest_error, kEquivalenceTolerance, options.seed),
        where});
  }
  std::string extents;
  for (const auto& [name, value] : shape.values()) extents += fmt::format(" {}={}", name, value);
  std::string line = fmt::format("values at{}: {} compared in fp64, seed {}, largest error {:.1e} of 1 + |value|",
                                 extents, equivalence.values, options.seed, equivalence.largest_error);
  if (equivalence.not_finite > 0) line += fmt::format("; {} more are finite in neither", equivalence.not_finite);
  return line;
}

int transform(const Options& options, const CommandLine& command_line) {
  const Library library(Library::default_root());
  const Span where = command_line.span_of(options.cascade);
  if (options.minimize == !options.apply.empty() || (!options.minimize && !options.rank.empty())) {
    throw UserError(Diagnostic{"command-line",
                               "a transformation is `--apply NAME:RANK`, or `--minimize-passes`",
                               command_line.span_of(options.minimize ? "--minimize-passes" : "transform"),
                               {},
                               "`einloom transform --help` lists the names"});
  }
  const std::vector<Setting> settings = read_cascade_settings(options.settings, {"a transformation"});
  const std::optional<Model> model = named_model(library, options.model, command_line);
  const Span shape_from = model ? command_line.span_of(options.model) : where;
  const Cascade origin = load_cascade_with(library, options.cascade, where, settings, model);
  Result result = options.minimize ? minimized(options, origin) : applied(options, origin, command_line);
  result.lines.push_back(compared(options, origin, result.cascade, settings, model, where, shape_from));
  if (!result.steps.empty()) {
    result.cascade = renamed(result.cascade, options.name.empty() ? origin.name() + "_transformed" : options.name,
                             fmt::format("{} after {}", origin.name(), result.steps));
  }

  std::string document = "# SPDX-License-Identifier: Apache-2.0\n";
  for (const std::string& line : result.lines) document += fmt::format("# {}\n", line);
  document += print_cascade(result.cascade);
  if (options.output.empty()) {
    fmt::print("{}", document);
    return 0;
  }
  write_atomically(options.output, document, command_line.span_of(options.output), kNameFile);
  for (const std::string& line : result.lines) fmt::print("{}\n", line);
  fmt::print("written to {}\n", options.output);
  return 0;
}

std::string names_text() {
  std::string text = "Transformation, in order; repeatable:";
  for (const Transform& each : all_transforms()) {
    text += fmt::format("\n{} {}", each.name, each.text);
    if (each.default_tile > 0) text += fmt::format(" (of {}, or =TILE)", each.default_tile);
  }
  return text;
}

}  // namespace

Command add_transform_command(CLI::App& app, const CommandLine& command_line) {
  CLI::App& command = add_command(app, "transform", "Rewrite a cascade and compare its values with the origin's");
  auto options = std::make_shared<Options>();
  add_option(command, "CASCADE", options->cascade, "Name or path of a cascade").required();
  add_option(command, "--apply", options->apply, names_text()).one_each_time().placeholder("NAME:RANK[=TILE]");
  add_flag(command, "--minimize-passes", options->minimize,
           "Whatever saves passes over the ranks with several, and what forbids to save more");
  add_option(command, "--rank", options->rank, "Only over this rank").placeholder("RANK");
  add_option(command, "--tile", options->tile, "Extent of the tiles that --minimize-passes makes")
      .in_range(1, 1 << 20)
      .shows_default();
  add_option(command, "--name", options->name, "Name of the result; else the origin's with _transformed");
  add_option(command, "--set", options->settings,
             "Extent or parameter of the comparison (P=100, M0=16), seq_len or cascade.path=value; repeatable")
      .one_each_time()
      .placeholder("KEY=VALUE");
  add_model_option(command, options->model);
  add_option(command, "--seed", options->seed, "Seed of the inputs compared on").shows_default();
  add_option(command, "--scale", options->scale, "Multiplies the first input").finite().shows_default();
  add_option(command, "--output", options->output, "Writes the cascade there").placeholder("FILE");
  return {&command, [options, &command_line] { return transform(*options, command_line); }};
}

}  // namespace einloom::cli
