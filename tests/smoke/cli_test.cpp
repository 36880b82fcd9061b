// SPDX-License-Identifier: Apache-2.0
// The program as people start it: help, exit codes, files, resuming, and what a killed child or bad input leaves
// behind.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "einloom_smoke_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Ended {
  int code = -1;
  std::string out, err;
};

// Starts the program with its output in files of `folder`; arguments as a shell would split them.
pid_t start(const Folder& folder, const std::string& arguments) {
  std::vector<std::string> words{EINLOOM_BINARY};
  std::istringstream stream(arguments);
  for (std::string word; stream >> word;) words.push_back(word);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const std::string out = folder / "stdout", err = folder / "stderr";
  const pid_t pid = fork();
  if (pid == 0) {
    if (std::freopen(out.c_str(), "w", stdout) == nullptr || std::freopen(err.c_str(), "w", stderr) == nullptr)
      _exit(99);
    execv(pointers[0], pointers.data());
    _exit(98);
  }
  return pid;
}

Ended finish(const Folder& folder, pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), read(folder / "stdout"),
          read(folder / "stderr")};
}

Ended einloom(const std::string& arguments) {
  const Folder folder;
  return finish(folder, start(folder, arguments));
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// CSV without its last column, the wall time.
std::string without_wall_time(const std::string& csv) {
  std::istringstream lines(csv);
  std::string kept;
  for (std::string line; std::getline(lines, line);) kept += line.substr(0, line.rfind(',')) + "\n";
  return kept;
}

std::size_t lines_of(const std::string& text) { return std::size_t(std::count(text.begin(), text.end(), '\n')); }

// Children of a process, from /proc.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string stat = read(entry.path() / "stat");
    const std::size_t end = stat.rfind(')');
    if (end == std::string::npos) continue;
    std::istringstream fields(stat.substr(end + 1));
    std::string state;
    pid_t of = 0;
    fields >> state >> of;
    if (of == parent && state != "Z") found.push_back(std::stoi(name));
  }
  return found;
}

// The child that computes the endless point, once the point at 1024 is in the store; -1 after a minute.
pid_t endless_child_of(pid_t parent, const std::string& store) {
  for (int i = 0; i < 600; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (!contains(read(store) + read(store + "-wal"), "seq_len=1024/cycle")) continue;
    const std::vector<pid_t> children = children_of(parent);
    if (!children.empty()) return children.front();
  }
  return -1;
}

const std::string kShort = "run fusemax_quickstart --set seq_len=512,1024 --set B=1 ";
// Hours without fast-forward.
const std::string kEndless =
    "run fusemax_quickstart --set seq_len=1048576 --set configuration=binding --fidelity cycle --no-fast-forward ";

}  // namespace

TEST_CASE("help of every command names its options") {
  const Ended program = einloom("--help");
  CHECK(program.code == 0);
  for (const char* command : {"run", "list", "describe", "check", "analyze", "transform"})
    CHECK(contains(program.out, command));
  const Ended run = einloom("run --help");
  CHECK(run.code == 0);
  for (const char* option : {"SPEC", "--out", "--jobs", "--set", "--check", "--fidelity", "--no-fast-forward",
                             "--format", "--fresh", "--dtype", "--seed", "--check-scale"}) {
    CHECK(contains(run.out, option));
  }
  CHECK(contains(einloom("list --help").out, "KIND"));
  CHECK(contains(einloom("describe --help").out, "FILE"));
  const Ended check = einloom("check --help");
  for (const char* option : {"CASCADE", "--set", "--dtype", "--seed", "--scale"}) CHECK(contains(check.out, option));
  const Ended analyze = einloom("analyze --help");
  for (const char* option : {"CASCADE", "--all", "--set", "--model", "--machine", "--dtype", "--csv", "--json"}) {
    CHECK(contains(analyze.out, option));
  }
  const Ended transform = einloom("transform --help");
  for (const char* option : {"CASCADE", "--apply", "--minimize-passes", "--rank", "--tile", "--name", "--set", "--seed",
                             "--scale", "--output", "partition", "running", "split"}) {
    CHECK(contains(transform.out, option));
  }
  CHECK(einloom("--version").code == 0);
}

