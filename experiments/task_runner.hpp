// SPDX-License-Identifier: Apache-2.0
// Runs tasks in child processes (fork without exec), several at a time, and brings their results back as JSON.
// Contract: a task that crashes takes nothing with it; outcomes arrive in any order, exactly one per task.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/report_json.hpp"

namespace einloom {

struct Outcome {
  std::optional<Json> result;
  std::vector<std::string> errors;  // rendered diagnostics of a UserError
  std::string failure;              // a crash, a signal or an internal error; "" otherwise
};

struct Task {
  std::string label;
  std::function<Json()> work;  // runs in the child
};

// `finished` gets the task's position; `tick` is called about ten times a second. SIGINT, SIGTERM and SIGHUP stop
// everything: false then. The caller must be single-threaded.
[[nodiscard]] bool run_tasks(const std::vector<Task>& tasks, int jobs,
                             const std::function<void(std::size_t, Outcome)>& finished,
                             const std::function<void()>& tick);

// Processors this process may use.
[[nodiscard]] int available_processors();

}  // namespace einloom
