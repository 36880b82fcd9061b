// SPDX-License-Identifier: Apache-2.0
#include "experiments/point.hpp"

#include <fmt/format.h>

#include <functional>
#include <set>

#include "base/suggest.hpp"
#include "experiments/distinct_diagnostics.hpp"

namespace einloom {

namespace {

// Values read from documents, remembered by the documents' text.
class Workshop {
 public:
  explicit Workshop(const Library& library) : library_(library) {}

  template <class Value>
  struct Read {
    std::shared_ptr<const Value> value;
    std::string text;
  };

  Read<Cascade> cascade(const YamlNode& document) {
    return read<Cascade>(cascades_, document, [&] { return load_cascade(document); });
  }
  Read<Plan> plan(const YamlNode& document) {
    return read<Plan>(plans_, document, [&] { return load_plan(document); });
  }
  Read<Machine> machine(const YamlNode& document) {
    Read<Machine> machine = read<Machine>(machines_, document, [&] {
      return load_machine(document, [&](const std::string& name, const Span& asked_at) {
        const YamlNode technology = library_.load(DocumentKind::technology, name, asked_at);
        technologies_[canonical_text(document)] += canonical_text(technology);
        return technology;
      });
    });
    machine.text += technologies_[machine.text];
    return machine;
  }
  std::shared_ptr<const Model> model(const Name& name) {
    const YamlNode document = library_.load(DocumentKind::model, name.text, name.span);
    return read<Model>(models_, document, [&] { return load_model(document); }).value;
  }

 private:
  template <class Value>
  using Known = std::map<std::string, std::shared_ptr<const Value>>;

  template <class Value>
  static Read<Value> read(Known<Value>& known, const YamlNode& document, const std::function<Value()>& load) {
    std::string text = canonical_text(document);
    auto found = known.find(text);
    if (found == known.end()) found = known.emplace(text, std::make_shared<const Value>(load())).first;
    return {found->second, std::move(text)};
  }

  const Library& library_;
  Known<Cascade> cascades_;
  Known<Machine> machines_;
  Known<Plan> plans_;
  Known<Model> models_;
  std::map<std::string, std::string> technologies_;  // by machine text
};

// The document the settings name (or `otherwise`) with the places they set.
YamlNode document_for(const Library& library, const Coordinates& at, DocumentKind kind, SettingTarget target,
                      Name reference) {
  for (const Setting& setting : at.settings) {
    if (setting.target == target && setting.path.empty()) reference = Name{setting.value, setting.value_span};
  }
  YamlNode document = library.load(kind, reference.text, reference.span);
  for (const Setting& setting : at.settings) {
    if (setting.target != target || setting.path.empty()) continue;
    const std::string& source = setting.key_span.file->path;
    const std::string root = setting.key.substr(0, setting.key.find('.'));
    const std::string origin =
        source == "--set" ? "--set " + root : fmt::format("{}:{} {}", source, setting.key_span.line, root);
    document = with_override(document, setting.path, setting.value, origin);
  }
  return document;
}

std::vector<std::string> names_of(const Cascade& cascade) {
  std::vector<std::string> names;
  for (const RankDecl& rank : cascade.ranks()) names.push_back(rank.name);
  for (const ParameterDecl& parameter : cascade.parameters()) names.push_back(parameter.name);
  return names;
}

Point resolve(const Library& library, Workshop& workshop, const Coordinates& at, std::set<std::string>& known) {
  Point point;
  point.spec = at.spec->name;
  point.configuration = at.configuration->name.text;
  point.stage = at.stage->name.text;
  point.repeat = at.stage->repeat;
  point.group = at.group;
  point.model = at.model ? at.model->name : "";
  point.where = at.configuration->is_staged() ? at.stage->name.span : at.configuration->name.span;
  for (const Setting& setting : at.swept) point.swept.emplace_back(setting.key, setting.value);
  point.extents = at.extents;
  point.seq_len = at.seq_len;
  point.dtype = at.dtype;
  point.fidelity = at.fidelity;

  const auto plan = workshop.plan(document_for(library, at, DocumentKind::plan, SettingTarget::plan, at.stage->plan));
  const auto cascade = workshop.cascade(document_for(library, at, DocumentKind::cascade, SettingTarget::cascade,
                                                     at.stage->cascade.value_or(plan.value->cascade)));
  const auto machine = workshop.machine(document_for(library, at, DocumentKind::machine, SettingTarget::machine,
                                                     at.stage->machine.value_or(plan.value->machine)));
  point.plan = plan.value;
  point.cascade = cascade.value;
  point.machine = machine.value;

  for (const std::string& name : names_of(*cascade.value)) {
    known.insert(name);
    const auto extent = at.extents.find(name);
    if (extent != at.extents.end()) point.workload.set(name, extent->second);
  }
  for (const auto& [rank, extent] : at.extents) {
    if (!at.explicit_extents.contains(rank)) known.insert(rank);
  }
  if (at.model) {
    for (const auto& [rank, extent] : at.model->extents) known.insert(rank);
    for (const std::string& rank : at.model->from_seq_len) known.insert(rank);
  }
  (void)cascade.value->bind(point.workload, point.where);

  point.content = fmt::format("cascade {}\nmachine {}\nplan {}\nworkload", cascade.text, machine.text, plan.text);
  for (const auto& [name, value] : point.workload.values()) point.content += fmt::format(" {}={}", name, value);
  point.content += fmt::format("\ndtype {}\nfidelity {}\n", name_of(point.dtype), name_of(point.fidelity));
  return point;
}

// Explicit extents that no point knows.
void report_unknown(const std::vector<Coordinates>& all, const std::set<std::string>& known,
                    DistinctDiagnostics& distinct) {
  for (const Coordinates& at : all) {
    for (const auto& [name, setting] : at.explicit_extents) {
      if (known.contains(name)) continue;
      Diagnostic error{"setting-unknown-key",
                       fmt::format("no cascade or model of this run has a rank or parameter `{}`", name),
                       setting.key_span};
      distinct.add(error.with_help(suggestion(name, {known.begin(), known.end()})));
    }
  }
}

}  // namespace

std::string Point::label() const {
  std::string text = fmt::format("{}/{}", spec, configuration);
  if (!stage.empty()) text += "/" + stage;
  if (!model.empty()) text += "/" + model;
  for (const auto& [key, value] : swept) text += fmt::format("/{}={}", key, value);
  return fmt::format("{}/{}", text, name_of(fidelity));
}

std::vector<Point> resolve_points(const Library& library, const std::vector<Spec>& specs) {
  DistinctDiagnostics distinct;
  Workshop workshop(library);
  std::vector<Coordinates> all;
  std::size_t groups = 0;
  for (const Spec& spec : specs) {
    std::vector<std::shared_ptr<const Model>> models;
    for (const Name& name : spec.models) {
      distinct.collect([&] { models.push_back(workshop.model(name)); });
    }
    if (models.size() != spec.models.size()) continue;
    distinct.collect([&] {
      std::vector<Coordinates> of_spec = expand(spec, models);
      for (Coordinates& at : of_spec) at.group += groups;
      if (!of_spec.empty()) groups = of_spec.back().group + 1;
      all.insert(all.end(), of_spec.begin(), of_spec.end());
    });
  }
  std::vector<Point> points;
  std::set<std::string> known;
  bool complete = true;
  for (const Coordinates& at : all) {
    complete = distinct.collect([&] { points.push_back(resolve(library, workshop, at, known)); }) && complete;
  }
  if (complete) report_unknown(all, known, distinct);
  distinct.throw_if_any();
  return points;
}

}  // namespace einloom