TEST_CASE("a wrong command line exits with 1 and a hint") {
  struct Case {
    const char *arguments, *message;
  };
  for (const Case& wrong : {
           Case{"runn",
                "command line:1:9: error[command-line]: there is no command `runn`\n 1 | einloom runn\n   |         "
                "^^^^\nhelp: did you mean `run`?\n"},
           Case{"run --jbos 3 x",
                "command line:1:13: error[command-line]: there is no option `--jbos` here\n 1 | einloom run "
                "--jbos 3 x\n   |             ^^^^^^\nhelp: did you mean `--jobs`?\n"},
           Case{"run",
                "command line:1:1: error[command-line]: SPEC is required\n 1 | einloom run\n   | "
                "^^^^^^^^^^^\nhelp: `einloom run --help` shows what there is\n"},
       }) {
    const Ended ended = einloom(wrong.arguments);
    CHECK(ended.code == 1);
    CHECK(ended.out == "");
    CHECK(ended.err == wrong.message);
  }
  CHECK(einloom("").code == 1);
  CHECK(einloom("list plan2").code == 1);
  CHECK(einloom("run fusemax_quickstart --jobs 0").code == 1);
  CHECK(einloom("run fusemax_quickstart --format xml").code == 1);
}

TEST_CASE("every document is listed and can be described") {
  for (const char* kind : {"cascades", "dram_timings", "machines", "models", "plans", "specs", "technologies"}) {
    const Ended list = einloom(std::string("list ") + kind);
    CHECK(list.code == 0);
    std::istringstream lines(list.out);
    std::string line;
    std::getline(lines, line);
    std::getline(lines, line);
    std::size_t described = 0;
    while (std::getline(lines, line)) {
      const std::string name = line.substr(0, line.find(' '));
      INFO(name);
      CHECK(einloom("describe " + name).code == 0);
      ++described;
    }
    CHECK(described > 0);
  }
}

TEST_CASE("a document of no known kind, and a spec whose filter drops every point") {
  const Folder folder;
  std::ofstream(folder / "d.yaml") << "description: nothing\n";
  const Ended kind = einloom("describe " + (folder / "d.yaml"));
  CHECK(kind.code == 1);
  CHECK(
      kind.err ==
      (folder / "d.yaml") +
          R"(:1:1: error[document-kind]: the document's first key is none that Einloom knows; it says what the document is
 1 | description: nothing
   | ^^^^^^^^^^^
help: start with `cascade:`, `dram_timing:`, `machine:`, `model:`, `plan:`, `spec:` or `technology:`
)");
  std::ofstream(folder / "s.yaml") << "spec: s\nmodels: [BERT]\nconfigurations:\n"
                                      "  a: {plan: attention_1pass__fusemax__serial}\n"
                                      "sweep:\n  seq_len: [256, 512]\n  filter: 256 - seq_len\n";
  const Ended empty = einloom("run " + (folder / "s.yaml"));
  CHECK(empty.code == 1);
  CHECK(empty.err == (folder / "s.yaml") +
                         R"(:1:1: error[run-no-points]: nothing is left to run: filters and settings dropped every point
 1 | spec: s
   | ^
)");
}

TEST_CASE("check compares a cascade with its kernel") {
  const Ended good = einloom("check attention_1pass --set P=10 --set M0=4");
  CHECK(good.code == 0);
  CHECK(contains(good.out, "PASS\n"));
  CHECK(einloom("check attention_1pass --set Z=10").code == 1);
  CHECK(einloom("check attention_1pas").code == 1);
}

