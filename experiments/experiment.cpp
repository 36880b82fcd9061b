// SPDX-License-Identifier: Apache-2.0
#include "experiments/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "einsum/known_data.hpp"
#include "experiments/hash.hpp"
#include "experiments/progress.hpp"
#include "experiments/reference_check.hpp"
#include "experiments/report_json.hpp"
#include "experiments/task_runner.hpp"
#include "mappings/lower.hpp"
#include "sim/simulate.hpp"

namespace einloom {

namespace {

// Something to compute, and the points that want it.
struct Job {
  std::string content;  // determines the result, except for the build
  Task task;
  std::vector<std::size_t> points;
};

Json simulate_point(const Point& point, const ExperimentOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  const Program program =
      lower(*point.cascade, *point.machine, *point.plan, point.workload, point.dtype, point.where, options.seed);
  SimulationOptions simulation;
  simulation.fidelity = point.fidelity;
  simulation.fast_forward = options.fast_forward;
  simulation.max_idle_cycles = options.max_idle_cycles;
  simulation.cascade = point.cascade.get();
  const Report report = simulate(program, *point.machine, simulation);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  return {{"report", to_json(report)}, {"wall_s", wall.count()}};
}

// Adds `point` to the job with this content, making the job when it is the first.
void add_job(std::vector<Job>& jobs, std::map<std::string, std::size_t>& known, std::string content, Task task,
             std::size_t point) {
  const auto [found, fresh] = known.emplace(content, jobs.size());
  if (fresh) jobs.push_back(Job{std::move(content), std::move(task), {}});
  jobs[found->second].points.push_back(point);
}

std::vector<Job> simulation_jobs(const std::vector<Point>& points, const ExperimentOptions& options) {
  std::vector<Job> jobs;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point& point = points[i];
    Task task{point.label(), [&point, &options] { return simulate_point(point, options); }};
    std::string content = point.content;
    // Tiles are skipped by values that the seed draws.
    if (point.plan->empty_tiles == EmptyTiles::skip && !deciding_inputs(*point.cascade).empty()) {
      content += fmt::format("seed {}\n", options.seed);
    }
    if (!options.fast_forward) content += "no-fast-forward\n";
    add_job(jobs, known, std::move(content), std::move(task), i);
  }
  return jobs;
}

std::vector<Job> check_jobs(const std::vector<Point>& points, const ExperimentOptions& options) {
  std::vector<Job> jobs;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; options.check && i < points.size(); ++i) {
    const Point& point = points[i];
    CheckOptions check = check_options(point.dtype, options.seed, options.check_scale);
    if (point.fidelity == Fidelity::pe) {
      check.fidelity = Fidelity::pe;
      check.operation_budget = kPeCheckBudget;
    }
    Shape shape = point.workload;
    try {
      // Long sequences are clipped to the same shape, which is then checked once.
      shape = clip_for_check(*point.cascade, *point.machine, *point.plan, point.workload, check, point.where);
    } catch (const UserError&) {
      // The child finds the same error and reports it.
    }
    std::string content = fmt::format("check seed={} scale={} {}", options.seed, options.check_scale,
                                      point.content.substr(0, point.content.find("\nworkload")));
    content += "\nworkload";
    for (const auto& [name, value] : shape.values()) content += fmt::format(" {}={}", name, value);
    content += fmt::format("\ndtype {}\n", name_of(point.dtype));
    if (check.fidelity == Fidelity::pe) content += "fidelity pe\n";
    Task task{point.label() + " (values)",
              [&point, check] { return to_json(check_point(point, point.workload, check)); }};
    add_job(jobs, known, std::move(content), std::move(task), i);
  }
  return jobs;
}

class Run {
 public:
  Run(const std::vector<Point>& points, const ExperimentOptions& options, Store* store)
      : options_(options), store_(store), build_(store == nullptr ? "" : fingerprint_of_this_program()) {
    experiment_.results.resize(points.size());
    checks_.resize(points.size());
    simulations_ = simulation_jobs(points, options);
    checking_ = check_jobs(points, options);
  }

  Experiment run() {
    std::vector<Task> tasks;
    std::vector<const Job*> waiting;
    for (const std::vector<Job>* jobs : {&simulations_, &checking_}) {
      for (const Job& job : *jobs) {
        if (take_from_store(job)) continue;
        tasks.push_back(job.task);
        waiting.push_back(&job);
      }
    }
    Progress progress(tasks.size());
    experiment_.interrupted = !run_tasks(
        tasks, options_.jobs,
        [&](std::size_t task, Outcome outcome) {
          finish(*waiting[task], std::move(outcome));
          progress.advance();
        },
        [&] { progress.draw(); });
    for (std::size_t i = 0; i < experiment_.results.size(); ++i) {
      PointResult& result = experiment_.results[i];
      if (!result.report) continue;
      if (checks_[i]) result.report->check = *checks_[i];
      ++(result.from_store ? experiment_.from_store : experiment_.computed);
    }
    // Outcomes come in the order they finish; what is printed must not.
    std::sort(experiment_.failures.begin(), experiment_.failures.end());
    for (const Job* job : waiting) {
      for (const std::string& error : errors_[job]) {
        if (seen_.insert(error).second) experiment_.errors.push_back(error);
      }
    }
    return std::move(experiment_);
  }

 private:
  [[nodiscard]] std::string key(const Job& job) const { return job.content + "build " + build_ + "\n"; }
  [[nodiscard]] bool is_check(const Job& job) const { return job.content.starts_with("check "); }

  bool take_from_store(const Job& job) {
    if (store_ == nullptr || options_.fresh) return false;
    const std::optional<std::string> kept = store_->find(key(job));
    if (!kept) return false;
    try {
      keep(job, Json::parse(*kept), true);
      return true;
    } catch (const Json::exception&) {
      return false;  // not ours: compute it again
    }
  }

  void keep(const Job& job, const Json& json, bool from_store) {
    if (is_check(job)) {
      const CheckReport check = check_from_json(json);
      for (const std::size_t point : job.points) checks_[point] = check;
      return;
    }
    const Report report = report_from_json(json.at("report"));
    for (const std::size_t point : job.points) {
      experiment_.results[point] = PointResult{report, json.at("wall_s"), from_store};
    }
  }

  void finish(const Job& job, Outcome outcome) {
    if (outcome.result) {
      keep(job, *outcome.result, false);
      if (store_ != nullptr) store_->put(key(job), job.task.label, outcome.result->dump());
    } else if (!outcome.failure.empty()) {
      experiment_.failures.push_back(fmt::format("point {} failed: {}", job.task.label, outcome.failure));
    }
    errors_[&job] = std::move(outcome.errors);
  }

  const ExperimentOptions& options_;
  Store* store_;
  std::string build_;
  std::vector<Job> simulations_, checking_;
  std::vector<std::optional<CheckReport>> checks_;
  std::map<const Job*, std::vector<std::string>> errors_;
  std::set<std::string> seen_;
  Experiment experiment_;
};

}  // namespace

bool Experiment::check_failed() const {
  return std::any_of(results.begin(), results.end(),
                     [](const PointResult& result) { return result.report && !result.report->check.passed; });
}

int Experiment::exit_code() const {
  if (interrupted) return 130;
  if (!failures.empty()) return 2;
  return !errors.empty() || check_failed() ? 1 : 0;
}

Experiment run_experiment(const std::vector<Point>& points, const ExperimentOptions& options, Store* store) {
  return Run(points, options, store).run();
}

}  // namespace einloom
