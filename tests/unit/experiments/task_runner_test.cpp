// SPDX-License-Identifier: Apache-2.0
// Children: results come back whatever their size, and a child that dies harms nobody else.
#include "experiments/task_runner.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "base/diagnostic.hpp"

namespace einloom {

namespace {

std::vector<Outcome> outcomes_of(const std::vector<Task>& tasks, int jobs) {
  std::vector<Outcome> outcomes(tasks.size());
  std::vector<int> calls(tasks.size(), 0);
  REQUIRE(run_tasks(
      tasks, jobs,
      [&](std::size_t task, Outcome outcome) {
        ++calls[task];
        outcomes[task] = std::move(outcome);
      },
      [] {}));
  CHECK(calls == std::vector<int>(tasks.size(), 1));
  return outcomes;
}

}  // namespace

TEST_CASE("every task runs in a process of its own") {
  const pid_t here = getpid();
  std::vector<Task> tasks;
  for (int i = 0; i < 20; ++i)
    tasks.push_back({"t", [i, here]() -> Json { return {{"i", i}, {"child", getpid() != here}}; }});
  for (const int jobs : {1, 3, 50}) {
    const std::vector<Outcome> outcomes = outcomes_of(tasks, jobs);
    for (int i = 0; i < 20; ++i) {
      CHECK(outcomes[std::size_t(i)].result->at("i") == i);
      CHECK(outcomes[std::size_t(i)].result->at("child") == true);
    }
  }
}

TEST_CASE("results larger than a pipe arrive whole") {
  const std::string large(3'000'000, 'x');
  CHECK(outcomes_of({{"t", [&]() -> Json { return large; }}}, 1)[0].result == Json(large));
}

TEST_CASE("crashes, errors and results side by side") {
  const std::vector<Task> tasks = {
      {"good", []() -> Json { return 1; }},
      {"killed", []() -> Json { return raise(SIGKILL); }},
      {"left", []() -> Json { _exit(7); }},
      {"user",
       []() -> Json {
         throw UserError(Diagnostic{"some-code", "wrong", Span{}});
       }},
      {"internal", []() -> Json { throw InternalError("broken"); }},
      {"memory", []() -> Json { throw std::bad_alloc(); }},
      {"good too", []() -> Json { return 2; }},
  };
  const std::vector<Outcome> outcomes = outcomes_of(tasks, 2);
  CHECK(outcomes[0].result == Json(1));
  CHECK(outcomes[1].failure == "killed by signal 9 (Killed)");
  CHECK(outcomes[2].failure == "its process ended with status 7 and without a result");
  REQUIRE(outcomes[3].errors.size() == 1);
  CHECK(outcomes[3].errors[0].find("error[some-code]: wrong") != std::string::npos);
  CHECK(outcomes[4].failure == "internal error: broken");
  CHECK(outcomes[5].failure == "out of memory");
  CHECK(outcomes[6].result == Json(2));
}

TEST_CASE("an interrupt ends the run and its children, and the old handling comes back") {
  const auto before = std::signal(SIGTERM, SIG_IGN);
  const pid_t here = getpid();
  const std::vector<Task> tasks = {{"interrupts", [here]() -> Json { return kill(here, SIGTERM); }},
                                   {"sleeps", []() -> Json { return sleep(60); }}};
  CHECK_FALSE(run_tasks(
      tasks, 2, [](std::size_t, Outcome) {}, [] {}));
  CHECK(std::signal(SIGTERM, before) == SIG_IGN);
}

}  // namespace einloom
