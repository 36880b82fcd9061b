// SPDX-License-Identifier: Apache-2.0
#include "experiments/point.hpp"

#include <fmt/format.h>

#include <set>

#include "base/suggest.hpp"
#include "experiments/derivation.hpp"
#include "experiments/distinct_diagnostics.hpp"
#include "experiments/growth.hpp"
#include "experiments/workshop.hpp"
#include "mappings/lower.hpp"

namespace einloom {

namespace {

class Resolution {
 public:
  explicit Resolution(const Library& library) : workshop_(library) {}
  [[nodiscard]] Workshop& workshop() { return workshop_; }

  // Derives what the point's formulas say, into `at`, and reads its documents.
  Point resolve(Coordinates& at) {
    Formulas formulas = at.spec->formulas;
    add_formulas(at.configuration->formulas, formulas);
    add_formulas(at.stage->formulas, formulas);
    PointDocuments documents =
        workshop_.documents(at, formulas.empty() ? Workshop::Extents::known : Workshop::Extents::to_be_derived);
    if (!formulas.empty()) {
      derive(
          formulas, [&](const std::string& key) { return documents.text_at(key); }, at);
      documents = workshop_.documents(at);
    }
    if (formulas.growth && !is_overridden(at, formulas.growth->place)) {
      grow(formulas, documents, at);
      documents = workshop_.documents(at);
    }
    return point_from(documents, at);
  }

  // Explicit extents that no point knows.
  void report_unknown(const std::vector<Coordinates>& all, DistinctDiagnostics& distinct) const {
    for (const Coordinates& at : all) {
      for (const auto& [name, setting] : at.explicit_extents) {
        if (known_.contains(name)) continue;
        Diagnostic error{"setting-unknown-key",
                         fmt::format("no cascade or model of this run has a rank or parameter `{}`", name),
                         setting.key_span};
        distinct.add(error.with_help(suggestion(name, {known_.begin(), known_.end()})));
      }
    }
  }

 private:
  // Lowers the point at every size that is tried; points that differ in fidelity alone share the answer.
  void grow(const Formulas& formulas, const PointDocuments& documents, Coordinates& at) {
    const Growth& growth = *formulas.growth;
    const std::string key = growth.place.key;
    const std::optional<std::string> start = documents.text_at(key);
    std::string question =
        fmt::format("{}:{} {}", growth.until.span().file->path, growth.until.span().line, at.stage->plan.text);
    for (const auto& [rank, extent] : at.extents) question += fmt::format(" {}={}", rank, extent);
    for (const Setting& setting : at.settings) question += fmt::format(" {}={}", setting.key, setting.value);
    question += fmt::format(" {} {} {}", at.configuration->name.text, at.stage->name.text, name_of(at.dtype));
    auto answer = grown_.find(question);
    if (answer == grown_.end()) {
      const auto text_at = [&](const std::string& place) { return documents.text_at(place); };
      const NamedValues values = values_at(at, formulas, text_at);
      const auto attempt = [&](const std::string& value) {
        Coordinates trial = at;
        set_parameter_extent(grown(growth, value), trial);
        trial.add_before_overrides(grown(growth, value));
        const PointDocuments tried = workshop_.documents(trial);
        const auto cascade = workshop_.cascade(tried.cascade).value;
        const auto machine = workshop_.machine(tried.machine).value;
        const auto plan = workshop_.plan(tried.plan).value;
        return try_growth(growth, values, *machine, [&] {
          return lower(*cascade, *machine, *plan, workload_of(*cascade, trial), at.dtype, blamed(at));
        });
      };
      answer = grown_.emplace(question, grown_value(growth, start.value_or(""), attempt)).first;
    }
    std::erase_if(at.derived, [&](const auto& one) { return one.first == key; });
    at.derived.emplace_back(key, answer->second);
    set_parameter_extent(grown(growth, answer->second), at);
    at.add_before_overrides(grown(growth, answer->second));
  }

  static Setting grown(const Growth& growth, const std::string& value) {
    Setting setting = growth.place;
    setting.value = value;
    return setting;
  }

  Point point_from(const PointDocuments& documents, const Coordinates& at) {
    Point point;
    point.spec = at.spec->name;
    point.configuration = at.configuration->name.text;
    point.stage = at.stage->name.text;
    point.repeat = at.stage->repeat;
    point.group = at.group;
    point.model = at.model ? at.model->name : "";
    point.where = blamed(at);
    for (const Setting& setting : at.swept) point.swept.emplace_back(setting.key, setting.value);
    point.derived = at.derived;
    point.extents = at.extents;
    point.seq_len = at.seq_len;
    point.dtype = at.dtype;
    point.fidelity = at.fidelity;

    const auto plan = workshop_.plan(documents.plan);
    const auto cascade = workshop_.cascade(documents.cascade);
    const auto machine = workshop_.machine(documents.machine);
    point.plan = plan.value;
    point.cascade = cascade.value;
    point.machine = machine.value;
    point.workload = workload_of(*cascade.value, at);
    remember_names(*cascade.value, at);
    (void)cascade.value->bind(point.workload, point.where);

    point.content = fmt::format("cascade {}\nmachine {}\nplan {}\nworkload", cascade.text, machine.text, plan.text);
    for (const auto& [name, value] : point.workload.values()) point.content += fmt::format(" {}={}", name, value);
    point.content += fmt::format("\ndtype {}\nfidelity {}\n", name_of(point.dtype), name_of(point.fidelity));
    return point;
  }

  void remember_names(const Cascade& cascade, const Coordinates& at) {
    for (const std::string& name : workload_names(cascade)) known_.insert(name);
    for (const auto& [rank, extent] : at.extents) {
      if (!at.explicit_extents.contains(rank)) known_.insert(rank);
    }
    if (!at.model) return;
    for (const auto& [rank, extent] : at.model->extents) known_.insert(rank);
    for (const std::string& rank : at.model->from_seq_len) known_.insert(rank);
  }

  Workshop workshop_;
  std::set<std::string> known_;               // names of ranks and parameters
  std::map<std::string, std::string> grown_;  // values of growing places, by everything that determines them
};

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
  Resolution resolution(library);
  std::vector<Coordinates> all;
  std::size_t groups = 0;
  for (const Spec& spec : specs) {
    std::vector<std::shared_ptr<const Model>> models;
    for (const Name& name : spec.models) {
      distinct.collect([&] { models.push_back(resolution.workshop().model(name)); });
    }
    std::map<std::string, std::shared_ptr<const Model>> own;
    std::size_t unknown = 0;
    for (const Configuration& configuration : spec.configurations) {
      if (!configuration.model) continue;
      const bool read =
          distinct.collect([&] { own[configuration.model->text] = resolution.workshop().model(*configuration.model); });
      unknown += read ? 0 : 1;
    }
    if (models.size() != spec.models.size() || unknown > 0) continue;
    distinct.collect([&] {
      std::vector<Coordinates> of_spec = expand(spec, models, own);
      for (Coordinates& at : of_spec) at.group += groups;
      if (!of_spec.empty()) groups = of_spec.back().group + 1;
      all.insert(all.end(), of_spec.begin(), of_spec.end());
    });
  }
  std::vector<Point> points;
  bool complete = true;
  for (Coordinates& at : all) {
    complete = distinct.collect([&] { points.push_back(resolution.resolve(at)); }) && complete;
  }
  if (complete) resolution.report_unknown(all, distinct);
  distinct.throw_if_any();
  return points;
}

}  // namespace einloom