TEST_CASE("results are the same on one process and on many") {
  const Folder one, many;
  REQUIRE(einloom(kShort + "--jobs 1 --out " + (one / "r")).code == 0);
  REQUIRE(einloom(kShort + "--jobs 8 --out " + (many / "r")).code == 0);
  const std::string csv = read(one / "r/results.csv");
  CHECK(lines_of(csv) == 1 + 2 * 2 * 2);
  CHECK(without_wall_time(csv) == without_wall_time(read(many / "r/results.csv")));
  CHECK(
      csv.substr(0, csv.find("util_")) ==
      "spec,configuration,cascade,machine,plan,model,B,H,P,M,E,F,D,S,seq_len,dtype,fidelity,cycles,latency_s,passes,");
}

TEST_CASE("stdout in every format; without --out nothing is written") {
  const Ended csv = einloom(kShort + "--format csv");
  CHECK(csv.code == 0);
  CHECK(csv.out.starts_with("spec,configuration,"));
  CHECK(einloom(kShort + "--format json").out.starts_with("{\n  \"einloom\""));
  CHECK(csv.err == "");  // no progress bar when nobody watches
}

TEST_CASE("a second run takes everything from the store; --fresh does not") {
  const Folder folder;
  const std::string command = kShort + "--out " + (folder / "r");
  REQUIRE(einloom(command).code == 0);
  const std::string before = read(folder / "r/results.csv");
  const Ended again = einloom(command);
  CHECK(contains(again.out, "8 of them from " + (folder / "r/results.sqlite")));
  CHECK(read(folder / "r/results.csv") == before);  // wall times included
  CHECK_FALSE(contains(einloom(command + " --fresh").out, "of them from"));
  CHECK(contains(einloom(command + " --set seq_len=512,1024,2048").out, "12 points"));
}

TEST_CASE("errors leave earlier results untouched") {
  const Folder folder;
  const std::string out = " --out " + (folder / "r");
  REQUIRE(einloom(kShort + out).code == 0);
  const std::string before = read(folder / "r/results.csv");
  for (const char* wrong :
       {"run nothing", "run fusemax_quickstart --set Z=3", "run fusemax_quickstart --set plan.in_fligt=3",
        "run fusemax_quickstart --set seq_len=0", "run fusemax_quickstart --set configuration=x",
        "run fusemax_quickstart --set machine.components.global_buffer.capacity=1B"}) {
    INFO(wrong);
    const Ended ended = einloom(wrong + out);
    CHECK(ended.code == 1);
    CHECK(ended.out == "");
    CHECK(contains(ended.err, "error["));
    CHECK(read(folder / "r/results.csv") == before);
  }
}

TEST_CASE("a killed child is one failed point; the others are written") {
  const Folder folder;
  const pid_t pid = start(folder, kEndless + "--jobs 1 --set B=1 --set seq_len=1024,1048576 --out " + (folder / "r"));
  const pid_t child = endless_child_of(pid, folder / "r/results.sqlite");
  REQUIRE(child > 0);
  kill(child, SIGKILL);
  const Ended ended = finish(folder, pid);
  CHECK(ended.code == 2);
  CHECK(contains(
      ended.err,
      "einloom: point fusemax_quickstart/binding/BERT/seq_len=1048576/cycle failed: killed by signal 9 (Killed)\n"));
  CHECK(lines_of(read(folder / "r/results.csv")) == 2);
}

TEST_CASE("an interrupted run keeps what is done and leaves no child") {
  const Folder folder;
  const std::string command = kEndless + "--jobs 1 --set B=1 --set seq_len=1024,1048576 --out " + (folder / "r");
  const pid_t pid = start(folder, command);
  const pid_t child = endless_child_of(pid, folder / "r/results.sqlite");
  REQUIRE(child > 0);
  kill(pid, SIGINT);
  const Ended ended = finish(folder, pid);
  CHECK(ended.code == 130);
  CHECK(contains(ended.err, "interrupted with 1 of 2 points done; the same command continues from there\n"));
  CHECK_FALSE(fs::exists("/proc/" + std::to_string(child) + "/status"));
  const Ended resumed = einloom(kEndless + "--set B=1 --set seq_len=1024 --out " + (folder / "r"));
  CHECK(contains(resumed.out, "1 of them from"));
}
