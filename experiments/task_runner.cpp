// SPDX-License-Identifier: Apache-2.0
#include "experiments/task_runner.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>

#include "base/diagnostic.hpp"

namespace einloom {

namespace {

constexpr int kTickMs = 100;

volatile std::sig_atomic_t interrupted = 0;
extern "C" void note_interrupt(int) { interrupted = 1; }

// Catches the signals that end a run and puts back what was there.
class InterruptScope {
 public:
  InterruptScope() {
    interrupted = 0;
    struct sigaction action = {};
    action.sa_handler = note_interrupt;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < kCount; ++i) sigaction(kSignals[i], &action, &before_[i]);
  }
  ~InterruptScope() { restore(); }
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;
  void restore() const {
    for (std::size_t i = 0; i < kCount; ++i) sigaction(kSignals[i], &before_[i], nullptr);
  }

 private:
  static constexpr std::size_t kCount = 3;
  static constexpr int kSignals[kCount] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction before_[kCount] = {};
};

struct Child {
  std::size_t task = 0;
  int pipe = -1;
  std::string text;
};

Json outcome_of(const Task& task) {
  try {
    return {{"result", task.work()}};
  } catch (const UserError& error) {
    Json errors = Json::array();
    for (const Diagnostic& diagnostic : error.diagnostics()) errors.push_back(render(diagnostic));
    return {{"errors", errors}};
  } catch (const std::bad_alloc&) {
    return {{"failure", "out of memory"}};
  } catch (const std::exception& error) {
    return {{"failure", std::string("internal error: ") + error.what()}};
  }
}

[[noreturn]] void run_child(const Task& task, int pipe) {
  dup2(STDERR_FILENO, STDOUT_FILENO);  // stdout belongs to the results
  const std::string text = outcome_of(task).dump(-1, ' ', false, Json::error_handler_t::replace);
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t count = write(pipe, text.data() + sent, text.size() - sent);
    if (count < 0 && errno != EINTR) _exit(3);
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  _exit(0);
}

Outcome read_outcome(const std::string& text, int status) {
  Outcome outcome;
  if (WIFSIGNALED(status)) {
    outcome.failure = fmt::format("killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
    return outcome;
  }
  const Json json = Json::parse(text, nullptr, false);
  if (WEXITSTATUS(status) != 0 || !json.is_object()) {
    outcome.failure = fmt::format("its process ended with status {} and without a result", WEXITSTATUS(status));
  } else if (json.contains("result")) {
    outcome.result = json["result"];
  } else if (json.contains("errors")) {
    outcome.errors = json["errors"].get<std::vector<std::string>>();
  } else {
    outcome.failure = json.at("failure");
  }
  return outcome;
}

}  // namespace

int available_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

bool run_tasks(const std::vector<Task>& tasks, int jobs, const std::function<void(std::size_t, Outcome)>& finished,
               const std::function<void()>& tick) {
  const InterruptScope scope;
  const pid_t parent = getpid();
  std::map<pid_t, Child> children;
  // Whatever ends this function leaves no child behind.
  struct Reaper {
    std::map<pid_t, Child>& children;
    ~Reaper() {
      for (const auto& [pid, child] : children) kill(pid, SIGKILL);
      for (const auto& [pid, child] : children) {
        close(child.pipe);
        waitpid(pid, nullptr, 0);
      }
    }
  } reaper{children};

  std::size_t next = 0;
  const auto start_one = [&] {
    int ends[2];
    if (pipe(ends) != 0) throw InternalError(fmt::format("pipe: {}", std::strerror(errno)));
    const pid_t pid = fork();
    if (pid < 0) {
      const int reason = errno;
      close(ends[0]);
      close(ends[1]);
      throw InternalError(fmt::format("fork: {}", std::strerror(reason)));
    }
    if (pid == 0) {
      scope.restore();
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(3);
      close(ends[0]);
      run_child(tasks[next], ends[1]);
    }
    close(ends[1]);
    children[pid] = Child{next, ends[0], {}};
    ++next;
  };

  while (interrupted == 0 && (next < tasks.size() || !children.empty())) {
    while (next < tasks.size() && children.size() < static_cast<std::size_t>(std::max(1, jobs))) start_one();
    std::vector<pollfd> waiting;
    std::vector<pid_t> pids;
    for (const auto& [pid, child] : children) {
      waiting.push_back({child.pipe, POLLIN, 0});
      pids.push_back(pid);
    }
    (void)poll(waiting.data(), waiting.size(), kTickMs);  // EINTR: the loop condition looks
    for (std::size_t i = 0; i < waiting.size() && interrupted == 0; ++i) {
      if (waiting[i].revents == 0) continue;
      Child& child = children[pids[i]];
      char bytes[65536];
      const ssize_t count = read(child.pipe, bytes, sizeof bytes);
      if (count > 0) child.text.append(bytes, static_cast<std::size_t>(count));
      if (count > 0 || (count < 0 && errno == EINTR)) continue;
      int status = 0;
      while (waitpid(pids[i], &status, 0) < 0 && errno == EINTR) {
      }
      const Child done = std::move(child);
      close(done.pipe);
      children.erase(pids[i]);
      finished(done.task, read_outcome(done.text, status));
    }
    tick();
  }
  return interrupted == 0;
}

}  // namespace einloom
